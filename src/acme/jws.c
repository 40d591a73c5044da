// SPDX-License-Identifier: Apache-2.0
#include "acme/jws.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "wire/base64url.h"

#define COORDINATE 32 // bytes of P-256
#define HEAD_MAX   8192

EVP_PKEY *acme_key_new(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	if (!key)
		abort(); // out of memory
	return key;
}

static int no_pass_phrase(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

enum rc acme_key_read(struct view pem, EVP_PKEY **ret_key)
{
	char group[32];
	size_t len;
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *key =
	    PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	bool fits = key && EVP_PKEY_is_a(key, "EC") &&
		    EVP_PKEY_get_group_name(key, group, sizeof(group), &len) &&
		    strcmp(group, "prime256v1") == 0;
	BIO_free(bio);
	ERR_clear_error();
	if (!fits) {
		EVP_PKEY_free(key);
		return RC_CORRUPT;
	}
	*ret_key = key;
	return RC_OK;
}

void acme_key_write(EVP_PKEY *key, struct buf *pem)
{
	char *bytes;
	BIO *bio = BIO_new(BIO_s_secmem());
	if (!bio ||
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort(); // out of memory
	long len = BIO_get_mem_data(bio, &bytes);
	buf_add(pem, view_of(bytes, (size_t)len));
	BIO_free(bio);
}

static void add_coordinate(EVP_PKEY *key, const char *name, struct buf *out)
{
	BIGNUM *number = NULL;
	unsigned char bytes[COORDINATE];
	if (EVP_PKEY_get_bn_param(key, name, &number) != 1 ||
	    BN_bn2binpad(number, bytes, sizeof(bytes)) != sizeof(bytes))
		abort(); // acme_key_read() has checked the curve
	// RFC 7518 section 6.2.1.2: with zeros in front.
	base64url_encode(view_of(bytes, sizeof(bytes)), out);
	BN_free(number);
}

void acme_jwk(EVP_PKEY *key, struct buf *out)
{
	buf_add_literal(out, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
	add_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, out);
	buf_add_literal(out, "\",\"y\":\"");
	add_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, out);
	buf_add_literal(out, "\"}");
}

void acme_thumbprint(struct view jwk, struct buf *out)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256((const unsigned char *)jwk.ptr, jwk.len, digest);
	base64url_encode(view_of(digest, sizeof(digest)), out);
}

void acme_key_authorization(
    EVP_PKEY *account, struct view token, struct buf *out)
{
	struct buf jwk;
	buf_init(&jwk, HEAD_MAX);
	acme_jwk(account, &jwk);
	buf_add(out, token);
	buf_add_char(out, '.');
	acme_thumbprint(buf_view(&jwk), out);
	buf_done(&jwk);
}

// ---- Signatures ------------------------------------------------------------

// RFC 8555 section 6.2: exactly one of "jwk" and "kid".
static void add_head(const char *algorithm, EVP_PKEY *key,
    const struct acme_jws_head *head, struct buf *out)
{
	struct buf jwk;
	json_t *json =
	    json_pack("{s:s, s:s}", "alg", algorithm, "url", head->url);
	buf_init(&jwk, HEAD_MAX);
	if (head->nonce)
		json_object_set_new(json, "nonce", json_string(head->nonce));
	if (head->account) {
		json_object_set_new(json, "kid", json_string(head->account));
	} else {
		acme_jwk(key, &jwk);
		json_object_set_new(
		    json, "jwk", json_loadb(jwk.ptr, jwk.len, 0, NULL));
	}
	char *text = json_dumps(json, JSON_COMPACT);
	if (!text)
		abort(); // all values are UTF-8; no memory
	base64url_encode(view_of_string(text), out);
	free(text);
	json_decref(json);
	buf_done(&jwk);
}

// RFC 7518 section 3.4: the two numbers, 32 bytes each, instead of DER.
static void sign_es256(
    EVP_PKEY *key, struct view input, unsigned char to[2 * COORDINATE])
{
	unsigned char der[128];
	size_t len = sizeof(der);
	const unsigned char *at = der;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (!context ||
	    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(context, der, &len, (const unsigned char *)input.ptr,
		input.len) != 1)
		abort(); // no memory, or no random numbers
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)len);
	if (!signature ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(signature), to, COORDINATE) < 0 ||
	    BN_bn2binpad(
		ECDSA_SIG_get0_s(signature), to + COORDINATE, COORDINATE) < 0)
		abort(); // out of memory
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
}

// Writes the three parts, after `input` ("protected.payload") was signed.
static void add_parts(struct view input, struct view signature, struct buf *out)
{
	struct view protected;
	view_split(&input, '.', &protected);
	buf_printf(out,
	    "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"",
	    VIEW_FMT(protected), VIEW_FMT(input));
	base64url_encode(signature, out);
	buf_add_literal(out, "\"}");
}

static void begin_input(struct buf *input, const char *algorithm, EVP_PKEY *key,
    const struct acme_jws_head *head, struct view payload)
{
	buf_init(input, (size_t)1 << 20);
	add_head(algorithm, key, head, input);
	buf_add_char(input, '.');
	base64url_encode(payload, input);
}

void acme_jws_es256(EVP_PKEY *key, const struct acme_jws_head *head,
    struct view payload, struct buf *out)
{
	struct buf input;
	unsigned char signature[2 * COORDINATE];
	begin_input(&input, "ES256", key, head, payload);
	sign_es256(key, buf_view(&input), signature);
	add_parts(buf_view(&input), view_of(signature, sizeof(signature)), out);
	buf_done(&input);
}

void acme_jws_hs256(struct view secret, const struct acme_jws_head *head,
    struct view payload, struct buf *out)
{
	struct buf input;
	unsigned char signature[SHA256_DIGEST_LENGTH];
	begin_input(&input, "HS256", NULL, head, payload);
	if (!HMAC(EVP_sha256(), secret.ptr, (int)secret.len,
		(const unsigned char *)input.ptr, input.len, signature, NULL))
		abort(); // out of memory
	add_parts(buf_view(&input), view_of(signature, sizeof(signature)), out);
	buf_done(&input);
}
