// SPDX-License-Identifier: Apache-2.0
// The parts that compute only: encodings, keys, certificates, problems, times,
// the decision what is due.
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "acme/jws.h"
#include "acme/record.h"
#include "base/test.h"
#include "wire/base64url.h"

// RFC 7515 appendix A.3.1.
static const char rfc_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
    "-----END PRIVATE KEY-----\n";

// RFC 9773 appendix A.
static const char rfc_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt\n"
    "cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS\n"
    "BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu\n"
    "7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf\n"
    "qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B\n"
    "yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb\n"
    "+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK\n"
    "-----END CERTIFICATE-----\n";

static EVP_PKEY *known_key(void)
{
	EVP_PKEY *key;
	assert_int_equal(acme_key_read(view_of_string(rfc_key), &key), RC_OK);
	return key;
}

// ---- Encoding --------------------------------------------------------------

static const struct {
	const char *plain, *encoded;
} base64url_table[] = {
    {"", ""},
    {"f", "Zg"},
    {"fo", "Zm8"},
    {"foo", "Zm9v"},
    {"\xfb\xff", "-_8"},
};

static void base64url_has_its_own_alphabet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(base64url_table); i++) {
		struct buf out;
		struct view plain = view_of_string(base64url_table[i].plain);
		struct view text = view_of_string(base64url_table[i].encoded);
		buf_init(&out, 100);
		base64url_encode(plain, &out);
		assert_view_equal_row(i, buf_view(&out), text);
		buf_reset(&out);
		assert_int_equal(base64url_decode(text, &out), RC_OK);
		assert_view_equal_row(i, buf_view(&out), plain);
		buf_done(&out);
	}
}

static void base64url_refuses_what_is_none(void **state)
{
	static const char *const wrong[] = {
	    "Zm9v+", "Zm/v", "Z", "Zm 8", "Zm8=x", "Zm9"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf out;
		buf_init(&out, 100);
		assert_int_equal(
		    base64url_decode(view_of_string(wrong[i]), &out),
		    RC_SYNTAX);
		assert_int_equal(out.len, 0);
		buf_done(&out);
	}
}

// ---- Keys and signatures ---------------------------------------------------

static void thumbprint_is_that_of_rfc_7638(void **state)
{
	static const char jwk[] =
	    "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9"
	    "nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
	    "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6"
	    "Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu"
	    "6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcR"
	    "wr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\"}";
	struct buf out;
	(void)state;
	buf_init(&out, 100);
	acme_thumbprint(view_of_string(jwk), &out);
	assert_view_equal(buf_view(&out),
	    VIEW("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
	buf_done(&out);
}

static void key_is_shown_as_rfc_7515_shows_it(void **state)
{
	struct buf out;
	EVP_PKEY *key = known_key();
	(void)state;
	buf_init(&out, 1000);
	acme_jwk(key, &out);
	assert_view_equal(buf_view(&out),
	    VIEW("{\"crv\":\"P-256\",\"kty\":\"EC\","
		 "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"));
	buf_reset(&out);
	acme_key_authorization(key, VIEW("token"), &out);
	assert_view_equal(buf_view(&out),
	    VIEW("token.oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"));
	buf_done(&out);
	EVP_PKEY_free(key);
}

static void key_survives_its_file(void **state)
{
	struct buf pem, one, two;
	EVP_PKEY *key = acme_key_new(), *again;
	(void)state;
	buf_init(&pem, ACME_KEY_PEM_MAX);
	buf_init(&one, 1000);
	buf_init(&two, 1000);
	acme_key_write(key, &pem);
	assert_int_equal(acme_key_read(buf_view(&pem), &again), RC_OK);
	acme_jwk(key, &one);
	acme_jwk(again, &two);
	assert_view_equal(buf_view(&one), buf_view(&two));
	assert_int_equal(acme_key_read(VIEW("no key"), &again), RC_CORRUPT);
	assert_int_equal(
	    acme_key_read(view_of_string(rfc_certificate), &again), RC_CORRUPT);
	buf_done(&pem);
	buf_done(&one);
	buf_done(&two);
	EVP_PKEY_free(key);
	EVP_PKEY_free(again);
}

// The parts of a request's body; the caller drops the JSON.
struct parts {
	json_t *json, *head;
	struct buf input, payload, signature;
};

static const char *member(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	assert_non_null(text);
	return text;
}

static void take_apart(struct view body, struct parts *ret_parts)
{
	struct buf head;
	ret_parts->json = json_loadb(body.ptr, body.len, 0, NULL);
	buf_init(&head, 10000);
	buf_init(&ret_parts->input, 20000);
	buf_init(&ret_parts->payload, 10000);
	buf_init(&ret_parts->signature, 100);
	const char *protected = member(ret_parts->json, "protected");
	const char *payload = member(ret_parts->json, "payload");
	buf_printf(&ret_parts->input, "%s.%s", protected, payload);
	assert_int_equal(
	    base64url_decode(view_of_string(protected), &head), RC_OK);
	assert_int_equal(
	    base64url_decode(view_of_string(payload), &ret_parts->payload),
	    RC_OK);
	assert_int_equal(base64url_decode(view_of_string(member(
					      ret_parts->json, "signature")),
			     &ret_parts->signature),
	    RC_OK);
	ret_parts->head = json_loadb(head.ptr, head.len, 0, NULL);
	buf_done(&head);
}

static void drop_parts(struct parts *parts)
{
	json_decref(parts->json);
	json_decref(parts->head);
	buf_done(&parts->input);
	buf_done(&parts->payload);
	buf_done(&parts->signature);
}

static bool is_signed_by(EVP_PKEY *key, const struct parts *parts)
{
	const unsigned char *bytes =
	    (const unsigned char *)parts->signature.ptr;
	unsigned char *der = NULL;
	ECDSA_SIG *signature = ECDSA_SIG_new();
	assert_int_equal(parts->signature.len, 64);
	ECDSA_SIG_set0(signature, BN_bin2bn(bytes, 32, NULL),
	    BN_bin2bn(bytes + 32, 32, NULL));
	int len = i2d_ECDSA_SIG(signature, &der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key);
	bool good =
	    EVP_DigestVerify(context, der, (size_t)len,
		(const unsigned char *)parts->input.ptr, parts->input.len) == 1;
	EVP_MD_CTX_free(context);
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	return good;
}

static void request_is_signed(void **state)
{
	struct parts parts;
	struct buf out;
	EVP_PKEY *key = known_key(), *other = acme_key_new();
	(void)state;
	buf_init(&out, 20000);
	acme_jws_es256(key,
	    &(struct acme_jws_head){.url = "https://ca.test/new",
		.nonce = "n1",
		.account = "https://ca.test/a/1"},
	    VIEW("{\"a\":1}"), &out);
	take_apart(buf_view(&out), &parts);
	assert_view_equal(buf_view(&parts.payload), VIEW("{\"a\":1}"));
	assert_string_equal(member(parts.head, "alg"), "ES256");
	assert_string_equal(member(parts.head, "nonce"), "n1");
	assert_string_equal(member(parts.head, "url"), "https://ca.test/new");
	assert_string_equal(member(parts.head, "kid"), "https://ca.test/a/1");
	assert_null(json_object_get(parts.head, "jwk"));
	assert_true(is_signed_by(key, &parts));
	assert_false(is_signed_by(other, &parts));
	drop_parts(&parts);
	buf_done(&out);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

// RFC 8555 section 6.2: "jwk" or "kid"; section 6.3: an empty payload.
static void request_without_account_shows_its_key(void **state)
{
	struct parts parts;
	struct buf out;
	EVP_PKEY *key = known_key();
	(void)state;
	buf_init(&out, 20000);
	acme_jws_es256(key,
	    &(struct acme_jws_head){.url = "https://ca.test/", .nonce = "n"},
	    VIEW(""), &out);
	take_apart(buf_view(&out), &parts);
	assert_int_equal(parts.payload.len, 0);
	assert_null(json_object_get(parts.head, "kid"));
	assert_string_equal(member(json_object_get(parts.head, "jwk"), "x"),
	    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
	drop_parts(&parts);
	buf_done(&out);
	EVP_PKEY_free(key);
}

static void binding_is_made_with_the_authoritys_key(void **state)
{
	struct parts parts;
	struct buf out;
	unsigned char mac[32];
	(void)state;
	buf_init(&out, 20000);
	acme_jws_hs256(VIEW("secret"),
	    &(struct acme_jws_head){
		.url = "https://ca.test/new-account", .account = "kid-1"},
	    VIEW("{\"kty\":\"EC\"}"), &out);
	take_apart(buf_view(&out), &parts);
	assert_string_equal(member(parts.head, "alg"), "HS256");
	assert_string_equal(member(parts.head, "kid"), "kid-1");
	// RFC 8555 section 7.3.4: without a nonce.
	assert_null(json_object_get(parts.head, "nonce"));
	HMAC(EVP_sha256(), "secret", 6, (const unsigned char *)parts.input.ptr,
	    parts.input.len, mac, NULL);
	assert_view_equal(
	    buf_view(&parts.signature), view_of(mac, sizeof(mac)));
	drop_parts(&parts);
	buf_done(&out);
}

// ---- Certificates ----------------------------------------------------------

static void renewal_id_is_that_of_rfc_9773(void **state)
{
	struct arena arena;
	struct acme_facts facts;
	(void)state;
	arena_init(&arena);
	assert_int_equal(
	    acme_facts_read(&arena, view_of_string(rfc_certificate), &facts),
	    RC_OK);
	assert_string_equal(facts.id, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
	assert_string_equal(facts.issuer, "Example CA");
	assert_int_equal(facts.count, 0);
	assert_int_equal(
	    acme_facts_read(&arena, VIEW("nothing"), &facts), RC_CORRUPT);
	arena_done(&arena);
}

static void names_match_as_wildcards_do(void **state)
{
	static const char *names[] = {"a.test", "*.b.test"};
	static const struct {
		const char *name;
		bool has;
	} table[] = {{"a.test", true}, {"x.a.test", false}, {"x.b.test", true},
	    {"b.test", false}, {"x.y.b.test", false}, {".b.test", false}};
	const struct acme_facts facts = {.names = names, .count = 2};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(
		    acme_facts_have(&facts, table[i].name), table[i].has);
}

static void request_has_all_names(void **state)
{
	const char *names[] = {"a.test", "xn--bcher-kva.test"};
	struct buf der;
	EVP_PKEY *key = acme_key_new();
	(void)state;
	buf_init(&der, 10000);
	assert_int_equal(acme_csr(key, names, 2, &der), RC_OK);
	const unsigned char *at = (const unsigned char *)der.ptr;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
	assert_non_null(request);
	assert_int_equal(X509_REQ_verify(request, key), 1);
	STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(request);
	GENERAL_NAMES *found =
	    X509V3_get_d2i(all, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(found), 2);
	for (int i = 0; i < 2; i++) {
		const ASN1_STRING *one =
		    sk_GENERAL_NAME_value(found, i)->d.dNSName;
		assert_view_equal(view_of(ASN1_STRING_get0_data(one),
				      (size_t)ASN1_STRING_length(one)),
		    view_of_string(names[i]));
	}
	GENERAL_NAMES_free(found);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	X509_REQ_free(request);
	buf_reset(&der);
	const char *bad[] = {"a.test,email:x"};
	assert_int_equal(acme_csr(key, bad, 1, &der), RC_INVALID);
	assert_int_equal(acme_csr(key, bad, 0, &der), RC_INVALID);
	buf_done(&der);
	EVP_PKEY_free(key);
}

// RFC 8737 section 3: one name; the extension is critical and has the hash.
static void challenge_certificate_has_the_hash(void **state)
{
	struct buf pem;
	struct arena arena;
	struct acme_facts facts;
	unsigned char want[34] = {4, 32};
	(void)state;
	buf_init(&pem, ACME_PEM_MAX);
	arena_init(&arena);
	acme_alpn_certificate("a.test", VIEW("token.print"), &pem);
	assert_int_equal(
	    acme_facts_read(&arena, buf_view(&pem), &facts), RC_OK);
	assert_int_equal(facts.count, 1);
	assert_string_equal(facts.names[0], "a.test");
	assert_true(facts.self_signed);
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	X509_EXTENSION *extension = X509_get_ext(
	    certificate, X509_get_ext_by_OBJ(certificate, object, -1));
	assert_non_null(extension);
	assert_int_equal(X509_EXTENSION_get_critical(extension), 1);
	SHA256((const unsigned char *)"token.print", 11, want + 2);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
	assert_view_equal(view_of(ASN1_STRING_get0_data(value),
			      (size_t)ASN1_STRING_length(value)),
	    view_of(want, sizeof(want)));
	ASN1_OBJECT_free(object);
	X509_free(certificate);
	BIO_free(bio);
	arena_done(&arena);
	buf_done(&pem);
}

// ---- Problems --------------------------------------------------------------

static const struct {
	const char *json, *text;
	enum acme_problem_kind kind;
} problem_table[] = {
    {"{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\"}",
	"caa: no", ACME_CAA},
    {"{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}", "rateLimited",
	ACME_RATE_LIMITED},
    {"{\"type\":\"about:blank\",\"title\":\"Oops\"}", "about:blank: Oops",
	ACME_PROBLEM_OTHER},
    {"{\"detail\":\"a\\nb\\u001b[1m\"}", "a b [1m", ACME_PROBLEM_OTHER},
    {"{}", "the authority gives no reason", ACME_PROBLEM_OTHER},
    {"{\"type\":7,\"detail\":[]}", "the authority gives no reason",
	ACME_PROBLEM_OTHER},
    {"[]", "the authority gives no reason", ACME_PROBLEM_OTHER},
};

static void problems_are_told_in_the_authoritys_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(problem_table); i++) {
		struct acme_problem problem;
		json_t *json = json_loads(problem_table[i].json, 0, NULL);
		acme_problem_read(json, &problem);
		assert_view_equal_row(i, view_of_string(problem.text),
		    view_of_string(problem_table[i].text));
		assert_int_equal(problem.kind, problem_table[i].kind);
		json_decref(json);
	}
}

static void long_text_is_cut_between_characters(void **state)
{
	char text[ACME_TEXT_MAX], from[2 * ACME_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i + 2 < sizeof(from); i += 2)
		memcpy(from + i, "\xc3\xa9", 3);
	acme_text(text, "x%s", from);
	size_t len = strlen(text);
	assert_true(len > ACME_TEXT_MAX - 4 && len % 2 == 1);
	assert_int_equal((unsigned char)text[len - 1], 0xa9);
}

// ---- Times -----------------------------------------------------------------

static const struct {
	const char *text;
	int64_t seconds; // -1: RC_SYNTAX
} time_table[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2021-01-03T00:00:00Z", 1609632000},
    {"2024-02-29T12:34:56.789Z", 1709210096},
    {"2025-01-02t04:00:00+02:00", 1735783200},
    {"2025-01-01T23:30:00-02:30", 1735783200},
    {"2000-12-31T23:59:60Z", 978307200},
    {"2025-13-01T00:00:00Z", -1},
    {"2025-01-01T24:00:00Z", -1},
    {"2025-01-01 00:00:00Z", -1},
    {"2025-01-01T00:00:00", -1},
    {"2025-01-01T00:00:00Zx", -1},
    {"", -1},
};

static void times_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(time_table); i++) {
		int64_t seconds = -1;
		enum rc rc = acme_time_read(
		    view_of_string(time_table[i].text), &seconds);
		assert_int_equal(
		    rc, time_table[i].seconds < 0 ? RC_SYNTAX : RC_OK);
		assert_int_equal(seconds, time_table[i].seconds);
	}
}

static const struct {
	const char *text;
	uint32_t seconds;
} retry_table[] = {
    {"120", 120},
    {" 5 ", 5},
    {"0", 0},
    {"99999999999", 31536000},
    {"Sun, 06 Nov 1994 08:49:37 GMT", 37}, // now: 08:49:00
    {"Sun, 06 Nov 1994 08:48:00 GMT", 0},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 0},
    {"-1", 0},
    {"soon", 0},
    {"", 0},
};

static void retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(retry_table); i++)
		assert_int_equal(
		    acme_retry_after(
			view_of_string(retry_table[i].text), 784111740),
		    retry_table[i].seconds);
}

static const struct {
	int64_t from, to;
	struct acme_window window;
	uint32_t chance;
	int64_t renewal;
} renewal_table[] = {
    // Two thirds of the lifetime, up to a twentieth of it earlier.
    {0, 9000, {0, 0}, UINT32_MAX, 6000},
    {0, 9000, {0, 0}, 0, 5550},
    // The authority's window, even if it is over.
    {0, 9000, {1000, 2000}, 0, 1000},
    {0, 9000, {1000, 2000}, UINT32_MAX, 2000},
    {0, 9000, {1000, 20000}, UINT32_MAX, 9000},
    // No windows.
    {0, 9000, {2000, 1000}, UINT32_MAX, 6000},
    {0, 9000, {9000, 9500}, UINT32_MAX, 6000},
    {9000, 0, {0, 0}, UINT32_MAX, 9000},
};

static void renewal_is_in_the_window_or_at_two_thirds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(renewal_table); i++)
		assert_int_equal(
		    acme_renewal_time(renewal_table[i].from,
			renewal_table[i].to, &renewal_table[i].window,
			renewal_table[i].chance),
		    renewal_table[i].renewal);
}

static const struct {
	uint32_t failures, told, chance, seconds;
} backoff_table[] = {
    {1, 0, 0, 60},
    {2, 0, 0, 120},
    {3, 0, UINT32_MAX, 300},
    {7, 0, 0, 3600},
    {4000000000u, 0, 0, 3600},
    {1, 500, 0, 500},
    {7, 500, 0, 3600},
};

static void waits_grow_to_a_bound(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(backoff_table); i++)
		assert_int_equal(
		    acme_backoff(backoff_table[i].failures, 60, 3600,
			backoff_table[i].told, backoff_table[i].chance),
		    backoff_table[i].seconds);
}

// ---- Deciding --------------------------------------------------------------

static const char *const ab[] = {"a.test", "b.test"};

// A certificate from 0 to 9000, which is due at 6000, and whose last sixth
// begins at 7500.
static struct acme_facts facts_of(const char **names, size_t count)
{
	return (struct acme_facts){
	    .names = names, .count = count, .not_after = 9000, .id = "id"};
}

enum has { HAS_NONE, HAS_A, HAS_AB };

static const struct {
	const char *what;
	enum has has;
	int64_t now, next, ask_at;
	int64_t b_until; // 0: b.test has not failed
	bool forced;
	enum acme_action action;
	int64_t at;   // ACME_REST
	size_t count; // ACME_ORDER
} decisions[] = {
    {"the first order", HAS_NONE, 10, 0, 0, 0, false, ACME_ORDER, 0, 2},
    {"it waits after a failure", HAS_NONE, 10, 50, 0, 0, false, ACME_REST, 50,
	0},
    {"but not if somebody asks", HAS_NONE, 10, 50, 0, 0, true, ACME_ORDER, 0,
	2},
    {"a bad name is left out", HAS_NONE, 10, 0, 0, 70, false, ACME_ORDER, 0, 1},
    {"and tried again", HAS_A, 60, 0, 8000, 70, false, ACME_REST, 70, 0},
    {"when its time comes", HAS_A, 70, 0, 8000, 70, false, ACME_ORDER, 0, 2},
    {"a new name is ordered at once", HAS_A, 10, 0, 0, 0, false, ACME_ORDER, 0,
	2},
    {"the authority is asked for its window", HAS_AB, 10, 0, 10, 0, false,
	ACME_ASK, 0, 0},
    {"a good certificate rests", HAS_AB, 10, 0, 8000, 0, false, ACME_REST, 6000,
	0},
    {"until it asks again", HAS_AB, 10, 0, 500, 0, false, ACME_REST, 500, 0},
    {"it is renewed in time", HAS_AB, 6000, 0, 8000, 0, false, ACME_ORDER, 0,
	2},
    {"not without a name that it has", HAS_AB, 6000, 0, 8000, 6100, false,
	ACME_REST, 6100, 0},
    {"but with all, again", HAS_AB, 6100, 0, 8000, 6100, false, ACME_ORDER, 0,
	2},
    {"unless it is about to expire", HAS_AB, 7500, 0, 8000, 7600, false,
	ACME_ORDER, 0, 1},
    {"an expired one is renewed", HAS_AB, 99999, 0, 99999999, 0, false,
	ACME_ORDER, 0, 2},
};

static void it_is_decided_what_is_due(void **state)
{
	const char *names[] = {ab[0], ab[1]};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
		struct arena arena;
		struct acme_decision decision;
		char b[] = "b.test", text[] = "no";
		struct acme_facts facts = facts_of(names, decisions[i].has);
		struct acme_record record = {.next = decisions[i].next,
		    .ask_at = decisions[i].ask_at,
		    .chance = UINT32_MAX,
		    .bad = {{b, text, 1, decisions[i].b_until}},
		    .bad_count = decisions[i].b_until > 0};
		arena_init(&arena);
		acme_decide(&arena, &record,
		    decisions[i].has == HAS_NONE ? NULL : &facts, ab, 2,
		    decisions[i].now, decisions[i].forced, &decision);
		if (decision.action != decisions[i].action ||
		    (decision.action == ACME_REST &&
			decision.at != decisions[i].at) ||
		    (decision.action == ACME_ORDER &&
			decision.count != decisions[i].count))
			fail_msg("%s: action %d, at %lld, %zu names",
			    decisions[i].what, decision.action,
			    (long long)decision.at, decision.count);
		arena_done(&arena);
	}
}

// ---- The record ------------------------------------------------------------

static void remember_failure(struct acme_record *record)
{
	const struct acme_failed_name failed = {
	    .name = ab[1], .text = "dns: no such name"};
	acme_record_set_order(record, "https://ca.test/o/1", ab, 2);
	acme_record_ordered(record,
	    &(struct acme_result){.outcome = ACME_NAMES_FAILED,
		.text = "b.test: no",
		.failed = &failed,
		.failed_count = 1},
	    1000, 0);
}

static void record_survives_its_file(void **state)
{
	struct acme_record record, again;
	struct buf one, two;
	(void)state;
	acme_record_init(&record);
	remember_failure(&record);
	acme_record_set_order(&record, "https://ca.test/o/2", ab, 1);
	acme_record_asked(&record,
	    &(struct acme_result){
		.window = {5, 6}, .explanation = "https://ca.test/why"},
	    1000);
	record.failures = 3;
	record.next = 77;
	record.chance = UINT32_MAX;
	buf_init(&one, ACME_RECORD_MAX);
	buf_init(&two, ACME_RECORD_MAX);
	acme_record_write(&record, &one);
	assert_int_equal(acme_record_read(&again, buf_view(&one)), RC_OK);
	acme_record_write(&again, &two);
	assert_view_equal(buf_view(&one), buf_view(&two));
	assert_true(acme_record_is_order(&again, ab, 1));
	assert_false(acme_record_is_order(&again, ab, 2));
	assert_int_equal(again.bad[0].until, 1600);
	assert_int_equal(again.window.end, 6);
	assert_string_equal(again.error, "b.test: no");
	acme_record_done(&record);
	acme_record_done(&again);
	assert_int_equal(
	    acme_record_read(&again, VIEW("{\"order\":")), RC_CORRUPT);
	acme_record_done(&again);
	buf_done(&one);
	buf_done(&two);
}

static void success_forgets_the_failures(void **state)
{
	struct acme_record record;
	(void)state;
	acme_record_init(&record);
	remember_failure(&record);
	assert_null(record.order);
	acme_record_set_order(&record, "https://ca.test/o/2", ab, 1);
	acme_record_ordered(
	    &record, &(struct acme_result){.outcome = ACME_OK}, 2000, 9);
	assert_int_equal(record.bad_count, 1); // it was not in the order
	assert_string_equal(record.error, "");
	acme_record_set_order(&record, "https://ca.test/o/3", ab, 2);
	acme_record_ordered(
	    &record, &(struct acme_result){.outcome = ACME_OK}, 3000, 9);
	assert_int_equal(record.bad_count, 0);
	assert_int_equal(record.chance, 9);
	acme_record_done(&record);
}

static void waits_are_kept_and_forgiven(void **state)
{
	struct acme_record record;
	(void)state;
	acme_record_init(&record);
	const struct acme_result limited = {
	    .outcome = ACME_LIMITED, .retry_after = 5000, .text = "slow"};
	acme_record_ordered(&record, &limited, 1000, 0);
	assert_int_equal(record.next, 6000);
	const struct acme_result refused = {
	    .outcome = ACME_REFUSED, .text = "no"};
	acme_record_ordered(&record, &refused, 7000, 0);
	assert_int_equal(record.next, 7000 + 1200);
	// An authority that is down does not end the order.
	acme_record_set_order(&record, "https://ca.test/o/2", ab, 1);
	const struct acme_result down = {
	    .outcome = ACME_UNREACHABLE, .text = "down"};
	acme_record_ordered(&record, &down, 8000, 0);
	assert_non_null(record.order);
	assert_int_equal(record.next, 8200);
	acme_record_forgive(&record);
	assert_int_equal(record.next, 0);
	acme_record_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64url_has_its_own_alphabet),
	    cmocka_unit_test(base64url_refuses_what_is_none),
	    cmocka_unit_test(thumbprint_is_that_of_rfc_7638),
	    cmocka_unit_test(key_is_shown_as_rfc_7515_shows_it),
	    cmocka_unit_test(key_survives_its_file),
	    cmocka_unit_test(request_is_signed),
	    cmocka_unit_test(request_without_account_shows_its_key),
	    cmocka_unit_test(binding_is_made_with_the_authoritys_key),
	    cmocka_unit_test(renewal_id_is_that_of_rfc_9773),
	    cmocka_unit_test(names_match_as_wildcards_do),
	    cmocka_unit_test(request_has_all_names),
	    cmocka_unit_test(challenge_certificate_has_the_hash),
	    cmocka_unit_test(problems_are_told_in_the_authoritys_words),
	    cmocka_unit_test(long_text_is_cut_between_characters),
	    cmocka_unit_test(times_are_read),
	    cmocka_unit_test(retry_after_is_seconds_or_a_date),
	    cmocka_unit_test(renewal_is_in_the_window_or_at_two_thirds),
	    cmocka_unit_test(waits_grow_to_a_bound),
	    cmocka_unit_test(it_is_decided_what_is_due),
	    cmocka_unit_test(record_survives_its_file),
	    cmocka_unit_test(success_forgets_the_failures),
	    cmocka_unit_test(waits_are_kept_and_forgiven),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
