// SPDX-License-Identifier: Apache-2.0
// What is signed with a certificate of the server can be checked with the
// certificate of its authority; what would show nothing is not signed.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "net/tls.h"

struct bed {
	char folder[64];
	char certificate[96], key[96];         // of mail.example.org
	char own_certificate[96], own_key[96]; // self-signed
	X509 *authority;
	struct net_tls *tls;
};

static X509 *make_certificate(
    EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key)
{
	char names[128];
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(
	    x, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(x, key);
	snprintf(names, sizeof(names), "DNS:%s", name);
	X509_EXTENSION *extension =
	    issuer
		? X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names)
		: X509V3_EXT_conf_nid(
		      NULL, NULL, NID_basic_constraints, "CA:TRUE");
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
	return x;
}

static void make_pair(struct bed *bed)
{
	EVP_PKEY *authority_key = EVP_EC_gen("P-256");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	bed->authority =
	    make_certificate(authority_key, "Authority", NULL, authority_key);
	X509 *leaf = make_certificate(
	    key, "mail.example.org", bed->authority, authority_key);
	FILE *file = fopen(bed->certificate, "w");
	PEM_write_X509(file, leaf);
	fclose(file);
	file = fopen(bed->key, "w");
	PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	X509_free(leaf);
	EVP_PKEY_free(key);
	EVP_PKEY_free(authority_key);
}

static int set_up(void **state)
{
	static struct bed bed;
	struct fault fault;
	struct buf mistakes;
	const char *own = "own.example.org";
	snprintf(bed.folder, sizeof(bed.folder), "/tmp/roost-sign-XXXXXX");
	assert_non_null(mkdtemp(bed.folder));
	snprintf(bed.certificate, 96, "%s/a.crt", bed.folder);
	snprintf(bed.key, 96, "%s/a.key", bed.folder);
	snprintf(bed.own_certificate, 96, "%s/b.crt", bed.folder);
	snprintf(bed.own_key, 96, "%s/b.key", bed.folder);
	make_pair(&bed);
	assert_int_equal(net_tls_self_signed(
			     bed.own_certificate, bed.own_key, &own, 1, &fault),
	    RC_OK);
	struct net_tls_pair pairs[] = {
	    {.certificate_path = bed.certificate, .key_path = bed.key},
	    {.certificate_path = bed.own_certificate, .key_path = bed.own_key}};
	struct net_tls_config config = {.pairs = pairs, .pair_count = 2};
	buf_init(&mistakes, 4096);
	assert_int_equal(net_tls_new(&config, &mistakes, &bed.tls), RC_OK);
	buf_done(&mistakes);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	net_tls_free(&bed->tls);
	X509_free(bed->authority);
	unlink(bed->certificate);
	unlink(bed->key);
	unlink(bed->own_certificate);
	unlink(bed->own_key);
	return rmdir(bed->folder);
}

static void the_authority_vouches_for_the_signature(void **state)
{
	static const struct view content = {"a\nb\r\n\0<>", 8};
	const struct bed *bed = *state;
	struct buf out;
	buf_init(&out, 65536);
	assert_int_equal(
	    net_tls_sign(bed->tls, VIEW("mail.example.org"), content, &out),
	    RC_OK);
	const unsigned char *der = (const unsigned char *)out.ptr;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &der, (long)out.len);
	assert_non_null(cms);
	// Strangers choose a part of the content. What the key signs is a DER
	// set of attributes, with a hash of the content: so it can never be
	// taken for what TLS signs with the same key (RFC 8446 section 4.4.3).
	CMS_SignerInfo *signer =
	    sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	static const int attributes[] = {
	    NID_pkcs9_contentType, NID_pkcs9_messageDigest};
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		assert_true(
		    CMS_signed_get_attr_by_NID(signer, attributes[i], -1) >= 0);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_add_cert(store, bed->authority);
	X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
	BIO *got = BIO_new(BIO_s_mem());
	assert_int_equal(
	    CMS_verify(cms, NULL, store, NULL, got, CMS_BINARY), 1);
	char *bytes;
	long len = BIO_get_mem_data(got, &bytes);
	assert_int_equal(len, content.len);
	assert_memory_equal(bytes, content.ptr, content.len);
	BIO_free(got);
	X509_STORE_free(store);
	CMS_ContentInfo_free(cms);
	buf_done(&out);
}

static void what_shows_nothing_is_not_signed(void **state)
{
	static const char *const names[] = {
	    "own.example.org", "other.example.org", "", "example.org"};
	const struct bed *bed = *state;
	struct buf out;
	buf_init(&out, 65536);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(net_tls_sign(bed->tls,
				     view_of_string(names[i]), VIEW("x"), &out),
		    RC_NOT_FOUND);
	assert_int_equal(out.len, 0);
	buf_done(&out);
}

static void a_signature_that_does_not_fit_is_told(void **state)
{
	const struct bed *bed = *state;
	struct buf out;
	buf_init(&out, 100);
	assert_int_equal(
	    net_tls_sign(bed->tls, VIEW("MAIL.example.org."), VIEW("x"), &out),
	    RC_LIMIT);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_authority_vouches_for_the_signature),
	    cmocka_unit_test(what_shows_nothing_is_not_signed),
	    cmocka_unit_test(a_signature_that_does_not_fit_is_told),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
