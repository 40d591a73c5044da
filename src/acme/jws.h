// SPDX-License-Identifier: Apache-2.0
// Keys and signed requests: JSON Web Keys and Signatures as ACME uses them (RFC
// 7515, RFC 7517, RFC 7638, RFC 8555 section 6.2). Keys are on the curve P-256;
// signatures are ES256, and HS256 for the binding of an external account.
#ifndef ROOST_ACME_JWS_H
#define ROOST_ACME_JWS_H

#include <openssl/evp.h>

#include "base/buf.h"

#define ACME_KEY_PEM_MAX 4096

// Makes a key. The caller frees it with EVP_PKEY_free().
EVP_PKEY *acme_key_new(void);
// Reads a key in PEM form. RC_CORRUPT: it is no P-256 key.
MUST_CHECK enum rc acme_key_read(struct view pem, EVP_PKEY **ret_key);
void acme_key_write(EVP_PKEY *key, struct buf *pem);

// The public key as JSON in the form of RFC 7638 section 3: sorted members, no
// white space.
void acme_jwk(EVP_PKEY *key, struct buf *out);
// The SHA-256 of a key in that form, in base64url.
void acme_thumbprint(struct view jwk, struct buf *out);
// What a challenge has to be answered with (RFC 8555 section 8.1).
void acme_key_authorization(
    EVP_PKEY *account, struct view token, struct buf *out);

struct acme_jws_head {
	const char *url;
	const char *nonce; // NULL: none, for HS256
	const char
	    *account; // the URL of the account, or the external account's
		      // key id; NULL: the public key is sent instead
};

// Add the request's body (RFC 7515 section 7.2.2). An empty payload makes a
// POST-as-GET (RFC 8555 section 6.3).
void acme_jws_es256(EVP_PKEY *key, const struct acme_jws_head *head,
    struct view payload, struct buf *out);
void acme_jws_hs256(struct view secret, const struct acme_jws_head *head,
    struct view payload, struct buf *out);

#endif
