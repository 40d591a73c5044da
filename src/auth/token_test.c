// SPDX-License-Identifier: Apache-2.0
// Browser sessions and application passwords: making and checking them.
#include "auth/token_test_tools.h"

// ---- Browser sessions ------------------------------------------------------

static void a_session_is_its_users(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_user user;
	uint64_t id;
	struct auth_token_text token = open_session(office, "Firefox", &id);
	assert_int_equal(verify_at(office, &channel, AUTH_KIND_SESSION,
			     view_of_string(token.text), &user),
	    AUTH_REASON_NONE);
	assert_string_equal(user.name.text, "anna");
	assert_int_equal(user.account, office->user.account);
	assert_true(user.credential == id);
	assert_int_equal(user.scopes, AUTH_SCOPES_ALL);
	assert_int_equal(auth_user_check(office->auth, &user), RC_OK);
	// It is no access token, and not for a connection with no scope.
	assert_int_equal(verify_at(office, &channel, AUTH_KIND_ACCESS,
			     view_of_string(token.text), &user),
	    AUTH_REASON_TOKEN);
	channel.scopes = 0;
	assert_int_equal(verify_at(office, &channel, AUTH_KIND_SESSION,
			     view_of_string(token.text), &user),
	    AUTH_REASON_SCOPE);
	channel = web_channel();
	channel.tls = false;
	assert_int_equal(verify_at(office, &channel, AUTH_KIND_SESSION,
			     view_of_string(token.text), &user),
	    AUTH_REASON_PRIVACY);
}

static void a_session_ends_without_use_and_after_its_longest_time(void **state)
{
	struct office *office = *state;
	uint64_t id;
	struct auth_token_text token = open_session(office, "", &id);
	int64_t end = NOW + AUTH_SESSION_MAX_SECONDS;
	// With a request a day it lasts to its end.
	for (; office->now < end; office->now += 86400)
		assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	office->now = end;
	assert_int_equal(verify(office, &token), AUTH_REASON_EXPIRED);
	office->now = NOW;
	token = open_session(office, "", &id);
	office->now += AUTH_SESSION_IDLE_SECONDS - 1;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	office->now += AUTH_SESSION_IDLE_SECONDS;
	assert_int_equal(verify(office, &token), AUTH_REASON_EXPIRED);
}

static void a_last_use_counts_after_a_restart(void **state)
{
	struct office *office = *state;
	uint64_t id;
	struct auth_token_text token = open_session(office, "", &id);
	office->now += AUTH_SESSION_IDLE_SECONDS - 1;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	assert_int_equal(auth_uses_write(office->auth->uses, NULL), RC_OK);
	auth_free(&office->auth);
	assert_int_equal(auth_new(office->engine, &settings, NULL,
			     &office->clock, NULL, &office->auth),
	    RC_OK);
	office->now += 86400;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
}

static void a_revoked_session_is_over_at_once(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_user user;
	uint64_t id, other_id;
	struct auth_token_text token = open_session(office, "", &id);
	struct auth_token_text other = open_session(office, "", &other_id);
	assert_int_equal(verify_at(office, &channel, AUTH_KIND_SESSION,
			     view_of_string(token.text), &user),
	    AUTH_REASON_NONE);
	uint64_t epoch = auth_epoch(office->auth);
	assert_int_equal(
	    auth_credential_revoke(office->auth, user.account, id, NULL),
	    RC_OK);
	assert_int_not_equal(auth_epoch(office->auth), epoch);
	assert_int_equal(verify(office, &token), AUTH_REASON_EXPIRED);
	assert_int_equal(auth_user_check(office->auth, &user), RC_GONE);
	assert_int_equal(auth_user_check(office->auth, &office->user), RC_OK);
	assert_int_equal(verify(office, &other), AUTH_REASON_NONE);
	assert_int_equal(
	    auth_credential_revoke(office->auth, user.account, id, NULL),
	    RC_NOT_FOUND);
}

static void a_pending_session_is_for_the_second_factor_only(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_token_text token;
	struct auth_user user;
	uint64_t id;
	struct auth_session_order order = {.kind = AUTH_KIND_PENDING};
	assert_int_equal(auth_session_open(office->auth, &channel,
			     &office->user, &order, NULL, &token, &id),
	    RC_OK);
	struct view text = view_of_string(token.text);
	assert_int_equal(
	    verify_at(office, &channel, AUTH_KIND_SESSION, text, &user),
	    AUTH_REASON_TOKEN);
	channel.scopes = AUTH_SCOPES_ALL;
	assert_int_equal(
	    verify_at(office, &channel, AUTH_KIND_PENDING, text, &user),
	    AUTH_REASON_SCOPE);
	channel.scopes = AUTH_SCOPE_SECOND;
	assert_int_equal(
	    verify_at(office, &channel, AUTH_KIND_PENDING, text, &user),
	    AUTH_REASON_NONE);
	office->now += AUTH_PENDING_SECONDS;
	assert_int_equal(
	    verify_at(office, &channel, AUTH_KIND_PENDING, text, &user),
	    AUTH_REASON_EXPIRED);
}

static void proof_is_kept(void **state)
{
	struct office *office = *state;
	struct auth_credential found;
	uint64_t id, account = office->user.account;
	open_session(office, "", &id);
	office->now += 1000;
	assert_int_equal(
	    auth_session_prove(office->auth, account, id, NULL), RC_OK);
	assert_int_equal(
	    auth_credential_find(office->auth, account, id, &found), RC_OK);
	assert_int_equal(found.proved, NOW + 1000);
	assert_int_equal(found.created, NOW);
}

// ---- Texts that are no tokens ----------------------------------------------

static void other_texts_are_refused(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_user user;
	uint64_t id;
	struct auth_token_text token = open_session(office, "", &id);
	const char *const texts[] = {"", "x", "Bearer", "anna",
	    "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(verify_at(office, &channel, AUTH_KIND_SESSION,
				     view_of_string(texts[i]), &user),
		    AUTH_REASON_TOKEN);
	// Each character counts.
	for (size_t i = 0; token.text[i]; i++) {
		struct auth_token_text changed = token;
		changed.text[i] = changed.text[i] == 'A' ? 'B' : 'A';
		assert_int_equal(verify(office, &changed), AUTH_REASON_TOKEN);
	}
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
	struct auth_token_text longer = token;
	longer.text[strlen(longer.text)] = 'A';
	assert_int_equal(verify(office, &longer), AUTH_REASON_TOKEN);
}

static void a_token_of_another_server_is_refused(void **state)
{
	struct office *office = *state;
	uint64_t id;
	struct auth_token_text token = open_session(office, "", &id);
	office->auth->secret[0] ^= 1;
	assert_int_equal(verify(office, &token), AUTH_REASON_TOKEN);
	office->auth->secret[0] ^= 1;
	assert_int_equal(verify(office, &token), AUTH_REASON_NONE);
}

// Whoever sends made-up tokens from an address is slowed down there as one who
// guesses passwords; nobody's name is.
static void made_up_tokens_count_against_the_address(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = channel_from("198.51.100.7");
	struct auth_verdict verdict;
	struct auth_user user;
	char text[16];
	channel.scopes = AUTH_SCOPE_IMAP;
	for (int i = 0; i < 10; i++) {
		// The same one again is no further guess.
		snprintf(text, sizeof(text), "token%d", i / 2);
		assert_int_equal(
		    auth_token_verify(office->auth, &channel, AUTH_KIND_ACCESS,
			view_of_string(text), &user, &verdict),
		    RC_AUTH);
		assert_true(verdict.delay_ms > 0);
		enum auth_reason reason = AUTH_REASON_NONE;
		if (i == 9)
			break;
		if (auth_verify(office->auth, &channel, VIEW("anna"),
			VIEW("pencil"), &user, &verdict) != RC_OK)
			reason = verdict.reason;
		// Once it has been here, the user is known here.
		assert_int_equal(reason, AUTH_REASON_NONE);
	}
	assert_int_equal(auth_verify(office->auth, &channel, VIEW("ben"),
			     VIEW("pencil"), &user, &verdict),
	    RC_AUTH);
	assert_int_equal(verdict.reason, AUTH_REASON_LIMITED);
	channel.peer_address = VIEW("203.0.113.9");
	assert_int_equal(auth_verify(office->auth, &channel, VIEW("ben"),
			     VIEW("pencil"), &user, &verdict),
	    RC_OK);
}

static void an_expired_token_is_no_guess(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = channel_from("198.51.100.8");
	struct auth_verdict verdict;
	struct auth_user user;
	uint64_t id;
	channel.scopes = AUTH_SCOPE_JMAP;
	for (int i = 0; i < 30; i++) {
		struct auth_token_text token = open_session(office, "", &id);
		assert_int_equal(auth_credential_revoke(office->auth,
				     office->user.account, id, NULL),
		    RC_OK);
		assert_int_equal(
		    auth_token_verify(office->auth, &channel, AUTH_KIND_SESSION,
			view_of_string(token.text), &user, &verdict),
		    RC_AUTH);
		assert_int_equal(verdict.delay_ms, 0);
	}
}

// ---- Application passwords -------------------------------------------------

static void an_application_password_logs_in_where_it_may(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id;
	struct auth_token_text text = make_app_password(
	    office, AUTH_SCOPE_IMAP | AUTH_SCOPE_SMTP, 0, &id);
	uint64_t hashed = atomic_load(&office->auth->hashed);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", text.text, &user),
	    AUTH_REASON_NONE);
	assert_true(user.credential == id);
	assert_int_equal(user.scopes, AUTH_SCOPE_IMAP | AUTH_SCOPE_SMTP);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_SMTP, "anna", text.text, &user),
	    AUTH_REASON_NONE);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_POP3, "anna", text.text, &user),
	    AUTH_REASON_SCOPE);
	assert_int_equal(
	    log_in(office, 0, "anna", text.text, &user), AUTH_REASON_SCOPE);
	assert_int_equal(atomic_load(&office->auth->hashed), hashed);
	// It is anna's, and the password stays good.
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "ben", text.text, &user),
	    AUTH_REASON_PASSWORD);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "nobody", text.text, &user),
	    AUTH_REASON_UNKNOWN_USER);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_POP3, "anna", "pencil", &user),
	    AUTH_REASON_NONE);
	assert_int_equal(user.credential, 0);
	assert_int_equal(user.scopes, AUTH_SCOPES_ALL);
}

// A text of the form that is none costs what any wrong password costs, whoever
// it is said to be of.
static void a_wrong_one_costs_a_hash(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id;
	struct auth_token_text text =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	const char *const names[] = {"anna", "ben", "nobody"};
	text.text[0] = text.text[0] == 'a' ? 'b' : 'a';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint64_t hashed = atomic_load(&office->auth->hashed);
		assert_int_not_equal(
		    log_in(office, AUTH_SCOPE_IMAP, names[i], text.text, &user),
		    AUTH_REASON_NONE);
		assert_int_equal(
		    atomic_load(&office->auth->hashed), hashed + 1);
	}
}

static void its_spelling_is_free(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id;
	struct auth_token_text text =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	char spaced[64], upper[64], bare[64] = "";
	assert_int_equal(strlen(text.text), 34);
	for (size_t i = 0; i <= strlen(text.text); i++) {
		char c = text.text[i];
		spaced[i] = (char)(c == '-' ? ' ' : c);
		upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
		if (c != '-')
			bare[strlen(bare)] = c;
	}
	const char *const spellings[] = {text.text, spaced, upper, bare};
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
		assert_int_equal(log_in(office, AUTH_SCOPE_IMAP, "anna",
				     spellings[i], &user),
		    AUTH_REASON_NONE);
	bare[27] = '\0';
	assert_int_equal(log_in(office, AUTH_SCOPE_IMAP, "anna", bare, &user),
	    AUTH_REASON_PASSWORD);
}

static void it_ends_when_it_is_revoked_or_over(void **state)
{
	struct office *office = *state;
	struct auth_user user;
	uint64_t id, other;
	struct auth_token_text text =
	    make_app_password(office, AUTH_SCOPE_IMAP, 0, &id);
	struct auth_token_text brief =
	    make_app_password(office, AUTH_SCOPE_IMAP, NOW + 100, &other);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", brief.text, &user),
	    AUTH_REASON_NONE);
	office->now = NOW + 100;
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", brief.text, &user),
	    AUTH_REASON_EXPIRED);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", text.text, &user),
	    AUTH_REASON_NONE);
	assert_int_equal(
	    auth_credential_revoke(office->auth, user.account, id, NULL),
	    RC_OK);
	assert_int_equal(auth_user_check(office->auth, &user), RC_GONE);
	assert_int_equal(
	    log_in(office, AUTH_SCOPE_IMAP, "anna", text.text, &user),
	    AUTH_REASON_PASSWORD);
}

static void bad_orders_are_refused(void **state)
{
	struct office *office = *state;
	struct auth_channel channel = web_channel();
	struct auth_token_text text;
	struct fault fault;
	uint64_t id;
	const struct {
		struct auth_app_password_order order;
		enum rc rc;
	} rows[] = {
	    {{VIEW("x"), AUTH_SCOPE_IMAP, 0}, RC_OK},
	    {{VIEW(" \t"), AUTH_SCOPE_IMAP, 0}, RC_INVALID},
	    {{VIEW("x"), 0, 0}, RC_INVALID},
	    {{VIEW("x"), AUTH_SCOPE_ACCOUNT, 0}, RC_INVALID},
	    {{VIEW("x"), AUTH_SCOPES_ALL, 0}, RC_INVALID},
	    {{VIEW("x"), AUTH_SCOPES_MAIL, NOW}, RC_INVALID},
	    {{VIEW("x"), AUTH_SCOPES_MAIL, NOW + 1}, RC_OK},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    auth_app_password_make(office->auth, &channel,
			&office->user, &rows[i].order, &fault, &text, &id),
		    rows[i].rc);
	office->auth->settings.tokens.no_app_passwords = true;
	assert_int_equal(auth_app_password_make(office->auth, &channel,
			     &office->user, &rows[0].order, &fault, &text, &id),
	    RC_DENIED);
	struct auth_user gone = office->user;
	gone.account++;
	office->auth->settings.tokens.no_app_passwords = false;
	assert_int_equal(auth_app_password_make(office->auth, &channel, &gone,
			     &rows[0].order, &fault, &text, &id),
	    RC_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OFFICE(a_session_is_its_users),
	    OFFICE(a_session_ends_without_use_and_after_its_longest_time),
	    OFFICE(a_last_use_counts_after_a_restart),
	    OFFICE(a_revoked_session_is_over_at_once),
	    OFFICE(a_pending_session_is_for_the_second_factor_only),
	    OFFICE(proof_is_kept),
	    OFFICE(other_texts_are_refused),
	    OFFICE(a_token_of_another_server_is_refused),
	    OFFICE(made_up_tokens_count_against_the_address),
	    OFFICE(an_expired_token_is_no_guess),
	    OFFICE(an_application_password_logs_in_where_it_may),
	    OFFICE(a_wrong_one_costs_a_hash),
	    OFFICE(its_spelling_is_free),
	    OFFICE(it_ends_when_it_is_revoked_or_over),
	    OFFICE(bad_orders_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
