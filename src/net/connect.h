// SPDX-License-Identifier: Apache-2.0
// Outgoing connections. They live in a server beside those that it accepts:
// the same threads run them, the same session contract serves them, and
// net_server_stop() ends them. Nobody waits for a connection to be made.
//
// How it goes is told exactly once. Either no session comes to be, and failed()
// says why; or session_new() makes one, and its ended() says how it came to an
// end, just before its free(). The connection counts no more for max_outgoing
// when that is told, so another can be begun from within.
#ifndef ROOST_NET_CONNECT_H
#define ROOST_NET_CONNECT_H

#include "base/rc.h"
#include "net/session.h"
#include "net/tls_client.h"

struct net_server;

struct net_connect_config {
	const char *address; // numeric, IPv4 or IPv6
	uint16_t port;
	const char *local_address;  // to send from, numeric; NULL: any
	uint32_t connect_seconds;   // 0: 30
	uint32_t handshake_seconds; // of TLS; 0: as the server's peers have

	struct net_tls_client *tls; // NULL: no TLS; outlives the server
	enum net_tls_check check;
	bool implicit_tls; // TLS from the first byte; else by NET_START_TLS
	// What the certificate is checked for, and asked for by SNI if it is a
	// DNS name (a full stop at its end is left out). May be a numeric
	// address. NULL: no name is checked, only with NET_TLS_OPPORTUNISTIC.
	const char *server_name;

	const struct net_session_ops *ops;
	// The connection is made (under implicit TLS: and secured). As of a
	// listener: `peer` is valid during the call, `waker` until the
	// session's free() returns. `context` may itself be the session. NULL:
	// the connection is closed, and no call follows.
	void *(*session_new)(
	    void *context, const struct net_peer *peer, struct net_waker waker);
	// No session will come; `why` is a sentence's part ("connection
	// refused"), valid during the call.
	void (*failed)(void *context, enum net_end end, const char *why);
	void *context; // used until one of the two has been called
};

// Begins to connect; what `config` points to is copied, except `tls`, `ops` and
// `context`. Any thread, any lock held, also from a session's calls: the calls
// above come from the server's threads, never from within this one, and may
// come before this one has returned.
//
// Fails, and then calls nothing: RC_INVALID for a mistake in `config`, RC_LIMIT
// when max_outgoing connections are open or the system has no more descriptors,
// RC_UNSUPPORTED when the system does not know the address family, RC_CLOSED
// when the server has not started or is stopping.
MUST_CHECK enum rc net_connect(struct net_server *server,
    const struct net_connect_config *config, struct fault *fault);

#endif
