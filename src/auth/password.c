// SPDX-License-Identifier: Apache-2.0
// Hashes by libxcrypt, SCRAM keys and salted digests by OpenSSL. Whatever held
// a password or a key derived from it is cleansed; comparisons take the same
// time wherever they fail.
#include "auth/password.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/mem.h"

#define YESCRYPT "$y$"

size_t auth_digest_len(enum auth_digest digest)
{
	return digest == AUTH_SHA256 ? 32 : 20;
}

const char *auth_digest_name(enum auth_digest digest)
{
	return digest == AUTH_SHA256 ? "SHA256" : "SHA1";
}

// ---- crypt(3) --------------------------------------------------------------

static enum rc crypt_into(
    const char *password, const char *setting, char ret_hash[AUTH_HASH_MAX + 1])
{
	struct crypt_data *data = mem_zalloc(sizeof(*data));
	const char *hash =
	    crypt_rn(password, setting, data, (int)sizeof(*data));
	if (hash)
		memcpy(ret_hash, hash, strlen(hash) + 1); // <= 384 bytes
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return hash ? RC_OK : RC_UNSUPPORTED;
}

static enum rc crypt_check(const char *hash, const char *password)
{
	char found[AUTH_HASH_MAX + 1];
	enum rc rc = crypt_into(password, hash, found);
	if (rc != RC_OK)
		return rc;
	size_t len = strlen(found);
	bool fits = len == strlen(hash) && CRYPTO_memcmp(found, hash, len) == 0;
	OPENSSL_cleanse(found, sizeof(found));
	return fits ? RC_OK : RC_AUTH;
}

// ---- Schemes of other servers ----------------------------------------------

// How a scheme's string is read: as crypt(3)'s, beginning with `prefix`, or as
// base64 of a digest of the password and a salt, then the salt.
static const struct scheme {
	const char *name;
	const char *prefix; // NULL: a salted digest
	const char *digest;
	size_t digest_len;
} schemes[] = {
    {"CRYPT", "", NULL, 0},
    {"MD5-CRYPT", "$1$", NULL, 0},
    {"SHA256-CRYPT", "$5$", NULL, 0},
    {"SHA512-CRYPT", "$6$", NULL, 0},
    {"BLF-CRYPT", "$2", NULL, 0},
    {"SSHA", NULL, "SHA1", 20},
    {"SSHA256", NULL, "SHA256", 32},
    {"SSHA512", NULL, "SHA512", 64},
};

// Takes "{NAME}" off the front of `*text`.
static bool take_scheme(struct view *text, struct view *ret_name)
{
	size_t end = view_find_char(*text, '}');
	if (!view_starts_with(*text, VIEW("{")) || end == SIZE_MAX)
		return false;
	*ret_name = view_slice(*text, 1, end - 1);
	*text = view_from(*text, end + 1);
	return true;
}

static const struct scheme *find_scheme(struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (view_eq_nocase(name, view_of_string(schemes[i].name)))
			return &schemes[i];
	return NULL;
}

// Digest and salt out of base64; false when it is no such thing.
static bool salted_decode(const struct scheme *scheme, struct view text,
    unsigned char ret_bytes[AUTH_HASH_MAX], size_t *ret_len)
{
	if (text.len == 0 || text.len > AUTH_HASH_MAX || text.len % 4 != 0)
		return false;
	int len = EVP_DecodeBlock(
	    ret_bytes, (const unsigned char *)text.ptr, (int)text.len);
	if (len < 0)
		return false;
	// EVP_DecodeBlock() counts the padding as bytes.
	for (size_t i = text.len; i > text.len - 2 && text.ptr[i - 1] == '=';
	     i--)
		len--;
	*ret_len = (size_t)len;
	return *ret_len >= scheme->digest_len;
}

static enum rc salted_check(const struct scheme *scheme, struct view text,
    const struct auth_secret *password)
{
	unsigned char bytes[AUTH_HASH_MAX];
	size_t len;
	if (!salted_decode(scheme, text, bytes, &len))
		return RC_UNSUPPORTED;
	unsigned char input[AUTH_PASSWORD_MAX + AUTH_HASH_MAX];
	size_t salt_len = len - scheme->digest_len;
	memcpy(input, password->text, password->len);
	memcpy(input + password->len, bytes + scheme->digest_len, salt_len);
	unsigned char digest[EVP_MAX_MD_SIZE];
	bool done = EVP_Q_digest(NULL, scheme->digest, NULL, input,
	    password->len + salt_len, digest, NULL);
	OPENSSL_cleanse(input, sizeof(input));
	if (!done)
		return RC_UNSUPPORTED;
	bool fits = CRYPTO_memcmp(digest, bytes, scheme->digest_len) == 0;
	return fits ? RC_OK : RC_AUTH;
}

// ---- Checking --------------------------------------------------------------

static enum rc check_prepared(
    const char *hash, const struct auth_secret *password)
{
	struct view text = view_of_string(hash);
	struct view name;
	if (!take_scheme(&text, &name))
		return crypt_check(hash, password->text);
	const struct scheme *scheme = find_scheme(name);
	if (!scheme || scheme->prefix)
		return RC_UNSUPPORTED; // crypt(3)'s are stored without a name
	return salted_check(scheme, text, password);
}

// Bytes as they came: for hashes that another server made without preparing.
static bool take_raw(struct view password, struct auth_secret *ret_password)
{
	if (password.len == 0 || password.len > AUTH_PASSWORD_MAX ||
	    view_find_char(password, '\0') != SIZE_MAX)
		return false;
	memcpy(ret_password->text, password.ptr, password.len);
	ret_password->text[password.len] = '\0';
	ret_password->len = password.len;
	return true;
}

enum rc auth_password_check(const char *hash, struct view password)
{
	struct auth_secret prepared = {0};
	struct auth_secret raw = {0};
	enum rc rc = RC_AUTH;
	bool can_prepare =
	    auth_password_prepare(password, NULL, &prepared) == RC_OK;
	if (can_prepare)
		rc = check_prepared(hash, &prepared);
	bool differs = !can_prepare ||
		       !view_eq(password, view_of(prepared.text, prepared.len));
	if (rc == RC_AUTH && differs && take_raw(password, &raw))
		rc = check_prepared(hash, &raw);
	auth_secret_done(&prepared);
	auth_secret_done(&raw);
	return rc;
}

// ---- Making ----------------------------------------------------------------

// RFC 5802 section 3.
enum rc auth_scram_derive(
    enum auth_digest digest, struct view password, struct auth_scram_keys *keys)
{
	const char *name = auth_digest_name(digest);
	const EVP_MD *md = digest == AUTH_SHA256 ? EVP_sha256() : EVP_sha1();
	int len = (int)auth_digest_len(digest);
	unsigned char salted[AUTH_SCRAM_KEY_MAX];
	unsigned char client_key[AUTH_SCRAM_KEY_MAX];
	static const unsigned char client_text[] = "Client Key";
	static const unsigned char server_text[] = "Server Key";
	bool done =
	    PKCS5_PBKDF2_HMAC(password.ptr, (int)password.len, keys->salt,
		(int)keys->salt_len, (int)keys->iterations, md, len, salted) &&
	    HMAC(md, salted, len, client_text, sizeof(client_text) - 1,
		client_key, NULL) &&
	    EVP_Q_digest(NULL, name, NULL, client_key, (size_t)len,
		keys->stored_key, NULL) &&
	    HMAC(md, salted, len, server_text, sizeof(server_text) - 1,
		keys->server_key, NULL);
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client_key, sizeof(client_key));
	return done ? RC_OK : RC_UNSUPPORTED;
}

static enum rc make_keys(enum auth_digest digest, uint32_t iterations,
    const struct auth_secret *password, struct auth_scram_keys *ret_keys)
{
	ret_keys->iterations = iterations;
	ret_keys->salt_len = AUTH_SCRAM_SALT;
	if (RAND_bytes(ret_keys->salt, AUTH_SCRAM_SALT) != 1)
		return RC_IO;
	return auth_scram_derive(
	    digest, view_of(password->text, password->len), ret_keys);
}

static uint32_t scram_iterations(const struct auth_hashing *hashing)
{
	if (hashing->scram_iterations < AUTH_SCRAM_ITERATIONS)
		return AUTH_SCRAM_ITERATIONS;
	if (hashing->scram_iterations > AUTH_SCRAM_ITERATIONS_MAX)
		return AUTH_SCRAM_ITERATIONS_MAX;
	return hashing->scram_iterations;
}

static enum rc make_all_keys(const struct auth_hashing *hashing,
    const struct auth_secret *password, struct auth_credentials *made)
{
	uint32_t iterations = scram_iterations(hashing);
	enum rc rc = make_keys(
	    AUTH_SHA256, iterations, password, &made->scram[AUTH_SHA256]);
	if (rc == RC_OK && hashing->scram_sha1)
		rc = make_keys(
		    AUTH_SHA1, iterations, password, &made->scram[AUTH_SHA1]);
	return rc;
}

bool auth_credentials_lack_keys(const struct auth_hashing *hashing,
    const struct auth_credentials *credentials)
{
	return credentials->scram[AUTH_SHA256].iterations == 0 ||
	       (hashing->scram_sha1 &&
		   credentials->scram[AUTH_SHA1].iterations == 0);
}

enum rc auth_credentials_add_keys(const struct auth_hashing *hashing,
    struct view password, struct auth_credentials *credentials)
{
	struct auth_secret prepared;
	enum rc rc = auth_password_prepare(password, NULL, &prepared);
	if (rc != RC_OK)
		return rc;
	struct auth_credentials made = *credentials;
	rc = make_all_keys(hashing, &prepared, &made);
	auth_secret_done(&prepared);
	if (rc == RC_OK)
		*credentials = made;
	OPENSSL_cleanse(&made, sizeof(made));
	return rc;
}

static enum rc make_prepared(const struct auth_hashing *hashing,
    const struct auth_secret *password, struct auth_credentials *ret_made)
{
	char *setting = crypt_gensalt_ra(YESCRYPT, hashing->cost, NULL, 0);
	if (!setting)
		return RC_INVALID;
	enum rc rc = crypt_into(password->text, setting, ret_made->hash);
	free(setting);
	return rc == RC_OK ? make_all_keys(hashing, password, ret_made) : rc;
}

enum rc auth_credentials_make(const struct auth_hashing *hashing,
    struct view password, struct fault *fault,
    struct auth_credentials *ret_credentials)
{
	static const struct auth_hashing defaults;
	struct auth_secret prepared;
	enum rc rc = auth_password_prepare(password, fault, &prepared);
	if (rc != RC_OK)
		return rc;
	struct auth_credentials made = {0};
	rc = make_prepared(hashing ? hashing : &defaults, &prepared, &made);
	auth_secret_done(&prepared);
	if (rc != RC_OK)
		return fault_set(fault, rc,
		    "the password could not be hashed (is the cost from 1 to "
		    "11?)");
	*ret_credentials = made;
	return RC_OK;
}

enum rc auth_credentials_import(const struct auth_hashing *hashing,
    struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials)
{
	struct view text = stored;
	struct view name = VIEW("CRYPT");
	take_scheme(&text, &name);
	if (view_eq_nocase(name, VIEW("PLAIN")))
		return auth_credentials_make(
		    hashing, text, fault, ret_credentials);
	const struct scheme *scheme = find_scheme(name);
	if (!scheme)
		return fault_set(fault, RC_UNSUPPORTED,
		    "unknown password scheme {%.*s}",
		    name.len > 64 ? 64 : (int)name.len, name.ptr);
	if (text.len == 0 || stored.len > AUTH_HASH_MAX ||
	    view_find_char(stored, '\0') != SIZE_MAX)
		return fault_set(fault, RC_INVALID,
		    "a stored password is empty, too long or has a NUL");
	struct auth_credentials made = {0};
	unsigned char bytes[AUTH_HASH_MAX];
	size_t len;
	bool good;
	if (scheme->prefix) {
		memcpy(made.hash, text.ptr, text.len);
		int verdict = crypt_checksalt(made.hash);
		good = view_starts_with(text, view_of_string(scheme->prefix)) &&
		       (verdict == CRYPT_SALT_OK ||
			   verdict == CRYPT_SALT_METHOD_LEGACY);
	} else {
		memcpy(made.hash, stored.ptr, stored.len);
		good = salted_decode(scheme, text, bytes, &len);
	}
	if (!good)
		return fault_set(fault, RC_INVALID,
		    "not a stored password of scheme {%s}", scheme->name);
	*ret_credentials = made;
	return RC_OK;
}
