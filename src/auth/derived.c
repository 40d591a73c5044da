// SPDX-License-Identifier: Apache-2.0
#include "auth/derived.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/ascii.h"

#define SALT_MAX 128
#define KEY_MAX  128

// ---- Bytes as text ---------------------------------------------------------

// The text's length without its padding. The padding must be there if
// `with_padding` is set, and must not be there otherwise.
static size_t without_padding(struct view text, bool with_padding)
{
	size_t len = text.len;
	if (!with_padding)
		return len;
	if (len % 4 != 0)
		return 0;
	while (len > 0 && text.len - len < 2 && text.ptr[len - 1] == '=')
		len--;
	return len;
}

bool auth_base64_read(struct view text, bool with_padding, size_t max,
    unsigned char *ret_bytes, size_t *ret_len)
{
	unsigned char padded[1024];
	unsigned char bytes[sizeof(padded)];
	text.len = without_padding(text, with_padding);
	if (text.len == 0 || text.len % 4 == 1 || text.len + 3 > sizeof(padded))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i] == '.' ? '+' : text.ptr[i];
		if (!ascii_is_alnum(c) && c != '+' && c != '/')
			return false;
		padded[i] = (unsigned char)c;
	}
	size_t len = text.len;
	while (len % 4 != 0)
		padded[len++] = '=';
	bool good = EVP_DecodeBlock(bytes, padded, (int)len) >= 0 &&
		    text.len / 4 * 3 + text.len % 4 * 3 / 4 <= max;
	if (good) {
		*ret_len = text.len / 4 * 3 + text.len % 4 * 3 / 4;
		memcpy(ret_bytes, bytes, *ret_len);
	}
	OPENSSL_cleanse(padded, sizeof(padded));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return good;
}

bool auth_hex_read(
    struct view text, size_t max, unsigned char *ret_bytes, size_t *ret_len)
{
	if (text.len == 0 || text.len % 2 != 0 || text.len / 2 > max)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = ascii_hex_value(text.ptr[i]);
		int low = ascii_hex_value(text.ptr[i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_bytes[i / 2] = (unsigned char)(high * 16 + low);
	}
	*ret_len = text.len / 2;
	return true;
}

void auth_base64_add(
    struct buf *out, const void *bytes, size_t len, bool padded)
{
	// EVP_EncodeBlock() also writes a NUL.
	char *room = buf_reserve(out, (len + 2) / 3 * 4 + 1);
	if (!room)
		return;
	int added = EVP_EncodeBlock((unsigned char *)room, bytes, (int)len);
	while (!padded && added > 0 && room[added - 1] == '=')
		added--;
	buf_commit(out, (size_t)added);
}

// Reads a decimal number from 1 to `max`; the whole text must be the number.
static bool read_number(struct view text, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;
	if (text.len == 0 || text.len > 10)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	if (number == 0 || number > max)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static bool skip(struct view *text, struct view prefix)
{
	if (!view_starts_with(*text, prefix))
		return false;
	*text = view_from(*text, prefix.len);
	return true;
}

// ---- Argon2 ----------------------------------------------------------------

struct argon2_text {
	argon2_type type;
	uint32_t version, kib, passes, lanes;
	size_t salt_len, key_len;
	unsigned char salt[SALT_MAX], key[KEY_MAX];
};

static bool argon2_type_read(struct view word, argon2_type *ret_type)
{
	if (view_eq(word, VIEW("argon2id")))
		*ret_type = Argon2_id;
	else if (view_eq(word, VIEW("argon2i")))
		*ret_type = Argon2_i;
	else if (view_eq(word, VIEW("argon2d")))
		*ret_type = Argon2_d;
	else
		return false;
	return true;
}

static bool argon2_costs_read(struct view costs, struct argon2_text *ret)
{
	struct view part;
	return view_split(&costs, ',', &part) && skip(&part, VIEW("m=")) &&
	       read_number(part, AUTH_ARGON2_KIB_MAX, &ret->kib) &&
	       view_split(&costs, ',', &part) && skip(&part, VIEW("t=")) &&
	       read_number(part, AUTH_ARGON2_PASSES_MAX, &ret->passes) &&
	       view_split(&costs, ',', &part) && skip(&part, VIEW("p=")) &&
	       read_number(part, 255, &ret->lanes) && costs.len == 0;
}

static bool argon2_parse(struct view text, struct argon2_text *ret)
{
	struct view part;
	ret->version = ARGON2_VERSION_10; // old texts do not name the version
	if (!skip(&text, VIEW("$")) || !view_split(&text, '$', &part) ||
	    !argon2_type_read(part, &ret->type) ||
	    !view_split(&text, '$', &part))
		return false;
	if (skip(&part, VIEW("v="))) {
		if (!read_number(part, ARGON2_VERSION_13, &ret->version) ||
		    !view_split(&text, '$', &part))
			return false;
	}
	struct view salt;
	return (ret->version == ARGON2_VERSION_10 ||
		   ret->version == ARGON2_VERSION_13) &&
	       argon2_costs_read(part, ret) && view_split(&text, '$', &salt) &&
	       auth_base64_read(
		   salt, false, SALT_MAX, ret->salt, &ret->salt_len) &&
	       auth_base64_read(
		   text, false, KEY_MAX, ret->key, &ret->key_len) &&
	       ret->salt_len >= ARGON2_MIN_SALT_LENGTH && ret->key_len >= 16 &&
	       ret->kib >= 8 * ret->lanes;
}

enum rc auth_argon2_read(struct view text, struct buf *ret_stored)
{
	struct argon2_text parsed;
	bool good = argon2_parse(text, &parsed);
	OPENSSL_cleanse(&parsed, sizeof(parsed));
	if (!good)
		return RC_INVALID;
	buf_add(ret_stored, text);
	return buf_status(ret_stored);
}

enum rc auth_argon2_check(
    struct view stored, const struct auth_secret *password)
{
	struct argon2_text parsed;
	struct auth_secret copy = *password; // the library's is not const
	unsigned char key[KEY_MAX];
	if (!argon2_parse(stored, &parsed))
		return RC_UNSUPPORTED;
	argon2_context context = {
	    .out = key,
	    .outlen = (uint32_t)parsed.key_len,
	    .pwd = (uint8_t *)copy.text,
	    .pwdlen = (uint32_t)copy.len,
	    .salt = parsed.salt,
	    .saltlen = (uint32_t)parsed.salt_len,
	    .t_cost = parsed.passes,
	    .m_cost = parsed.kib,
	    .lanes = parsed.lanes,
	    .threads = 1, // this thread: the library starts none
	    .version = parsed.version,
	};
	enum rc rc = RC_UNSUPPORTED;
	if (argon2_ctx(&context, parsed.type) == ARGON2_OK)
		rc = CRYPTO_memcmp(key, parsed.key, parsed.key_len) == 0
			 ? RC_OK
			 : RC_AUTH;
	auth_secret_done(&copy);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(&parsed, sizeof(parsed));
	return rc;
}

// ---- PBKDF2 ----------------------------------------------------------------

struct pbkdf2_text {
	const char *digest;
	uint32_t rounds;
	size_t salt_len, key_len;
	unsigned char salt[SALT_MAX], key[KEY_MAX];
};

static const struct {
	const char *prefix; // in given texts, and in the stored one
	const char *digest;
	size_t len;
} pbkdf2_digests[] = {
    {"$pbkdf2$", "SHA1", 20}, // passlib's name
    {"$pbkdf2-sha1$", "SHA1", 20},
    {"$pbkdf2-sha256$", "SHA256", 32},
    {"$pbkdf2-sha512$", "SHA512", 64},
};

// Dovecot's text after "$1$". The salt is used as it stands, without decoding.
static bool pbkdf2_dovecot(struct view text, struct pbkdf2_text *ret)
{
	struct view salt, rounds;
	if (!view_split(&text, '$', &salt) ||
	    !view_split(&text, '$', &rounds) || salt.len == 0 ||
	    salt.len > SALT_MAX ||
	    !read_number(rounds, AUTH_PBKDF2_ROUNDS_MAX, &ret->rounds))
		return false;
	memcpy(ret->salt, salt.ptr, salt.len);
	ret->salt_len = salt.len;
	return auth_hex_read(text, KEY_MAX, ret->key, &ret->key_len);
}

static bool pbkdf2_parts(struct view text, struct pbkdf2_text *ret)
{
	struct view costs, rounds, salt;
	// OpenLDAP's module writes padding; the others do not.
	while (text.len > 0 && text.ptr[text.len - 1] == '=')
		text.len--;
	if (!view_split(&text, '$', &costs) || !view_split(&text, '$', &salt))
		return false;
	while (salt.len > 0 && salt.ptr[salt.len - 1] == '=')
		salt.len--;
	bool phc = skip(&costs, VIEW("i="));
	return view_split(&costs, ',', &rounds) &&
	       read_number(rounds, AUTH_PBKDF2_ROUNDS_MAX, &ret->rounds) &&
	       (costs.len == 0 || (phc && skip(&costs, VIEW("l=")))) &&
	       auth_base64_read(
		   salt, false, SALT_MAX, ret->salt, &ret->salt_len) &&
	       auth_base64_read(text, false, KEY_MAX, ret->key, &ret->key_len);
}

static size_t pbkdf2_find(const char *digest)
{
	size_t i = 0;
	while (strcmp(pbkdf2_digests[i].digest, digest) != 0)
		i++;
	return i;
}

static bool pbkdf2_parse(
    struct view text, const char *digest, struct pbkdf2_text *ret)
{
	bool good = false;
	ret->digest = digest;
	if (digest && skip(&text, VIEW("$1$")))
		good = pbkdf2_dovecot(text, ret);
	else if (digest)
		good = pbkdf2_parts(text, ret);
	for (size_t i = 0; i < ARRAY_LEN(pbkdf2_digests) && !ret->digest; i++)
		if (skip(&text, view_of_string(pbkdf2_digests[i].prefix))) {
			ret->digest = pbkdf2_digests[i].digest;
			good = pbkdf2_parts(text, ret);
		}
	// A text that was cut off has a shorter key, which would fit the
	// beginning of the right one. So it is refused.
	return good &&
	       ret->key_len == pbkdf2_digests[pbkdf2_find(ret->digest)].len;
}

enum rc auth_pbkdf2_read(
    struct view text, const char *digest, struct buf *ret_stored)
{
	struct pbkdf2_text parsed;
	bool good = pbkdf2_parse(text, digest, &parsed);
	if (good) {
		buf_add_string(ret_stored,
		    pbkdf2_digests[pbkdf2_find(parsed.digest)].prefix);
		buf_add_u64(ret_stored, parsed.rounds);
		buf_add_char(ret_stored, '$');
		auth_base64_add(
		    ret_stored, parsed.salt, parsed.salt_len, false);
		buf_add_char(ret_stored, '$');
		auth_base64_add(ret_stored, parsed.key, parsed.key_len, false);
	}
	OPENSSL_cleanse(&parsed, sizeof(parsed));
	return good ? buf_status(ret_stored) : RC_INVALID;
}

enum rc auth_pbkdf2_check(
    struct view stored, const struct auth_secret *password)
{
	struct pbkdf2_text parsed;
	unsigned char key[KEY_MAX];
	enum rc rc = RC_UNSUPPORTED;
	if (!pbkdf2_parse(stored, NULL, &parsed))
		return rc;
	EVP_MD *md = EVP_MD_fetch(NULL, parsed.digest, NULL);
	if (md && PKCS5_PBKDF2_HMAC(password->text, (int)password->len,
		      parsed.salt, (int)parsed.salt_len, (int)parsed.rounds, md,
		      (int)parsed.key_len, key))
		rc = CRYPTO_memcmp(key, parsed.key, parsed.key_len) == 0
			 ? RC_OK
			 : RC_AUTH;
	EVP_MD_free(md);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(&parsed, sizeof(parsed));
	return rc;
}

// ---- SCRAM -----------------------------------------------------------------

static bool scram_key_read(
    struct view text, size_t want, unsigned char ret_key[AUTH_SCRAM_KEY_MAX])
{
	size_t len;
	return auth_base64_read(
		   text, true, AUTH_SCRAM_KEY_MAX, ret_key, &len) &&
	       len == want;
}

enum rc auth_scram_text_read(
    struct view text, enum auth_digest digest, struct auth_scram_keys *ret_keys)
{
	struct auth_scram_keys keys = {0};
	struct view rounds, salt, stored;
	size_t len = auth_digest_len(digest);
	bool good =
	    view_split(&text, ',', &rounds) && view_split(&text, ',', &salt) &&
	    view_split(&text, ',', &stored) &&
	    read_number(rounds, AUTH_SCRAM_ITERATIONS_MAX, &keys.iterations) &&
	    auth_base64_read(
		salt, true, AUTH_SCRAM_SALT_MAX, keys.salt, &keys.salt_len) &&
	    scram_key_read(stored, len, keys.stored_key) &&
	    scram_key_read(text, len, keys.server_key);
	if (good)
		*ret_keys = keys;
	OPENSSL_cleanse(&keys, sizeof(keys));
	return good ? RC_OK : RC_INVALID;
}

enum rc auth_scram_text_check(struct view text, enum auth_digest digest,
    const struct auth_secret *password)
{
	struct auth_scram_keys keys, made;
	enum rc rc = auth_scram_text_read(text, digest, &keys);
	if (rc != RC_OK)
		return RC_UNSUPPORTED;
	made = keys;
	rc = auth_scram_derive(
	    digest, view_of(password->text, password->len), &made);
	if (rc == RC_OK && CRYPTO_memcmp(made.stored_key, keys.stored_key,
			       auth_digest_len(digest)) != 0)
		rc = RC_AUTH;
	OPENSSL_cleanse(&keys, sizeof(keys));
	OPENSSL_cleanse(&made, sizeof(made));
	return rc;
}
