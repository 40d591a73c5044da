// SPDX-License-Identifier: Apache-2.0
// For the tests: a session that uses net_connect() to call others, and peers
// that the test plays itself.
#ifndef ROOST_NET_TEST_CALLER_H
#define ROOST_NET_TEST_CALLER_H

#include "net/connect.h"
#include "net/test_line.h"

// One turn: hears a line, then says something. The lines come in this order.
struct turn {
	const char *hear; // NULL: the end of the script
	const char *say;
	enum net_next next;
};

struct caller {
	const struct turn *turn;
	uint64_t flood;   // this many lines are sent after the first turn
	uint32_t timeout; // seconds
	struct net_server *server;
	struct net_connect_config
	    retry; // begun after a failure; address NULL: no retry
	struct net_waker waker;
	struct net_peer peer;
	struct net_tls_info tls;
	char heard[512];        // the last line
	_Atomic unsigned lines; // heard
	char why[256];
	enum net_end end;
	_Atomic unsigned made; // sessions
	_Atomic unsigned secured;
	_Atomic unsigned flooding; // 1: resume() was called
	_Atomic unsigned failed;
	_Atomic unsigned ended;
	_Atomic unsigned freed;
};

extern const struct net_session_ops caller_ops;

// Scripts for a line server: ECHO and QUIT; the same after STARTTLS.
extern const struct turn caller_quits[];
extern const struct turn caller_upgrades[];

// For line_server_start().
extern const char *const caller_names[];

// Connects to this port on loopback, without TLS.
struct net_connect_config caller_config(struct caller *caller, uint16_t port);
void caller_call(
    struct line_server *line, const struct net_connect_config *config);
void caller_note_end(struct caller *caller, enum net_end end, const char *why);

// Waits until the caller was told of the end, once and in this way: by a
// session, or because no session was made.
void caller_expect_ended(
    struct caller *caller, enum net_end end, const char *why);
void caller_expect_failed(
    struct caller *caller, enum net_end end, const char *why);

// Trusts the certificate for this name; with NULL, the system's authorities.
struct net_tls_client *caller_tls(
    const struct line_server *line, const char *trusted);

// A socket that listens (with a backlog of -1 it is only bound). Nobody accepts
// from it unless the test does. An accepted socket is blocking.
int raw_listen(int backlog, uint16_t *ret_port);
int raw_accept(int listener);
void raw_send(int fd, const char *text);

#endif
