// SPDX-License-Identifier: Apache-2.0
// The example of RFC 8291 section 5 and appendix A, byte by byte; keys that are
// none; and VAPID's token.
#include <openssl/ecdsa.h>

#include "base/test.h"
#include "jmap/web_push.h"
#include "wire/base64url.h"

#define CLIENT_KEY                                                             \
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7"  \
	"Vd8pZGH6SRpkNtoIAiw4"
#define CLIENT_AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define SERVER_KEY                                                             \
	"BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tl"  \
	"zAC8wEqKK6PBru3jl7A8"
#define SERVER_SECRET "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define SALT          "DGv6ra1nlYgDCS1FRnbzlw"
#define TEXT          "When I grow up, I want to be a watermelon"
#define BODY                                                                   \
	"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlM"  \
	"oZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqg"  \
	"kf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"

static void decode(const char *text, struct buf *out)
{
	buf_init(out, 1000);
	assert_int_equal(base64url_decode(view_of_string(text), out), RC_OK);
}

static EVP_PKEY *server_key(void)
{
	struct buf secret;
	EVP_PKEY *key = NULL;
	decode(SERVER_SECRET, &secret);
	assert_int_equal(web_push_key_read(buf_view(&secret), &key), RC_OK);
	buf_done(&secret);
	return key;
}

static void the_example_of_the_rfc(void **state)
{
	(void)state;
	struct web_push_keys keys;
	struct buf salt, out, text;
	assert_true(
	    web_push_keys_read(VIEW(CLIENT_KEY), VIEW(CLIENT_AUTH), &keys));
	EVP_PKEY *own = server_key();
	decode(SALT, &salt);
	buf_init(&out, WEB_PUSH_BODY_MAX);
	assert_int_equal(web_push_encrypt_with(&keys, VIEW(TEXT), own,
			     (const unsigned char *)salt.ptr, &out),
	    RC_OK);
	buf_init(&text, 10000);
	base64url_encode(buf_view(&out), &text);
	assert_view_equal(buf_view(&text), VIEW(BODY));
	buf_done(&salt);
	buf_done(&out);
	buf_done(&text);
	EVP_PKEY_free(own);
}

static void each_body_is_another_and_has_a_limit(void **state)
{
	(void)state;
	static char text[WEB_PUSH_TEXT_MAX + 1];
	struct web_push_keys keys;
	struct buf one, two;
	assert_true(
	    web_push_keys_read(VIEW(CLIENT_KEY), VIEW(CLIENT_AUTH), &keys));
	buf_init(&one, WEB_PUSH_BODY_MAX);
	buf_init(&two, WEB_PUSH_BODY_MAX);
	struct view most = view_of(text, WEB_PUSH_TEXT_MAX);
	assert_int_equal(web_push_encrypt(&keys, most, &one), RC_OK);
	assert_int_equal(web_push_encrypt(&keys, most, &two), RC_OK);
	assert_int_equal(one.len, WEB_PUSH_BODY_MAX);
	assert_false(view_eq(buf_view(&one), buf_view(&two)));
	buf_reset(&one);
	assert_int_equal(
	    web_push_encrypt(&keys, view_of(text, sizeof(text)), &one),
	    RC_LIMIT);
	buf_done(&one);
	buf_done(&two);
}

static const struct {
	const char *p256dh;
	const char *auth;
	bool good;
} pairs[] = {
    {CLIENT_KEY, CLIENT_AUTH, true},
    {SERVER_KEY, CLIENT_AUTH, true},
    {CLIENT_KEY "=", CLIENT_AUTH "==", true},
    {"", "", false},
    {CLIENT_AUTH, CLIENT_KEY, false},
    {CLIENT_KEY, "BTBZMqHH6r4Tts7J_aSI", false},
    {CLIENT_KEY, "BTBZMqHH6r4Tts7J_aSIggAA", false},
    {CLIENT_KEY, "not base64!", false},
    // No point of the curve, and one in another form.
    {"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7"
     "Vd8pZGH6SRpkNtoIAiw5",
	CLIENT_AUTH, false},
    {"AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx", CLIENT_AUTH, false},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAA",
	CLIENT_AUTH, false},
};

static void keys_are_checked(void **state)
{
	(void)state;
	struct web_push_keys keys;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (web_push_keys_read(view_of_string(pairs[i].p256dh),
			view_of_string(pairs[i].auth), &keys) != pairs[i].good)
			fail_msg("row %zu", i);
}

static void our_key_is_kept(void **state)
{
	(void)state;
	unsigned char secret[WEB_PUSH_SECRET];
	struct buf text;
	EVP_PKEY *key = server_key(), *again = NULL;
	buf_init(&text, 1000);
	web_push_key_public(key, &text);
	assert_view_equal(buf_view(&text), VIEW(SERVER_KEY));
	web_push_key_write(key, secret);
	assert_int_equal(
	    web_push_key_read(
		view_of((const char *)secret, sizeof(secret)), &again),
	    RC_OK);
	EVP_PKEY_free(again);
	memset(secret, 0, sizeof(secret));
	assert_int_equal(
	    web_push_key_read(
		view_of((const char *)secret, sizeof(secret)), &again),
	    RC_CORRUPT);
	memset(secret, 0xff, sizeof(secret));
	assert_int_equal(
	    web_push_key_read(
		view_of((const char *)secret, sizeof(secret)), &again),
	    RC_CORRUPT);
	assert_int_equal(web_push_key_read(VIEW("short"), &again), RC_CORRUPT);
	EVP_PKEY_free(key);
	buf_done(&text);
}

// Takes the signature from the JWT and checks it with the key beside it.
static bool verifies(EVP_PKEY *key, struct view token)
{
	struct buf raw;
	unsigned char der[100];
	unsigned char *end = der;
	size_t dot = token.len;
	while (token.ptr[dot - 1] != '.')
		dot--;
	buf_init(&raw, 64);
	assert_int_equal(base64url_decode(view_from(token, dot), &raw), RC_OK);
	assert_int_equal(raw.len, 64);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	const unsigned char *bytes = (const unsigned char *)raw.ptr;
	assert_int_equal(ECDSA_SIG_set0(signature, BN_bin2bn(bytes, 32, NULL),
			     BN_bin2bn(bytes + 32, 32, NULL)),
	    1);
	int len = i2d_ECDSA_SIG(signature, &end);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_int_equal(
	    EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	bool good = EVP_DigestVerify(context, der, (size_t)len,
			(const unsigned char *)token.ptr, dot - 1) == 1;
	EVP_MD_CTX_free(context);
	ECDSA_SIG_free(signature);
	buf_done(&raw);
	return good;
}

static void the_token_says_who_we_are(void **state)
{
	(void)state;
	struct buf out, claims;
	EVP_PKEY *key = server_key();
	buf_init(&out, 10000);
	buf_init(&claims, 10000);
	web_push_authorization(key, VIEW("https://push.example"),
	    "mailto:postmaster@example.org", 1453523768, &out);
	struct view field = buf_view(&out), token, part;
	assert_true(view_starts_with(field, VIEW("vapid t=")));
	assert_true(view_ends_with(field, VIEW(", k=" SERVER_KEY)));
	field = view_from(field, 8);
	assert_true(view_split(&field, ',', &token));
	assert_true(verifies(key, token));
	struct view rest = token;
	assert_true(view_split(&rest, '.', &part));
	assert_view_equal(part, VIEW("eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9"));
	assert_true(view_split(&rest, '.', &part));
	assert_int_equal(base64url_decode(part, &claims), RC_OK);
	assert_view_equal(buf_view(&claims),
	    VIEW("{\"aud\":\"https://push.example\",\"exp\":1453523768,"
		 "\"sub\":\"mailto:postmaster@example.org\"}"));
	EVP_PKEY_free(key);
	buf_done(&out);
	buf_done(&claims);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_example_of_the_rfc),
	    cmocka_unit_test(each_body_is_another_and_has_a_limit),
	    cmocka_unit_test(keys_are_checked),
	    cmocka_unit_test(our_key_is_kept),
	    cmocka_unit_test(the_token_says_who_we_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
