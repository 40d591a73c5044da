// SPDX-License-Identifier: Apache-2.0
// Certificates: what is asked for (PKCS #10, RFC 2986), what a certificate says
// (RFC 5280), and the one that answers tls-alpn-01 (RFC 8737).
#ifndef ROOST_ACME_CERTIFICATE_H
#define ROOST_ACME_CERTIFICATE_H

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"

// RFC 8555 sets no limit; known authorities accept this many.
#define ACME_NAMES_MAX 100
#define ACME_PEM_MAX   ((size_t)256 << 10) // a key and a chain

// Adds the request for these DNS names, in DER. RC_INVALID: a name cannot be in
// a certificate.
MUST_CHECK enum rc acme_csr(
    EVP_PKEY *key, const char *const *names, size_t count, struct buf *out);

struct acme_facts {
	const char **names; // DNS names in lower case, in the arena
	size_t count;
	const char *issuer; // a name for people, in the arena
	bool self_signed;
	int64_t not_before, not_after; // seconds since 1970
	const char *id; // for renewal information (RFC 9773 section 4.1); NULL:
			// the certificate names no key of its issuer
};

// Reads the first certificate of a PEM text. RC_CORRUPT: there is none.
MUST_CHECK enum rc acme_facts_read(
    struct arena *arena, struct view pem, struct acme_facts *ret_facts);
// Whether one of its names is `name`, also by a wildcard (RFC 6125 section
// 6.4.3).
bool acme_facts_have(const struct acme_facts *facts, const char *name);

// Checks a chain that came from an authority before it is used: PEM
// certificates and nothing else, of which the first has this key and all these
// names. RC_INVALID: `fault` says what is wrong.
MUST_CHECK enum rc acme_chain_check(struct view pem, EVP_PKEY *key,
    const char *const *names, size_t count, struct fault *fault);

// Makes the certificate with which a server answers tls-alpn-01 for `name` (RFC
// 8737 section 3). Adds the certificate and its key in PEM.
void acme_alpn_certificate(
    const char *name, struct view key_authorization, struct buf *pem);

#endif
