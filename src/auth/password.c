// SPDX-License-Identifier: Apache-2.0
// Hashes by libxcrypt, SCRAM keys by OpenSSL. Memory that held a password or a
// key is cleansed. A comparison takes the same time wherever the first
// difference is.
#include "auth/password.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "auth/scheme.h"
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

// ---- Checking --------------------------------------------------------------

// The password without preparation: other servers hashed it so.
static bool copy_raw(struct view password, struct auth_secret *ret_password)
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
		rc = auth_scheme_check(hash, &prepared);
	bool differs = !can_prepare ||
		       !view_eq(password, view_of(prepared.text, prepared.len));
	if (rc == RC_AUTH && differs && copy_raw(password, &raw))
		rc = auth_scheme_check(hash, &raw);
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
	if (hashing->scram_iterations == 0)
		return AUTH_SCRAM_ITERATIONS;
	if (hashing->scram_iterations < AUTH_SCRAM_ITERATIONS_MIN)
		return AUTH_SCRAM_ITERATIONS_MIN;
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
	uint32_t wanted = scram_iterations(hashing);
	return credentials->scram[AUTH_SHA256].iterations < wanted ||
	       (hashing->scram_sha1 &&
		   credentials->scram[AUTH_SHA1].iterations < wanted);
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

bool auth_credentials_are_todays(const struct auth_credentials *credentials)
{
	return strncmp(credentials->hash, YESCRYPT, strlen(YESCRYPT)) == 0;
}

enum rc auth_credentials_import(const struct auth_hashing *hashing,
    struct view stored, struct fault *fault,
    struct auth_credentials *ret_credentials)
{
	struct auth_credentials made;
	struct auth_secret clear;
	enum rc rc = auth_scheme_read(stored, fault, &made, &clear);
	if (rc == RC_OK && clear.len > 0)
		rc = auth_credentials_make(
		    hashing, view_of(clear.text, clear.len), fault, &made);
	if (rc == RC_OK)
		*ret_credentials = made;
	auth_secret_done(&clear);
	OPENSSL_cleanse(&made, sizeof(made));
	return rc;
}
