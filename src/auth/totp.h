// SPDX-License-Identifier: Apache-2.0
// One-time passwords of the time (RFC 6238 over HOTP, RFC 4226): HMAC-SHA-1,
// six digits, steps of 30 seconds, as every authenticator app makes them. Pure
// functions.
#ifndef ROOST_AUTH_TOTP_H
#define ROOST_AUTH_TOTP_H

#include "base/buf.h"

#define AUTH_TOTP_SECRET_LEN   20 // RFC 4226 section 4: recommended
#define AUTH_TOTP_DIGITS       6
#define AUTH_TOTP_STEP_SECONDS 30
// How many steps a phone's clock may be away, on either side.
#define AUTH_TOTP_WINDOW 1

// The code of a step (RFC 4226 section 5.3).
uint32_t auth_totp_code(
    const unsigned char secret[AUTH_TOTP_SECRET_LEN], uint64_t step);

// Whether `text` (six digits; spaces are ignored) is the code of a step near
// `now` that is later than `last` (the step that was accepted last). `ret_step`
// is that step, which is to be kept as `last`.
MUST_CHECK bool auth_totp_check(
    const unsigned char secret[AUTH_TOTP_SECRET_LEN], struct view text,
    int64_t now, uint64_t last, uint64_t *ret_step);

// Adds the secret in base32 (RFC 4648 section 6), for people who type it.
void auth_totp_write_secret(
    const unsigned char secret[AUTH_TOTP_SECRET_LEN], struct buf *out);
// Adds the otpauth:// URI for a QR code. `issuer` is the server's name, `user`
// what the app shows as the account.
void auth_totp_write_uri(const unsigned char secret[AUTH_TOTP_SECRET_LEN],
    struct view issuer, struct view user, struct buf *out);

#endif
