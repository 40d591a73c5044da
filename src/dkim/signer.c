// SPDX-License-Identifier: Apache-2.0
// Signing (RFC 6376 section 5). The hashes of the header and of the body are
// calculated once. Each key then adds its own DKIM-Signature field to a copy of
// the header's hash and signs the result. What is signed is a SHA-256 hash,
// also with Ed25519 (RFC 8463 section 3).
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dkim/canon.h"
#include "dkim/impl.h"
#include "wire/base64.h"

#define SUM_LEN       32
#define SIGNATURE_MAX 512 // bytes of RSA with 4096 bits
#define DOMAIN_MAX    253
// One field whose h= has DKIM_FIELDS_MAX names.
#define FIELD_MAX ((size_t)16384)
// Lines of the field are folded at this length (RFC 5322 section 2.1.1).
#define LINE_MAX_LEN 76

struct dkim_signer {
	struct dkim_key_set *set;
	struct view domain; // in domain_text
	char domain_text[DOMAIN_MAX];
	int64_t now;
	bool failed;      // OpenSSL has failed, or there is no header yet
	struct buf names; // the value of h=
	EVP_MD_CTX *header;
	EVP_MD_CTX *body;
	struct dkim_canon_body canon;
};

static void hash_header(void *context, struct view bytes)
{
	struct dkim_signer *signer = context;
	if (EVP_DigestUpdate(signer->header, bytes.ptr, bytes.len) != 1)
		signer->failed = true;
}

static void hash_body(void *context, struct view bytes)
{
	struct dkim_signer *signer = context;
	if (EVP_DigestUpdate(signer->body, bytes.ptr, bytes.len) != 1)
		signer->failed = true;
}

static EVP_MD_CTX *new_hash(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	if (hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1)
		return hash;
	EVP_MD_CTX_free(hash);
	return NULL;
}

enum rc dkim_signer_new(struct dkim_keys *keys, struct view domain,
    const struct clock *clock, struct dkim_signer **ret_signer)
{
	struct dkim_key_set *set;
	if (domain.len > DOMAIN_MAX)
		return RC_NOT_FOUND;
	enum rc rc = dkim_keys_take(keys, domain, &set);
	if (rc != RC_OK)
		return rc;
	if (set->count == 0) {
		dkim_key_set_unref(&set);
		return RC_NOT_FOUND;
	}
	struct dkim_signer *signer = mem_zalloc(sizeof(*signer));
	signer->set = set;
	memcpy(signer->domain_text, domain.ptr, domain.len);
	signer->domain = view_of(signer->domain_text, domain.len);
	signer->now = clock_wall_seconds(clock);
	signer->header = new_hash();
	signer->body = new_hash();
	buf_init(&signer->names, FIELD_MAX / 2);
	dkim_canon_body_init(&signer->canon, hash_body, signer);
	if (!signer->header || !signer->body) {
		dkim_signer_free(&signer);
		return RC_IO;
	}
	*ret_signer = signer;
	return RC_OK;
}

void dkim_signer_free(struct dkim_signer **signer_at)
{
	struct dkim_signer *signer = *signer_at;
	if (!signer)
		return;
	*signer_at = NULL;
	dkim_key_set_unref(&signer->set);
	EVP_MD_CTX_free(signer->header);
	EVP_MD_CTX_free(signer->body);
	buf_done(&signer->names);
	free(signer);
}

enum rc dkim_signer_header(struct dkim_signer *signer, struct view header)
{
	if (signer->names.len > 0)
		return RC_INVALID;
	return dkim_fields_choose(header, hash_header, signer, &signer->names);
}

void dkim_signer_body(struct dkim_signer *signer, struct view bytes)
{
	dkim_canon_body_add(&signer->canon, bytes);
}

// ---- The field -------------------------------------------------------------

// Adds base64 in several lines of the field. White space may stand anywhere in
// it (RFC 6376 section 3.2).
static void add_folded(struct view text, struct buf *out)
{
	for (;;) {
		struct view line = view_slice(text, 0, LINE_MAX_LEN - 4);
		buf_add(out, line);
		text = view_from(text, line.len);
		if (text.len == 0)
			return;
		buf_add_literal(out, "\r\n    ");
	}
}

// Adds h=, folded between names.
static void add_names(struct view names, struct buf *out)
{
	struct view name;
	size_t column = 3;
	bool first = true;
	buf_add_literal(out, "\r\n  h=");
	while (view_split(&names, ':', &name)) {
		if (!first) {
			buf_add_char(out, ':');
			column++;
		}
		if (column + name.len > LINE_MAX_LEN) {
			buf_add_literal(out, "\r\n    ");
			column = 4;
		}
		buf_add(out, name);
		column += name.len;
		first = false;
	}
	buf_add_char(out, ';');
}

// Adds the field with an empty b= (RFC 6376 section 3.5). No x=, because mail
// may wait in queues for days, and an old signature is as true as a new one. No
// i=, because the domain answers for its users. No l=, because anything after
// that length would be unsigned.
static void add_field(const struct dkim_signer *signer,
    const struct dkim_signing_key *key, struct view body_hash, struct buf *out)
{
	buf_printf(out, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed;",
	    dkim_algorithm_name(key->algorithm));
	buf_printf(out, "\r\n  d=%.*s; s=%.*s; t=%lld;",
	    VIEW_FMT(signer->domain), VIEW_FMT(key->selector),
	    (long long)signer->now);
	add_names(buf_view(&signer->names), out);
	buf_add_literal(out, "\r\n  bh=");
	buf_add(out, body_hash);
	buf_add_literal(out, ";\r\n  b=");
}

// The hash of the signed fields and this one (RFC 6376 section 3.7).
static bool hash_field(const struct dkim_signer *signer, struct view field,
    unsigned char ret_sum[SUM_LEN])
{
	struct buf canonical;
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	buf_init(&canonical, FIELD_MAX);
	dkim_canon_field(field, &canonical);
	bool good = hash && EVP_MD_CTX_copy_ex(hash, signer->header) == 1 &&
		    EVP_DigestUpdate(hash, canonical.ptr, canonical.len) == 1 &&
		    EVP_DigestFinal_ex(hash, ret_sum, NULL) == 1;
	EVP_MD_CTX_free(hash);
	buf_done(&canonical);
	return good;
}

// Signs a hash with PKCS#1 v1.5.
static bool sign_rsa(EVP_PKEY *key, const unsigned char sum[SUM_LEN],
    unsigned char *ret_signature, size_t *ret_len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	bool good =
	    context && EVP_PKEY_sign_init(context) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
	    EVP_PKEY_sign(context, ret_signature, ret_len, sum, SUM_LEN) == 1;
	EVP_PKEY_CTX_free(context);
	return good;
}

static bool sign_ed25519(EVP_PKEY *key, const unsigned char sum[SUM_LEN],
    unsigned char *ret_signature, size_t *ret_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good =
	    context &&
	    EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(context, ret_signature, ret_len, sum, SUM_LEN) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

static enum rc add_signature(const struct dkim_signer *signer,
    const struct dkim_signing_key *key, struct view body_hash, struct buf *out)
{
	unsigned char sum[SUM_LEN];
	unsigned char signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);
	struct buf field;
	struct buf text;
	bool rsa = key->algorithm == DKIM_RSA_SHA256;
	buf_init(&field, FIELD_MAX);
	buf_init(&text, 2 * SIGNATURE_MAX);
	add_field(signer, key, body_hash, &field);
	bool good =
	    buf_status(&field) == RC_OK &&
	    hash_field(signer, buf_view(&field), sum) &&
	    (rsa ? sign_rsa : sign_ed25519)(key->key, sum, signature, &len);
	if (good) {
		base64_encode(view_of(signature, len), &text);
		add_folded(buf_view(&text), &field);
		buf_add_literal(&field, "\r\n");
		buf_add(out, buf_view(&field));
	}
	buf_done(&text);
	buf_done(&field);
	ERR_clear_error();
	return good ? buf_status(out) : RC_IO;
}

enum rc dkim_signer_finish(struct dkim_signer *signer, struct buf *out)
{
	unsigned char sum[SUM_LEN];
	struct buf body_hash;
	if (signer->names.len == 0)
		return RC_INVALID;
	dkim_canon_body_end(&signer->canon);
	if (signer->failed || EVP_DigestFinal_ex(signer->body, sum, NULL) != 1)
		return RC_IO;
	buf_init(&body_hash, 64);
	base64_encode(view_of(sum, sizeof(sum)), &body_hash);
	enum rc rc = RC_OK;
	for (size_t i = 0; i < signer->set->count && rc == RC_OK; i++)
		rc = add_signature(
		    signer, &signer->set->keys[i], buf_view(&body_hash), out);
	buf_done(&body_hash);
	return rc;
}
