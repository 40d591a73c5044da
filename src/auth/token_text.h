// SPDX-License-Identifier: Apache-2.0
// Tokens as texts. A token names its record, so finding it costs one read, and
// it has a MAC with the server's secret: so texts that are no tokens of this
// server cost no read, and a token that was revoked or replaced is told from
// one that somebody made up. What is decided by is the SHA-256 in the record.
// Only this room includes it.
#ifndef ROOST_AUTH_TOKEN_TEXT_H
#define ROOST_AUTH_TOKEN_TEXT_H

#include "auth/token.h"

// The kind (1 byte), account (8), id (8), random bytes (16), MAC (9), in
// base64url: 56 characters.
#define AUTH_TOKEN_BYTES 42

struct auth_token {
	enum auth_kind kind;
	uint64_t account; // 0: of a device
	uint64_t id;
	unsigned char hash[AUTH_HASH_LEN];
	unsigned char bytes[AUTH_TOKEN_BYTES];
};

// A random id; never 0. RC_IO: the system gives no random bytes.
MUST_CHECK enum rc auth_token_new_id(uint64_t *ret_id);
// Makes a token of the kind for the record. RC_IO.
MUST_CHECK enum rc auth_token_make(const struct auth *auth, enum auth_kind kind,
    uint64_t account, uint64_t id, struct auth_token_text *ret_text,
    unsigned char ret_hash[AUTH_HASH_LEN]);
// Reads the parts of a text that has the form of a token; nothing is known of
// it yet. False: it does not have the form.
MUST_CHECK bool auth_token_parse(
    struct view text, struct auth_token *ret_token);
// Whether this server has made it, by the MAC.
MUST_CHECK bool auth_token_is_ours(
    const struct auth *auth, const struct auth_token *token);
// Both. False: this server has never made such a token.
MUST_CHECK bool auth_token_read(
    const struct auth *auth, struct view text, struct auth_token *ret_token);

// Whether this text, which is none, was tried lately: a program repeats it, and
// learns nothing by that.
bool auth_token_was_tried(struct auth *auth, struct view text);

// An application password. Its id is the beginning of its hash, so the user's
// account and the text are enough to find it.
MUST_CHECK enum rc auth_app_password_new(uint64_t account,
    struct auth_token_text *ret_text, uint64_t *ret_id,
    unsigned char ret_hash[AUTH_HASH_LEN]);
// False: the text does not have the form of one.
MUST_CHECK bool auth_app_password_read(uint64_t account, struct view text,
    uint64_t *ret_id, unsigned char ret_hash[AUTH_HASH_LEN]);

void auth_sha256(struct view bytes, unsigned char ret_hash[AUTH_HASH_LEN]);
bool auth_hash_eq(const unsigned char *a, const unsigned char *b);

#endif
