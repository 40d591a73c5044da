// SPDX-License-Identifier: Apache-2.0
// The table of schemes. Stored is the text of crypt(3), the text of Argon2 or
// PBKDF2 in the spelling of derived.c, or "{SCHEME}" and the base64 of a digest
// and its salt.
#include "auth/scheme.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "auth/derived.h"
#include "base/mem.h"

enum kind {
	KIND_CLEAR,  // the password itself
	KIND_CRYPT,  // a crypt(3) text that begins with `detail`
	KIND_DIGEST, // a digest of the password, by `detail`
	KIND_SALTED, // a digest of the password and the salt, and the salt
	KIND_ARGON2,
	KIND_PBKDF2,
	KIND_SCRAM,
	KIND_NEVER, // this server cannot check a password with it
};

static const struct scheme {
	const char *name;
	enum kind kind;
	const char *detail; // a prefix, or OpenSSL's name of a digest
	size_t len;         // of the digest
	enum auth_digest scram;
} schemes[] = {
    {"CRYPT", KIND_CRYPT, "", 0, 0},
    {"DES-CRYPT", KIND_CRYPT, "", 0, 0},
    {"MD5-CRYPT", KIND_CRYPT, "$1$", 0, 0},
    {"MD5", KIND_CRYPT, "$1$", 0, 0}, // Dovecot's other name of MD5-CRYPT
    {"SHA256-CRYPT", KIND_CRYPT, "$5$", 0, 0},
    {"SHA512-CRYPT", KIND_CRYPT, "$6$", 0, 0},
    {"BLF-CRYPT", KIND_CRYPT, "$2", 0, 0},
    {"LDAP-MD5", KIND_DIGEST, "MD5", 16, 0},
    {"PLAIN-MD5", KIND_DIGEST, "MD5", 16, 0},
    {"SHA", KIND_DIGEST, "SHA1", 20, 0},
    {"SHA1", KIND_DIGEST, "SHA1", 20, 0},
    {"SHA256", KIND_DIGEST, "SHA256", 32, 0},
    {"SHA512", KIND_DIGEST, "SHA512", 64, 0},
    {"SMD5", KIND_SALTED, "MD5", 16, 0},
    {"SSHA", KIND_SALTED, "SHA1", 20, 0},
    {"SSHA256", KIND_SALTED, "SHA256", 32, 0},
    {"SSHA512", KIND_SALTED, "SHA512", 64, 0},
    {"ARGON2", KIND_ARGON2, "$argon2", 0, 0},
    {"ARGON2I", KIND_ARGON2, "$argon2i$", 0, 0},
    {"ARGON2ID", KIND_ARGON2, "$argon2id$", 0, 0},
    {"PBKDF2", KIND_PBKDF2, "SHA1", 0, 0},
    {"PBKDF2-SHA1", KIND_PBKDF2, "SHA1", 0, 0},
    {"PBKDF2-SHA256", KIND_PBKDF2, "SHA256", 0, 0},
    {"PBKDF2-SHA512", KIND_PBKDF2, "SHA512", 0, 0},
    {"SCRAM-SHA-256", KIND_SCRAM, NULL, 0, AUTH_SHA256},
    {"SCRAM-SHA-1", KIND_SCRAM, NULL, 0, AUTH_SHA1},
    {"PLAIN", KIND_CLEAR, NULL, 0, 0},
    {"CLEAR", KIND_CLEAR, NULL, 0, 0},
    {"CLEARTEXT", KIND_CLEAR, NULL, 0, 0},
    {"CRAM-MD5", KIND_NEVER, NULL, 0, 0},
    {"HMAC-MD5", KIND_NEVER, NULL, 0, 0},
    {"DIGEST-MD5", KIND_NEVER, NULL, 0, 0},
    {"PLAIN-MD4", KIND_NEVER, NULL, 0, 0},
    {"PLAIN-TRUNC", KIND_NEVER, NULL, 0, 0},
    {"NTLM", KIND_NEVER, NULL, 0, 0},
    {"LANMAN", KIND_NEVER, NULL, 0, 0},
    {"RPA", KIND_NEVER, NULL, 0, 0},
    {"SKEY", KIND_NEVER, NULL, 0, 0},
    {"OTP", KIND_NEVER, NULL, 0, 0},
};

enum encoding {
	ENCODING_USUAL,
	ENCODING_BASE64,
	ENCODING_HEX,
};

// ---- Names -----------------------------------------------------------------

// Removes "{NAME}" from the front of `*text`.
static bool cut_scheme(struct view *text, struct view *ret_name)
{
	size_t end = view_find_char(*text, '}');
	if (!view_starts_with(*text, VIEW("{")) || end == SIZE_MAX)
		return false;
	*ret_name = view_slice(*text, 1, end - 1);
	*text = view_from(*text, end + 1);
	return true;
}

// Removes Dovecot's ".HEX", ".B64" or ".BASE64" from the end of a name.
static enum encoding cut_encoding(struct view *name)
{
	static const struct {
		const char *suffix;
		enum encoding encoding;
	} suffixes[] = {
	    {".HEX", ENCODING_HEX},
	    {".B64", ENCODING_BASE64},
	    {".BASE64", ENCODING_BASE64},
	};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		struct view suffix = view_of_string(suffixes[i].suffix);
		if (name->len <= suffix.len)
			continue;
		size_t rest = name->len - suffix.len;
		if (view_eq_nocase(view_from(*name, rest), suffix)) {
			*name = view_slice(*name, 0, rest);
			return suffixes[i].encoding;
		}
	}
	return ENCODING_USUAL;
}

static const struct scheme *find_scheme(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (view_eq_nocase(name, view_of_string(schemes[i].name)))
			return &schemes[i];
	return NULL;
}

// The texts of Argon2 and PBKDF2 name their scheme themselves.
static const char *name_by_text(struct view text, const char *usual)
{
	if (view_starts_with(text, VIEW("$argon2")))
		return "ARGON2";
	if (view_starts_with(text, VIEW("$pbkdf2")))
		return "PBKDF2";
	return usual;
}

// ---- crypt(3) --------------------------------------------------------------

// Whether the part after the last '$' has its full length. A text that was cut
// off would fit no password, and nobody would know why.
static bool is_whole_crypt(struct view text)
{
	static const struct {
		const char *prefix;
		size_t len;
	} lengths[] = {{"$1$", 22}, {"$5$", 43}, {"$6$", 86}, {"$y$", 43},
	    {"$gy$", 43}, {"$7$", 43}, {"$sha1$", 28}, {"$md5", 22},
	    {"$3$", 32}, {"$2", 53}};
	if (text.len == 0)
		return false;
	const char *dollar = memrchr(text.ptr, '$', text.len);
	size_t behind = dollar ? text.len - 1 - (size_t)(dollar - text.ptr) : 0;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		if (view_starts_with(text, view_of_string(lengths[i].prefix)))
			return behind == lengths[i].len;
	if (view_starts_with(text, VIEW("_")))
		return text.len == 20;                     // BSDi
	return text.len >= 13 && (text.len - 2) % 11 == 0; // DES, bigcrypt
}

static bool crypt_read(
    struct view text, const char *prefix, char ret_hash[AUTH_HASH_MAX + 1])
{
	if (!view_starts_with(text, view_of_string(prefix)) ||
	    !is_whole_crypt(text))
		return false;
	memcpy(ret_hash, text.ptr, text.len);
	ret_hash[text.len] = '\0';
	int known = crypt_checksalt(ret_hash);
	return known == CRYPT_SALT_OK || known == CRYPT_SALT_METHOD_LEGACY;
}

static enum rc crypt_check(const char *hash, const char *password)
{
	struct crypt_data *data = mem_zalloc(sizeof(*data));
	const char *found = crypt_rn(password, hash, data, (int)sizeof(*data));
	enum rc rc = RC_UNSUPPORTED;
	if (found)
		rc = strlen(found) == strlen(hash) &&
			     CRYPTO_memcmp(found, hash, strlen(hash)) == 0
			 ? RC_OK
			 : RC_AUTH;
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return rc;
}

// ---- Digests ---------------------------------------------------------------

// The bytes of a digest and its salt. As in Dovecot, the length decides the
// encoding: {SHA} with 40 digits is hexadecimal.
static bool digest_bytes(const struct scheme *scheme, enum encoding encoding,
    struct view text, unsigned char ret_bytes[AUTH_HASH_MAX], size_t *ret_len)
{
	bool salted = scheme->kind == KIND_SALTED;
	bool hex = encoding == ENCODING_HEX ||
		   (!salted && text.len == 2 * scheme->len);
	if (hex) {
		if (!auth_hex_read(text, AUTH_HASH_MAX, ret_bytes, ret_len))
			return false;
	} else if (!auth_base64_read(
		       text, true, AUTH_HASH_MAX, ret_bytes, ret_len)) {
		return false;
	}
	return salted ? *ret_len >= scheme->len : *ret_len == scheme->len;
}

static bool digest_read(const struct scheme *scheme, enum encoding encoding,
    struct view text, struct buf *ret_stored)
{
	unsigned char bytes[AUTH_HASH_MAX];
	size_t len;
	if (!digest_bytes(scheme, encoding, text, bytes, &len))
		return false;
	// The base64 of an MD5 has 24 characters, so it is never read as its
	// hexadecimal form of 32.
	buf_printf(ret_stored, "{%s}", scheme->name);
	auth_base64_add(ret_stored, bytes, len, true);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return true;
}

static enum rc digest_check(const struct scheme *scheme, struct view text,
    const struct auth_secret *password)
{
	unsigned char bytes[AUTH_HASH_MAX];
	size_t len;
	if (!digest_bytes(scheme, ENCODING_USUAL, text, bytes, &len))
		return RC_UNSUPPORTED;
	unsigned char input[AUTH_PASSWORD_MAX + AUTH_HASH_MAX];
	size_t salt_len = len - scheme->len;
	memcpy(input, password->text, password->len);
	memcpy(input + password->len, bytes + scheme->len, salt_len);
	unsigned char digest[EVP_MAX_MD_SIZE];
	bool done = EVP_Q_digest(NULL, scheme->detail, NULL, input,
	    password->len + salt_len, digest, NULL);
	OPENSSL_cleanse(input, sizeof(input));
	if (!done)
		return RC_UNSUPPORTED;
	bool fits = CRYPTO_memcmp(digest, bytes, scheme->len) == 0;
	OPENSSL_cleanse(digest, sizeof(digest));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return fits ? RC_OK : RC_AUTH;
}

// ---- Reading ---------------------------------------------------------------

static bool clear_read(
    enum encoding encoding, struct view text, struct auth_secret *ret_clear)
{
	unsigned char *to = (unsigned char *)ret_clear->text;
	bool good = text.len > 0 && text.len <= AUTH_PASSWORD_MAX;
	if (encoding == ENCODING_HEX) {
		good =
		    auth_hex_read(text, AUTH_PASSWORD_MAX, to, &ret_clear->len);
	} else if (encoding == ENCODING_BASE64) {
		good = auth_base64_read(
		    text, true, AUTH_PASSWORD_MAX, to, &ret_clear->len);
	} else if (good) {
		memcpy(to, text.ptr, text.len);
		ret_clear->len = text.len;
	}
	if (good)
		to[ret_clear->len] = '\0';
	return good;
}

static bool scram_read(const struct scheme *scheme, struct view text,
    struct auth_credentials *ret_credentials, struct buf *ret_stored)
{
	if (auth_scram_text_read(text, scheme->scram,
		&ret_credentials->scram[scheme->scram]) != RC_OK)
		return false;
	buf_printf(ret_stored, "{%s}%.*s", scheme->name, VIEW_FMT(text));
	return true;
}

static bool read_by(const struct scheme *scheme, enum encoding encoding,
    struct view text, struct auth_credentials *ret_credentials,
    struct auth_secret *ret_clear, struct buf *ret_stored)
{
	bool by_text = view_starts_with(text, VIEW("$pbkdf2"));
	switch (scheme->kind) {
	case KIND_CLEAR: return clear_read(encoding, text, ret_clear);
	case KIND_CRYPT:
		return text.len <= AUTH_HASH_MAX &&
		       crypt_read(text, scheme->detail, ret_credentials->hash);
	case KIND_DIGEST:
	case KIND_SALTED:
		return digest_read(scheme, encoding, text, ret_stored);
	case KIND_ARGON2:
		return view_starts_with(text, view_of_string(scheme->detail)) &&
		       auth_argon2_read(text, ret_stored) == RC_OK;
	case KIND_PBKDF2:
		return auth_pbkdf2_read(text, by_text ? NULL : scheme->detail,
			   ret_stored) == RC_OK;
	case KIND_SCRAM:
		return scram_read(scheme, text, ret_credentials, ret_stored);
	case KIND_NEVER: return false;
	}
	return false;
}

static enum rc read_into(const struct scheme *scheme, enum encoding encoding,
    struct view text, struct auth_credentials *ret_credentials,
    struct auth_secret *ret_clear)
{
	struct buf stored;
	buf_init(&stored, AUTH_HASH_MAX);
	bool good = view_find_char(text, '\0') == SIZE_MAX &&
		    read_by(scheme, encoding, text, ret_credentials, ret_clear,
			&stored) &&
		    buf_status(&stored) == RC_OK;
	if (good && stored.len > 0) {
		memcpy(ret_credentials->hash, stored.ptr, stored.len);
		ret_credentials->hash[stored.len] = '\0';
	}
	if (stored.len > 0)
		OPENSSL_cleanse(stored.ptr, stored.len);
	buf_done(&stored);
	return good ? RC_OK : RC_INVALID;
}

enum rc auth_scheme_read(struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials, struct auth_secret *ret_clear)
{
	struct view text = stored;
	struct view name = view_of_string(name_by_text(text, "CRYPT"));
	enum encoding encoding = ENCODING_USUAL;
	if (cut_scheme(&text, &name))
		encoding = cut_encoding(&name);
	const struct scheme *scheme = find_scheme(name);
	*ret_credentials = (struct auth_credentials){0};
	ret_clear->len = 0;
	// The message does not quote the scheme: it may be part of a password.
	if (!scheme)
		return fault_set(
		    fault, RC_UNSUPPORTED, "the password scheme is unknown");
	if (scheme->kind == KIND_NEVER)
		return fault_set(fault, RC_UNSUPPORTED,
		    "this server cannot check passwords by scheme {%s}",
		    scheme->name);
	if (scheme->kind == KIND_CLEAR &&
	    (text.len == 0 || text.len > 2 * AUTH_PASSWORD_MAX))
		return fault_set(
		    fault, RC_LIMIT, "the password is empty or too long");
	if (scheme->kind == KIND_CRYPT && scheme->detail[0] == '\0') {
		const struct scheme *exact = find_scheme(
		    view_of_string(name_by_text(text, scheme->name)));
		scheme = exact ? exact : scheme;
	}
	if (read_into(scheme, encoding, text, ret_credentials, ret_clear) ==
	    RC_OK)
		return RC_OK;
	*ret_credentials = (struct auth_credentials){0};
	return fault_set(fault, RC_INVALID,
	    "this is not a stored password of scheme {%s}", scheme->name);
}

// ---- Checking --------------------------------------------------------------

enum rc auth_scheme_check(const char *hash, const struct auth_secret *password)
{
	struct view text = view_of_string(hash);
	struct view name;
	if (view_starts_with(text, VIEW("$argon2")))
		return auth_argon2_check(text, password);
	if (view_starts_with(text, VIEW("$pbkdf2")))
		return auth_pbkdf2_check(text, password);
	if (!cut_scheme(&text, &name))
		return crypt_check(hash, password->text);
	const struct scheme *scheme = find_scheme(name);
	if (!scheme)
		return RC_UNSUPPORTED;
	switch (scheme->kind) {
	case KIND_DIGEST:
	case KIND_SALTED: return digest_check(scheme, text, password);
	case KIND_SCRAM:
		return auth_scram_text_check(text, scheme->scram, password);
	case KIND_CLEAR:
	case KIND_CRYPT:
	case KIND_ARGON2:
	case KIND_PBKDF2:
	case KIND_NEVER: break; // never stored
	}
	return RC_UNSUPPORTED;
}
