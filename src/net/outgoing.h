// SPDX-License-Identifier: Apache-2.0
// What only outgoing connections have. Used inside this room only.
#ifndef ROOST_NET_OUTGOING_H
#define ROOST_NET_OUTGOING_H

#include "net/connect.h"
#include "net/server.h"
#include "net/transport.h"

// Names in the DNS have at most 253 characters (RFC 1035 section 2.3.4).
#define OUTGOING_NAME_MAX 256

struct outgoing {
	// Used instead of a listener's configuration: protocol, session_new and
	// context.
	struct net_listener_config shape;
	void (*failed)(void *context, enum net_end end, const char *why);
	struct net_tls_client *tls;
	enum net_tls_check check;
	uint32_t connect_ms;
	uint32_t handshake_ms;
	bool told; // session_new() or failed() has been called
	bool left; // no longer counts for max_outgoing
	char server_name[OUTGOING_NAME_MAX]; // or ""
	char why[FAULT_TEXT_MAX]; // why it ended, if the text is not static
};

// Writes an error of connect() in words to `why`.
enum net_end outgoing_explain(struct outgoing *outgoing, int error);

// Whether the connection is made. After IO_FAILED, *ret_end and `why` say what
// happened.
MUST_CHECK enum io outgoing_check(struct outgoing *outgoing,
    struct transport *transport, enum net_end *ret_end);

// Writes in words to `why` how the last handshake on this thread failed.
void outgoing_explain_tls(
    struct outgoing *outgoing, const struct transport *transport);

#endif
