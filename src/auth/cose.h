// SPDX-License-Identifier: Apache-2.0
// Public keys as WebAuthn sends them (COSE, RFC 9052 and 9053), and signatures
// by them. Only this room includes it.
#ifndef ROOST_AUTH_COSE_H
#define ROOST_AUTH_COSE_H

#include "auth/webauthn.h"

#define COSE_ES256 (-7)
#define COSE_EDDSA (-8)
#define COSE_RS256 (-257)

// Reads a COSE_Key. RC_SYNTAX: malformed. RC_UNSUPPORTED: another algorithm or
// curve, a point that is not on the curve, RSA with less than 2048 or more than
// 4096 bits.
MUST_CHECK enum rc cose_read_key(
    struct view bytes, struct auth_webauthn_key *ret_key);
// Whether the signature over `text` is by this key.
MUST_CHECK bool cose_verify(const struct auth_webauthn_key *key,
    struct view text, struct view signature);

#endif
