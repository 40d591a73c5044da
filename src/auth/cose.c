// SPDX-License-Identifier: Apache-2.0
#include "auth/cose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <string.h>

#include "wire/cbor.h"

// RFC 9052 section 7, RFC 9053 section 7, RFC 8230 section 4.
#define KTY     1
#define ALG     3
#define KTY_OKP 1
#define KTY_EC2 2
#define KTY_RSA 3
#define CRV     (-1)
#define X       (-2)
#define Y       (-3)
#define N       (-1)
#define E       (-2)
#define P256    1
#define ED25519 6

#define RSA_MIN 256 // bytes of the modulus
#define RSA_MAX 512

static bool number_of(struct view map, int64_t key, int64_t *ret_number)
{
	struct view value;
	return cbor_map_find_number(map, key, &value) == RC_OK &&
	       cbor_number(value, ret_number) == RC_OK;
}

static bool bytes_of(struct view map, int64_t key, struct view *ret_bytes)
{
	struct view value;
	return cbor_map_find_number(map, key, &value) == RC_OK &&
	       cbor_string(value, CBOR_BYTES, ret_bytes) == RC_OK;
}

// Writes the key as SubjectPublicKeyInfo, and frees it.
static enum rc take_key(EVP_PKEY *pkey, struct auth_webauthn_key *key)
{
	unsigned char *at = key->der;
	int len = pkey ? i2d_PUBKEY(pkey, NULL) : 0;
	bool fits = len > 0 && (size_t)len <= sizeof(key->der);
	if (fits)
		fits = i2d_PUBKEY(pkey, &at) == len;
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	if (!fits)
		return RC_UNSUPPORTED;
	key->len = (size_t)len;
	return RC_OK;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!params || !context || EVP_PKEY_fromdata_init(context) <= 0 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return pkey;
}

// OpenSSL refuses a point that is not on the curve.
static enum rc read_es256(struct view map, struct auth_webauthn_key *key)
{
	int64_t kty, curve;
	struct view x, y;
	unsigned char point[65] = {4};
	if (!number_of(map, KTY, &kty) || !number_of(map, CRV, &curve) ||
	    !bytes_of(map, X, &x) || !bytes_of(map, Y, &y))
		return RC_SYNTAX;
	if (kty != KTY_EC2 || curve != P256 || x.len != 32 || y.len != 32)
		return RC_UNSUPPORTED;
	memcpy(point + 1, x.ptr, 32);
	memcpy(point + 33, y.ptr, 32);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;
	if (build &&
	    OSSL_PARAM_BLD_push_utf8_string(
		build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
	    OSSL_PARAM_BLD_push_octet_string(
		build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)))
		pkey = from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	return take_key(pkey, key);
}

static enum rc read_eddsa(struct view map, struct auth_webauthn_key *key)
{
	int64_t kty, curve;
	struct view x;
	if (!number_of(map, KTY, &kty) || !number_of(map, CRV, &curve) ||
	    !bytes_of(map, X, &x))
		return RC_SYNTAX;
	if (kty != KTY_OKP || curve != ED25519 || x.len != 32)
		return RC_UNSUPPORTED;
	return take_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
			    (const unsigned char *)x.ptr, x.len),
	    key);
}

static EVP_PKEY *make_rsa(struct view modulus, struct view exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(
	    (const unsigned char *)modulus.ptr, (int)modulus.len, NULL);
	BIGNUM *e = BN_bin2bn(
	    (const unsigned char *)exponent.ptr, (int)exponent.len, NULL);
	EVP_PKEY *pkey = NULL;
	if (build && n && e && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		pkey = from_params("RSA", build);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

static enum rc read_rs256(struct view map, struct auth_webauthn_key *key)
{
	int64_t kty;
	struct view n, e;
	if (!number_of(map, KTY, &kty) || !bytes_of(map, N, &n) ||
	    !bytes_of(map, E, &e))
		return RC_SYNTAX;
	if (kty != KTY_RSA || n.len < RSA_MIN || n.len > RSA_MAX ||
	    !(n.ptr[0] & 0x80) || e.len == 0 || e.len > 4)
		return RC_UNSUPPORTED;
	return take_key(make_rsa(n, e), key);
}

enum rc cose_read_key(struct view bytes, struct auth_webauthn_key *ret_key)
{
	struct auth_webauthn_key key = {.len = 0};
	struct view whole = bytes;
	int64_t algorithm;
	enum rc rc = RC_UNSUPPORTED;
	if (cbor_skip(&whole) != RC_OK || whole.len > 0 ||
	    !number_of(bytes, ALG, &algorithm))
		return RC_SYNTAX;
	if (algorithm == COSE_ES256)
		rc = read_es256(bytes, &key);
	else if (algorithm == COSE_EDDSA)
		rc = read_eddsa(bytes, &key);
	else if (algorithm == COSE_RS256)
		rc = read_rs256(bytes, &key);
	if (rc != RC_OK)
		return rc;
	key.algorithm = (int32_t)algorithm;
	*ret_key = key;
	return RC_OK;
}

bool cose_verify(const struct auth_webauthn_key *key, struct view text,
    struct view signature)
{
	const unsigned char *der = key->der;
	const EVP_MD *digest =
	    key->algorithm == COSE_EDDSA ? NULL : EVP_sha256();
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &der, (long)key->len);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool right =
	    pkey && context && signature.len > 0 &&
	    EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) == 1 &&
	    EVP_DigestVerify(context, (const unsigned char *)signature.ptr,
		signature.len, (const unsigned char *)text.ptr, text.len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return right;
}
