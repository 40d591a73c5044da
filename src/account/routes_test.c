// SPDX-License-Identifier: Apache-2.0
// The routes under /account/: what each needs, and what each does.
#include "account/impl.h"
#include "account/rig.h"
#include "base/mem.h"
#include "base/test.h"

static int set_up(void **state)
{
	static struct account_rig rig;
	account_rig_init(&rig);
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	account_rig_done(*state);
	return 0;
}

// ---- Logging in ------------------------------------------------------------

#define LOGIN "POST /account/login"
#define RIGHT "{'user':'" RIG_USER "','password':'" RIG_PASSWORD "'}"
#define WRONG "{'user':'" RIG_USER "','password':'wrong'}"

static void a_log_in_has_one_answer_for_all_that_is_wrong(void **state)
{
	static const struct {
		const char *address, *body;
		unsigned status;
		const char *has;
	} table[] = {
	    {"192.0.2.1", RIGHT, 200, "{'status':'ok'}"},
	    {"192.0.2.2", WRONG, 401, "{'status':'refused'}"},
	    {"192.0.2.3", "{'user':'nobody','password':'wrong'}", 401,
		"{'status':'refused'}"},
	    {"192.0.2.4", "{'user':'','password':''}", 401,
		"{'status':'refused'}"},
	    {"192.0.2.5", "{'user':'\xc3\xa9\\n','password':'x'}", 401,
		"{'status':'refused'}"},
	    {"192.0.2.6", "{'user':'" RIG_USER "'}", 400, "'invalid'"},
	    {"192.0.2.6", "{'password':'x'}", 400, "'invalid'"},
	    {"192.0.2.6", "{'user':1,'password':'x'}", 400, "'invalid'"},
	    {"192.0.2.6", "{", 400, "'invalid'"},
	    {"192.0.2.6", "[]", 400, "'invalid'"},
	    {"192.0.2.6", "{'user':'" RIG_USER "','user':'x','password':'x'}",
		400, "'invalid'"},
	};
	struct account_rig *rig = *state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		rig->http.address = table[i].address;
		rig->cookie[0] = '\0';
		unsigned status = account_rig_json(rig, LOGIN, table[i].body);
		if (status != table[i].status ||
		    !account_rig_has(rig, table[i].has))
			fail_msg("row %zu: %u %.*s", i, status,
			    VIEW_FMT(rig->answer.body));
		assert_int_equal(rig->cookie[0] != '\0', status == 200);
	}
}

static void the_cookie_is_for_this_host_alone(void **state)
{
	struct account_rig *rig = *state;
	assert_int_equal(account_rig_json(rig, LOGIN, RIGHT), 200);
	struct view cookie = http_rig_field(&rig->answer, "Set-Cookie");
	assert_true(view_starts_with(cookie, VIEW("__Host-roost=")));
	assert_true(view_ends_with(
	    cookie, VIEW("; Path=/; Secure; HttpOnly; SameSite=Strict")));
	assert_view_equal(
	    http_rig_field(&rig->answer, "Cache-Control"), VIEW("no-store"));
	assert_int_equal(account_rig_json(rig, LOGIN,
			     "{'user':'" RIG_USER "','password':'" RIG_PASSWORD
			     "','remember':true}"),
	    200);
	cookie = http_rig_field(&rig->answer, "Set-Cookie");
	assert_true(view_ends_with(cookie, VIEW("; Max-Age=7776000")));
	// Without TLS there is no log-in at all.
	rig->http.clear = true;
	assert_int_equal(account_rig_json(rig, LOGIN, RIGHT), 403);
	rig->http.clear = false;
}

static void many_guesses_are_stopped(void **state)
{
	struct account_rig *rig = *state;
	struct auth_settings settings = {
	    .hashing = {.cost = 1, .scram_iterations = 1},
	    .address_failures = 1,
	    .clean_failures = 1,
	};
	// The same, with a server that has little patience.
	struct auth *auth;
	rig_must(
	    auth_new(rig->users.engine, &settings, NULL, NULL, NULL, &auth),
	    "auth_new");
	struct account *patient = rig->account;
	struct account_options options = {
	    .auth = auth, .server_name = HTTP_RIG_HOST};
	rig->account = account_new(&options);
	rig->http.server.base.auth = auth;
	rig->http.server.routes =
	    account_routes(rig->account, &rig->http.server.route_count);
	rig->http.address = "198.51.100.7";
	assert_int_equal(account_rig_json(rig, LOGIN, WRONG), 401);
	// Also the right one is not looked at now.
	assert_int_equal(account_rig_json(rig, LOGIN, RIGHT), 429);
	assert_true(account_rig_has(rig, "{'status':'limited'}"));
	account_free(&rig->account);
	auth_free(&auth);
	rig->account = patient;
}

// ---- What each route needs -------------------------------------------------

enum {
	PAGE = 1,    // a page of this server
	SESSION = 2, // the cookie
	FRESH = 4,   // a new proof
	JSON = 8,    // a body
	ID = 16,     // of something of the user
};

// Every route of the tables, with what an attacker has to overcome.
static const struct {
	const char *what;
	unsigned needs;
	const char *body;
} routes[] = {
    {"POST /account/login", PAGE | JSON, "{}"},
    {"POST /account/logout", PAGE, ""},
    {"POST /account/login/totp", PAGE | JSON, "{}"},
    {"POST /account/login/passkey/begin", PAGE | JSON, "{}"},
    {"POST /account/login/passkey/finish", PAGE | JSON, "{}"},
    {"POST /account/proof", PAGE | SESSION | JSON, "{}"},
    {"POST /account/proof/passkey/begin", PAGE | SESSION | JSON, "{}"},
    {"POST /account/proof/passkey/finish", PAGE | SESSION | JSON, "{}"},
    {"GET /account/factors", SESSION, ""},
    {"POST /account/factors/totp/begin", PAGE | SESSION | FRESH, ""},
    {"POST /account/factors/totp/confirm", PAGE | SESSION | FRESH | JSON, "{}"},
    {"DELETE /account/factors/totp", PAGE | SESSION | FRESH, ""},
    {"POST /account/factors/recovery", PAGE | SESSION | FRESH, ""},
    {"POST /account/factors/passkeys/begin", PAGE | SESSION | FRESH, ""},
    {"POST /account/factors/passkeys/finish", PAGE | SESSION | FRESH | JSON,
	"{}"},
    {"POST /account/factors/passkeys/", PAGE | SESSION | FRESH | JSON | ID,
	"{}"},
    {"DELETE /account/factors/passkeys/", PAGE | SESSION | FRESH | ID, ""},
    {"GET /account/session", SESSION, ""},
    {"GET /account/sessions", SESSION, ""},
    {"DELETE /account/sessions", PAGE | SESSION, ""},
    {"DELETE /account/sessions/", PAGE | SESSION | ID, ""},
    {"GET /account/passwords", SESSION, ""},
    {"POST /account/passwords", PAGE | SESSION | FRESH | JSON, "{}"},
    {"DELETE /account/passwords/", PAGE | SESSION | ID, ""},
    // This one asks for the old password itself.
    {"POST /account/password", PAGE | SESSION | JSON, "{}"},
};

// A route's line in the table above; it fails if there is none.
static void must_be_in_the_table(const struct account_route *route)
{
	char what[200];
	snprintf(what, sizeof(what), "%s %s",
	    route->method == HTTP_GET    ? "GET"
	    : route->method == HTTP_POST ? "POST"
					 : "DELETE",
	    route->path);
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].what, what) == 0)
			return;
	fail_msg("%s is in no test", what);
}

static void no_route_is_forgotten(void **state)
{
	static const struct account_route *const tables[] = {
	    account_login_routes,
	    account_second_routes,
	    account_factor_routes,
	    account_session_routes,
	    account_password_routes,
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (size_t j = 0; tables[i][j].path; j++)
			must_be_in_the_table(&tables[i][j]);
}

static void expect(struct account_rig *rig, size_t i, const char *fields,
    const char *body, unsigned status, const char *has)
{
	char what[200];
	snprintf(what, sizeof(what), "%s%s", routes[i].what,
	    routes[i].needs & ID ? "12345" : "");
	unsigned got = account_rig_ask(rig, what, fields, body);
	if (got != status || !account_rig_has(rig, has))
		fail_msg("%s with %s: %u %.*s", what, fields, got,
		    VIEW_FMT(rig->answer.body));
}

// Another site in the user's browser, in every way that it has.
static void other_sites_reach_no_route(void **state)
{
#define MARK "X-Roost: 1\r\n"
#define TYPE "Content-Type: application/json\r\n"
	static const char *const foreign[] = {
	    "Sec-Fetch-Site: cross-site\r\n" MARK TYPE,
	    "Sec-Fetch-Site: same-site\r\n" MARK TYPE,
	    "Origin: https://evil.example\r\n" MARK TYPE,
	    "Origin: null\r\n" MARK TYPE,
	};
	static const char *const not_a_page[] = {
	    MARK TYPE,
	    RIG_SAME TYPE,
	    "Sec-Fetch-Site: none\r\n" MARK TYPE,
	};
	struct account_rig *rig = *state;
	account_rig_log_in(rig);
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const char *body = routes[i].body;
		for (size_t j = 0; j < ARRAY_LEN(foreign); j++)
			expect(rig, i, foreign[j], body, 403, "not-this-page");
		if (!(routes[i].needs & PAGE))
			continue;
		for (size_t j = 0; j < ARRAY_LEN(not_a_page); j++)
			expect(
			    rig, i, not_a_page[j], body, 403, "not-this-page");
		// What a form could send.
		if (routes[i].needs & JSON) {
			expect(rig, i, RIG_SAME MARK, body, 415, "");
			expect(rig, i,
			    RIG_SAME MARK "Content-Type: text/plain\r\n", body,
			    415, "");
		}
	}
	// And nothing has happened.
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
}

static void strangers_reach_no_route(void **state)
{
	static const char *const cookies[] = {
	    "",
	    "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n",
	    // These are refused after a pause; for one route only.
	    "Cookie: __Host-roost=\r\n",
	    "Cookie: __Host-roost=nonsense\r\n",
	    ("Cookie: __Host-roost="
	     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
	};
	struct account_rig *rig = *state;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!(routes[i].needs & SESSION))
			continue;
		bool one = strcmp(routes[i].what, "GET /account/session") == 0;
		size_t count = one ? ARRAY_LEN(cookies) : 2;
		for (size_t j = 0; j < count; j++) {
			char fields[1000], address[32];
			// Each from its own network, as refusals are delayed.
			snprintf(
			    address, sizeof(address), "10.%zu.%zu.1", i, j);
			rig->http.address = address;
			snprintf(
			    fields, sizeof(fields), RIG_JSON "%s", cookies[j]);
			expect(
			    rig, i, fields, routes[i].body, 401, "logged-out");
		}
	}
	rig->http.address = NULL;
	// A cookie that somebody has set besides.
	account_rig_log_in(rig);
	assert_int_equal(account_rig_ask(rig, "GET /account/session",
			     "Cookie: __Host-roost=x\r\n", ""),
	    401);
}

static void some_changes_need_a_new_proof(void **state)
{
	struct account_rig *rig = *state;
	account_rig_log_in(rig);
	rig->ahead = ACCOUNT_FRESH_SECONDS + 5;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (routes[i].needs & FRESH)
			expect(rig, i, RIG_JSON, routes[i].body, 403,
			    "proof-needed");
		else if (routes[i].needs & SESSION &&
			 strncmp(routes[i].what, "GET", 3) == 0)
			expect(rig, i, RIG_JSON, routes[i].body, 200, "");
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	assert_true(account_rig_has(rig, "'freshFor':0"));
	// The clock was set back: that is no proof either.
	rig->ahead = -100;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (routes[i].needs & FRESH)
			expect(rig, i, RIG_JSON, routes[i].body, 403,
			    "proof-needed");
	rig->ahead = 0;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if ((routes[i].needs & FRESH) && (routes[i].needs & JSON))
			expect(
			    rig, i, RIG_JSON, routes[i].body, 400, "invalid");
}

static void the_password_is_a_new_proof(void **state)
{
	struct account_rig *rig = *state;
	account_rig_log_in(rig);
	rig->http.address = "192.0.2.20";
	assert_int_equal(account_rig_json(rig, "POST /account/proof",
			     "{'password':'wrong'}"),
	    401);
	assert_int_equal(account_rig_json(rig, "POST /account/proof",
			     "{'password':'" RIG_PASSWORD "'}"),
	    200);
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	assert_false(account_rig_has(rig, "'freshFor':0"));
}

// ---- Sessions --------------------------------------------------------------

static void a_session_says_whose_it_is(void **state)
{
	struct account_rig *rig = *state;
	char csrf[64], again[64];
	account_rig_log_in(rig);
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	assert_true(account_rig_has(
	    rig, "{'user':'" RIG_USER "','name':'" RIG_USER "','csrf':'"));
	account_rig_member(rig, "csrf", csrf, sizeof(csrf));
	assert_int_equal(strlen(csrf), ACCOUNT_CSRF_LEN);
	account_rig_json(rig, "GET /account/session", "");
	account_rig_member(rig, "csrf", again, sizeof(again));
	assert_string_equal(csrf, again);
	// In another session it is another text.
	account_rig_log_in(rig);
	account_rig_json(rig, "GET /account/session", "");
	account_rig_member(rig, "csrf", again, sizeof(again));
	assert_string_not_equal(csrf, again);
}

static void logging_out_ends_the_session(void **state)
{
	struct account_rig *rig = *state;
	char kept[sizeof(rig->cookie)];
	account_rig_log_in(rig);
	memcpy(kept, rig->cookie, sizeof(kept));
	assert_int_equal(
	    account_rig_json(rig, "POST /account/logout", ""), 200);
	assert_int_equal(rig->cookie[0], '\0');
	assert_true(view_ends_with(
	    http_rig_field(&rig->answer, "Set-Cookie"), VIEW("; Max-Age=0")));
	memcpy(rig->cookie, kept, sizeof(kept));
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 401);
	// Once more, without a session.
	assert_int_equal(
	    account_rig_json(rig, "POST /account/logout", ""), 200);
}

// The id of the session that asks.
static void own_id(struct account_rig *rig, char *ret_id, size_t size)
{
	account_rig_json(rig, "GET /account/session", "");
	account_rig_member(rig, "id", ret_id, size);
	assert_true(ret_id[0] != '\0');
}

static void sessions_are_listed_and_ended(void **state)
{
	struct account_rig *rig = *state;
	char first[sizeof(rig->cookie)], id[32], what[100];
	account_rig_ask(rig, LOGIN,
	    RIG_JSON "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
		     "Gecko/20100101 Firefox/128.0\r\n",
	    "{\"user\":\"" RIG_USER "\",\"password\":\"" RIG_PASSWORD "\"}");
	memcpy(first, rig->cookie, sizeof(first));
	own_id(rig, id, sizeof(id));
	account_rig_log_in(rig);
	assert_int_equal(
	    account_rig_json(rig, "GET /account/sessions", ""), 200);
	assert_true(account_rig_has(rig, "'name':'Firefox on Linux'"));
	assert_true(account_rig_has(rig, id));
	assert_true(account_rig_has(rig, "'current':true"));
	assert_true(account_rig_has(rig, "'current':false"));
	assert_true(account_rig_has(rig, "'kind':'browser'"));
	// The second ends the first.
	snprintf(what, sizeof(what), "DELETE /account/sessions/%s", id);
	assert_int_equal(account_rig_json(rig, what, ""), 200);
	assert_true(rig->cookie[0] != '\0');
	assert_int_equal(account_rig_json(rig, what, ""), 404);
	// A session that ends itself loses its cookie.
	own_id(rig, id, sizeof(id));
	snprintf(what, sizeof(what), "DELETE /account/sessions/%s", id);
	assert_int_equal(account_rig_json(rig, what, ""), 200);
	assert_int_equal(rig->cookie[0], '\0');
	memcpy(rig->cookie, first, sizeof(first));
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 401);
}

static void all_other_sessions_are_ended_at_once(void **state)
{
	struct account_rig *rig = *state;
	char first[sizeof(rig->cookie)], second[sizeof(rig->cookie)];
	account_rig_log_in(rig);
	memcpy(first, rig->cookie, sizeof(first));
	account_rig_log_in(rig);
	memcpy(second, rig->cookie, sizeof(second));
	assert_int_equal(
	    account_rig_json(rig, "DELETE /account/sessions", ""), 200);
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	memcpy(rig->cookie, first, sizeof(first));
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 401);
	memcpy(rig->cookie, second, sizeof(second));
}

static void ids_of_others_are_not_there(void **state)
{
	static const char *const ids[] = {"", "0", "1", "x", "-1",
	    "18446744073709551616", "18446744073709551615", "1/2"};
	struct account_rig *rig = *state;
	char id[32], password[32], what[100];
	account_rig_json(rig, LOGIN,
	    "{'user':'" RIG_FRIEND "','password':'" RIG_PASSWORD "'}");
	own_id(rig, id, sizeof(id));
	account_rig_json(rig, "POST /account/passwords", "{'name':'x'}");
	account_rig_member(rig, "id", password, sizeof(password));
	char friend[sizeof(rig->cookie)];
	memcpy(friend, rig->cookie, sizeof(friend));
	account_rig_log_in(rig);
	snprintf(what, sizeof(what), "DELETE /account/sessions/%s", id);
	assert_int_equal(account_rig_json(rig, what, ""), 404);
	snprintf(what, sizeof(what), "DELETE /account/passwords/%s", password);
	assert_int_equal(account_rig_json(rig, what, ""), 404);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		snprintf(
		    what, sizeof(what), "DELETE /account/sessions/%s", ids[i]);
		assert_int_equal(account_rig_json(rig, what, ""), 404);
		snprintf(
		    what, sizeof(what), "DELETE /account/passwords/%s", ids[i]);
		assert_int_equal(account_rig_json(rig, what, ""), 404);
	}
	// One kind is not ended by the other's route.
	own_id(rig, id, sizeof(id));
	snprintf(what, sizeof(what), "DELETE /account/passwords/%s", id);
	assert_int_equal(account_rig_json(rig, what, ""), 404);
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	memcpy(rig->cookie, friend, sizeof(friend));
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	account_rig_json(rig, "GET /account/passwords", "");
	assert_true(account_rig_has(rig, password));
}

// ---- Passwords -------------------------------------------------------------

static bool may_log_in(
    struct account_rig *rig, const char *password, uint32_t scopes)
{
	struct auth_channel channel = {
	    .protocol = "imap",
	    .peer_address = VIEW("203.0.113.1"),
	    .tls = true,
	    .scopes = scopes,
	};
	struct auth_user user;
	struct auth_verdict verdict;
	return auth_verify(rig->users.auth, &channel, VIEW(RIG_USER),
		   view_of_string(password), &user, &verdict) == RC_OK;
}

static void application_passwords_are_made_and_ended(void **state)
{
	struct account_rig *rig = *state;
	char password[100], id[32], what[100];
	account_rig_log_in(rig);
	assert_int_equal(
	    account_rig_json(rig, "POST /account/passwords",
		"{'name':'My laptop','scopes':['imap','smtp'],'days':30}"),
	    200);
	account_rig_member(rig, "password", password, sizeof(password));
	account_rig_member(rig, "id", id, sizeof(id));
	assert_true(may_log_in(rig, password, AUTH_SCOPE_IMAP));
	assert_false(may_log_in(rig, password, AUTH_SCOPE_JMAP));
	assert_int_equal(
	    account_rig_json(rig, "GET /account/passwords", ""), 200);
	assert_true(account_rig_has(rig, "'name':'My laptop'"));
	assert_true(account_rig_has(rig, "'scopes':['imap','smtp']"));
	assert_false(account_rig_has(rig, password));
	// It is not for the browser.
	char body[300];
	char own[sizeof(rig->cookie)];
	memcpy(own, rig->cookie, sizeof(own));
	snprintf(body, sizeof(body), "{'user':'" RIG_USER "','password':'%s'}",
	    password);
	rig->http.address = "192.0.2.33";
	assert_int_equal(account_rig_json(rig, LOGIN, body), 401);
	memcpy(rig->cookie, own, sizeof(own));
	snprintf(what, sizeof(what), "DELETE /account/passwords/%s", id);
	assert_int_equal(account_rig_json(rig, what, ""), 200);
	assert_false(may_log_in(rig, password, AUTH_SCOPE_IMAP));
	account_rig_json(rig, "GET /account/passwords", "");
	assert_true(account_rig_has(rig, "{'passwords':[]}"));
}

static void a_wrong_order_makes_no_password(void **state)
{
	static const char *const bodies[] = {
	    "{}",
	    "{'name':''}",
	    "{'name':' '}",
	    "{'name':1}",
	    "{'name':'x','scopes':['account']}",
	    "{'name':'x','scopes':['imap','nonsense']}",
	    "{'name':'x','scopes':[]}",
	    "{'name':'x','scopes':['']}",
	    "{'name':'x','scopes':[1]}",
	    "{'name':'x','scopes':'imap'}",
	    "{'name':'x','days':0}",
	    "{'name':'x','days':-1}",
	    "{'name':'x','days':1.5}",
	    "{'name':'x','days':36501}",
	    "{'name':'x','days':'1'}",
	    "{'name':'0123456789012345678901234567890123456789012345678901234"
	    "56789012345678901234567890123456789012345678901234567890123456789"
	    "0123456789'}",
	};
	struct account_rig *rig = *state;
	account_rig_log_in(rig);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (account_rig_json(
			rig, "POST /account/passwords", bodies[i]) != 400)
			fail_msg("%s", bodies[i]);
	account_rig_json(rig, "GET /account/passwords", "");
	assert_true(account_rig_has(rig, "{'passwords':[]}"));
}

static void the_own_password_is_changed(void **state)
{
#define CHANGE "POST /account/password"
	static const struct {
		const char *body;
		unsigned status;
	} table[] = {
	    {"{'new':'a new one'}", 400},
	    {"{'old':'" RIG_PASSWORD "'}", 400},
	    {"{'old':'" RIG_PASSWORD "','new':'1234567'}", 400},
	    {"{'old':'wrong','new':'a new one'}", 401},
	    {"{'old':'" RIG_PASSWORD "','new':'a new one'}", 200},
	};
	struct account_rig *rig = *state;
	char other[sizeof(rig->cookie)];
	account_rig_log_in(rig);
	memcpy(other, rig->cookie, sizeof(other));
	account_rig_log_in(rig);
	rig->http.address = "192.0.2.40";
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (account_rig_json(rig, CHANGE, table[i].body) !=
		    table[i].status)
			fail_msg("row %zu: %u", i, rig->answer.status);
	// This session stays, the other one ends.
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 200);
	memcpy(rig->cookie, other, sizeof(other));
	assert_int_equal(
	    account_rig_json(rig, "GET /account/session", ""), 401);
	assert_true(may_log_in(rig, "a new one", AUTH_SCOPE_IMAP));
	assert_false(may_log_in(rig, RIG_PASSWORD, AUTH_SCOPE_IMAP));
}

// ---- Names -----------------------------------------------------------------

static void browsers_have_names(void **state)
{
#define MOZILLA "Mozilla/5.0 "
#define KIT     "AppleWebKit/537.36 (KHTML, like Gecko) "
	static const struct {
		const char *agent, *name;
	} table[] = {
	    {MOZILLA "(Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 "
		     "Firefox/130.0",
		"Firefox on Windows"},
	    {MOZILLA "(Windows NT 10.0; Win64; x64) " KIT
		     "Chrome/129.0.0.0 Safari/537.36",
		"Chrome on Windows"},
	    {MOZILLA "(Windows NT 10.0; Win64; x64) " KIT
		     "Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0",
		"Edge on Windows"},
	    {MOZILLA "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
		     "(KHTML, like Gecko) Version/17.6 Safari/605.1.15",
		"Safari on macOS"},
	    {MOZILLA "(iPhone; CPU iPhone OS 17_6 like Mac OS X) "
		     "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 "
		     "Mobile/15E148 Safari/604.1",
		"Safari on iPhone"},
	    {MOZILLA "(Linux; Android 10; K) " KIT
		     "Chrome/129.0.0.0 Mobile Safari/537.36",
		"Chrome on Android"},
	    {MOZILLA "(X11; CrOS x86_64 14541.0.0) " KIT
		     "Chrome/129.0.0.0 Safari/537.36",
		"Chrome on ChromeOS"},
	    {"curl/8.9.1", "Browser"},
	    {"", "Browser"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf name;
		buf_init(&name, 200);
		account_browser_name(view_of_string(table[i].agent), &name);
		assert_view_equal_row(
		    i, buf_view(&name), view_of_string(table[i].name));
		buf_done(&name);
	}
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_log_in_has_one_answer_for_all_that_is_wrong),
	    TEST(the_cookie_is_for_this_host_alone),
	    TEST(many_guesses_are_stopped),
	    cmocka_unit_test(no_route_is_forgotten),
	    TEST(other_sites_reach_no_route),
	    TEST(strangers_reach_no_route),
	    TEST(some_changes_need_a_new_proof),
	    TEST(the_password_is_a_new_proof),
	    TEST(a_session_says_whose_it_is),
	    TEST(logging_out_ends_the_session),
	    TEST(sessions_are_listed_and_ended),
	    TEST(all_other_sessions_are_ended_at_once),
	    TEST(ids_of_others_are_not_there),
	    TEST(application_passwords_are_made_and_ended),
	    TEST(a_wrong_order_makes_no_password),
	    TEST(the_own_password_is_changed),
	    cmocka_unit_test(browsers_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
