// SPDX-License-Identifier: Apache-2.0
// For tests: an authenticator for all algorithms, which can also be wrong.
#ifndef ROOST_AUTH_WEBAUTHN_TEST_TOOLS_H
#define ROOST_AUTH_WEBAUTHN_TEST_TOOLS_H

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "auth/cose.h"
#include "base/test.h"
#include "wire/base64url.h"

static const struct view origin = {"https://example.org", 19};
static const struct auth_webauthn_site site = {
    .rp_id = {"example.org", 11}, .origins = &origin, .origin_count = 1};

#define PRESENT  0x01
#define VERIFIED 0x04
#define ELIGIBLE 0x08
#define COPIED   0x10
#define WITH_KEY 0x40
#define EXTRA    0x80

static const struct view own_challenge = {
    "a challenge of our own, 32 bytes", 32};

struct device {
	EVP_PKEY *pkey;
	int algorithm;
	struct buf key; // COSE
};

static inline void add_head(struct buf *out, unsigned major, size_t n)
{
	if (n < 24) {
		buf_add_char(out, (char)(major << 5 | n));
	} else if (n < 256) {
		buf_add_char(out, (char)(major << 5 | 24));
		buf_add_char(out, (char)n);
	} else {
		buf_add_char(out, (char)(major << 5 | 25));
		buf_add_char(out, (char)(n >> 8));
		buf_add_char(out, (char)n);
	}
}

static inline void add_int(struct buf *out, int n)
{
	if (n < 0)
		add_head(out, 1, (size_t)(-1 - n));
	else
		add_head(out, 0, (size_t)n);
}

static inline void add_bytes(struct buf *out, struct view bytes)
{
	add_head(out, 2, bytes.len);
	buf_add(out, bytes);
}

static inline void add_text(struct buf *out, const char *text)
{
	add_head(out, 3, strlen(text));
	buf_add_string(out, text);
}

static inline void add_bignum(struct buf *out, EVP_PKEY *pkey, const char *name)
{
	BIGNUM *number = NULL;
	unsigned char bytes[512];
	assert_true(EVP_PKEY_get_bn_param(pkey, name, &number));
	int len = BN_bn2bin(number, bytes);
	add_bytes(out, view_of(bytes, (size_t)len));
	BN_free(number);
}

static inline void device_init(
    struct device *device, int algorithm, unsigned bits)
{
	unsigned char raw[65];
	size_t len = sizeof(raw);
	device->algorithm = algorithm;
	buf_init(&device->key, 1024);
	struct buf *key = &device->key;
	bool rsa = algorithm == COSE_RS256;
	device->pkey = algorithm == COSE_ES256
			   ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
		       : rsa
			   ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits)
			   : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(device->pkey);
	add_head(key, 5, algorithm == COSE_ES256 ? 5 : 4);
	add_int(key, 1);
	add_int(key, algorithm == COSE_ES256 ? 2 : rsa ? 3 : 1);
	add_int(key, 3);
	add_int(key, algorithm);
	add_int(key, -1);
	if (rsa) {
		add_bignum(key, device->pkey, OSSL_PKEY_PARAM_RSA_N);
		add_int(key, -2);
		add_bignum(key, device->pkey, OSSL_PKEY_PARAM_RSA_E);
		return;
	}
	add_int(key, algorithm == COSE_ES256 ? 1 : 6);
	add_int(key, -2);
	if (algorithm == COSE_EDDSA) {
		assert_true(
		    EVP_PKEY_get_raw_public_key(device->pkey, raw, &len));
		add_bytes(key, view_of(raw, len));
		return;
	}
	assert_true(EVP_PKEY_get_octet_string_param(
	    device->pkey, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw), &len));
	add_bytes(key, view_of(raw + 1, 32));
	add_int(key, -3);
	add_bytes(key, view_of(raw + 33, 32));
}

static inline void device_done(struct device *device)
{
	EVP_PKEY_free(device->pkey);
	buf_done(&device->key);
}

static inline void write_client_data(const char *type, struct view challenge,
    const char *from, const char *more, struct buf *out)
{
	buf_reset(out);
	buf_printf(out, "{\"type\":\"%s\",\"challenge\":\"", type);
	base64url_encode(challenge, out);
	buf_printf(out, "\",\"origin\":\"%s\"%s}", from, more);
}

// authenticatorData; with a key if the flags say so.
static inline void write_data(struct device *device, const char *rp_id,
    unsigned flags, uint32_t counter, struct buf *out)
{
	unsigned char hash[32];
	SHA256((const unsigned char *)rp_id, strlen(rp_id), hash);
	buf_reset(out);
	buf_add(out, view_of(hash, sizeof(hash)));
	buf_add_char(out, (char)flags);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_char(out, (char)(counter >> shift));
	if (flags & WITH_KEY) {
		buf_add(out, VIEW("sixteen bytes ag"));
		buf_add(out, VIEW("\0\5an id"));
		buf_add(out, buf_view(&device->key));
	}
	if (flags & EXTRA)
		buf_add(out, VIEW("\xa1\x63uvm\xf5"));
}

static inline void write_attestation(struct view data, struct buf *out)
{
	buf_reset(out);
	add_head(out, 5, 3);
	add_text(out, "fmt");
	add_text(out, "none");
	add_text(out, "attStmt");
	add_head(out, 5, 0);
	add_text(out, "authData");
	add_bytes(out, data);
}

static inline void sign(struct device *device, struct view data,
    struct view client_data, struct buf *out)
{
	unsigned char hash[32];
	struct buf text;
	size_t len = 1024;
	buf_reset(out);
	char *room = buf_reserve(out, len);
	SHA256((const unsigned char *)client_data.ptr, client_data.len, hash);
	buf_init(&text, 4096);
	buf_add(&text, data);
	buf_add(&text, view_of(hash, sizeof(hash)));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_true(EVP_DigestSignInit(context, NULL,
	    device->algorithm == COSE_EDDSA ? NULL : EVP_sha256(), NULL,
	    device->pkey));
	assert_true(EVP_DigestSign(context, (unsigned char *)room, &len,
	    (const unsigned char *)text.ptr, text.len));
	buf_commit(out, len);
	EVP_MD_CTX_free(context);
	buf_done(&text);
}

struct bufs {
	struct buf client, data, object, signature;
};

static inline void bufs_init(struct bufs *bufs)
{
	buf_init(&bufs->client, 4096);
	buf_init(&bufs->data, 4096);
	buf_init(&bufs->object, 4096);
	buf_init(&bufs->signature, 4096);
}

static inline void bufs_done(struct bufs *bufs)
{
	buf_done(&bufs->client);
	buf_done(&bufs->data);
	buf_done(&bufs->object);
	buf_done(&bufs->signature);
}

#define GOOD_ORIGIN "https://example.org"

#endif
