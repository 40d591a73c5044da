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
#include "net/networks.h"
#include "net/session.h"
#include "net/tls.h"

struct budget; // base/budget.h

// Who comes in at a listener. A stranger is a client that has not logged in.
enum net_door {
	NET_DOOR_SERVERS, // other servers: they are strangers to the end
	NET_DOOR_USERS,   // users, strangers until they log in
	// Browsers, most of which never log in. They take no place from those
	// who are about to log in elsewhere.
	NET_DOOR_WEB,
	NET_DOOR_TRUSTED, // trusted programs: no limit for strangers
};

// A zero stands for the default, which is shown in brackets.
struct net_server_config {
	unsigned threads;         // of the pool [16]
	uint32_t max_connections; // at all listeners together [20000]
	// Limits of strangers; those at each kind of doors count apart.
	uint32_t max_strangers;   // at all doors of one kind [max_connections]
	uint32_t max_visitors;    // the same for the web [max_strangers]
	uint32_t max_per_address; // IPv6: for each /64; not for Unix sockets
				  // [none]
	// IPv4: for each /24, IPv6: each /48 [none]. When few places for
	// strangers are free, a network may have an eighth of those.
	uint32_t max_per_network;
	// From these the last two do not count. Copied. [none]
	const struct net_networks *unlimited;
	// What all connections hold is added up here, and when memory is short,
	// new connections are refused. Must outlive the server. May be NULL.
	struct budget *budget;
	// For net_connect(). Outgoing connections count for no other limit:
	// when strangers use up max_connections, these are still free, and the
	// other way round.
	uint32_t max_outgoing;      // [1000]
	uint32_t handshake_seconds; // for a whole TLS handshake [30]
	uint32_t stall_seconds; // how long a peer may read nothing that we send
				// [300]
	struct log *log;        // may be NULL; must outlive the server
};

struct net_listener_config {
	int fd; // from net_bind() or net_bind_unix(); the server owns it now
	// TLS from the first byte. Otherwise the connection is plain, and the
	// session may ask for STARTTLS.
	bool implicit_tls;
	struct net_tls *tls; // NULL: no TLS here; must outlive the server
	// The ALPN names of the protocol, the best one first, with a space
	// between ("h2 http/1.1"), or NULL. A client that offers names, but
	// none of these, is refused (RFC 7301 section 3.2).
	const char *alpn;
	const struct net_session_ops *ops;
	// Makes the session of a new connection. `peer` is valid during the
	// call, `waker` until the session's free() returns. NULL: the
	// connection is refused.
	void *(*session_new)(
	    void *context, const struct net_peer *peer, struct net_waker waker);
	void *context; // must outlive the server
	enum net_door door;
	// Sent to a plain connection that is refused: because this client has
	// too many, or because the server has. Static.
	struct view refusal;
	struct view busy;
	// A limit of this listener, besides that of the server; 0: none.
	uint32_t max_connections;
};

struct net_server_stats {
	uint64_t accepted;  // since the start
	uint64_t refused;   // because of a limit
	uint32_t open;      // accepted ones that are open now
	uint32_t servers;   // of these, at doors for servers
	uint32_t strangers; // of these, at doors for users, not logged in
	uint32_t visitors;  // of these, at doors of the web, not logged in
	uint32_t outgoing;  // open or being made now
};

struct net_server;

struct net_server *net_server_new(const struct net_server_config *config);

// Only before the start. On failure the descriptor is closed.
MUST_CHECK enum rc net_server_listen(struct net_server *server,
    const struct net_listener_config *config, struct fault *fault);

// Listens, and starts the threads. From now on there are sessions.
MUST_CHECK enum rc net_server_start(
    struct net_server *server, struct fault *fault);

// Closes the listeners, lets each session say its last words, gives these
// `seconds` to be sent, and cuts off the rest. Returns when every session is
// freed and every thread has ended. Does nothing when the server has not
// started.
void net_server_stop(struct net_server *server, uint32_t seconds);

// Stops the server first if that has not been done.
void net_server_free(struct net_server **server);

// May be called on any thread.
struct net_server_stats net_server_stats(struct net_server *server);

#endif
