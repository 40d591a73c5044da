// SPDX-License-Identifier: Apache-2.0
// OAUTHBEARER and XOAUTH2: the examples of RFC 7628, messages of every form,
// and whole exchanges.
#include "auth/auth_test_tools.h"
#include "auth/bearer.h"
#include "auth/exchange.h"
#include "auth/oauth.h"
#include "base/test.h"

// ---- Messages --------------------------------------------------------------

#define RFC_TOKEN "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="

struct row {
	const char *message;
	enum rc rc;
	const char *token;
	const char *authzid;
};

static void check_rows(const struct row *rows, size_t count,
    enum rc (*read)(struct view message, struct auth_bearer *ret_bearer))
{
	for (size_t i = 0; i < count; i++) {
		struct auth_bearer bearer;
		assert_int_equal(
		    read(view_of_string(rows[i].message), &bearer), rows[i].rc);
		if (rows[i].rc != RC_OK)
			continue;
		assert_view_equal(bearer.token, view_of_string(rows[i].token));
		assert_view_equal(view_of(bearer.authzid, bearer.authzid_len),
		    view_of_string(rows[i].authzid));
	}
}

static void oauthbearer_is_read(void **state)
{
	static const struct row rows[] = {
	    // RFC 7628 section 4.1, twice, and 4.3.
	    {"n,a=user@example.com,\1host=server.example.com\1port=143\1"
	     "auth=Bearer " RFC_TOKEN "\1\1",
		RC_OK, RFC_TOKEN, "user@example.com"},
	    {"n,a=user@example.com,\1host=server.example.com\1port=587\1"
	     "auth=Bearer " RFC_TOKEN "\1\1",
		RC_OK, RFC_TOKEN, "user@example.com"},
	    {"n,a=user@example.com,\1host=server.example.com\1port=143\1"
	     "auth=\1\1",
		RC_OK, "", "user@example.com"},
	    // Without an identity, and with the scheme in any case.
	    {"n,,\1auth=Bearer t\1\1", RC_OK, "t", ""},
	    {"y,,\1auth=bearer t\1\1", RC_OK, "t", ""},
	    {"n,,\1auth=BeArEr   t \1\1", RC_OK, "t", ""},
	    {"n,,\1auth=Bearer \1\1", RC_OK, "", ""},
	    // Unknown keys are ignored; the order is free.
	    {"n,,\1auth=Bearer t\1mthd=POST\1qs=\1\1", RC_OK, "t", ""},
	    {"n,,\1user=x\1auth=Bearer t\1\1", RC_OK, "t", ""},
	    // A saslname has escapes.
	    {"n,a=a=2C=3Db,\1auth=Bearer t\1\1", RC_OK, "t", "a,=b"},
	    {"n,a=a=2c,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,a=a=,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,a=,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,b=c,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,a=b,c,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,a=b\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    // No channel binding, and no other header.
	    {"p=tls-exporter,,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"F,n,,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {",,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    // The pairs and their separators.
	    {"\1", RC_SYNTAX, "", ""},
	    {"", RC_SYNTAX, "", ""},
	    {"n,,", RC_SYNTAX, "", ""},
	    {"n,,\1", RC_SYNTAX, "", ""},
	    {"n,,\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Bearer t\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Bearer t", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Bearer t\1\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Bearer t\1\1x", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Bearer t\1auth=Bearer u\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1host=x\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1=x\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1x1=x\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Basic dDp0\1\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth=OAuth realm=\"x\"\1\1", RC_SYNTAX, "", ""},
	};
	(void)state;
	check_rows(rows, ARRAY_LEN(rows), auth_bearer_read);
}

static void xoauth2_is_read(void **state)
{
	static const struct row rows[] = {
	    {"user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2Nvb3Rl"
	     "ckBhdHRhdmlzdGEuY29tCg\1\1",
		RC_OK, "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
		"someuser@example.com"},
	    {"auth=Bearer t\1\1", RC_OK, "t", ""},
	    {"user=\1auth=Bearer t\1\1", RC_OK, "t", ""},
	    {"user=a,=b\1auth=Bearer t\1\1", RC_OK, "t", "a,=b"},
	    {"user=a\1auth=\1\1", RC_OK, "", "a"},
	    {"user=a\1\1", RC_SYNTAX, "", ""},
	    {"user=a\1auth=Bearer t\1", RC_SYNTAX, "", ""},
	    {"n,,\1auth=Bearer t\1\1", RC_SYNTAX, "", ""},
	    {"", RC_SYNTAX, "", ""},
	};
	(void)state;
	check_rows(rows, ARRAY_LEN(rows), auth_bearer_read_xoauth2);
}

// ---- Exchanges -------------------------------------------------------------

#define DISCOVERY "https://mail.example.org/.well-known/openid-configuration"
#define ERROR(status)                                                          \
	"{\"status\":\"" status "\",\"scope\":\"" AUTH_OAUTH_SCOPE_MAIL        \
	"\",\"openid-configuration\":\"" DISCOVERY "\"}"
#define ERROR_XOAUTH2(status)                                                  \
	"{\"status\":\"" status                                                \
	"\",\"schemes\":\"bearer\",\"scope\":\"" AUTH_OAUTH_SCOPE_MAIL         \
	"\",\"openid-configuration\":\"" DISCOVERY "\"}"

struct office {
	struct fixture base;
	struct auth_tokens tokens;
	struct auth_user user;
};

static void get_tokens(struct office *office)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_client client = {.redirect_count = 1,
	    .scopes = AUTH_SCOPES_MAIL,
	    .redirects = {"com.example:/"}};
	struct auth_token_text code;
	assert_int_equal(auth_client_register(
			     office->base.auth, &channel, false, &client, NULL),
	    RC_OK);
	struct auth_code_order order = {.client = view_of_string(client.id),
	    .redirect_uri = VIEW("com.example:/"),
	    .challenge = VIEW("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
	    .scopes = AUTH_SCOPE_IMAP | AUTH_SCOPE_SMTP};
	assert_int_equal(auth_code_make(office->base.auth, &channel,
			     &office->user, &order, NULL, &code),
	    RC_OK);
	assert_int_equal(
	    auth_code_redeem(office->base.auth, &channel, order.client,
		view_of_string(code.text), order.redirect_uri,
		VIEW("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX"
		     "k"),
		NULL, &office->tokens),
	    RC_OK);
}

static int set_up_office(void **state)
{
	struct auth_settings with = settings;
	struct office *office = mem_zalloc(sizeof(*office));
	uint64_t account;
	with.tokens.discovery = DISCOVERY;
	office->base.engine = engine_memory_new();
	assert_int_equal(auth_new(office->base.engine, &with, NULL, NULL, NULL,
			     &office->base.auth),
	    RC_OK);
	assert_int_equal(auth_user_add(office->base.auth, VIEW("user"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(auth_user_add(office->base.auth, VIEW("other"),
			     VIEW("pencil"), NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_find(office->base.auth, VIEW("user"), &office->user),
	    RC_OK);
	get_tokens(office);
	*state = office;
	return 0;
}

static int tear_down_office(void **state)
{
	struct office *office = *state;
	auth_free(&office->base.auth);
	engine_close(&office->base.engine);
	free(office);
	return 0;
}

// The message of the mechanism for a token and an identity.
static void write_message(
    bool xoauth2, const char *token, const char *authzid, struct buf *out)
{
	buf_reset(out);
	if (xoauth2)
		buf_printf(out, "user=%s", authzid);
	else if (authzid[0])
		buf_printf(out, "n,a=%s,", authzid);
	else
		buf_add_literal(out, "n,,");
	buf_printf(out, "\1auth=%s%s\1\1", token[0] ? "Bearer " : "", token);
}

static enum auth_reason play(struct office *office, uint32_t scopes,
    bool xoauth2, struct view message, const char *error)
{
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	struct buf out;
	channel.scopes = scopes;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	assert_int_equal(auth_sasl_start(office->base.auth,
			     xoauth2 ? VIEW("XOAUTH2") : VIEW("oauthbearer"),
			     &channel, &verdict, &sasl),
	    RC_OK);
	enum rc rc = auth_sasl_step(sasl, message, &out);
	assert_int_equal(rc, error ? RC_MORE : RC_OK);
	if (error) {
		assert_view_equal(buf_view(&out), view_of_string(error));
		assert_int_equal(
		    auth_sasl_verdict(sasl)->reason, AUTH_REASON_NONE);
		buf_reset(&out);
		rc =
		    auth_sasl_step(sasl, xoauth2 ? VIEW("") : VIEW("\1"), &out);
		assert_true(rc == RC_AUTH || rc == RC_DENIED);
		assert_null(auth_sasl_user(sasl));
	} else {
		assert_string_equal(auth_sasl_user(sasl)->name.text, "user");
		assert_int_not_equal(auth_sasl_user(sasl)->credential, 0);
	}
	assert_int_equal(out.len, 0);
	enum auth_reason reason = auth_sasl_verdict(sasl)->reason;
	assert_int_equal(auth_sasl_step(sasl, VIEW("\1"), &out), RC_SYNTAX);
	auth_sasl_free(&sasl);
	buf_done(&out);
	return reason;
}

static void a_token_logs_in(void **state)
{
	struct office *office = *state;
	const char *access = office->tokens.access.text;
	const struct {
		uint32_t scopes;
		const char *token;
		const char *authzid;
		const char *error;
		const char *error_xoauth2;
		enum auth_reason reason;
	} rows[] = {
	    {AUTH_SCOPE_IMAP, access, "", NULL, NULL, AUTH_REASON_NONE},
	    {AUTH_SCOPE_SMTP, access, "user", NULL, NULL, AUTH_REASON_NONE},
	    {AUTH_SCOPE_IMAP, access, "USER", NULL, NULL, AUTH_REASON_NONE},
	    {AUTH_SCOPE_IMAP, access, "other", ERROR("invalid_token"),
		ERROR_XOAUTH2("401"), AUTH_REASON_AUTHZID},
	    {AUTH_SCOPE_POP3, access, "", ERROR("insufficient_scope"),
		ERROR_XOAUTH2("403"), AUTH_REASON_SCOPE},
	    {AUTH_SCOPE_IMAP, "", "user", ERROR("invalid_token"),
		ERROR_XOAUTH2("401"), AUTH_REASON_SYNTAX},
	    {AUTH_SCOPE_IMAP, "abc", "user", ERROR("invalid_token"),
		ERROR_XOAUTH2("401"), AUTH_REASON_TOKEN},
	    {AUTH_SCOPE_IMAP, office->tokens.refresh.text, "user",
		ERROR("invalid_token"), ERROR_XOAUTH2("401"),
		AUTH_REASON_TOKEN},
	};
	struct buf message;
	buf_init(&message, AUTH_SASL_INPUT_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int x = 0; x < 2; x++) {
			write_message(
			    x, rows[i].token, rows[i].authzid, &message);
			assert_int_equal(
			    play(office, rows[i].scopes, x, buf_view(&message),
				x ? rows[i].error_xoauth2 : rows[i].error),
			    rows[i].reason);
		}
	write_message(false, access, "", &message);
	assert_int_equal(
	    auth_user_set_disabled(office->base.auth, VIEW("user"), true, NULL),
	    RC_OK);
	assert_int_equal(play(office, AUTH_SCOPE_IMAP, false,
			     buf_view(&message), ERROR("invalid_token")),
	    AUTH_REASON_DISABLED);
	assert_int_equal(auth_user_set_disabled(
			     office->base.auth, VIEW("user"), false, NULL),
	    RC_OK);
	assert_int_equal(auth_user_set_password(office->base.auth, VIEW("user"),
			     VIEW("new"), NULL),
	    RC_OK);
	assert_int_equal(play(office, AUTH_SCOPE_IMAP, false,
			     buf_view(&message), ERROR("invalid_token")),
	    AUTH_REASON_EXPIRED);
	buf_done(&message);
}

static void malformed_messages_end_at_once(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = channel_from("192.0.2.1");
	const char *const mechanisms[] = {"OAUTHBEARER", "XOAUTH2"};
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		struct auth_sasl *sasl = NULL;
		struct auth_verdict verdict;
		struct buf out;
		buf_init(&out, AUTH_SASL_OUTPUT_MAX);
		assert_int_equal(auth_sasl_start(office->base.auth,
				     view_of_string(mechanisms[i]), &channel,
				     &verdict, &sasl),
		    RC_OK);
		assert_int_equal(auth_sasl_challenge(sasl, &out), RC_MORE);
		assert_int_equal(out.len, 0);
		assert_int_equal(
		    auth_sasl_step(sasl, VIEW("\1"), &out), RC_SYNTAX);
		assert_int_equal(
		    auth_sasl_verdict(sasl)->reason, AUTH_REASON_SYNTAX);
		auth_sasl_free(&sasl);
		buf_done(&out);
	}
}

// With a turn the refusal is put off; the error comes after the pause, and then
// the end without another one.
static void a_made_up_token_waits(void **state)
{
	struct office *office = *state;
	struct auth_turn turn = {.wake = NULL};
	struct auth_channel channel = channel_from("192.0.2.9");
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	struct view message = VIEW("n,,\1auth=Bearer abc\1\1");
	struct buf out;
	channel.turn = &turn;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	assert_int_equal(auth_sasl_start(office->base.auth, VIEW("OAUTHBEARER"),
			     &channel, &verdict, &sasl),
	    RC_OK);
	assert_int_equal(auth_sasl_step(sasl, message, &out), RC_IN_USE);
	assert_true(turn.pause_ms > 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(auth_sasl_step(sasl, message, &out), RC_MORE);
	assert_view_equal(
	    buf_view(&out), view_of_string(ERROR("invalid_token")));
	buf_reset(&out);
	assert_int_equal(auth_sasl_step(sasl, VIEW("\1"), &out), RC_AUTH);
	assert_int_equal(auth_sasl_verdict(sasl)->reason, AUTH_REASON_TOKEN);
	auth_sasl_free(&sasl);
	auth_turn_end(office->base.auth, &turn);
	buf_done(&out);
}

static void an_error_is_counted_once(void **state)
{
	struct office *office = *state;
	struct auth *auth = office->base.auth;
	struct auth_channel channel = channel_from("192.0.2.1");
	struct auth_sasl *sasl = NULL;
	struct auth_verdict verdict;
	struct buf out;
	buf_init(&out, AUTH_SASL_OUTPUT_MAX);
	uint64_t cancelled = auth_outcomes(auth, AUTH_REASON_CANCELLED);
	assert_int_equal(
	    auth_sasl_start(auth, VIEW("XOAUTH2"), &channel, &verdict, &sasl),
	    RC_OK);
	assert_int_equal(
	    auth_sasl_step(sasl, VIEW("user=x\1auth=Bearer abc\1\1"), &out),
	    RC_MORE);
	// The client cancels, or hangs up.
	auth_sasl_free(&sasl);
	assert_int_equal(auth_outcomes(auth, AUTH_REASON_TOKEN), 1);
	assert_int_equal(auth_outcomes(auth, AUTH_REASON_CANCELLED), cancelled);
	buf_done(&out);
}

static void they_can_be_switched_off(void **state)
{
	struct auth_settings without = settings;
	struct office *office = *state;
	struct auth_channel channel = channel_from("192.0.2.1");
	const char *names[AUTH_SASL_MECHANISMS_MAX];
	struct auth *auth;
	without.tokens.no_oauth = true;
	assert_int_equal(
	    auth_new(office->base.engine, &without, NULL, NULL, NULL, &auth),
	    RC_OK);
	size_t count = auth_sasl_mechanisms(auth, &channel, names);
	for (size_t i = 0; i < count; i++)
		assert_null(strstr(names[i], "OAUTH"));
	auth_free(&auth);
}

#define OFFICE(name)                                                           \
	cmocka_unit_test_setup_teardown(name, set_up_office, tear_down_office)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(oauthbearer_is_read),
	    cmocka_unit_test(xoauth2_is_read),
	    OFFICE(a_token_logs_in),
	    OFFICE(malformed_messages_end_at_once),
	    OFFICE(a_made_up_token_waits),
	    OFFICE(an_error_is_counted_once),
	    OFFICE(they_can_be_switched_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
