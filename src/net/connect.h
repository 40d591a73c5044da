// SPDX-License-Identifier: Apache-2.0
// Outgoing connections. They live in a server, next to the connections that it
// accepts: the same threads run them, with the same session contract, and
// net_server_stop() ends them. Nobody waits while a connection is made.
//
// The caller is told exactly once how a connection went. Either no session is
// made, and failed() says why; or session_new() makes one, whose ended() says
// how it ended, just before its free(). When that is called, the connection no
// longer counts for max_outgoing, so another one can be begun from within that
// call.
#ifndef ROOST_NET_CONNECT_H
#define ROOST_NET_CONNECT_H

#include "base/rc.h"
#include "net/session.h"
#include "net/tls_client.h"

struct net_server;

struct net_connect_config {
	const char *address; // numeric, IPv4 or IPv6
	uint16_t port;
	const char *local_address; // numeric address to send from; NULL: any
	uint32_t connect_seconds;  // 0: 30
	uint32_t
	    handshake_seconds; // for TLS; 0: the server's handshake_seconds

	struct net_tls_client *tls; // NULL: no TLS; must outlive the server
	enum net_tls_check check;
	bool implicit_tls; // TLS from the first byte; false: by NET_START_TLS
	// The name that the certificate must contain. It is sent as SNI if it
	// is a DNS name (without a full stop at its end). It may be a numeric
	// address. NULL: no name is checked; allowed with NET_TLS_OPPORTUNISTIC
	// only.
	const char *server_name;

	const struct net_session_ops *ops;
	// Makes the session, when the connection is made and, with implicit
	// TLS, secured. As for a listener, `peer` is valid during the call, and
	// `waker` until the session's free() returns. `context` may itself be
	// the session. NULL: the connection is closed, and no other call
	// follows.
	void *(*session_new)(
	    void *context, const struct net_peer *peer, struct net_waker waker);
	// There will be no session. `why` is a part of a sentence ("connection
	// refused"), valid during the call.
	void (*failed)(void *context, enum net_end end, const char *why);
	void *context; // used until one of the two has been called
};

// Begins to connect. What `config` points to is copied, except `tls`, `ops` and
// `context`. May be called on any thread, with any lock held, also from a
// session's calls. The functions above are called by the server's threads,
// never from within net_connect(), and perhaps before it has returned.
//
// When it fails, none of the functions is called: RC_INVALID for a mistake in
// `config`, RC_LIMIT when max_outgoing connections are open or the system has
// no more descriptors, RC_UNSUPPORTED when the system does not know the address
// family, RC_CLOSED when the server has not started or is stopping.
MUST_CHECK enum rc net_connect(struct net_server *server,
    const struct net_connect_config *config, struct fault *fault);

// Calls `each` for every IPv4 and IPv6 address that this machine has.
void net_own_addresses(
    void (*each)(void *context, const char *address), void *context);

#endif
