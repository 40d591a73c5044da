// SPDX-License-Identifier: Apache-2.0
// For the tests: a session with a line protocol, a server for it, and a client
// with calls that wait. Each line is one command:
//	ECHO text     text
//	BIG n         n lines of 64 bytes, with NET_DRAIN
//	TIMEOUT n     OK; from then on the timeout is n seconds
//	PAUSE n       PAUSED; nothing is read for n milliseconds; then
//	              OVER, or EARLY if the client spoke meanwhile
//	WAIT          WAITING; no command is executed until a wake; then WOKEN
//	ALARM n       OK; a wake after n milliseconds
//	INFO          what the session knows of TLS
//	STARTTLS, COMPRESS, QUIT
//	GATED         STARTTLS that waits until the test opens the gate
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
	uint32_t plain_max;  // limit of the plain listener
	struct net_tls *tls; // owned if it is made here
	uint16_t port;
	uint16_t tls_port;
	char *folder;              // owned; has the certificates
	_Atomic unsigned sessions; // alive
	_Atomic unsigned wakes;    // calls of wake()
	_Atomic unsigned evil;     // EVIL commands that were executed
	_Atomic unsigned resumes;
	_Atomic unsigned waiting; // sessions that wait at the gate
	_Atomic unsigned gate;    // 1: open
	_Atomic uint64_t
	    wake_delay_ns; // the longest time from the request to the call
	_Atomic uint64_t wake_asked_ns;
	pthread_mutex_t lock; // protects the members below
	struct net_waker wakers[LINE_WAKERS_MAX];
	unsigned waker_count;
};

extern const struct net_session_ops line_ops;
void *line_session_new(
    void *context, const struct net_peer *peer, struct net_waker waker);

// Starts a server on loopback with a plain listener, and with one for TLS that
// has a certificate for each of the names (NULL-terminated; NULL: no TLS).
void line_server_start(struct line_server *line, const char *const *names);
void line_server_stop(struct line_server *line, uint32_t seconds);
void line_server_wake_all(struct line_server *line);
// The paths of the certificate and the key for a name.
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
// Uses TLS from now on. `session` is one to resume, or NULL. Returns false when
// the handshake fails.
bool client_tls(struct client *client, const char *name, int version,
    SSL_SESSION *session, const char *alpn);
void client_send(struct client *client, const char *text);
// Reads a line, without its line end; NULL at the end of the connection.
const char *client_line(struct client *client, char *line, size_t size);
void client_expect(struct client *client, const char *line);
void client_expect_end(struct client *client);

// Waits up to two minutes until the number has this value.
void wait_for(const _Atomic unsigned *number, unsigned wanted);

#endif
