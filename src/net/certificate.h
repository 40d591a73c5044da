// SPDX-License-Identifier: Apache-2.0
// What a certificate says, and what is wrong with it: each question is answered
// apart, because one certificate may be expired, have the wrong name and come
// from nobody at the same time, while OpenSSL only reports what it found first.
#ifndef ROOST_NET_CERTIFICATE_H
#define ROOST_NET_CERTIFICATE_H

#include "base/rc.h"
#include "net/session.h"
#include "net/tls_client.h"

#define NET_CERTIFICATE_NAMES_MAX 400

enum net_trust {
	NET_TRUST_GOOD,        // a trusted authority vouches for it
	NET_TRUST_SELF_SIGNED, // only it itself does
	// An authority does that is not trusted here, or the server did not
	// send the certificates between the authority and its own.
	NET_TRUST_UNKNOWN_ISSUER,
	NET_TRUST_CHAIN_EXPIRED, // an authority's certificate has expired
	NET_TRUST_BROKEN,        // another reason, in `why`
};

struct net_certificate {
	// All texts are clean UTF-8 and fit; what is too long ends with "…".
	char names[NET_CERTIFICATE_NAMES_MAX]; // "a.example, b.example"
	char issuer[160];                      // the organisation, or the name
	int64_t not_before;                    // seconds since 1970-01-01 UTC
	int64_t not_after;
	enum net_trust trust;
	char why[NET_VERIFY_MAX]; // of NET_TRUST_BROKEN
	bool has_name;            // of the server that was asked for
	bool self_signed;
};

// Describes the certificate of a peer (net_tls_info.peer_certificate) that is
// called `host` (a DNS name or a numeric address).
void net_certificate_of_peer(const struct net_tls_info *tls, const char *host,
    struct net_certificate *ret_certificate);

// Describes the first certificate of a PEM file; the further ones are the ones
// that a server sends with it. `trusted` says whose authorities count.
// RC_NOT_FOUND, RC_DENIED, RC_INVALID.
MUST_CHECK enum rc net_certificate_of_file(const char *path, const char *host,
    struct net_tls_client *trusted, struct fault *fault,
    struct net_certificate *ret_certificate);

#endif
