// SPDX-License-Identifier: Apache-2.0
// The server's TLS: certificates chosen by the name a client asks for (SNI,
// RFC 6066 section 3), TLS 1.2 and newer, session tickets whose keys rotate.
// Certificates can be reloaded while connections live: each connection keeps
// the set that it was made with.
#ifndef ROOST_NET_TLS_H
#define ROOST_NET_TLS_H

#include "base/buf.h"
#include "base/log.h"

// PEM files: the certificate with its chain, leaf first, and its private key.
struct net_tls_pair {
	const char *certificate_path;
	const char *key_path;
};

struct net_tls_config {
	// The first pair is served to clients that ask for no name or for one
	// that no certificate holds. Two pairs with the same names and keys of
	// different kinds (RSA, ECDSA) are both offered under these names.
	const struct net_tls_pair *pairs;
	size_t pair_count;       // at least 1
	uint32_t ticket_seconds; // life of a ticket key; 0: 12 hours
	struct log *log;         // may be NULL
};

// Looks at a pair before it is served. `mistakes` gets one line, "file: reason",
// for each thing wrong: what makes it unusable, and then the result is
// RC_INVALID; or what every client will complain of, the dates. *ret_named says
// whether the certificate is for the host `name`.
MUST_CHECK enum rc net_tls_examine(const struct net_tls_pair *pair,
    const char *name, struct buf *mistakes, bool *ret_named);

struct net_tls;

// Reads all certificates. Mistakes do not stop at the first: `mistakes` gets
// one line for each, "file: reason\n", and then the result is RC_INVALID.
// Expired certificates are served, with a warning in the log.
MUST_CHECK enum rc net_tls_new(const struct net_tls_config *config,
    struct buf *mistakes, struct net_tls **ret_tls);
// After every server that uses it is freed.
void net_tls_free(struct net_tls **tls);

// Reads the pairs anew (others may be named) and serves them to connections
// that begin from now on; tickets stay good. On a mistake all stays as it was.
// Any thread.
MUST_CHECK enum rc net_tls_reload(struct net_tls *tls,
    const struct net_tls_config *config, struct buf *mistakes);

// Makes a self-signed ECDSA P-256 certificate for `names` (DNS names or numeric
// addresses, at least one), good for 820 days. The key file has mode 0600. A
// file that exists is never overwritten: RC_EXISTS.
MUST_CHECK enum rc net_tls_self_signed(const char *certificate_path,
    const char *key_path, const char *const *names, size_t name_count,
    struct fault *fault);

#endif
