// SPDX-License-Identifier: Apache-2.0
#include "acme/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "acme/jws.h"
#include "base/ascii.h"
#include "wire/base64url.h"

#define CHAIN_MAX 16
#define TEXT_MAX  1024

// ---- Requests --------------------------------------------------------------

// The text of the extension is a list with commas.
static bool is_plain_name(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(name[i]) && name[i] != '-' &&
		    name[i] != '.')
			return false;
	return len > 0 && len <= 253;
}

static X509_EXTENSION *names_extension(const char *const *names, size_t count)
{
	struct buf text;
	X509_EXTENSION *extension = NULL;
	bool ok = count > 0;
	buf_init(&text, ACME_NAMES_MAX * 260);
	for (size_t i = 0; i < count; i++) {
		ok = ok && is_plain_name(names[i]);
		buf_printf(&text, "%sDNS:%s", i ? "," : "", names[i]);
	}
	buf_add_char(&text, '\0');
	if (ok && buf_status(&text) == RC_OK)
		extension = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_subject_alt_name, text.ptr);
	buf_done(&text);
	return extension;
}

// RFC 8555 section 7.4: the names are in the extension; the subject may be
// empty.
enum rc acme_csr(
    EVP_PKEY *key, const char *const *names, size_t count, struct buf *out)
{
	X509_REQ *request = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *extension = names_extension(names, count);
	unsigned char *der = NULL;
	int len = 0;
	if (!request || !extensions)
		abort(); // out of memory
	if (extension && sk_X509_EXTENSION_push(extensions, extension) > 0 &&
	    X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
	    X509_REQ_set_pubkey(request, key) == 1 &&
	    X509_REQ_add_extensions(request, extensions) == 1 &&
	    X509_REQ_sign(request, key, EVP_sha256()) > 0)
		len = i2d_X509_REQ(request, &der);
	if (len > 0)
		buf_add(out, view_of(der, (size_t)len));
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	ERR_clear_error();
	return len > 0 ? RC_OK : RC_INVALID;
}

// ---- Facts -----------------------------------------------------------------

static int64_t seconds_of(const ASN1_TIME *time)
{
	int days, seconds;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int64_t total = 0;
	if (ASN1_TIME_diff(&days, &seconds, epoch, time) == 1)
		total = (int64_t)days * 86400 + seconds;
	ASN1_TIME_free(epoch);
	return total;
}

static void read_names(
    struct arena *arena, const X509 *certificate, struct acme_facts *facts)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	size_t room = (size_t)(all ? sk_GENERAL_NAME_num(all) : 0);
	facts->names = arena_alloc(arena, (room + 1) * sizeof(char *));
	for (size_t i = 0; i < room; i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, (int)i);
		if (one->type != GEN_DNS)
			continue;
		char *name = arena_string(
		    arena, view_of(ASN1_STRING_get0_data(one->d.dNSName),
			       (size_t)ASN1_STRING_length(one->d.dNSName)));
		for (char *c = name; *c; c++)
			*c = ascii_lower(*c);
		facts->names[facts->count++] = name;
	}
	GENERAL_NAMES_free(all);
}

// Prefers the common name, then the organisation.
static const char *issuer_of(struct arena *arena, const X509 *certificate)
{
	static const int nids[] = {NID_commonName, NID_organizationName};
	X509_NAME *issuer = X509_get_issuer_name(certificate);
	for (size_t i = 0; i < ARRAY_LEN(nids); i++) {
		unsigned char *text = NULL;
		int at = X509_NAME_get_index_by_NID(issuer, nids[i], -1);
		if (at < 0)
			continue;
		int len = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at)));
		if (len <= 0)
			continue;
		const char *name =
		    arena_string(arena, view_of(text, (size_t)len));
		OPENSSL_free(text);
		return name;
	}
	return "";
}

// RFC 9773 section 4.1: the key identifier of the issuer and the serial number
// (the bytes of the INTEGER's value), both in base64url.
static const char *id_of(struct arena *arena, X509 *certificate)
{
	struct buf id;
	const char *text = NULL;
	unsigned char *der = NULL;
	const ASN1_OCTET_STRING *issuer =
	    X509_get0_authority_key_id(certificate);
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der);
	if (issuer && len > 2 && len < 128) {
		buf_init(&id, TEXT_MAX);
		base64url_encode(view_of(ASN1_STRING_get0_data(issuer),
				     (size_t)ASN1_STRING_length(issuer)),
		    &id);
		buf_add_char(&id, '.');
		// A tag and a length of one byte each are in front.
		base64url_encode(view_of(der + 2, (size_t)len - 2), &id);
		text = arena_string(arena, buf_view(&id));
		buf_done(&id);
	}
	OPENSSL_free(der);
	return text;
}

static X509 *read_first(struct view pem)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return certificate;
}

enum rc acme_facts_read(
    struct arena *arena, struct view pem, struct acme_facts *ret_facts)
{
	X509 *certificate = read_first(pem);
	if (!certificate)
		return RC_CORRUPT;
	struct acme_facts facts = {
	    .issuer = issuer_of(arena, certificate),
	    .self_signed = X509_self_signed(certificate, 0) == 1,
	    .not_before = seconds_of(X509_get0_notBefore(certificate)),
	    .not_after = seconds_of(X509_get0_notAfter(certificate)),
	    .id = id_of(arena, certificate),
	};
	read_names(arena, certificate, &facts);
	X509_free(certificate);
	ERR_clear_error();
	*ret_facts = facts;
	return RC_OK;
}

bool acme_facts_have(const struct acme_facts *facts, const char *name)
{
	const char *rest = strchr(name, '.');
	for (size_t i = 0; i < facts->count; i++) {
		const char *one = facts->names[i];
		if (strcmp(one, name) == 0 ||
		    (one[0] == '*' && rest && rest != name &&
			strcmp(one + 1, rest) == 0))
			return true;
	}
	return false;
}

// ---- The authority's answer ------------------------------------------------

// Counts the certificates. 0: something else is between them, or one is
// damaged.
static size_t count_certificates(struct view pem)
{
	size_t count = 0;
	char *name, *head;
	unsigned char *bytes;
	long len;
	bool ok = true;
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	while (ok && PEM_read_bio(bio, &name, &head, &bytes, &len) == 1) {
		const unsigned char *at = bytes;
		X509 *one = d2i_X509(NULL, &at, len);
		ok = one && strcmp(name, PEM_STRING_X509) == 0;
		X509_free(one);
		OPENSSL_free(name);
		OPENSSL_free(head);
		OPENSSL_free(bytes);
		count++;
	}
	ok = ok && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	return ok ? count : 0;
}

enum rc acme_chain_check(struct view pem, EVP_PKEY *key,
    const char *const *names, size_t count, struct fault *fault)
{
	struct arena arena;
	struct acme_facts facts;
	size_t found = pem.len <= ACME_PEM_MAX ? count_certificates(pem) : 0;
	if (found == 0 || found > CHAIN_MAX)
		return fault_set(fault, RC_INVALID,
		    "the authority sent no chain of certificates");
	X509 *leaf = read_first(pem);
	bool ours = leaf && X509_check_private_key(leaf, key) == 1;
	X509_free(leaf);
	ERR_clear_error();
	if (!ours)
		return fault_set(fault, RC_INVALID,
		    "the authority sent a certificate with another key");
	arena_init(&arena);
	enum rc rc = acme_facts_read(&arena, pem, &facts);
	for (size_t i = 0; i < count && rc == RC_OK; i++)
		if (!acme_facts_have(&facts, names[i]))
			rc = fault_set(fault, RC_INVALID,
			    "the authority sent a certificate without %s",
			    names[i]);
	arena_done(&arena);
	return rc;
}

// ---- tls-alpn-01 -----------------------------------------------------------

// RFC 8737 section 3: critical, an OCTET STRING with the SHA-256 of the key
// authorization.
static X509_EXTENSION *identifier(struct view key_authorization)
{
	unsigned char der[2 + SHA256_DIGEST_LENGTH] = {
	    V_ASN1_OCTET_STRING, SHA256_DIGEST_LENGTH};
	SHA256((const unsigned char *)key_authorization.ptr,
	    key_authorization.len, der + 2);
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	if (!object || !value ||
	    ASN1_OCTET_STRING_set(value, der, sizeof(der)) != 1)
		abort(); // out of memory
	X509_EXTENSION *extension =
	    X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
	return extension;
}

static void add_extension(X509 *certificate, X509_EXTENSION *extension)
{
	if (!extension || X509_add_ext(certificate, extension, -1) != 1)
		abort(); // out of memory
	X509_EXTENSION_free(extension);
}

void acme_alpn_certificate(
    const char *name, struct view key_authorization, struct buf *pem)
{
	char *bytes;
	EVP_PKEY *key = acme_key_new();
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	if (!certificate || !bio)
		abort(); // out of memory
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)"acme-tls/1", -1, -1, 0);
	X509_set_issuer_name(certificate, subject);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 7L * 86400);
	X509_set_pubkey(certificate, key);
	add_extension(certificate, names_extension(&name, 1));
	add_extension(certificate, identifier(key_authorization));
	if (X509_sign(certificate, key, EVP_sha256()) <= 0 ||
	    PEM_write_bio_X509(bio, certificate) != 1)
		abort(); // out of memory
	long len = BIO_get_mem_data(bio, &bytes);
	buf_add(pem, view_of(bytes, (size_t)len));
	acme_key_write(key, pem);
	BIO_free(bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
