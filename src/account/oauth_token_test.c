// SPDX-License-Identifier: Apache-2.0
// What programs ask the authorization server for: tokens, their revocation,
// devices; every error by tables.
#include "account/oauth_test_tools.h"

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

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_code_gives_tokens_that_are_refreshed),
	    TEST(a_code_is_good_once),
	    TEST(token_errors_are_exact),
	    TEST(tokens_are_revoked),
	    TEST(a_device_gets_access),
	    TEST(a_device_gets_none),
	    TEST(wrong_codes_of_devices_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
