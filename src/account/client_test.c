// SPDX-License-Identifier: Apache-2.0
// Registrations and authorization requests, by tables: every error.
#include "account/client.h"

#include "account/request.h"
#include "auth/scope.h"
#include "base/mem.h"
#include "base/test.h"

#define MAIL   "urn:ietf:params:oauth:scope:mail"
#define DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define URIS   "\"redirect_uris\":[\"http://127.0.0.1/\"]"

static const struct {
	const char *json;
	enum oauth_error error;
} registrations[] = {
    {"{" URIS "}", OAUTH_OK},
    // What the draft says a client sends (section 3.3).
    {"{" URIS ",\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
     "\"authorization_code\",\"refresh_token\"],\"response_types\":[\"code\"],"
     "\"scope\":\"" MAIL " urn:ietf:params:oauth:scope:contacts "
     "offline_access\",\"client_name\":\"A\",\"client_uri\":"
     "\"https://a.example\",\"logo_uri\":\"https://a.example/l.png\","
     "\"tos_uri\":\"https://a.example/t\",\"policy_uri\":"
     "\"https://a.example/p\",\"software_id\":\"1-2\",\"software_version\":"
     "\"3\",\"something\":{\"new\":[1]}}",
	OAUTH_OK},
    {"{\"redirect_uris\":[\"com.example:/a\",\"http://[::1]/\"],"
     "\"client_name\":null}",
	OAUTH_OK},
    {"{\"grant_types\":[\"" DEVICE "\"]}", OAUTH_OK},
    {"{" URIS ",\"grant_types\":[\"authorization_code\",\"implicit\"],"
     "\"response_types\":[\"token\",\"code\"]}",
	OAUTH_OK},
    {"", OAUTH_INVALID_CLIENT_METADATA},
    {"[]", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS "," URIS "}", OAUTH_INVALID_CLIENT_METADATA},
    {"{}", OAUTH_INVALID_REDIRECT_URI},
    {"{\"redirect_uris\":[]}", OAUTH_INVALID_REDIRECT_URI},
    {"{\"redirect_uris\":\"http://127.0.0.1/\"}", OAUTH_INVALID_REDIRECT_URI},
    {"{\"redirect_uris\":[1]}", OAUTH_INVALID_REDIRECT_URI},
    {"{\"redirect_uris\":[\"https://evil.example/\"]}",
	OAUTH_INVALID_REDIRECT_URI},
    // One bad among good ones.
    {"{\"redirect_uris\":[\"com.example:/\",\"https://evil.example/\"]}",
	OAUTH_INVALID_REDIRECT_URI},
    {"{\"redirect_uris\":[\"a.a:/\",\"a.a:/\",\"a.a:/\",\"a.a:/\",\"a.a:/\","
     "\"a.a:/\",\"a.a:/\",\"a.a:/\",\"a.a:/\"]}",
	OAUTH_INVALID_REDIRECT_URI},
    {"{" URIS ",\"token_endpoint_auth_method\":\"client_secret_basic\"}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"token_endpoint_auth_method\":null}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"grant_types\":[]}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"grant_types\":\"authorization_code\"}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"grant_types\":[\"client_credentials\"]}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"grant_types\":[\"refresh_token\"]}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"grant_types\":[\"authorization_code\",1]}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"response_types\":[\"token\"]}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"response_types\":\"code\"}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"scope\":\"urn:ietf:params:oauth:scope:contacts\"}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"scope\":\"account second\"}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"scope\":[\"" MAIL "\"]}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"dpop_bound_access_tokens\":true}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"client_name\":1}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"client_uri\":\"http://a.example\"}",
	OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"logo_uri\":\"javascript:x\"}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"tos_uri\":\"https://\"}", OAUTH_INVALID_CLIENT_METADATA},
    {"{" URIS ",\"policy_uri\":\"https://a\\\"b\"}",
	OAUTH_INVALID_CLIENT_METADATA},
};

static void registrations_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(registrations); i++) {
		struct arena arena;
		struct account_client client;
		const char *why;
		arena_init(&arena);
		enum oauth_error error = account_client_read(&arena,
		    view_of_string(registrations[i].json), &client, &why);
		if (error != registrations[i].error || !why != !error)
			fail_msg("%s: %s", registrations[i].json,
			    oauth_error_code(error));
		arena_done(&arena);
	}
}

static void write(const struct account_client *client, struct buf *out)
{
	struct json_text json;
	json_text_init(&json, out);
	json_begin_object(&json);
	account_client_write(client, &json);
	json_end_object(&json);
}

static void a_client_is_written_in_one_form(void **state)
{
	static const char whole[] =
	    "{\"redirect_uris\":[\"com.example:/a\",\"http://[::1]/\"],"
	    "\"token_endpoint_auth_method\":\"none\",\"grant_types\":["
	    "\"authorization_code\",\"refresh_token\"],\"response_types\":["
	    "\"code\"],\"client_name\":\"A \\\"B\\\"  C\",\"client_uri\":"
	    "\"https://a.example\",\"scope\":\"" MAIL "\"}";
	struct arena arena;
	struct account_client client, again;
	struct auth_client record;
	const char *why;
	struct buf out;
	(void)state;
	arena_init(&arena);
	buf_init(&out, 10000);
	assert_int_equal(
	    account_client_read(&arena,
		VIEW("{\"scope\":\"" MAIL " x\",\"client_uri\":"
		     "\"https://a.example\",\"client_name\":\" A "
		     "\\\"B\\\"\\u202e"
		     "\\nC\",\"redirect_uris\":[\"com.example:/a\","
		     "\"http://[::1]/\"],\"x\":1}"),
		&client, &why),
	    OAUTH_OK);
	write(&client, &out);
	assert_view_equal(buf_view(&out), VIEW(whole));
	account_client_record(&client, &record);
	assert_string_equal(record.name, "A \"B\"  C");
	assert_string_equal(record.uri, "https://a.example");
	assert_int_equal(record.redirect_count, 2);
	assert_string_equal(record.redirects[1], "http://[::1]/");
	// What was answered can be registered again, and gives the same.
	assert_int_equal(
	    account_client_read(&arena, VIEW(whole), &again, &why), OAUTH_OK);
	buf_reset(&out);
	write(&again, &out);
	assert_view_equal(buf_view(&out), VIEW(whole));
	buf_done(&out);
	arena_done(&arena);
}

static void a_name_cannot_deceive(void **state)
{
	static const struct {
		const char *json, *name;
	} table[] = {
	    {"Thunderbird", "Thunderbird"},
	    {"\u90ae\u4ef6", "\u90ae\u4ef6"},
	    {"a\\u0007b", "a b"},
	    {"a\\u200bb\\u2066c\\ufeff", "a b c"},
	    {"a\\u00a0b\\u0085", "a\u00a0b"},
	    {"0123456789012345678901234567890123456789012345678901234567890123"
	     "4567",
		"01234567890123456789012345678901234567890123456789012345678901"
		"23"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct account_client client;
		const char *why;
		char json[1000];
		arena_init(&arena);
		snprintf(json, sizeof(json),
		    "{" URIS ",\"client_name\":\"%s\"}", table[i].json);
		assert_int_equal(account_client_read(&arena,
				     view_of_string(json), &client, &why),
		    OAUTH_OK);
		assert_view_equal_row(i, client.texts[ACCOUNT_CLIENT_NAME],
		    view_of_string(table[i].name));
		arena_done(&arena);
	}
}

// ---- Authorization requests ------------------------------------------------

#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636
#define TARGET    "client_id=x&redirect_uri=http://127.0.0.1:5000/r"
#define PKCE      "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
#define GOOD      TARGET "&response_type=code" PKCE

static bool is_ours(void *context, struct view host)
{
	(void)context;
	return view_eq(host, VIEW("mail.example.org"));
}

static const struct account_resources resources = {.is_ours = is_ours};

static const struct {
	const char *query;
	bool target; // whether an error may be sent to the redirect URI
	enum oauth_error error;
} requests[] = {
    {GOOD, true, OAUTH_OK},
    {GOOD "&state=a%20b&scope=" MAIL "&login_hint=anna&nonsense=1", true,
	OAUTH_OK},
    {GOOD "&scope=imap", true, OAUTH_OK},
    {GOOD "&scope=offline_access+" MAIL "+calendars", true, OAUTH_OK},
    {GOOD "&scope=", true, OAUTH_OK}, // the same as none
    {GOOD "&resource=https://mail.example.org/jmap/session"
	  "&resource=imaps://MAIL.example.org:993&"
	  "resource=smtp://mail.example.org",
	true, OAUTH_OK},
    // The user is told.
    {"", false, OAUTH_OK},
    {"client_id=x&response_type=code" PKCE, false, OAUTH_OK},
    {"redirect_uri=http://127.0.0.1:5000/other&response_type=code" PKCE, false,
	OAUTH_OK},
    {"redirect_uri=https://evil.example/&response_type=code" PKCE, false,
	OAUTH_OK},
    // The program is told.
    {TARGET PKCE, true, OAUTH_INVALID_REQUEST},
    {TARGET "&response_type=token" PKCE, true, OAUTH_UNSUPPORTED_RESPONSE_TYPE},
    {TARGET "&response_type=code%20token" PKCE, true,
	OAUTH_UNSUPPORTED_RESPONSE_TYPE},
    {GOOD "&response_type=code", true, OAUTH_INVALID_REQUEST},
    {GOOD "&state=a&state=b", true, OAUTH_INVALID_REQUEST},
    {GOOD "&state=%ff", true, OAUTH_INVALID_REQUEST},
    {GOOD "&state=%00", true, OAUTH_INVALID_REQUEST},
    {TARGET "&response_type=code", true, OAUTH_INVALID_REQUEST},
    {TARGET "&response_type=code&code_challenge=" CHALLENGE, true,
	OAUTH_INVALID_REQUEST},
    {TARGET "&response_type=code&code_challenge=" CHALLENGE
	    "&code_challenge_method=plain",
	true, OAUTH_INVALID_REQUEST},
    {TARGET "&response_type=code&code_challenge=short"
	    "&code_challenge_method=S256",
	true, OAUTH_INVALID_REQUEST},
    {GOOD "&request=ey", true, OAUTH_INVALID_REQUEST},
    {GOOD "&request_uri=https://x", true, OAUTH_INVALID_REQUEST},
    {GOOD "&scope=urn:ietf:params:oauth:scope:contacts", true,
	OAUTH_INVALID_SCOPE},
    {GOOD "&scope=account", true, OAUTH_INVALID_SCOPE},
    {GOOD "&resource=https://evil.example/", true, OAUTH_INVALID_TARGET},
    {GOOD "&resource=https://mail.example.org.evil.example/", true,
	OAUTH_INVALID_TARGET},
    {GOOD "&resource=https://mail.example.org@evil.example/", true,
	OAUTH_INVALID_TARGET},
    {GOOD "&resource=https://mail.example.org:1@evil.example/", true,
	OAUTH_INVALID_TARGET},
    {GOOD "&resource=http://mail.example.org/", true, OAUTH_INVALID_TARGET},
    {GOOD "&resource=urn:x", true, OAUTH_INVALID_TARGET},
    {GOOD "&resource=https://mail.example.org/%23x", true,
	OAUTH_INVALID_TARGET},
    {GOOD "&resource=https://", true, OAUTH_INVALID_TARGET},
};

static void requests_are_judged(void **state)
{
	static struct account_params params;
	static const struct auth_client client = {
	    .redirects = {"com.example:/", "http://127.0.0.1/r"},
	    .redirect_count = 2,
	    .scopes = AUTH_SCOPES_MAIL,
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct arena arena;
		struct account_request request;
		arena_init(&arena);
		account_params_read(
		    &arena, view_of_string(requests[i].query), &params);
		bool target =
		    account_request_target(&params, &client, &request);
		if (target != requests[i].target)
			fail_msg("%s", requests[i].query);
		enum oauth_error error =
		    target ? account_request_read(
				 &params, &client, &resources, &request)
			   : OAUTH_OK;
		if (error != requests[i].error)
			fail_msg("%s: %s", requests[i].query,
			    oauth_error_code(error));
		arena_done(&arena);
	}
}

static void scopes_are_never_more_than_registered(void **state)
{
	const struct auth_client client = {
	    .scopes = AUTH_SCOPE_IMAP | AUTH_SCOPE_SMTP};
	(void)state;
	assert_int_equal(
	    account_request_scopes(&client, VIEW("")), client.scopes);
	assert_int_equal(
	    account_request_scopes(&client, VIEW(MAIL)), client.scopes);
	assert_int_equal(account_request_scopes(&client, VIEW("imap pop3")),
	    AUTH_SCOPE_IMAP);
	assert_int_equal(account_request_scopes(&client, VIEW("pop3")), 0);
}

static void pkce_texts_are_checked(void **state)
{
#define FORTY3 "0123456789-._~abcdefghijklmnopqrstuvwxyzABC"
	(void)state;
	assert_true(account_is_verifier(VIEW(FORTY3)));
	assert_true(account_is_verifier(VIEW(FORTY3 FORTY3)));
	assert_false(account_is_verifier(VIEW(FORTY3 FORTY3 FORTY3)));
	assert_false(account_is_verifier(view_from(VIEW(FORTY3), 1)));
	assert_false(account_is_verifier(VIEW(FORTY3 "+")));
	assert_true(account_is_challenge(VIEW(CHALLENGE)));
	assert_false(account_is_challenge(VIEW(CHALLENGE "=")));
	assert_false(account_is_challenge(view_from(VIEW(CHALLENGE), 1)));
	assert_false(account_is_challenge(
	    VIEW("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN")));
	assert_false(account_is_challenge(
	    VIEW("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(registrations_are_judged),
	    cmocka_unit_test(a_client_is_written_in_one_form),
	    cmocka_unit_test(a_name_cannot_deceive),
	    cmocka_unit_test(requests_are_judged),
	    cmocka_unit_test(scopes_are_never_more_than_registered),
	    cmocka_unit_test(pkce_texts_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
