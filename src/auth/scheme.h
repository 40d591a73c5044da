// SPDX-License-Identifier: Apache-2.0
// What other servers keep of a password: the schemes, each read into the one
// text that is stored of it, and checked. Nothing outside this room includes
// it.
#ifndef ROOST_AUTH_SCHEME_H
#define ROOST_AUTH_SCHEME_H

#include "auth/password.h"

// Reads "{SCHEME}…", "{SCHEME.HEX}…", "{SCHEME.B64}…", or without a scheme what
// crypt(3) writes, "$argon2id$…" or "$pbkdf2-sha256$…". RC_OK with the hash,
// and SCRAM keys where these are what was kept; or with the password itself,
// which is then not empty (and to be cleansed). RC_UNSUPPORTED, RC_INVALID: the
// message has nothing of `stored` in it, for that may be a password.
MUST_CHECK enum rc auth_scheme_read(struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials, struct auth_secret *ret_clear);

// As auth_password_check(), of one prepared or raw form.
MUST_CHECK enum rc auth_scheme_check(
    const char *hash, const struct auth_secret *password);

#endif
