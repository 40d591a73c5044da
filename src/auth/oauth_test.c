// SPDX-License-Identifier: Apache-2.0
// Codes, grants, refresh and access tokens.
#include "auth/oauth_test_tools.h"

// ---- Codes -----------------------------------------------------------------

static void a_code_gives_tokens_once(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens, again;
	struct auth_credential grant;
	struct auth_channel channel = web_channel();
	struct auth_user user;
	struct auth_verdict verdict;
	struct auth_token_text code =
	    make_code(office, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	assert_int_equal(tokens.expires_in, AUTH_ACCESS_SECONDS);
	assert_int_equal(tokens.scopes, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(
	    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
		view_of_string(tokens.access.text), &user, &verdict),
	    RC_OK);
	assert_int_equal(user.scopes, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(auth_credential_find(office->auth, user.account,
			     user.credential, &grant),
	    RC_OK);
	assert_string_equal(grant.name, "Mail program");
	assert_string_equal(grant.client, office->client.id);
	// A refresh token is no access token.
	assert_int_equal(
	    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
		view_of_string(tokens.refresh.text), &user, &verdict),
	    RC_AUTH);
	// The second time somebody has stolen it.
	assert_int_equal(exchange(office, &code, &again), RC_AUTH);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_EXPIRED);
	assert_int_equal(refresh(office, &tokens, 0, &again), RC_AUTH);
	assert_int_equal(exchange(office, &code, &again), RC_AUTH);
}

static void a_code_is_bound(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client other = a_client("Other");
	struct auth_token_text code = make_code(office, AUTH_SCOPES_MAIL);
	struct auth_tokens tokens;
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &other, NULL),
	    RC_OK);
	const struct {
		const char *client;
		const char *redirect;
		const char *verifier;
		enum rc rc;
	} rows[] = {
	    {other.id, GIVEN, VERIFIER, RC_AUTH},
	    {"", GIVEN, VERIFIER, RC_AUTH},
	    {office->client.id, REDIRECT, VERIFIER, RC_AUTH},
	    {office->client.id, "", VERIFIER, RC_AUTH},
	    {office->client.id, GIVEN, CHALLENGE, RC_AUTH},
	    {office->client.id, GIVEN, "", RC_AUTH},
	    {office->client.id, GIVEN, VERIFIER "x", RC_AUTH},
	    {office->client.id, GIVEN, VERIFIER, RC_OK},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    redeem(office, &code, rows[i].client, rows[i].redirect,
			rows[i].verifier, &tokens),
		    rows[i].rc);
	code = make_code(office, AUTH_SCOPES_MAIL);
	office->now += AUTH_CODE_SECONDS - 1;
	struct auth_token_text late = code;
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	office->now -= AUTH_CODE_SECONDS - 1;
	late = make_code(office, AUTH_SCOPES_MAIL);
	office->now += AUTH_CODE_SECONDS;
	assert_int_equal(exchange(office, &late, &tokens), RC_AUTH);
	// Nor is any other token a code.
	code = tokens.refresh;
	assert_int_equal(exchange(office, &code, &tokens), RC_AUTH);
}

static void bad_orders_for_codes_are_refused(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_client narrow = a_client("Narrow");
	struct auth_token_text code;
	struct fault fault;
	narrow.scopes = AUTH_SCOPE_IMAP;
	assert_int_equal(
	    auth_client_register(office->auth, &channel, false, &narrow, NULL),
	    RC_OK);
	struct view id = view_of_string(office->client.id);
	const struct {
		struct auth_code_order order;
		enum rc rc;
	} rows[] = {
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE), 1}, RC_OK},
	    {{id, VIEW(REDIRECT), VIEW(CHALLENGE), 1}, RC_OK},
	    {{VIEW("x"), VIEW(GIVEN), VIEW(CHALLENGE), 1}, RC_NOT_FOUND},
	    {{id, VIEW("http://127.0.0.1:1/other"), VIEW(CHALLENGE), 1},
		RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(""), 1}, RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE "="), 1}, RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE), 0}, RC_INVALID},
	    {{id, VIEW(GIVEN), VIEW(CHALLENGE), AUTH_SCOPE_ACCOUNT},
		RC_INVALID},
	    {{view_of_string(narrow.id), VIEW(GIVEN), VIEW(CHALLENGE),
		 AUTH_SCOPE_IMAP},
		RC_OK},
	    {{view_of_string(narrow.id), VIEW(GIVEN), VIEW(CHALLENGE),
		 AUTH_SCOPE_SMTP},
		RC_INVALID},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    auth_code_make(office->auth, &channel, &office->user,
			&rows[i].order, &fault, &code),
		    rows[i].rc);
	assert_int_equal(
	    auth_user_set_disabled(office->auth, VIEW("anna"), true, NULL),
	    RC_OK);
	assert_int_equal(auth_code_make(office->auth, &channel, &office->user,
			     &rows[0].order, &fault, &code),
	    RC_GONE);
}

// ---- Refresh tokens --------------------------------------------------------

static void a_refresh_token_is_used_once(void **state)
{
	struct office *office = *state;
	struct auth_tokens first = get_tokens(office), second, third, none;
	office->now += 3000;
	assert_int_equal(refresh(office, &first, 0, &second), RC_OK);
	assert_string_not_equal(first.refresh.text, second.refresh.text);
	assert_int_equal(use_access(office, &first), AUTH_REASON_NONE);
	assert_int_equal(use_access(office, &second), AUTH_REASON_NONE);
	office->now += 3000;
	assert_int_equal(use_access(office, &first), AUTH_REASON_EXPIRED);
	assert_int_equal(refresh(office, &second, 0, &third), RC_OK);
	// The first one again: somebody else has it.
	uint64_t epoch = auth_epoch(office->auth);
	assert_int_equal(refresh(office, &first, 0, &none), RC_AUTH);
	assert_int_not_equal(auth_epoch(office->auth), epoch);
	assert_int_equal(refresh(office, &third, 0, &none), RC_AUTH);
	assert_int_equal(use_access(office, &third), AUTH_REASON_EXPIRED);
}

static void a_lost_answer_is_no_theft(void **state)
{
	struct office *office = *state;
	struct auth_tokens first = get_tokens(office), lost, second, third;
	office->now += 3000;
	assert_int_equal(refresh(office, &first, 0, &lost), RC_OK);
	office->now += AUTH_REFRESH_GRACE_SECONDS - 1;
	assert_int_equal(refresh(office, &first, 0, &second), RC_OK);
	assert_int_equal(refresh(office, &second, 0, &third), RC_OK);
	office->now += 100;
	assert_int_equal(use_access(office, &third), AUTH_REASON_NONE);
	assert_int_equal(refresh(office, &lost, 0, &second), RC_AUTH);
	assert_int_equal(use_access(office, &third), AUTH_REASON_EXPIRED);
}

static void the_grace_ends(void **state)
{
	struct office *office = *state;
	struct auth_tokens first = get_tokens(office), second, none;
	office->now += 3000;
	assert_int_equal(refresh(office, &first, 0, &second), RC_OK);
	office->now += AUTH_REFRESH_GRACE_SECONDS;
	assert_int_equal(refresh(office, &first, 0, &none), RC_AUTH);
	assert_int_equal(use_access(office, &second), AUTH_REASON_EXPIRED);
}

static void a_refresh_may_ask_for_less(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens, narrow, none, wide;
	struct auth_token_text code =
	    make_code(office, AUTH_SCOPE_IMAP | AUTH_SCOPE_JMAP);
	assert_int_equal(exchange(office, &code, &tokens), RC_OK);
	assert_int_equal(
	    refresh(office, &tokens, AUTH_SCOPE_IMAP, &narrow), RC_OK);
	assert_int_equal(narrow.scopes, AUTH_SCOPE_IMAP);
	assert_int_equal(use_access(office, &narrow), AUTH_REASON_SCOPE);
	assert_int_equal(
	    refresh(office, &narrow, AUTH_SCOPES_MAIL, &none), RC_DENIED);
	assert_int_equal(refresh(office, &narrow, 0, &wide), RC_OK);
	assert_int_equal(use_access(office, &wide), AUTH_REASON_NONE);
}

static void a_grant_ends_without_use(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens = get_tokens(office);
	for (int i = 0; i < 4; i++) {
		office->now += AUTH_GRANT_IDLE_SECONDS - 1;
		assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_OK);
	}
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	office->now += AUTH_GRANT_IDLE_SECONDS;
	assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_AUTH);
}

static void a_revoked_grant_ends_its_sessions(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_tokens tokens = get_tokens(office);
	struct auth_user user;
	struct auth_verdict verdict;
	assert_int_equal(
	    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
		view_of_string(tokens.access.text), &user, &verdict),
	    RC_OK);
	// That an access token has expired does not end a session (section 3.9
	// of the profile).
	office->now += AUTH_ACCESS_SECONDS;
	assert_int_equal(auth_credentials_sweep(office->auth, NULL), RC_OK);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_EXPIRED);
	assert_int_equal(auth_user_check(office->auth, &user), RC_OK);
	assert_int_equal(auth_credential_revoke(
			     office->auth, user.account, user.credential, NULL),
	    RC_OK);
	assert_int_equal(auth_user_check(office->auth, &user), RC_GONE);
	assert_int_equal(refresh(office, &tokens, 0, &tokens), RC_AUTH);
}

static void tokens_are_given_back(void **state)
{
	struct office *office = *state;
	struct auth_tokens tokens = get_tokens(office), more;
	struct view client = view_of_string(office->client.id);
	assert_int_equal(refresh(office, &tokens, 0, &more), RC_OK);
	assert_int_equal(auth_token_surrender(office->auth, VIEW("other"),
			     view_of_string(more.access.text), NULL),
	    RC_OK);
	assert_int_equal(use_access(office, &more), AUTH_REASON_NONE);
	assert_int_equal(auth_token_surrender(office->auth, client,
			     view_of_string(more.access.text), NULL),
	    RC_OK);
	assert_int_equal(use_access(office, &more), AUTH_REASON_EXPIRED);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_NONE);
	assert_int_equal(auth_token_surrender(office->auth, client,
			     view_of_string(more.refresh.text), NULL),
	    RC_OK);
	assert_int_equal(use_access(office, &tokens), AUTH_REASON_EXPIRED);
	assert_int_equal(auth_token_surrender(office->auth, client,
			     view_of_string(more.refresh.text), NULL),
	    RC_OK);
	assert_int_equal(
	    auth_token_surrender(office->auth, client, VIEW("what"), NULL),
	    RC_OK);
}

static void made_up_tokens_are_counted(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_tokens tokens;
	struct fault fault;
	uint64_t before = auth_outcomes(office->auth, AUTH_REASON_TOKEN);
	assert_int_equal(auth_grant_refresh(office->auth, &channel, VIEW("x"),
			     VIEW("made up"), 0, &fault, &tokens),
	    RC_AUTH);
	assert_int_equal(
	    auth_code_redeem(office->auth, &channel, VIEW("x"), VIEW("made up"),
		VIEW("y"), VIEW(VERIFIER), &fault, &tokens),
	    RC_AUTH);
	assert_int_equal(auth_device_poll(office->auth, &channel, VIEW("x"),
			     VIEW("made up"), &fault, &tokens),
	    RC_AUTH);
	assert_int_equal(
	    auth_outcomes(office->auth, AUTH_REASON_TOKEN), before + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OFFICE(a_code_gives_tokens_once),
	    OFFICE(a_code_is_bound),
	    OFFICE(bad_orders_for_codes_are_refused),
	    OFFICE(a_refresh_token_is_used_once),
	    OFFICE(a_lost_answer_is_no_theft),
	    OFFICE(the_grace_ends),
	    OFFICE(a_refresh_may_ask_for_less),
	    OFFICE(a_grant_ends_without_use),
	    OFFICE(a_revoked_grant_ends_its_sessions),
	    OFFICE(tokens_are_given_back),
	    OFFICE(made_up_tokens_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
