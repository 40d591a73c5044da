// SPDX-License-Identifier: Apache-2.0
// A server: listeners, and a pool of threads that runs the sessions of their
// connections. Several servers can live in one program. Calls are for one
// thread at a time, except where said otherwise.
//
//	net_server_new, net_server_listen…, net_server_start
//	… serves …
//	net_server_stop, net_server_free
#ifndef ROOST_NET_SERVER_H
#define ROOST_NET_SERVER_H

#include "base/log.h"
#include "net/bind.h"
#include "net/session.h"
#include "net/tls.h"

// Zero means the default, given in brackets.
struct net_server_config {
	unsigned threads;         // the pool [16]
	uint32_t max_connections; // of all listeners together [20000]
	uint32_t max_per_address; // IPv6: per /64; not on Unix sockets [none]
	uint32_t max_per_network; // IPv4: per /24, IPv6: per /48 [none]
	// Of net_connect(). They count for no other limit: strangers who take
	// all of max_connections leave these free, and the other way round.
	uint32_t max_outgoing;      // [1000]
	uint32_t handshake_seconds; // for a whole TLS handshake [30]
	uint32_t stall_seconds;     // a peer that reads nothing we send [300]
	struct log *log;            // may be NULL; outlives the server
};

struct net_listener_config {
	int fd; // from net_bind() or net_bind_unix(); belongs to the server now
	// TLS from the first byte; otherwise plain, with STARTTLS if the
	// session asks for it.
	bool implicit_tls;
	struct net_tls *tls; // NULL: no TLS here; outlives the server
	// The ALPN name of the protocol ("imap"), or NULL. A client that offers
	// names, but not this one, is refused (RFC 7301 section 3.2).
	const char *alpn;
	const struct net_session_ops *ops;
	// Makes the session of a new connection; `peer` is valid during the
	// call, `waker` until the session's free() returns. NULL: refused.
	void *(*session_new)(
	    void *context, const struct net_peer *peer, struct net_waker waker);
	void *context; // outlives the server
	// Sent to a plain connection that is refused for a limit; static.
	struct view refusal;
	// Of this listener, within the server's; 0: no limit of its own.
	uint32_t max_connections;
};

struct net_server_stats {
	uint64_t accepted; // since the start
	uint64_t refused;  // for a limit
	uint32_t open;     // accepted ones, now
	uint32_t outgoing; // being made or open, now
};

struct net_server;

struct net_server *net_server_new(const struct net_server_config *config);

// Before the start. On failure the descriptor is closed.
MUST_CHECK enum rc net_server_listen(struct net_server *server,
    const struct net_listener_config *config, struct fault *fault);

// Listens, and starts the threads. From here on sessions come.
MUST_CHECK enum rc net_server_start(
    struct net_server *server, struct fault *fault);

// Closes the listeners, has each session say its last words, gives them
// `seconds` to be sent, and cuts off what is left. Returns when every session
// is freed and every thread has ended. Does nothing when not started.
void net_server_stop(struct net_server *server, uint32_t seconds);

// Stops at once if it has to.
void net_server_free(struct net_server **server);

// Any thread.
struct net_server_stats net_server_stats(struct net_server *server);

#endif
