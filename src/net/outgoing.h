// SPDX-License-Identifier: Apache-2.0
// What an outgoing connection has beyond an accepted one. Inside the room only.
#ifndef ROOST_NET_OUTGOING_H
#define ROOST_NET_OUTGOING_H

#include "net/connect.h"
#include "net/server.h"
#include "net/transport.h"

// Names in the DNS have at most 253 characters (RFC 1035 section 2.3.4).
#define OUTGOING_NAME_MAX 256

struct outgoing {
	// In the place of a listener's: protocol, session_new and context.
	struct net_listener_config shape;
	void (*failed)(void *context, enum net_end end, const char *why);
	struct net_tls_client *tls;
	enum net_tls_check check;
	uint32_t connect_ms;
	uint32_t handshake_ms;
	bool told; // session_new() or failed() has been called
	bool left; // counts no longer for max_outgoing
	char server_name[OUTGOING_NAME_MAX]; // or ""
	char why[FAULT_TEXT_MAX]; // of the end, where it is not static
};

// Puts an error of connect() into words, in `why`.
enum net_end outgoing_explain(struct outgoing *outgoing, int error);

// Whether the connection is made. IO_FAILED: *ret_end, and `why`, tell the
// rest.
MUST_CHECK enum io outgoing_check(struct outgoing *outgoing,
    struct transport *transport, enum net_end *ret_end);

// Puts into words, in `why`, how the handshake has just failed on this thread.
void outgoing_explain_tls(
    struct outgoing *outgoing, const struct transport *transport);

#endif
