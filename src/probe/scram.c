// SPDX-License-Identifier: Apache-2.0
#include "probe/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "wire/base64.h"

#define HASH_SIZE   32
#define SALT_MAX    1024
#define MESSAGE_MAX 8192

void probe_scram_init(struct probe_scram *scram, const char *nonce)
{
	unsigned char bytes[18];
	memset(scram, 0, sizeof(*scram));
	buf_init(&scram->first, MESSAGE_MAX);
	buf_init(&scram->signed_text, 3 * MESSAGE_MAX);
	if (nonce) {
		snprintf(scram->nonce, sizeof(scram->nonce), "%s", nonce);
		return;
	}
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort(); // no randomness
	struct buf text;
	buf_init(&text, sizeof(scram->nonce) - 1);
	base64_encode(view_of(bytes, sizeof(bytes)), &text);
	snprintf(scram->nonce, sizeof(scram->nonce), "%.*s",
	    VIEW_FMT(buf_view(&text)));
	buf_done(&text);
}

void probe_scram_done(struct probe_scram *scram)
{
	buf_done(&scram->first);
	buf_done(&scram->signed_text);
	OPENSSL_cleanse(scram->server_key, sizeof(scram->server_key));
}

static void mac(const unsigned char key[HASH_SIZE], struct view text,
    unsigned char ret_mac[HASH_SIZE])
{
	unsigned int len = HASH_SIZE;
	if (!HMAC(EVP_sha256(), key, HASH_SIZE, (const unsigned char *)text.ptr,
		text.len, ret_mac, &len))
		abort(); // out of memory
}

// RFC 5802 section 5.1: "," and "=" are escaped in the name.
static void add_name(struct buf *out, const char *user)
{
	for (; *user; user++) {
		if (*user == ',')
			buf_add_literal(out, "=2C");
		else if (*user == '=')
			buf_add_literal(out, "=3D");
		else
			buf_add_char(out, *user);
	}
}

void probe_scram_first(
    struct probe_scram *scram, const char *user, struct buf *ret_message)
{
	buf_reset(&scram->first);
	buf_add_literal(&scram->first, "n=");
	add_name(&scram->first, user);
	buf_add_literal(&scram->first, ",r=");
	buf_add_string(&scram->first, scram->nonce);
	buf_add_literal(ret_message, "n,,");
	buf_add(ret_message, buf_view(&scram->first));
}

struct first {
	struct view nonce;
	struct buf salt;
	uint32_t iterations;
};

static enum rc read_first(
    const struct probe_scram *scram, struct view message, struct first *first)
{
	struct view part;
	struct view own = view_of_string(scram->nonce);
	bool salted = false;
	while (view_split(&message, ',', &part)) {
		struct view value = view_from(part, 2);
		if (view_starts_with(part, VIEW("m=")))
			return RC_SYNTAX; // RFC 5802 section 5.1: fail
		if (view_starts_with(part, VIEW("r=")))
			first->nonce = value;
		else if (view_starts_with(part, VIEW("s=")))
			salted = base64_decode(value, &first->salt) == RC_OK;
		else if (view_starts_with(part, VIEW("i=")) &&
			 !view_to_u32(value, &first->iterations))
			return RC_SYNTAX;
	}
	if (!salted || first->salt.len == 0 || first->iterations == 0 ||
	    first->nonce.len <= own.len || !view_starts_with(first->nonce, own))
		return RC_SYNTAX;
	return first->iterations > PROBE_SCRAM_ITERATIONS_MAX ? RC_LIMIT
							      : RC_OK;
}

static void add_proof(struct probe_scram *scram, const struct first *first,
    const char *password, struct buf *ret_message)
{
	unsigned char salted[HASH_SIZE], client[HASH_SIZE], stored[HASH_SIZE];
	unsigned char signature[HASH_SIZE];
	if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
		(const unsigned char *)first->salt.ptr, (int)first->salt.len,
		(int)first->iterations, EVP_sha256(), HASH_SIZE, salted) != 1)
		abort(); // out of memory
	mac(salted, VIEW("Client Key"), client);
	mac(salted, VIEW("Server Key"), scram->server_key);
	if (EVP_Digest(client, HASH_SIZE, stored, NULL, EVP_sha256(), NULL) !=
	    1)
		abort(); // out of memory
	mac(stored, buf_view(&scram->signed_text), signature);
	for (size_t i = 0; i < HASH_SIZE; i++)
		signature[i] ^= client[i];
	buf_add_literal(ret_message, ",p=");
	base64_encode(view_of(signature, HASH_SIZE), ret_message);
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
	OPENSSL_cleanse(stored, sizeof(stored));
}

enum rc probe_scram_final(struct probe_scram *scram, struct view message,
    const char *password, struct buf *ret_message)
{
	struct first first = {0};
	buf_init(&first.salt, SALT_MAX);
	enum rc rc = read_first(scram, message, &first);
	if (rc == RC_OK) {
		size_t start = ret_message->len;
		// "biws" is "n,," in base64: there is no channel binding.
		buf_add_literal(ret_message, "c=biws,r=");
		buf_add(ret_message, first.nonce);
		buf_reset(&scram->signed_text);
		buf_add(&scram->signed_text, buf_view(&scram->first));
		buf_add_char(&scram->signed_text, ',');
		buf_add(&scram->signed_text, message);
		buf_add_char(&scram->signed_text, ',');
		buf_add(&scram->signed_text,
		    view_from(buf_view(ret_message), start));
		rc = buf_status(&scram->signed_text);
	}
	if (rc == RC_OK)
		add_proof(scram, &first, password, ret_message);
	buf_done(&first.salt);
	return rc;
}

enum rc probe_scram_verify(struct probe_scram *scram, struct view message)
{
	unsigned char want[HASH_SIZE];
	struct buf given;
	if (!view_starts_with(message, VIEW("v=")))
		return RC_AUTH;
	mac(scram->server_key, buf_view(&scram->signed_text), want);
	buf_init(&given, HASH_SIZE + 3);
	struct view value = view_from(message, 2);
	value = view_slice(value, 0, view_find_char(value, ','));
	enum rc rc = base64_decode(value, &given);
	if (rc != RC_OK || given.len != HASH_SIZE ||
	    CRYPTO_memcmp(given.ptr, want, HASH_SIZE) != 0)
		rc = RC_AUTH;
	buf_done(&given);
	return rc;
}
