// SPDX-License-Identifier: Apache-2.0
// TLS as a client: TLS 1.2 and newer, and the authorities that are trusted.
// All files are read when it is made, so that it can be made before a sandbox
// closes and used from within. Nothing is resumed. Any number of threads.
#ifndef ROOST_NET_TLS_CLIENT_H
#define ROOST_NET_TLS_CLIENT_H

#include "base/log.h"
#include "base/rc.h"

// What a handshake asks of the peer's certificate. The result of the check is
// in struct net_tls_info in any case.
enum net_tls_check {
	// Any certificate will do: encryption without knowing with whom is
	// better than none (RFC 7435). Older ciphers are taken, too.
	NET_TLS_OPPORTUNISTIC,
	// A chain to a trusted authority and the server's name (RFC 6125), or
	// the handshake fails.
	NET_TLS_REQUIRED,
};

struct net_tls_client_config {
	// PEM: the only authorities that are trusted. NULL: the system's.
	const char *authorities_path;
	struct log *log; // may be NULL
};

struct net_tls_client;

// A file that is named must hold at least one certificate. A system without a
// store of authorities is no failure but a warning in the log: every
// certificate is then unverified.
MUST_CHECK enum rc net_tls_client_new(
    const struct net_tls_client_config *config,
    struct net_tls_client **ret_client, struct fault *fault);
// After every server that uses it is freed.
void net_tls_client_free(struct net_tls_client **client);

#endif
