// SPDX-License-Identifier: Apache-2.0
// TLS as a client: TLS 1.2 and newer, and the authorities that are trusted. All
// files are read when the client is made. So a program can make it before it
// enters its sandbox and use it from within. Sessions are not resumed. Any
// number of threads may use it.
#ifndef ROOST_NET_TLS_CLIENT_H
#define ROOST_NET_TLS_CLIENT_H

#include "base/log.h"
#include "base/rc.h"

// What a handshake requires of the peer's certificate. The result of the check
// is in struct net_tls_info in either case.
enum net_tls_check {
	// Any certificate is accepted: encryption with an unknown peer is
	// better than no encryption (RFC 7435). Older ciphers are accepted,
	// too.
	NET_TLS_OPPORTUNISTIC,
	// The certificate must have a chain to a trusted authority and contain
	// the server's name (RFC 6125). Otherwise the handshake fails.
	NET_TLS_REQUIRED,
};

struct net_tls_client_config {
	// A PEM file with the only authorities that are trusted. NULL: the
	// system's authorities.
	const char *authorities_path;
	struct log *log; // may be NULL
};

struct net_tls_client;

// A file that is named must have at least one certificate. When the system has
// no store of authorities, that is only a warning in the log, and every
// certificate is unverified.
MUST_CHECK enum rc net_tls_client_new(
    const struct net_tls_client_config *config,
    struct net_tls_client **ret_client, struct fault *fault);
// Call it after every server that uses it is freed.
void net_tls_client_free(struct net_tls_client **client);

#endif
