// SPDX-License-Identifier: Apache-2.0
#include "jmap/web_push.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/bytes.h"
#include "wire/base64url.h"
#include "wire/json_text.h"

#define HASH   SHA256_DIGEST_LENGTH
#define KEY    16 // bytes of AES-128's key
#define NONCE  12
#define TAG    16
#define RECORD 4096 // "rs" (RFC 8188 section 2.1)

#define HEADER (WEB_PUSH_SALT + 4 + 1 + WEB_PUSH_POINT)

_Static_assert(HEADER + WEB_PUSH_TEXT_MAX + 1 + TAG <= WEB_PUSH_BODY_MAX,
    "the longest text fits into a body");

static void must(bool good)
{
	if (!good)
		abort(); // out of memory, or no random numbers
}

// ---- Keys ------------------------------------------------------------------

// NULL: it is no point of the curve. OpenSSL checks that.
static EVP_PKEY *public_key(const unsigned char point[WEB_PUSH_POINT])
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	must(context && build &&
	     OSSL_PARAM_BLD_push_utf8_string(
		 build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
	     OSSL_PARAM_BLD_push_octet_string(
		 build, OSSL_PKEY_PARAM_PUB_KEY, point, WEB_PUSH_POINT));
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	must(params && EVP_PKEY_fromdata_init(context) == 1);
	if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	ERR_clear_error();
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void point_of(EVP_PKEY *key, unsigned char ret_point[WEB_PUSH_POINT])
{
	unsigned char *point = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &point);
	must(len == WEB_PUSH_POINT);
	memcpy(ret_point, point, len);
	OPENSSL_free(point);
}

static bool decode(struct view text, unsigned char *to, size_t len)
{
	struct buf bytes;
	buf_init(&bytes, len);
	bool good = base64url_decode(text, &bytes) == RC_OK && bytes.len == len;
	if (good)
		memcpy(to, bytes.ptr, len);
	buf_done_secret(&bytes);
	return good;
}

bool web_push_keys_read(
    struct view p256dh, struct view auth, struct web_push_keys *ret_keys)
{
	struct web_push_keys keys;
	if (!decode(p256dh, keys.p256dh, WEB_PUSH_POINT) ||
	    !decode(auth, keys.auth, WEB_PUSH_AUTH) || keys.p256dh[0] != 4)
		return false;
	EVP_PKEY *key = public_key(keys.p256dh);
	if (!key)
		return false;
	EVP_PKEY_free(key);
	*ret_keys = keys;
	return true;
}

EVP_PKEY *web_push_key_new(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	must(key != NULL);
	return key;
}

// The public key to a secret number.
static bool multiply(const BIGNUM *secret, unsigned char point[WEB_PUSH_POINT])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	must(group != NULL);
	EC_POINT *product = EC_POINT_new(group);
	bool good =
	    !BN_is_zero(secret) &&
	    BN_cmp(secret, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_mul(group, product, secret, NULL, NULL, NULL) &&
	    EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED,
		point, WEB_PUSH_POINT, NULL) == WEB_PUSH_POINT;
	EC_POINT_free(product);
	EC_GROUP_free(group);
	return good;
}

enum rc web_push_key_read(struct view secret, EVP_PKEY **ret_key)
{
	unsigned char point[WEB_PUSH_POINT];
	if (secret.len != WEB_PUSH_SECRET)
		return RC_CORRUPT;
	BIGNUM *number = BN_secure_new();
	must(number && BN_bin2bn((const unsigned char *)secret.ptr,
			   WEB_PUSH_SECRET, number));
	if (!multiply(number, point)) {
		BN_clear_free(number);
		return RC_CORRUPT;
	}
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	must(context && build &&
	     OSSL_PARAM_BLD_push_utf8_string(
		 build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
	     OSSL_PARAM_BLD_push_octet_string(
		 build, OSSL_PKEY_PARAM_PUB_KEY, point, WEB_PUSH_POINT) &&
	     OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number));
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	must(params && EVP_PKEY_fromdata_init(context) == 1 &&
	     EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_clear_free(number);
	*ret_key = key;
	return RC_OK;
}

void web_push_key_write(
    EVP_PKEY *key, unsigned char ret_secret[WEB_PUSH_SECRET])
{
	BIGNUM *number = NULL;
	must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) ==
		 1 &&
	     BN_bn2binpad(number, ret_secret, WEB_PUSH_SECRET) ==
		 WEB_PUSH_SECRET);
	BN_clear_free(number);
}

void web_push_key_public(EVP_PKEY *key, struct buf *out)
{
	unsigned char point[WEB_PUSH_POINT];
	point_of(key, point);
	base64url_encode(view_of((const char *)point, WEB_PUSH_POINT), out);
}

// ---- Encryption (RFC 8291 section 3.4) -------------------------------------

// The first `len` bytes of HMAC-SHA-256.
static void hmac(const unsigned char *key, size_t key_len, struct view text,
    unsigned char *ret_out, size_t len)
{
	unsigned char digest[HASH];
	unsigned int digest_len = HASH;
	must(HMAC(EVP_sha256(), key, (int)key_len,
		 (const unsigned char *)text.ptr, text.len, digest,
		 &digest_len) != NULL);
	memcpy(ret_out, digest, len);
	OPENSSL_cleanse(digest, sizeof(digest));
}

static bool agree(EVP_PKEY *own, const unsigned char point[WEB_PUSH_POINT],
    unsigned char ret_secret[32])
{
	size_t len = 32;
	EVP_PKEY *peer = public_key(point);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	bool good = peer && context && EVP_PKEY_derive_init(context) == 1 &&
		    EVP_PKEY_derive_set_peer(context, peer) == 1 &&
		    EVP_PKEY_derive(context, ret_secret, &len) == 1 &&
		    len == 32;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	return good;
}

// The key material of both sides: from what only they know.
static bool derive(const struct web_push_keys *keys, EVP_PKEY *own,
    const unsigned char own_point[WEB_PUSH_POINT], unsigned char ret_ikm[HASH])
{
	unsigned char shared[32], prk[HASH];
	struct buf info;
	if (!agree(own, keys->p256dh, shared))
		return false;
	hmac(keys->auth, WEB_PUSH_AUTH, view_of((const char *)shared, 32), prk,
	    HASH);
	buf_init(&info, 200);
	buf_add_literal(&info, "WebPush: info");
	buf_add_char(&info, 0);
	buf_add(&info, view_of((const char *)keys->p256dh, WEB_PUSH_POINT));
	buf_add(&info, view_of((const char *)own_point, WEB_PUSH_POINT));
	buf_add_char(&info, 1);
	hmac(prk, HASH, buf_view(&info), ret_ikm, HASH);
	buf_done(&info);
	OPENSSL_cleanse(shared, sizeof(shared));
	OPENSSL_cleanse(prk, sizeof(prk));
	return true;
}

// RFC 8188 section 2: one record, with its delimiter.
static void seal(const unsigned char key[KEY], const unsigned char nonce[NONCE],
    struct view text, struct buf *out)
{
	static const unsigned char last = 2;
	int len;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	unsigned char *to =
	    (unsigned char *)buf_reserve(out, text.len + 1 + TAG);
	must(cipher && to &&
	     EVP_EncryptInit_ex2(cipher, EVP_aes_128_gcm(), key, nonce, NULL) ==
		 1 &&
	     EVP_EncryptUpdate(cipher, to, &len,
		 (const unsigned char *)text.ptr, (int)text.len) == 1 &&
	     EVP_EncryptUpdate(cipher, to + text.len, &len, &last, 1) == 1 &&
	     EVP_EncryptFinal_ex(cipher, to + text.len + 1, &len) == 1 &&
	     EVP_CIPHER_CTX_ctrl(
		 cipher, EVP_CTRL_AEAD_GET_TAG, TAG, to + text.len + 1) == 1);
	buf_commit(out, text.len + 1 + TAG);
	EVP_CIPHER_CTX_free(cipher);
}

enum rc web_push_encrypt_with(const struct web_push_keys *keys,
    struct view text, EVP_PKEY *own, const unsigned char salt[WEB_PUSH_SALT],
    struct buf *out)
{
	unsigned char ikm[HASH], prk[HASH], key[KEY], nonce[NONCE];
	unsigned char own_point[WEB_PUSH_POINT];
	char size[4];
	if (text.len > WEB_PUSH_TEXT_MAX)
		return RC_LIMIT;
	point_of(own, own_point);
	if (!derive(keys, own, own_point, ikm))
		return RC_INVALID; // web_push_keys_read() has checked the key
	hmac(salt, WEB_PUSH_SALT, view_of((const char *)ikm, HASH), prk, HASH);
	// The strings end with a zero byte, and a one follows.
	hmac(prk, HASH, VIEW("Content-Encoding: aes128gcm\0\1"), key, KEY);
	hmac(prk, HASH, VIEW("Content-Encoding: nonce\0\1"), nonce, NONCE);
	put_be32(size, RECORD);
	buf_add(out, view_of((const char *)salt, WEB_PUSH_SALT));
	buf_add(out, view_of(size, 4));
	buf_add_char(out, WEB_PUSH_POINT);
	buf_add(out, view_of((const char *)own_point, WEB_PUSH_POINT));
	seal(key, nonce, text, out);
	OPENSSL_cleanse(ikm, sizeof(ikm));
	OPENSSL_cleanse(prk, sizeof(prk));
	OPENSSL_cleanse(key, sizeof(key));
	return buf_status(out);
}

enum rc web_push_encrypt(
    const struct web_push_keys *keys, struct view text, struct buf *out)
{
	unsigned char salt[WEB_PUSH_SALT];
	must(RAND_bytes(salt, sizeof(salt)) == 1);
	EVP_PKEY *own = web_push_key_new();
	enum rc rc = web_push_encrypt_with(keys, text, own, salt, out);
	EVP_PKEY_free(own);
	return rc;
}

// ---- VAPID (RFC 8292 sections 2 and 3) -------------------------------------

// RFC 7518 section 3.4: the two numbers, 32 bytes each, instead of DER.
static void sign(EVP_PKEY *key, struct view text, struct buf *out)
{
	unsigned char der[128], raw[64];
	const unsigned char *at = der;
	size_t len = sizeof(der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	must(context &&
	     EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(context, der, &len, (const unsigned char *)text.ptr,
		 text.len) == 1);
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)len);
	must(signature &&
	     BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32) == 32 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32) == 32);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
	base64url_encode(view_of((const char *)raw, sizeof(raw)), out);
}

void web_push_authorization(EVP_PKEY *key, struct view origin,
    const char *contact, int64_t expires, struct buf *out)
{
	struct buf claims, token;
	struct json_text json;
	buf_init(&claims, 4096);
	buf_init(&token, 8192);
	json_text_init(&json, &claims);
	json_begin_object(&json);
	json_member_string(&json, "aud", origin);
	json_key(&json, "exp");
	json_add_i64(&json, expires);
	json_member_string(&json, "sub", view_of_string(contact));
	json_end_object(&json);
	base64url_encode(VIEW("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"), &token);
	buf_add_char(&token, '.');
	base64url_encode(buf_view(&claims), &token);
	size_t len = token.len;
	buf_add_char(&token, '.');
	sign(key, view_slice(buf_view(&token), 0, len), &token);
	buf_printf(out, "vapid t=%.*s, k=", VIEW_FMT(buf_view(&token)));
	web_push_key_public(key, out);
	buf_done(&claims);
	buf_done(&token);
}
