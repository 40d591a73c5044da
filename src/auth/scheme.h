// SPDX-License-Identifier: Apache-2.0
// The schemes in which other servers store passwords. Each is read into the
// text that this server stores, and checked in that form. Only this room
// includes it.
#ifndef ROOST_AUTH_SCHEME_H
#define ROOST_AUTH_SCHEME_H

#include "auth/password.h"

// Reads "{SCHEME}…", "{SCHEME.HEX}…", "{SCHEME.B64}…", or without a scheme what
// crypt(3) writes, "$argon2id$…" or "$pbkdf2-sha256$…". RC_OK:
// `ret_credentials` has the hash, and SCRAM keys if `stored` has them; or, if
// `stored` is the password itself, `ret_clear` is not empty and has to be
// cleansed. RC_UNSUPPORTED, RC_INVALID: the message quotes nothing of `stored`,
// which may be a password.
MUST_CHECK enum rc auth_scheme_read(struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials, struct auth_secret *ret_clear);

// As auth_password_check(), for one form of the password (prepared or raw).
MUST_CHECK enum rc auth_scheme_check(
    const char *hash, const struct auth_secret *password);

#endif
