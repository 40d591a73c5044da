// SPDX-License-Identifier: Apache-2.0
// Passwords kept as keys that were derived from them: Argon2 (RFC 9106), PBKDF2
// (RFC 8018) and SCRAM's (RFC 5803's idea, Dovecot's spelling). Each is a text;
// what comes out of auth_…_read() is the one spelling that is stored and
// checked. Nothing outside this room includes it.
#ifndef ROOST_AUTH_DERIVED_H
#define ROOST_AUTH_DERIVED_H

#include "auth/password.h"

// What a text may ask of the machine at each log-in.
#define AUTH_ARGON2_KIB_MAX    (1u << 20) // 1 GiB
#define AUTH_ARGON2_PASSES_MAX 100
#define AUTH_PBKDF2_ROUNDS_MAX 10000000

// "$argon2id$v=19$m=65536,t=3,p=1$salt$key", also argon2i and argon2d.
MUST_CHECK enum rc auth_argon2_read(struct view text, struct buf *ret_stored);
MUST_CHECK enum rc auth_argon2_check(
    struct view stored, const struct auth_secret *password);

// Dovecot's "$1$salt$rounds$hex", "rounds$salt$key" and what begins with
// "$pbkdf2-sha256$": "rounds$salt$key" (passlib) or "i=rounds,l=32$salt$key"
// (PHC). `digest` is OpenSSL's name, "SHA1" for instance; NULL: the text says.
MUST_CHECK enum rc auth_pbkdf2_read(
    struct view text, const char *digest, struct buf *ret_stored);
MUST_CHECK enum rc auth_pbkdf2_check(
    struct view stored, const struct auth_secret *password);

// "4096,salt,StoredKey,ServerKey", all in base64.
MUST_CHECK enum rc auth_scram_text_read(struct view text,
    enum auth_digest digest, struct auth_scram_keys *ret_keys);
MUST_CHECK enum rc auth_scram_text_check(struct view text,
    enum auth_digest digest, const struct auth_secret *password);

// Base64, '.' taken for '+' (passlib). False when it is none, has no padding
// though it should, or has more than `max` bytes.
bool auth_base64_read(struct view text, bool with_padding, size_t max,
    unsigned char *ret_bytes, size_t *ret_len);
bool auth_hex_read(
    struct view text, size_t max, unsigned char *ret_bytes, size_t *ret_len);
// Without padding where `padded` is not set.
void auth_base64_add(
    struct buf *out, const void *bytes, size_t len, bool padded);

#endif
