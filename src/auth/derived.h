// SPDX-License-Identifier: Apache-2.0
// Keys that were derived from passwords, as texts: Argon2 (RFC 9106), PBKDF2
// (RFC 8018) and SCRAM (as in RFC 5803, in Dovecot's spelling). auth_…_read()
// turns the spellings of other servers into the one spelling that is stored and
// checked. Only this room includes it.
#ifndef ROOST_AUTH_DERIVED_H
#define ROOST_AUTH_DERIVED_H

#include "auth/password.h"

// The highest costs that a text may ask for, as they are paid at each log-in.
#define AUTH_ARGON2_KIB_MAX    (1u << 20) // 1 GiB
#define AUTH_ARGON2_PASSES_MAX 100
#define AUTH_PBKDF2_ROUNDS_MAX 10000000

// Reads "$argon2id$v=19$m=65536,t=3,p=1$salt$key", also argon2i and argon2d.
MUST_CHECK enum rc auth_argon2_read(struct view text, struct buf *ret_stored);
MUST_CHECK enum rc auth_argon2_check(
    struct view stored, const struct auth_secret *password);

// Reads Dovecot's "$1$salt$rounds$hex", "rounds$salt$key", and texts that begin
// with "$pbkdf2-sha256$": "rounds$salt$key" (passlib) or
// "i=rounds,l=32$salt$key" (PHC). `digest` is OpenSSL's name, for example
// "SHA1"; NULL: the text names the digest.
MUST_CHECK enum rc auth_pbkdf2_read(
    struct view text, const char *digest, struct buf *ret_stored);
MUST_CHECK enum rc auth_pbkdf2_check(
    struct view stored, const struct auth_secret *password);

// "4096,salt,StoredKey,ServerKey", all in base64.
MUST_CHECK enum rc auth_scram_text_read(struct view text,
    enum auth_digest digest, struct auth_scram_keys *ret_keys);
MUST_CHECK enum rc auth_scram_text_check(struct view text,
    enum auth_digest digest, const struct auth_secret *password);

// Reads base64; '.' may stand for '+' (passlib). False if the text is not
// base64, lacks the padding that it should have, or has more than `max` bytes.
bool auth_base64_read(struct view text, bool with_padding, size_t max,
    unsigned char *ret_bytes, size_t *ret_len);
bool auth_hex_read(
    struct view text, size_t max, unsigned char *ret_bytes, size_t *ret_len);
// Adds base64, without padding unless `padded` is set.
void auth_base64_add(
    struct buf *out, const void *bytes, size_t len, bool padded);

#endif
