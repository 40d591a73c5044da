// SPDX-License-Identifier: Apache-2.0
// For the tests: a line protocol as a session, a server of it, and a client
// that waits. One command a line:
//	ECHO text     text
//	BIG n         n lines of 64 bytes, as a generator
//	TIMEOUT n     OK, and from then on a timeout of n seconds
//	PAUSE n       PAUSED, and nothing is read for n milliseconds; then
//	              OVER, or EARLY when the client spoke meanwhile
//	WAIT          WAITING, and nothing is obeyed until a wake; then WOKEN
//	INFO          what is known of TLS
//	STARTTLS, COMPRESS, QUIT
//	GATED         STARTTLS, held until the test opens the gate
#ifndef ROOST_NET_TEST_LINE_H
#define ROOST_NET_TEST_LINE_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/server.h"

#define LINE_WAKERS_MAX 4096

struct line_server {
	struct net_server *server;
	struct net_server_config config;
	uint32_t plain_max;  // connections of the plain listener
	struct net_tls *tls; // owned when made here
	uint16_t port;
	uint16_t tls_port;
	char *folder;              // with the certificates; owned
	_Atomic unsigned sessions; // alive
	_Atomic unsigned wakes;    // wake() calls
	_Atomic unsigned evil;     // EVIL commands carried out
	_Atomic unsigned resumes;
	_Atomic unsigned waiting;       // sessions before the gate
	_Atomic unsigned gate;          // 1: open
	_Atomic uint64_t wake_delay_ns; // the longest from ask to call
	_Atomic uint64_t wake_asked_ns;
	pthread_mutex_t lock; // guards what follows
	struct net_waker wakers[LINE_WAKERS_MAX];
	unsigned waker_count;
};

extern const struct net_session_ops line_ops;
void *line_session_new(
    void *context, const struct net_peer *peer, struct net_waker waker);

// Starts a server on loopback, plain, and TLS with a certificate for each of
// the names (NULL-terminated; NULL: no TLS).
void line_server_start(struct line_server *line, const char *const *names);
void line_server_stop(struct line_server *line, uint32_t seconds);
void line_server_wake_all(struct line_server *line);
// The paths of the certificate and key made for a name.
void line_paths(const struct line_server *line, const char *name,
    char *ret_certificate, char *ret_key, size_t size);
void line_make_pair(const struct line_server *line, const char *name);

struct client {
	int fd;
	SSL *ssl;
	SSL_CTX *context;
	char buffer[4096];
	size_t start;
	size_t len;
};

void client_open(struct client *client, uint16_t port);
void client_close(struct client *client);
// TLS from now on; `session` to resume or NULL. False when refused.
bool client_tls(struct client *client, const char *name, int version,
    SSL_SESSION *session, const char *alpn);
void client_send(struct client *client, const char *text);
// A line without its end, NULL at the end of the connection.
const char *client_line(struct client *client, char *line, size_t size);
void client_expect(struct client *client, const char *line);
void client_expect_end(struct client *client);

// Waits up to two minutes for a number to be so.
void wait_for(const _Atomic unsigned *number, unsigned wanted);

#endif
