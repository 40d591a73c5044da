// SPDX-License-Identifier: Apache-2.0
// The authorization server by its routes: documents, registration and the
// pages; every error by tables.
#include "account/oauth_test_tools.h"

// ---- Documents -------------------------------------------------------------

static void the_documents_say_what_is_here(void **state)
{
	static const struct {
		const char *host, *path;
		unsigned status;
		const char *has;
	} table[] = {
	    {HTTP_RIG_HOST, OAUTH_PATH_METADATA, 200,
		"'issuer':'https://" HTTP_RIG_HOST "'"},
	    {HTTP_RIG_HOST ":8443", OAUTH_PATH_METADATA, 200,
		"'issuer':'https://" HTTP_RIG_HOST ":8443'"},
	    {HTTP_RIG_HOST, OAUTH_PATH_METADATA, 200,
		"'authorization_endpoint':'https://" HTTP_RIG_HOST
		"/oauth/authorize'"},
	    {HTTP_RIG_HOST, OAUTH_PATH_METADATA, 200,
		"'token_endpoint_auth_methods_supported':['none']"},
	    {HTTP_RIG_HOST, OAUTH_PATH_METADATA, 200,
		"'code_challenge_methods_supported':['S256']"},
	    {HTTP_RIG_HOST, OAUTH_PATH_METADATA, 200,
		"'authorization_response_iss_parameter_supported':true"},
	    {HTTP_RIG_HOST, OAUTH_PATH_OPENID, 200,
		"'issuer':'https://" HTTP_RIG_HOST "'"},
	    // Another name of the server is not the issuer.
	    {"localhost", OAUTH_PATH_METADATA, 404, ""},
	    {HTTP_RIG_HOST, "/.well-known/oauth-protected-resource", 200,
		"{'resource':'https://" HTTP_RIG_HOST
		"','authorization_servers':['https://" HTTP_RIG_HOST "'],"},
	    {"localhost:4433",
		"/.well-known/oauth-protected-resource/jmap/session", 200,
		"{'resource':'https://localhost:4433/jmap/session',"
		"'authorization_servers':['https://" HTTP_RIG_HOST "'],"},
	    {HTTP_RIG_HOST,
		"/.well-known/oauth-protected-resource/.well-known/jmap", 200,
		"/.well-known/jmap'"},
	    {HTTP_RIG_HOST, "/.well-known/oauth-protected-resource/other", 404,
		""},
	    {HTTP_RIG_HOST, "/oauth/page.css", 200, ".narrow"},
	    {HTTP_RIG_HOST, "/oauth/page.js", 200, "\"use strict\""},
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char what[200];
		snprintf(what, sizeof(what), "GET %s", table[i].path);
		bed->rig.http.host = table[i].host;
		unsigned status = ask(bed, what, "", "");
		if (status != table[i].status || !has(bed, table[i].has))
			fail_msg("row %zu: %u %.*s", i, status,
			    VIEW_FMT(bed->rig.answer.body));
	}
	bed->rig.http.host = HTTP_RIG_HOST;
}

static void clients_register(void **state)
{
	struct bed *bed = *state;
	char id[100];
	assert_int_equal(
	    register_client(bed,
		"{'redirect_uris':['com.example:/x'],'client_name':'B',"
		"'tos_uri':'https://b.example/t'}"),
	    201);
	account_rig_member(&bed->rig, "client_id", id, sizeof(id));
	assert_string_not_equal(id, bed->client);
	assert_true(has(bed, "'redirect_uris':['com.example:/x']"));
	assert_true(has(bed, "'tos_uri':'https://b.example/t'"));
	assert_true(has(bed, "'token_endpoint_auth_method':'none'"));
	assert_int_equal(
	    register_client(bed, "{'redirect_uris':['https://evil.example/']}"),
	    400);
	assert_true(has(bed, "{'error':'invalid_redirect_uri',"));
	assert_int_equal(register_client(bed, "{'grant_types':[]}"), 400);
	assert_true(has(bed, "{'error':'invalid_client_metadata',"));
	assert_int_equal(
	    account_rig_ask(&bed->rig, "POST /oauth/register", TYPE_FORM,
		"{\"redirect_uris\":[\"com.example:/\"]}"),
	    400);
	unsigned status = 201;
	for (unsigned i = 0; i < 1000 && status == 201; i++) {
		char text[200];
		snprintf(text, sizeof(text),
		    "{'redirect_uris':['com.example:/%u']}", i);
		status = register_client(bed, text);
	}
	assert_int_equal(status, 429);
	assert_true(has(bed, "{'error':'temporarily_unavailable',"));
}

// ---- The authorization page ------------------------------------------------

static const struct {
	const char *what;
	unsigned status;
	const char *has;      // of the page
	const char *location; // behind the redirect URI, if it leads there
} requests[] = {
    {GOOD, 200, "action=\"/oauth/login\"", NULL},
    {GOOD "&login_hint=anna", 200, "value=\"anna\"", NULL},
    {GOOD "&lang=zh-CN", 200, "<html lang=\"zh-CN\">", NULL},
    {GOOD, 200, "A &lt;b&gt;program&lt;/b&gt;", NULL},
    // The user is told, and nobody is led anywhere.
    {"GET /oauth/authorize", 400, "is not registered here", NULL},
    {"GET /oauth/authorize?client_id=x&redirect_uri=" REDIRECT
     "&response_type=code" PKCE,
	400, "is not registered here", NULL},
    {"GET /oauth/authorize?client_id=@C&response_type=code" PKCE, 400,
	"Nothing was sent", NULL},
    {"GET /oauth/authorize?client_id=@C&response_type=code" PKCE
     "&redirect_uri=https://evil.example/",
	400, "Nothing was sent", NULL},
    {"GET /oauth/authorize?client_id=@C&response_type=code" PKCE
     "&redirect_uri=http://127.0.0.1:5000/other",
	400, "Nothing was sent", NULL},
    // The program is told.
    {AUTHORIZE PKCE "&state=a%26b", 303, NULL,
	"?error=invalid_request&state=a%26b&iss=" ISSUER},
    {AUTHORIZE "&response_type=token" PKCE, 303, NULL,
	"?error=unsupported_response_type&iss=" ISSUER},
    {AUTHORIZE "&response_type=code", 303, NULL,
	"?error=invalid_request&iss=" ISSUER},
    {GOOD "&scope=account", 303, NULL,
	"?error=invalid_scope&state=a%26b&iss=" ISSUER},
    {GOOD "&resource=https://evil.example/", 303, NULL,
	"?error=invalid_target&state=a%26b&iss=" ISSUER},
    {GOOD "&resource=https://other.example.org/jmap/session", 200, "<form",
	NULL},
    {GOOD "&scope=imap&scope=smtp", 303, NULL,
	"?error=invalid_request&state=a%26b&iss=" ISSUER},
};

static void requests_are_answered(void **state)
{
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		unsigned status = ask(bed, requests[i].what, "", "");
		if (status != requests[i].status ||
		    (requests[i].has && !has(bed, requests[i].has)))
			fail_msg("row %zu: %u %.*s", i, status,
			    VIEW_FMT(bed->rig.answer.body));
		if (!requests[i].location) {
			assert_int_equal(location(bed).len, 0);
			continue;
		}
		char wanted[500];
		snprintf(wanted, sizeof(wanted), "http://127.0.0.1:5000/done%s",
		    requests[i].location);
		assert_view_equal_row(i, location(bed), view_of_string(wanted));
	}
	// Another name of the server leads to the issuer.
	bed->rig.http.host = "localhost";
	assert_int_equal(ask(bed, "GET /oauth/authorize?x=%22y", "", ""), 303);
	assert_view_equal(location(bed),
	    VIEW("https://" HTTP_RIG_HOST "/oauth/authorize?x=%22y"));
	bed->rig.http.host = HTTP_RIG_HOST;
}

static void pages_are_strict(void **state)
{
	struct bed *bed = *state;
	ask(bed, GOOD, "", "");
	struct view policy =
	    http_rig_field(&bed->rig.answer, "Content-Security-Policy");
	assert_true(view_starts_with(policy, VIEW("default-src 'none'; ")));
	assert_true(
	    view_find(policy, VIEW("frame-ancestors 'none'")) != SIZE_MAX);
	assert_true(view_find(policy, VIEW("unsafe")) == SIZE_MAX);
	assert_true(view_ends_with(policy, VIEW("form-action 'self'")));
	assert_view_equal(http_rig_field(&bed->rig.answer, "Cache-Control"),
	    VIEW("no-store"));
	assert_view_equal(http_rig_field(&bed->rig.answer, "Referrer-Policy"),
	    VIEW("same-origin"));
}

static void a_user_logs_in_and_allows(void **state)
{
	struct bed *bed = *state;
	char code[100];
	log_in_by_form(bed);
	assert_true(view_starts_with(
	    location(bed), VIEW("/oauth/authorize?client_id=")));
	open_consent(bed);
	assert_true(has(bed, "a program on this computer"));
	assert_true(has(bed, "(it says it is from a.example)"));
	assert_true(has(bed, "<strong class=\"value\">" RIG_USER));
	// Browsers hold the redirect behind a form against this.
	assert_true(view_ends_with(
	    http_rig_field(&bed->rig.answer, "Content-Security-Policy"),
	    VIEW("form-action 'self' http://127.0.0.1:5000")));
	assert_int_equal(ask(bed, "POST /oauth/authorize", RIG_FORM,
			     REQUEST "&csrf=@S&decision=allow"),
	    303);
	parameter(bed, "code", code, sizeof(code));
	assert_true(strlen(code) > 40);
	assert_true(view_starts_with(
	    location(bed), VIEW("http://127.0.0.1:5000/done?code=")));
	assert_true(
	    view_ends_with(location(bed), VIEW("&state=xyz&iss=" ISSUER)));
}

static void a_user_does_not_allow(void **state)
{
	static const char *const bodies[] = {
	    REQUEST "&csrf=@S&decision=deny",
	    REQUEST "&csrf=@S",
	    REQUEST "&csrf=@S&decision=",
	    REQUEST "&csrf=@S&decision=ALLOW",
	};
	struct bed *bed = *state;
	log_in_by_form(bed);
	open_consent(bed);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		assert_int_equal(
		    ask(bed, "POST /oauth/authorize", RIG_FORM, bodies[i]),
		    303);
		assert_view_equal(location(bed),
		    VIEW("http://127.0.0.1:5000/done?error=access_denied&"
			 "state=xyz&iss=" ISSUER));
	}
}

// Forms that somebody else has made.
static void forms_of_others_do_nothing(void **state)
{
	static const struct {
		const char *what, *fields, *body;
		unsigned status;
		const char *has;
	} table[] = {
	    {"POST /oauth/authorize", RIG_FORM, REQUEST "&decision=allow", 400,
		"not opened in the right way"},
	    {"POST /oauth/authorize", RIG_FORM,
		REQUEST "&decision=allow&csrf=0123456789abcdef0123456789abcdef",
		400, "not opened in the right way"},
	    {"POST /oauth/authorize",
		TYPE_FORM "Sec-Fetch-Site: cross-site\r\n",
		REQUEST "&decision=allow&csrf=@S", 400,
		"not opened in the right way"},
	    {"POST /oauth/authorize",
		TYPE_FORM "Origin: https://evil.example\r\n",
		REQUEST "&decision=allow&csrf=@S", 400,
		"not opened in the right way"},
	    {"POST /oauth/authorize", TYPE_FORM,
		REQUEST "&decision=allow&csrf=@S", 400,
		"not opened in the right way"},
	    {"POST /oauth/authorize", RIG_SAME TYPE_JSON, "{}", 400,
		"not opened in the right way"},
	    {"POST /oauth/authorize", RIG_FORM,
		"request=https%3A%2F%2Fevil.example%2F&decision=allow&csrf=@S",
		400, "not opened in the right way"},
	    {"POST /oauth/authorize", RIG_FORM,
		"request=%2Foauth%2Fauthorize%3Fclient_id%3D@C%26redirect_uri"
		"%3Dhttps%3A%2F%2Fevil.example%2F&decision=allow&csrf=@S",
		400, "Nothing was sent"},
	    {"POST /oauth/authorize", RIG_FORM,
		"request=%2Foauth%2Fauthorize%3Fclient_id%3Dx&decision=allow&"
		"csrf=@S",
		400, "is not registered here"},
	    {"POST /oauth/login", TYPE_FORM "Sec-Fetch-Site: cross-site\r\n",
		REQUEST "&user=" RIG_FRIEND "&password=demo%20pass", 400,
		"not opened in the right way"},
	    {"POST /oauth/login", RIG_FORM,
		"request=%2F%2Fevil.example%2F&user=demo&password=demo%20pass",
		400, "not opened in the right way"},
	    {"POST /oauth/login", RIG_FORM, "user=demo&password=demo%20pass",
		400, "not opened in the right way"},
	    {"POST /oauth/logout", RIG_FORM, REQUEST, 400,
		"not opened in the right way"},
	    {"POST /oauth/logout", TYPE_FORM "Sec-Fetch-Site: same-site\r\n",
		REQUEST "&csrf=@S", 400, "not opened in the right way"},
	    {"POST /oauth/device", RIG_FORM, REQUEST "&csrf=@S", 400,
		"not opened in the right way"},
	};
	struct bed *bed = *state;
	log_in_by_form(bed);
	open_consent(bed);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		unsigned status =
		    ask(bed, table[i].what, table[i].fields, table[i].body);
		if (status != table[i].status || !has(bed, table[i].has) ||
		    location(bed).len > 0)
			fail_msg("row %zu: %u %.*s", i, status,
			    VIEW_FMT(bed->rig.answer.body));
	}
	// The session is still there, and whose it was.
	assert_int_equal(ask(bed, "GET /account/session", "", ""), 200);
	assert_true(has(bed, "'user':'" RIG_USER "'"));
	// What is in one session's page is no use in another.
	account_rig_log_in(&bed->rig);
	assert_int_equal(ask(bed, "POST /oauth/authorize", RIG_FORM,
			     REQUEST "&csrf=@S&decision=allow"),
	    400);
}

static void wrong_passwords_are_told_on_the_page(void **state)
{
	static const char *const bodies[] = {
	    REQUEST "&user=" RIG_USER "&password=wrong",
	    REQUEST "&user=nobody&password=wrong",
	    REQUEST "&user=" RIG_USER,
	    REQUEST "&password=x",
	};
	struct bed *bed = *state;
	bed->rig.http.address = "192.0.2.77";
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		assert_int_equal(
		    ask(bed, "POST /oauth/login", RIG_FORM, bodies[i]), 200);
		assert_true(
		    has(bed, "The user name or the password is wrong."));
		assert_true(bed->rig.cookie[0] == '\0');
	}
}

static void to_allow_needs_a_new_proof(void **state)
{
	struct bed *bed = *state;
	char before[32], after[32];
	log_in_by_form(bed);
	open_consent(bed);
	ask(bed, "GET /account/session", "", "");
	account_rig_member(&bed->rig, "id", before, sizeof(before));
	bed->rig.ahead = ACCOUNT_FRESH_SECONDS + 5;
	assert_int_equal(ask(bed, GOOD, "", ""), 200);
	assert_true(has(bed, "value=\"" RIG_USER "\""));
	assert_true(has(bed, "action=\"/oauth/login\""));
	assert_int_equal(ask(bed, "POST /oauth/authorize", RIG_FORM,
			     REQUEST "&csrf=@S&decision=allow"),
	    200);
	assert_true(has(bed, "action=\"/oauth/login\""));
	bed->rig.ahead = 0;
	// The log-in renews the session that there is.
	log_in_by_form(bed);
	ask(bed, "GET /account/session", "", "");
	account_rig_member(&bed->rig, "id", after, sizeof(after));
	assert_string_equal(before, after);
	// Somebody else gets another one.
	assert_int_equal(
	    ask(bed, "POST /oauth/login", RIG_FORM,
		REQUEST "&user=" RIG_FRIEND "&password=demo%20pass"),
	    303);
	ask(bed, "GET /account/session", "", "");
	assert_true(has(bed, "'user':'" RIG_FRIEND "'"));
}

static void somebody_else_may_log_in(void **state)
{
	struct bed *bed = *state;
	log_in_by_form(bed);
	open_consent(bed);
	assert_int_equal(
	    ask(bed, "POST /oauth/logout", RIG_FORM, REQUEST "&csrf=@S"), 303);
	assert_true(bed->rig.cookie[0] == '\0');
	assert_true(view_starts_with(location(bed), VIEW("/oauth/authorize?")));
	// A consent without a session asks for a log-in.
	assert_int_equal(ask(bed, "POST /oauth/authorize", RIG_FORM,
			     REQUEST "&csrf=@S&decision=allow"),
	    200);
	assert_true(has(bed, "action=\"/oauth/login\""));
}

static void it_can_be_switched_off(void **state)
{
	static const char *const paths[] = {("GET " OAUTH_PATH_METADATA),
	    "GET /.well-known/oauth-protected-resource", "GET /oauth/authorize",
	    "GET /oauth/device", "GET /oauth/page.js", "POST /oauth/token",
	    "POST /oauth/register"};
	struct bed *bed = *state;
	struct account *on = bed->rig.account;
	bed->rig.account = account_new(&(struct account_options){
	    .auth = bed->rig.users.auth,
	    .server_name = HTTP_RIG_HOST,
	    .no_oauth = true,
	});
	bed->rig.http.server.routes =
	    account_routes(bed->rig.account, &bed->rig.http.server.route_count);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (ask(bed, paths[i], "", "") != 404)
			fail_msg("%s", paths[i]);
	account_rig_log_in(&bed->rig);
	account_free(&bed->rig.account);
	bed->rig.account = on;
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(the_documents_say_what_is_here),
	    TEST(clients_register),
	    TEST(requests_are_answered),
	    TEST(pages_are_strict),
	    TEST(a_user_logs_in_and_allows),
	    TEST(a_user_does_not_allow),
	    TEST(forms_of_others_do_nothing),
	    TEST(wrong_passwords_are_told_on_the_page),
	    TEST(to_allow_needs_a_new_proof),
	    TEST(somebody_else_may_log_in),
	    TEST(it_can_be_switched_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
