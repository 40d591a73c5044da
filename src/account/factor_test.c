// SPDX-License-Identifier: Apache-2.0
// Second factors by their routes: an authenticator app from its secret to its
// end, recovery codes, tickets; what a passkey's routes ask for and refuse.
// (tests/passkey_test.py has a browser with an authenticator.)
#include "account/factor.h"
#include "account/rig.h"
#include "base/mem.h"
#include "base/test.h"

#define LOGIN "POST /account/login"
#define RIGHT "{'user':'" RIG_USER "','password':'" RIG_PASSWORD "'}"

struct bed {
	struct account_rig rig;
	unsigned char secret[AUTH_TOTP_SECRET_LEN];
	uint64_t step; // the next one whose code was not used
	char ticket[100];
	char recovery[AUTH_RECOVERY_CODE_LEN + 1];
};

static unsigned json(struct bed *bed, const char *what, const char *body)
{
	return account_rig_json(&bed->rig, what, body);
}

static bool has(const struct bed *bed, const char *text)
{
	return account_rig_has(&bed->rig, text);
}

static void must(struct bed *bed, const char *what, const char *body,
    unsigned status, const char *text)
{
	unsigned got = json(bed, what, body);
	if (got != status || !has(bed, text))
		fail_msg("%s %s: %u %.*s", what, body, got,
		    VIEW_FMT(bed->rig.answer.body));
}

// A code that was not used yet. The one of the step before is still good, so
// there are three in a row.
static void next_code(struct bed *bed, char ret_code[7])
{
	uint64_t now =
	    (uint64_t)clock_wall_seconds(NULL) / AUTH_TOTP_STEP_SECONDS;
	if (bed->step < now)
		bed->step = now;
	assert_true(bed->step <= now + AUTH_TOTP_WINDOW);
	snprintf(ret_code, 7, "%06u", auth_totp_code(bed->secret, bed->step++));
}

// Reads the secret that was shown (base32).
static void read_secret(struct bed *bed)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char text[100];
	unsigned bits = 0, count = 0;
	size_t len = 0;
	account_rig_member(&bed->rig, "secret", text, sizeof(text));
	for (const char *c = text; *c; c++) {
		const char *found = strchr(letters, *c);
		if (!found)
			continue;
		bits = bits << 5 | (unsigned)(found - letters);
		count += 5;
		if (count < 8)
			continue;
		count -= 8;
		assert_true(len < sizeof(bed->secret));
		bed->secret[len++] = (unsigned char)(bits >> count);
		bits &= (1u << count) - 1;
	}
	assert_int_equal(len, sizeof(bed->secret));
	bed->step = 0;
}

static void enrol(struct bed *bed)
{
	char code[7], body[100];
	account_rig_log_in(&bed->rig);
	must(bed, "POST /account/factors/totp/begin", "", 200, "'status':'ok'");
	read_secret(bed);
	assert_true(has(bed, "'uri':'otpauth://totp/"));
	assert_true(has(bed, "'qr':'<svg "));
	next_code(bed, code);
	snprintf(body, sizeof(body), "{'code':'%s'}", code);
	must(bed, "POST /account/factors/totp/confirm", body, 200,
	    "{'status':'ok','recovery':['");
	size_t at = view_find(bed->rig.answer.body, VIEW("recovery\":[\""));
	struct view first =
	    view_slice(bed->rig.answer.body, at + 12, AUTH_RECOVERY_CODE_LEN);
	snprintf(bed->recovery, sizeof(bed->recovery), "%.*s", VIEW_FMT(first));
}

static int set_up(void **state)
{
	static struct bed bed;
	memset(&bed, 0, sizeof(bed));
	account_rig_init(&bed.rig);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;
	account_rig_done(&bed->rig);
	return 0;
}

// The password is right: keeps the ticket.
static void begin_login(struct bed *bed)
{
	bed->rig.cookie[0] = '\0';
	must(bed, LOGIN, RIGHT, 200,
	    "{'status':'second-factor','factors':['totp','recovery'],"
	    "'ticket':'");
	assert_true(bed->rig.cookie[0] == '\0');
	account_rig_member(
	    &bed->rig, "ticket", bed->ticket, sizeof(bed->ticket));
}

static unsigned give(struct bed *bed, const char *ticket, const char *code)
{
	char body[300];
	snprintf(
	    body, sizeof(body), "{'ticket':'%s','code':'%s'}", ticket, code);
	return json(bed, "POST /account/login/totp", body);
}

// ---- An authenticator app --------------------------------------------------

static void a_code_is_the_second_step(void **state)
{
	struct bed *bed = *state;
	char code[7];
	char other[sizeof(bed->rig.cookie)];
	must(bed, LOGIN, RIGHT, 200, "{'status':'ok'}");
	memcpy(other, bed->rig.cookie, sizeof(other));
	enrol(bed);
	// The session that turned it on stays, and no other.
	must(bed, "GET /account/factors", "", 200,
	    "{'on':true,'totp':true,'recovery':10,'passkeys':[]}");
	memcpy(bed->rig.cookie, other, sizeof(other));
	assert_int_equal(json(bed, "GET /account/session", ""), 401);
	begin_login(bed);
	// A ticket is for this step only.
	char own[100];
	snprintf(bed->rig.cookie, sizeof(bed->rig.cookie),
	    "Cookie: __Host-roost=%s\r\n", bed->ticket);
	assert_int_equal(json(bed, "GET /account/session", ""), 401);
	bed->rig.cookie[0] = '\0';
	assert_int_equal(give(bed, bed->ticket, "000000"), 401);
	assert_true(has(bed, "{'status':'refused'}"));
	assert_true(bed->rig.cookie[0] == '\0');
	next_code(bed, code);
	assert_int_equal(give(bed, bed->ticket, code), 200);
	assert_true(bed->rig.cookie[0] != '\0');
	must(bed, "GET /account/session", "", 200, "'user':'" RIG_USER "'");
	// It is used up.
	memcpy(own, bed->rig.cookie, sizeof(own));
	bed->rig.http.address = "192.0.2.60";
	assert_int_equal(give(bed, bed->ticket, bed->recovery), 401);
}

static void a_recovery_code_is_good_once(void **state)
{
	struct bed *bed = *state;
	enrol(bed);
	begin_login(bed);
	assert_int_equal(give(bed, bed->ticket, bed->recovery), 200);
	must(bed, "GET /account/factors", "", 200, "'recovery':9");
	begin_login(bed);
	assert_int_equal(give(bed, bed->ticket, bed->recovery), 401);
}

static void wrong_tickets_are_refused(void **state)
{
	static const char *const bodies[] = {
	    "{'ticket':'x'}",
	    "{'code':'123456'}",
	    "{'ticket':1,'code':'123456'}",
	    "{'ticket':'x','code':123456}",
	};
	struct bed *bed = *state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		assert_int_equal(
		    json(bed, "POST /account/login/totp", bodies[i]), 400);
	bed->rig.http.address = "192.0.2.61";
	assert_int_equal(give(bed, "nonsense", "123456"), 401);
	// The token of a session is no ticket.
	account_rig_log_in(&bed->rig);
	char token[200];
	snprintf(token, sizeof(token), "%s",
	    bed->rig.cookie + strlen("Cookie: __Host-roost="));
	token[strcspn(token, "\r")] = '\0';
	bed->rig.http.address = "192.0.2.62";
	assert_int_equal(give(bed, token, "123456"), 401);
	bed->rig.http.address = NULL;
}

static void a_secret_counts_when_it_is_confirmed(void **state)
{
	struct bed *bed = *state;
	account_rig_log_in(&bed->rig);
	must(bed, "POST /account/factors/totp/confirm", "{'code':'123456'}",
	    404, "not-found");
	must(bed, "POST /account/factors/totp/begin", "{}", 200, "'secret'");
	read_secret(bed);
	must(bed, "POST /account/factors/totp/confirm", "{'code':'000000'}",
	    400, "{'status':'wrong'}");
	must(bed, "POST /account/factors/totp/confirm", "{'code':''}", 400,
	    "{'status':'wrong'}");
	must(bed, LOGIN, RIGHT, 200, "{'status':'ok'}");
	must(bed, "POST /account/factors/recovery", "", 404, "not-found");
	must(bed, "DELETE /account/factors/totp", "", 404, "not-found");
}

static void it_is_taken_away_again(void **state)
{
	struct bed *bed = *state;
	enrol(bed);
	must(bed, "POST /account/factors/recovery", "", 200, "'recovery':['");
	assert_false(has(bed, bed->recovery));
	must(bed, "DELETE /account/factors/totp", "", 200, "{'status':'ok'}");
	must(bed, "GET /account/factors", "", 200, "'on':false");
	must(bed, LOGIN, RIGHT, 200, "{'status':'ok'}");
}

// ---- A new proof -----------------------------------------------------------

static void the_factor_is_the_new_proof(void **state)
{
	struct bed *bed = *state;
	char code[7], body[100];
	enrol(bed);
	must(bed, "POST /account/proof", "{'password':'" RIG_PASSWORD "'}", 200,
	    "{'status':'second-factor','factors':['totp','recovery']}");
	assert_false(has(bed, "ticket"));
	bed->rig.http.address = "192.0.2.63";
	must(bed, "POST /account/proof", "{'code':'000000'}", 401, "refused");
	next_code(bed, code);
	snprintf(body, sizeof(body), "{'code':'%s'}", code);
	must(bed, "POST /account/proof", body, 200, "{'status':'ok'}");
	// The own password alone changes nothing when the proof is old.
	bed->rig.ahead = ACCOUNT_FRESH_SECONDS + 5;
	must(bed, "POST /account/password",
	    "{'old':'" RIG_PASSWORD "','new':'another one'}", 403,
	    "proof-needed");
	bed->rig.ahead = 0;
	must(bed, "POST /account/password",
	    "{'old':'" RIG_PASSWORD "','new':'another one'}", 200,
	    "{'status':'ok'}");
}

// ---- Passkeys --------------------------------------------------------------

static void a_browser_is_told_what_to_ask_for(void **state)
{
	struct bed *bed = *state;
	must(bed, "POST /account/login/passkey/begin", "{}", 200,
	    "'rpId':'" HTTP_RIG_HOST "'");
	assert_true(has(bed, "'userVerification':'required'"));
	assert_true(has(bed, "'allowCredentials':[]"));
	assert_true(has(bed, "'challenge':'"));
	must(bed, "POST /account/login/passkey/begin", "{'ticket':'x'}", 401,
	    "refused");
	account_rig_log_in(&bed->rig);
	must(bed, "POST /account/factors/passkeys/begin", "", 200,
	    "'rp':{'id':'" HTTP_RIG_HOST "'");
	assert_true(has(bed, "{'type':'public-key','alg':-7}"));
	assert_true(has(bed, "'attestation':'none'"));
	assert_true(has(bed, "'name':'" RIG_USER "','displayName'"));
	assert_true(has(bed, "'excludeCredentials':[]"));
}

#define CLIENT "eyJjaGFsbGVuZ2UiOiJBQUFBIn0" // {"challenge":"AAAA"}

static void bad_answers_of_browsers_are_refused(void **state)
{
	static const struct {
		const char *what, *body;
		unsigned status;
	} table[] = {
	    {"POST /account/login/passkey/finish", "{}", 400},
	    {"POST /account/login/passkey/finish",
		"{'rawId':'AA','response':{'clientDataJSON':'AA',"
		"'authenticatorData':'AA','signature':'AA'}}",
		400},
	    {"POST /account/login/passkey/finish",
		"{'rawId':'AA','response':{'clientDataJSON':'" CLIENT "',"
		"'authenticatorData':'A=A','signature':'AA'}}",
		400},
	    {"POST /account/login/passkey/finish",
		"{'rawId':'AA','response':{'clientDataJSON':'" CLIENT "',"
		"'authenticatorData':'AA','signature':'AA'}}",
		401},
	    {"POST /account/login/passkey/finish",
		"{'rawId':'AA','response':[]}", 400},
	    {"POST /account/factors/passkeys/finish", "{'name':'x'}", 400},
	    {"POST /account/factors/passkeys/finish",
		"{'response':{'clientDataJSON':'" CLIENT "',"
		"'attestationObject':'AA'}}",
		400},
	    {"POST /account/factors/passkeys/finish",
		"{'name':' ','response':{'clientDataJSON':'" CLIENT "',"
		"'attestationObject':'AA'}}",
		400},
	    {"POST /account/factors/passkeys/finish",
		"{'name':'x','response':{'clientDataJSON':'" CLIENT "',"
		"'attestationObject':'AA'}}",
		400},
	    {"POST /account/proof/passkey/finish", "{'rawId':'AA'}", 400},
	    {"POST /account/factors/passkeys/AAAA", "{'name':'x'}", 404},
	    {"POST /account/factors/passkeys/AAAA", "{'name':''}", 400},
	    {"POST /account/factors/passkeys/%22", "{'name':'x'}", 404},
	    {"DELETE /account/factors/passkeys/AAAA", "", 404},
	    {"DELETE /account/factors/passkeys/", "", 404},
	};
	struct bed *bed = *state;
	account_rig_log_in(&bed->rig);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		unsigned status = json(bed, table[i].what, table[i].body);
		if (status != table[i].status)
			fail_msg("row %zu: %u %.*s", i, status,
			    VIEW_FMT(bed->rig.answer.body));
	}
}

// ---- On the page of the authorization server -------------------------------

static void the_page_asks_for_the_second_step(void **state)
{
#define REQUEST "request=%%2Foauth%%2Fdevice"
	struct bed *bed = *state;
	char code[7], body[500];
	enrol(bed);
	bed->rig.cookie[0] = '\0';
	snprintf(body, sizeof(body),
	    REQUEST "&user=" RIG_USER "&password=demo%%20pass");
	assert_int_equal(
	    account_rig_ask(&bed->rig, "POST /oauth/login", RIG_FORM, body),
	    200);
	assert_true(has(bed, "action='/oauth/login/second'"));
	assert_true(bed->rig.cookie[0] == '\0');
	struct view page = bed->rig.answer.body;
	size_t at = view_find(page, VIEW("name=\"ticket\" value=\""));
	struct view ticket = view_from(page, at + 21);
	ticket = view_slice(ticket, 0, view_find_char(ticket, '"'));
	snprintf(bed->ticket, sizeof(bed->ticket), "%.*s", VIEW_FMT(ticket));
	snprintf(
	    body, sizeof(body), REQUEST "&ticket=%s&code=000000", bed->ticket);
	assert_int_equal(account_rig_ask(&bed->rig, "POST /oauth/login/second",
			     RIG_FORM, body),
	    200);
	assert_true(has(bed, "The code is wrong."));
	next_code(bed, code);
	snprintf(body, sizeof(body), REQUEST "&ticket=%s&code=%s", bed->ticket,
	    code);
	assert_int_equal(account_rig_ask(&bed->rig, "POST /oauth/login/second",
			     RIG_FORM, body),
	    303);
	assert_view_equal(http_rig_field(&bed->rig.answer, "Location"),
	    VIEW("/oauth/device"));
	assert_true(bed->rig.cookie[0] != '\0');
	// Too late: from the beginning.
	bed->rig.http.address = "192.0.2.64";
	assert_int_equal(account_rig_ask(&bed->rig, "POST /oauth/login/second",
			     RIG_FORM, body),
	    200);
	assert_true(has(bed, "action='/oauth/login'"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_code_is_the_second_step),
	    TEST(a_recovery_code_is_good_once),
	    TEST(wrong_tickets_are_refused),
	    TEST(a_secret_counts_when_it_is_confirmed),
	    TEST(it_is_taken_away_again),
	    TEST(the_factor_is_the_new_proof),
	    TEST(a_browser_is_told_what_to_ask_for),
	    TEST(bad_answers_of_browsers_are_refused),
	    TEST(the_page_asks_for_the_second_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
