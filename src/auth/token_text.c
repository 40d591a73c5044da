// SPDX-License-Identifier: Apache-2.0
#include "auth/token_text.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/impl.h"
#include "base/ascii.h"
#include "base/bytes.h"
#include "wire/base64url.h"

#define SIGNED_LEN 33 // what the MAC is over
#define MAC_LEN    (AUTH_TOKEN_BYTES - SIGNED_LEN)
#define TEXT_LEN   ((size_t)AUTH_TOKEN_BYTES * 4 / 3)

// Letters and digits that nobody takes for another one.
static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
_Static_assert(sizeof(alphabet) == 33, "five bits a character");

void auth_sha256(struct view bytes, unsigned char ret_hash[AUTH_HASH_LEN])
{
	SHA256((const unsigned char *)bytes.ptr, bytes.len, ret_hash);
}

bool auth_hash_eq(const unsigned char *a, const unsigned char *b)
{
	return CRYPTO_memcmp(a, b, AUTH_HASH_LEN) == 0;
}

void auth_token_text_done(struct auth_token_text *text)
{
	OPENSSL_cleanse(text, sizeof(*text));
}

// 63 bits, so that the next number exists too.
static uint64_t id_of(const void *bytes)
{
	uint64_t id = get_be64(bytes) >> 1;
	return id ? id : 1;
}

enum rc auth_token_new_id(uint64_t *ret_id)
{
	unsigned char bytes[8];
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return RC_IO;
	*ret_id = id_of(bytes);
	return RC_OK;
}

// ---- Tokens ----------------------------------------------------------------

static void add_mac(const struct auth *auth,
    const unsigned char bytes[AUTH_TOKEN_BYTES], unsigned char ret_mac[MAC_LEN])
{
	unsigned char id[AUTH_KEYED_ID_LEN];
	auth_keyed_id(auth, "token", view_of(bytes, SIGNED_LEN), id);
	memcpy(ret_mac, id, MAC_LEN);
}

enum rc auth_token_make(const struct auth *auth, enum auth_kind kind,
    uint64_t account, uint64_t id, struct auth_token_text *ret_text,
    unsigned char ret_hash[AUTH_HASH_LEN])
{
	unsigned char bytes[AUTH_TOKEN_BYTES];
	struct buf text;
	bytes[0] = (unsigned char)kind;
	put_be64(bytes + 1, account);
	put_be64(bytes + 9, id);
	if (RAND_bytes(bytes + 17, SIGNED_LEN - 17) != 1)
		return RC_IO;
	add_mac(auth, bytes, bytes + SIGNED_LEN);
	auth_sha256(view_of(bytes, sizeof(bytes)), ret_hash);
	buf_init(&text, AUTH_TOKEN_TEXT_MAX);
	base64url_encode(view_of(bytes, sizeof(bytes)), &text);
	*ret_text = (struct auth_token_text){{0}};
	memcpy(ret_text->text, text.ptr, text.len);
	buf_done_secret(&text);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return RC_OK;
}

static bool is_kind(unsigned char number)
{
	switch (number) {
#define X(name, kind, word, most)                                              \
	case kind: return true;
		AUTH_KIND_TABLE(X)
#undef X
	default: return false;
	}
}

bool auth_token_parse(struct view text, struct auth_token *ret_token)
{
	struct buf bytes;
	if (text.len != TEXT_LEN)
		return false;
	buf_init(&bytes, AUTH_TOKEN_BYTES);
	bool read = base64url_decode(text, &bytes) == RC_OK &&
		    bytes.len == AUTH_TOKEN_BYTES &&
		    is_kind((unsigned char)bytes.ptr[0]);
	if (read) {
		const unsigned char *at = (const unsigned char *)bytes.ptr;
		ret_token->kind = (enum auth_kind)at[0];
		ret_token->account = get_be64(at + 1);
		ret_token->id = get_be64(at + 9);
		memcpy(ret_token->bytes, at, AUTH_TOKEN_BYTES);
		auth_sha256(buf_view(&bytes), ret_token->hash);
	}
	buf_done_secret(&bytes);
	return read;
}

bool auth_token_is_ours(const struct auth *auth, const struct auth_token *token)
{
	unsigned char mac[MAC_LEN];
	add_mac(auth, token->bytes, mac);
	return CRYPTO_memcmp(mac, token->bytes + SIGNED_LEN, MAC_LEN) == 0;
}

bool auth_token_read(
    const struct auth *auth, struct view text, struct auth_token *ret_token)
{
	return auth_token_parse(text, ret_token) &&
	       auth_token_is_ours(auth, ret_token);
}

// ---- Application passwords -------------------------------------------------

#define GROUP 4

// The hash is bound to the account, so that the same text would be another
// password for another user.
static void hash_letters(uint64_t account,
    const char letters[AUTH_APP_PASSWORD_LETTERS], uint64_t *ret_id,
    unsigned char ret_hash[AUTH_HASH_LEN])
{
	char bytes[8 + AUTH_APP_PASSWORD_LETTERS];
	put_be64(bytes, account);
	memcpy(bytes + 8, letters, AUTH_APP_PASSWORD_LETTERS);
	auth_sha256(view_of(bytes, sizeof(bytes)), ret_hash);
	*ret_id = id_of(ret_hash);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

enum rc auth_app_password_new(uint64_t account,
    struct auth_token_text *ret_text, uint64_t *ret_id,
    unsigned char ret_hash[AUTH_HASH_LEN])
{
	unsigned char random[AUTH_APP_PASSWORD_LETTERS];
	char letters[AUTH_APP_PASSWORD_LETTERS];
	size_t len = 0;
	if (RAND_bytes(random, sizeof(random)) != 1)
		return RC_IO;
	*ret_text = (struct auth_token_text){{0}};
	for (size_t i = 0; i < sizeof(letters); i++) {
		letters[i] = alphabet[random[i] & 31];
		if (i > 0 && i % GROUP == 0)
			ret_text->text[len++] = '-';
		ret_text->text[len++] = letters[i];
	}
	hash_letters(account, letters, ret_id, ret_hash);
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(letters, sizeof(letters));
	return RC_OK;
}

bool auth_app_password_read(uint64_t account, struct view text,
    uint64_t *ret_id, unsigned char ret_hash[AUTH_HASH_LEN])
{
	char letters[AUTH_APP_PASSWORD_LETTERS];
	size_t len = 0;
	bool fits = true;
	for (size_t i = 0; i < text.len && fits; i++) {
		char c = ascii_lower(text.ptr[i]);
		if (c == '-' || c == ' ')
			continue;
		fits = len < sizeof(letters) && c != '\0' &&
		       memchr(alphabet, c, sizeof(alphabet) - 1);
		if (fits)
			letters[len++] = c;
	}
	fits = fits && len == sizeof(letters);
	if (fits)
		hash_letters(account, letters, ret_id, ret_hash);
	OPENSSL_cleanse(letters, sizeof(letters));
	return fits;
}
