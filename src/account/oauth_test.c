// SPDX-License-Identifier: Apache-2.0
// The authorization server by its routes: documents, registration, the pages,
// tokens, devices; every error by tables.
#include "account/oauth.h"
#include "account/rig.h"
#include "base/mem.h"
#include "base/test.h"

// RFC 7636 appendix B.
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define PKCE      "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
#define REDIRECT  "http%3A%2F%2F127.0.0.1%3A5000%2Fdone"
#define MAIL      "urn:ietf:params:oauth:scope:mail"
#define DEVICE    "urn:ietf:params:oauth:grant-type:device_code"
#define TYPE_FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define TYPE_JSON "Content-Type: application/json\r\n"
#define ISSUER    "https%3A%2F%2F" HTTP_RIG_HOST

struct bed {
	struct account_rig rig;
	char client[AUTH_CLIENT_ID_MAX + 1];
	char csrf[ACCOUNT_CSRF_LEN + 1];
	char ticket[100];
};

static unsigned register_client(struct bed *bed, const char *json)
{
	char text[4000];
	snprintf(text, sizeof(text), "%s", json);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	return account_rig_ask(
	    &bed->rig, "POST /oauth/register", TYPE_JSON, text);
}

static int set_up(void **state)
{
	static struct bed bed;
	memset(&bed, 0, sizeof(bed));
	account_rig_init(&bed.rig);
	assert_int_equal(
	    register_client(&bed,
		"{'client_name':'A <b>program</b>','client_uri':"
		"'https://a.example/x','redirect_uris':["
		"'http://127.0.0.1/done','com.example:/r'],'scope':'" MAIL
		"'}"),
	    201);
	account_rig_member(
	    &bed.rig, "client_id", bed.client, sizeof(bed.client));
	assert_true(bed.client[0] != '\0');
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	account_rig_done(&bed->rig);
	return 0;
}

// Replaces "@C" by the client, "@S" by the csrf text.
static void fill(const struct bed *bed, const char *text, struct buf *out)
{
	buf_init(out, 20000);
	for (; *text; text++) {
		if (text[0] != '@' || (text[1] != 'C' && text[1] != 'S')) {
			buf_add_char(out, *text);
			continue;
		}
		text++;
		buf_add_string(out, *text == 'C' ? bed->client : bed->csrf);
	}
	buf_add_char(out, '\0');
}

static unsigned ask(
    struct bed *bed, const char *what, const char *fields, const char *body)
{
	struct buf full, filled;
	fill(bed, what, &full);
	fill(bed, body, &filled);
	unsigned status =
	    account_rig_ask(&bed->rig, full.ptr, fields, filled.ptr);
	buf_done(&full);
	buf_done(&filled);
	return status;
}

static bool has(const struct bed *bed, const char *text)
{
	return account_rig_has(&bed->rig, text);
}

// The value of a hidden field of the page.
static void hidden(
    const struct bed *bed, const char *name, char *ret_value, size_t size)
{
	char mark[100];
	snprintf(mark, sizeof(mark), "name=\"%s\" value=\"", name);
	size_t at = view_find(bed->rig.answer.body, view_of_string(mark));
	assert_true(at != SIZE_MAX);
	struct view rest = view_from(bed->rig.answer.body, at + strlen(mark));
	rest = view_slice(rest, 0, view_find_char(rest, '"'));
	assert_true(rest.len < size);
	memcpy(ret_value, rest.ptr, rest.len);
	ret_value[rest.len] = '\0';
}

static struct view location(const struct bed *bed)
{
	return http_rig_field(&bed->rig.answer, "Location");
}

// The value of a parameter of the URL that the browser is led to.
static void parameter(
    const struct bed *bed, const char *name, char *ret_value, size_t size)
{
	char mark[100];
	snprintf(mark, sizeof(mark), "%s=", name);
	size_t at = view_find(location(bed), view_of_string(mark));
	assert_true(at != SIZE_MAX);
	struct view rest = view_from(location(bed), at + strlen(mark));
	rest = view_slice(rest, 0, view_find_char(rest, '&'));
	assert_true(rest.len < size);
	memcpy(ret_value, rest.ptr, rest.len);
	ret_value[rest.len] = '\0';
}

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

#define AUTHORIZE "GET /oauth/authorize?client_id=@C&redirect_uri=" REDIRECT
#define GOOD      AUTHORIZE "&response_type=code" PKCE "&state=a%26b"

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

// The request of the forms, as it is in their field.
#define REQUEST                                                                \
	"request=%2Foauth%2Fauthorize%3Fclient_id%3D@C%26redirect_uri%3D"      \
	"http%253A%252F%252F127.0.0.1%253A5000%252Fdone%26response_type%3D"    \
	"code%26code_challenge%3D" CHALLENGE                                   \
	"%26code_challenge_method%3DS256%26state%3Dxyz"

static void log_in_by_form(struct bed *bed)
{
	assert_int_equal(ask(bed, "POST /oauth/login", RIG_FORM,
			     REQUEST "&user=" RIG_USER "&password=demo%20pass"),
	    303);
	assert_true(bed->rig.cookie[0] != '\0');
}

// Goes to the consent page, and keeps its csrf text.
static void open_consent(struct bed *bed)
{
	assert_int_equal(ask(bed, GOOD, "", ""), 200);
	assert_true(has(bed, "value=\"allow\""));
	hidden(bed, "csrf", bed->csrf, sizeof(bed->csrf));
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

// ---- Tokens ----------------------------------------------------------------

#define TOKEN "POST /oauth/token"
#define REDEEM                                                                 \
	"client_id=@C&grant_type=authorization_code&redirect_uri=" REDIRECT

static void get_code(struct bed *bed, char *ret_code, size_t size)
{
	log_in_by_form(bed);
	open_consent(bed);
	ask(bed, "POST /oauth/authorize", RIG_FORM,
	    REQUEST "&csrf=@S&decision=allow");
	parameter(bed, "code", ret_code, size);
	bed->rig.cookie[0] = '\0';
}

static bool is_good(struct bed *bed, const char *token)
{
	struct auth_channel channel = {.protocol = "imap",
	    .peer_address = VIEW("203.0.113.1"),
	    .tls = true,
	    .scopes = AUTH_SCOPE_IMAP};
	struct auth_user user;
	struct auth_verdict verdict;
	return auth_token_verify(bed->rig.users.auth, &channel,
		   AUTH_KIND_ACCESS, view_of_string(token), &user,
		   &verdict) == RC_OK;
}

static void a_code_gives_tokens_that_are_refreshed(void **state)
{
	struct bed *bed = *state;
	char code[100], body[2000], access[100], refresh[100], second[100];
	get_code(bed, code, sizeof(code));
	snprintf(body, sizeof(body), "%s&code=%s",
	    REDEEM "&code_verifier=" VERIFIER, code);
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 200);
	account_rig_member(&bed->rig, "access_token", access, sizeof(access));
	account_rig_member(
	    &bed->rig, "refresh_token", refresh, sizeof(refresh));
	assert_true(has(bed, "'token_type':'Bearer','expires_in':3600,"));
	assert_true(has(bed, "'scope':'" MAIL "'"));
	assert_true(is_good(bed, access));
	snprintf(body, sizeof(body),
	    "client_id=@C&grant_type=refresh_token&refresh_token=%s", refresh);
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 200);
	account_rig_member(&bed->rig, "refresh_token", second, sizeof(second));
	assert_string_not_equal(refresh, second);
	// Less than was granted, and never more.
	snprintf(body, sizeof(body),
	    "client_id=@C&grant_type=refresh_token&scope=imap&"
	    "refresh_token=%s",
	    second);
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 200);
	assert_true(has(bed, "'scope':'imap'"));
	// The grant is in the user's list.
	account_rig_log_in(&bed->rig);
	ask(bed, "GET /account/sessions", RIG_JSON, "");
	assert_true(has(bed, "'kind':'program'"));
	assert_true(has(bed, "A <b>program</b>"));
	// The first refresh token is used a second time: it was stolen.
	snprintf(body, sizeof(body),
	    "client_id=@C&grant_type=refresh_token&refresh_token=%s", refresh);
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 400);
	assert_true(has(bed, "{'error':'invalid_grant'"));
	assert_false(is_good(bed, access));
}

static void a_code_is_good_once(void **state)
{
	struct bed *bed = *state;
	char code[100], body[2000], access[100];
	get_code(bed, code, sizeof(code));
	snprintf(body, sizeof(body), "%s&code=%s",
	    REDEEM "&code_verifier=" VERIFIER, code);
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 200);
	account_rig_member(&bed->rig, "access_token", access, sizeof(access));
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 400);
	assert_true(has(bed, "{'error':'invalid_grant'"));
	assert_false(is_good(bed, access));
}

// "@K" is a good code.
static const struct {
	const char *fields, *body;
	const char *error;
} token_errors[] = {
    {TYPE_JSON, "{}", "invalid_request"},
    {TYPE_FORM, "", "invalid_request"},
    {TYPE_FORM, "grant_type=authorization_code", "invalid_request"},
    {TYPE_FORM, "client_id=@C", "invalid_request"},
    {TYPE_FORM, "client_id=@C&client_id=@C&grant_type=refresh_token",
	"invalid_request"},
    {TYPE_FORM, "client_id=x&grant_type=refresh_token", "invalid_client"},
    {TYPE_FORM "Authorization: Basic eDp5\r\n",
	"client_id=@C&grant_type=refresh_token&refresh_token=x",
	"invalid_client"},
    {TYPE_FORM,
	"client_id=@C&client_secret=x&grant_type=refresh_token&"
	"refresh_token=x",
	"invalid_client"},
    {TYPE_FORM, "client_id=@C&grant_type=password&username=a&password=b",
	"unsupported_grant_type"},
    {TYPE_FORM, "client_id=@C&grant_type=client_credentials",
	"unsupported_grant_type"},
    {TYPE_FORM, REDEEM "&code_verifier=" VERIFIER, "invalid_request"},
    {TYPE_FORM, REDEEM "&code=@K", "invalid_request"},
    {TYPE_FORM, REDEEM "&code=@K&code_verifier=short", "invalid_request"},
    {TYPE_FORM,
	"client_id=@C&grant_type=authorization_code&code=@K&code_"
	"verifier=" VERIFIER,
	"invalid_request"},
    {TYPE_FORM, REDEEM "&code=x&code_verifier=" VERIFIER, "invalid_grant"},
    {TYPE_FORM,
	REDEEM
	"&resource=https://evil.example/&code=@K&code_verifier=" VERIFIER,
	"invalid_target"},
    {TYPE_FORM, "client_id=@C&grant_type=refresh_token", "invalid_request"},
    {TYPE_FORM, "client_id=@C&grant_type=refresh_token&refresh_token=x",
	"invalid_grant"},
    {TYPE_FORM,
	"client_id=@C&grant_type=refresh_token&refresh_token=x&"
	"scope=account",
	"invalid_scope"},
    {TYPE_FORM, "client_id=@C&grant_type=" DEVICE, "invalid_request"},
    {TYPE_FORM, "client_id=@C&grant_type=" DEVICE "&device_code=x",
	"invalid_grant"},
    // The code is for another redirect URI, or another verifier. A wrong one
    // may use it up, so these come last.
    {TYPE_FORM,
	"client_id=@C&grant_type=authorization_code&redirect_uri="
	"com.example:/r&code=@K&code_verifier=" VERIFIER,
	"invalid_grant"},
    {TYPE_FORM,
	REDEEM "&code=@K&code_verifier="
	       "0123456789012345678901234567890123456789012",
	"invalid_grant"},
};

static void token_errors_are_exact(void **state)
{
	struct bed *bed = *state;
	char code[100];
	get_code(bed, code, sizeof(code));
	for (size_t i = 0; i < ARRAY_LEN(token_errors); i++) {
		char body[2000], wanted[100];
		const char *text = token_errors[i].body;
		const char *mark = strstr(text, "@K");
		snprintf(body, sizeof(body), "%.*s%s%s",
		    mark ? (int)(mark - text) : (int)strlen(text), text,
		    mark ? code : "", mark ? mark + 2 : "");
		unsigned status = ask(bed, TOKEN, token_errors[i].fields, body);
		snprintf(wanted, sizeof(wanted), "{'error':'%s'",
		    token_errors[i].error);
		if (status != 400 || !has(bed, wanted))
			fail_msg("row %zu: %u %.*s", i, status,
			    VIEW_FMT(bed->rig.answer.body));
		assert_view_equal(
		    http_rig_field(&bed->rig.answer, "Cache-Control"),
		    VIEW("no-store"));
	}
}

static void tokens_are_revoked(void **state)
{
	struct bed *bed = *state;
	char code[100], body[2000], access[100], refresh[100];
	get_code(bed, code, sizeof(code));
	snprintf(body, sizeof(body), "%s&code=%s",
	    REDEEM "&code_verifier=" VERIFIER, code);
	ask(bed, TOKEN, TYPE_FORM, body);
	account_rig_member(&bed->rig, "access_token", access, sizeof(access));
	account_rig_member(
	    &bed->rig, "refresh_token", refresh, sizeof(refresh));
	assert_int_equal(ask(bed, "POST /oauth/revoke", TYPE_FORM,
			     "client_id=@C&token=nonsense"),
	    200);
	assert_int_equal(
	    ask(bed, "POST /oauth/revoke", TYPE_FORM, "client_id=@C"), 400);
	assert_true(has(bed, "'invalid_request'"));
	assert_int_equal(ask(bed, "POST /oauth/revoke", TYPE_FORM,
			     "client_id=x&token=nonsense"),
	    400);
	assert_true(has(bed, "'invalid_client'"));
	assert_true(is_good(bed, access));
	snprintf(body, sizeof(body),
	    "client_id=@C&token_type_hint=access_token&token=%s", refresh);
	assert_int_equal(ask(bed, "POST /oauth/revoke", TYPE_FORM, body), 200);
	assert_false(is_good(bed, access));
	snprintf(body, sizeof(body),
	    "client_id=@C&grant_type=refresh_token&refresh_token=%s", refresh);
	assert_int_equal(ask(bed, TOKEN, TYPE_FORM, body), 400);
}

// ---- Devices ---------------------------------------------------------------

static void poll(struct bed *bed, const char *code, const char *error)
{
	char body[500], wanted[100];
	snprintf(body, sizeof(body),
	    "client_id=@C&grant_type=" DEVICE "&device_code=%s", code);
	unsigned status = ask(bed, TOKEN, TYPE_FORM, body);
	snprintf(wanted, sizeof(wanted), "{'error':'%s'", error ? error : "");
	if (status != (error ? 400 : 200) || (error && !has(bed, wanted)))
		fail_msg("%u %.*s", status, VIEW_FMT(bed->rig.answer.body));
}

static void begin_device(
    struct bed *bed, char ret_device[100], char ret_user[20])
{
	assert_int_equal(ask(bed, "POST /oauth/device_authorization", TYPE_FORM,
			     "client_id=@C&scope=imap"),
	    200);
	account_rig_member(&bed->rig, "device_code", ret_device, 100);
	account_rig_member(&bed->rig, "user_code", ret_user, 20);
	assert_true(has(bed, "'interval':5"));
	assert_true(has(bed,
	    "'verification_uri':'https://" HTTP_RIG_HOST "/oauth/device'"));
}

static void decide_device(
    struct bed *bed, const char *user_code, const char *decision)
{
	char text[500];
	account_rig_log_in(&bed->rig);
	snprintf(
	    text, sizeof(text), "GET /oauth/device?user_code=%s", user_code);
	assert_int_equal(ask(bed, text, "", ""), 200);
	assert_true(has(bed, "action=\"/oauth/device\""));
	assert_true(has(bed, user_code));
	assert_true(has(bed, "read, move, change"));
	assert_false(has(bed, "send mail"));
	hidden(bed, "csrf", bed->csrf, sizeof(bed->csrf));
	snprintf(text, sizeof(text),
	    "request=%%2Foauth%%2Fdevice%%3Fuser_code%%3D%s&csrf=@S&"
	    "decision=%s",
	    user_code, decision);
	assert_int_equal(ask(bed, "POST /oauth/device", RIG_FORM, text), 200);
}

static void a_device_gets_access(void **state)
{
	struct bed *bed = *state;
	char device[100], user[20];
	begin_device(bed, device, user);
	poll(bed, device, "authorization_pending");
	poll(bed, device, "slow_down");
	decide_device(bed, user, "allow");
	assert_true(has(bed, "The device has access now."));
	bed->rig.cookie[0] = '\0';
	// That one has to wait now; here is another.
	begin_device(bed, device, user);
	decide_device(bed, user, "allow");
	poll(bed, device, NULL);
	assert_true(has(bed, "'scope':'imap'"));
}

static void a_device_gets_none(void **state)
{
	struct bed *bed = *state;
	char device[100], user[20];
	begin_device(bed, device, user);
	decide_device(bed, user, "deny");
	assert_true(has(bed, "did not get access"));
	poll(bed, device, "access_denied");
}

static void wrong_codes_of_devices_are_told(void **state)
{
	static const struct {
		const char *what, *has;
	} table[] = {
	    {"GET /oauth/device", "Type the code that your device"},
	    {"GET /oauth/device?user_code=", "Type the code"},
	    {"GET /oauth/device?user_code=BCDF-GHJK", "There is no such code."},
	    {"GET /oauth/device?user_code=%3Cb%3E", "There is no such code."},
	    {"GET /oauth/device?user_code=x&lang=zh-CN",
		"\xe6\xb2\xa1\xe6\x9c\x89\xe8\xbf\x99\xe4\xb8\xaa"},
	};
	static const struct {
		const char *body, *error;
	} begins[] = {
	    {"", "invalid_request"},
	    {"client_id=x", "invalid_client"},
	    {"client_id=@C&scope=account", "invalid_scope"},
	};
	struct bed *bed = *state;
	assert_int_equal(ask(bed, "GET /oauth/device", "", ""), 200);
	assert_true(has(bed, "action=\"/oauth/login\""));
	account_rig_log_in(&bed->rig);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_int_equal(ask(bed, table[i].what, "", ""), 200);
		if (!has(bed, table[i].has))
			fail_msg(
			    "row %zu: %.*s", i, VIEW_FMT(bed->rig.answer.body));
	}
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		char wanted[100];
		assert_int_equal(ask(bed, "POST /oauth/device_authorization",
				     TYPE_FORM, begins[i].body),
		    400);
		snprintf(
		    wanted, sizeof(wanted), "{'error':'%s'", begins[i].error);
		assert_true(has(bed, wanted));
	}
}

static void it_can_be_switched_off(void **state)
{
	static const char *const paths[] = {"GET " OAUTH_PATH_METADATA,
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
	    TEST(somebody_else_may_log_in),
	    TEST(a_code_gives_tokens_that_are_refreshed),
	    TEST(a_code_is_good_once),
	    TEST(token_errors_are_exact),
	    TEST(tokens_are_revoked),
	    TEST(a_device_gets_access),
	    TEST(a_device_gets_none),
	    TEST(wrong_codes_of_devices_are_told),
	    TEST(it_can_be_switched_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
