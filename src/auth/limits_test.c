// SPDX-License-Identifier: Apache-2.0
// Who guesses passwords: what is counted, who is refused or slowed down, and
// what refusals tell.
#include "auth/address.h"
#include "auth/auth_test_tools.h"

static void neighbours_share_an_address_key(void **state)
{
	(void)state;
	static const struct {
		const char *a;
		const char *b;
		bool same;
	} rows[] = {
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"192.0.2.1", "::ffff:192.0.2.1", true},
	    {"2001:db8::1", "2001:db8::2", true},
	    {"2001:db8::1", "2001:0db8:0:0:ffff::", true},
	    {"2001:db8::1", "2001:db8:0:1::1", false},
	    {"fe80::1%eth0", "fe80::2", true},
	    {"name", "name", true},
	    {"name", "other", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char a[64];
		char b[64];
		size_t a_len = auth_address_key(view_of_string(rows[i].a), a);
		size_t b_len = auth_address_key(view_of_string(rows[i].b), b);
		assert_int_equal(view_eq(view_of(a, a_len), view_of(b, b_len)),
		    rows[i].same);
	}
}

// Guesses, each time another password.
static void guess_from(struct fixture *fixture, const char *address,
    const char *name, int times, enum auth_reason reason)
{
	static int number;
	for (int i = 0; i < times; i++) {
		char password[32];
		snprintf(password, sizeof(password), "guess%d", number++);
		assert_int_equal(
		    try_from(fixture, address, name, password), reason);
	}
}

static void an_address_that_guesses_is_kept_out(void **state)
{
	struct fixture *fixture = *state;
	const char *here = "192.0.2.1";
	guess_from(fixture, here, "x", 4, AUTH_REASON_UNKNOWN_USER);
	assert_int_equal(
	    try_from(fixture, here, "user", "pencil"), AUTH_REASON_LIMITED);
	assert_int_equal(
	    try_from(fixture, here, "x", "guess"), AUTH_REASON_LIMITED);
	assert_int_equal(
	    try_from(fixture, "192.0.2.2", "user", "pencil"), AUTH_REASON_NONE);
}

// A mail program with an old password says the same again and again.
static void the_same_wrong_password_counts_once(void **state)
{
	struct fixture *fixture = *state;
	const char *here = "192.0.2.1";
	for (int i = 0; i < 20; i++) {
		assert_int_equal(try_from(fixture, here, "user", "old"),
		    AUTH_REASON_PASSWORD);
		assert_int_equal(try_from(fixture, here, "x", "old"),
		    AUTH_REASON_UNKNOWN_USER);
	}
	assert_int_equal(
	    try_from(fixture, here, "user", "pencil"), AUTH_REASON_NONE);
}

static void guess_from_everywhere(struct fixture *fixture, const char *name)
{
	static int number;
	for (int i = 0; i < 40; i++) {
		char address[32], password[32];
		snprintf(address, sizeof(address), "198.51.%d.7", i);
		snprintf(password, sizeof(password), "from%d", number++);
		assert_true(try_from(fixture, address, name, password) !=
			    AUTH_REASON_NONE);
	}
}

// Whatever others do, the owner gets in: where he was before, also after a
// restart, and from a new address that is not one of those that guess.
static void owner_is_not_locked_out_by_others(void **state)
{
	struct fixture *fixture = *state;
	const char *home = "192.0.2.1";
	assert_int_equal(
	    try_from(fixture, home, "user", "pencil"), AUTH_REASON_NONE);
	guess_from_everywhere(fixture, "user");
	guess_from(fixture, "203.0.113.5", "user", 3, AUTH_REASON_PASSWORD);
	assert_int_equal(try_from(fixture, "203.0.113.5", "user", "pencil"),
	    AUTH_REASON_LIMITED);
	assert_int_equal(
	    try_from(fixture, home, "user", "pencil"), AUTH_REASON_NONE);
	assert_int_equal(try_from(fixture, "192.0.2.99", "user", "pencil"),
	    AUTH_REASON_NONE); // the same network
	assert_int_equal(try_from(fixture, "203.0.114.1", "user", "pencil"),
	    AUTH_REASON_NONE); // a new one
	// The places are there after a restart.
	assert_int_equal(auth_places_write(fixture->auth->places, NULL), RC_OK);
	auth_free(&fixture->auth);
	assert_int_equal(auth_new(fixture->engine, &settings, &fixture->log,
			     NULL, NULL, &fixture->auth),
	    RC_OK);
	guess_from_everywhere(fixture, "user");
	guess_from(fixture, home, "x", 4, AUTH_REASON_UNKNOWN_USER);
	assert_int_equal(
	    try_from(fixture, home, "x", "y"), AUTH_REASON_LIMITED);
	assert_int_equal(
	    try_from(fixture, home, "user", "pencil"), AUTH_REASON_NONE);
}

// One call that may pause, as protocols make it. Returns the pauses in all.
static uint32_t try_with_turn(struct fixture *fixture, const char *address,
    const char *name, const char *password, enum auth_reason *ret_reason)
{
	struct auth_channel channel = channel_from(address);
	struct auth_turn turn = {0};
	struct auth_user user;
	struct auth_verdict verdict;
	uint32_t paused = 0;
	enum rc rc = RC_IN_USE;
	channel.turn = &turn;
	while (rc == RC_IN_USE) {
		rc = auth_verify(fixture->auth, &channel, view_of_string(name),
		    view_of_string(password), &user, &verdict);
		if (rc == RC_IN_USE)
			assert_true(turn.pause_ms > 0);
		paused += turn.pause_ms;
	}
	assert_int_equal(rc == RC_OK, verdict.reason == AUTH_REASON_NONE);
	assert_int_equal(verdict.delay_ms, 0);
	auth_turn_end(fixture->auth, &turn);
	*ret_reason = verdict.reason;
	return paused;
}

// The time of the answer is from the beginning of the attempt, so that the work
// that was done does not show in it.
static bool is_about(uint32_t ms, uint32_t wanted)
{
	return ms <= wanted && ms + 10000 > wanted;
}

static void guesses_where_the_user_is_known_are_slow_and_lock_out_nobody(
    void **state)
{
	struct fixture *fixture = *state;
	const char *home = "192.0.2.1";
	enum auth_reason reason;
	assert_int_equal(
	    try_from(fixture, home, "user", "pencil"), AUTH_REASON_NONE);
	guess_from(fixture, home, "user", 20, AUTH_REASON_PASSWORD);
	uint32_t paused =
	    try_with_turn(fixture, home, "user", "one more", &reason);
	assert_int_equal(reason, AUTH_REASON_PASSWORD);
	assert_true(is_about(paused, AUTH_DELAY_MS_MAX));
	assert_true(paused >= AUTH_WAIT_MS); // before the password is looked at
	paused = try_with_turn(fixture, home, "user", "pencil", &reason);
	assert_int_equal(reason, AUTH_REASON_NONE);
	assert_int_equal(paused, AUTH_WAIT_MS);
	// Guesses that were made elsewhere do not even slow down the owner.
	assert_int_equal(
	    try_from(fixture, "192.0.3.1", "user", "pencil"), AUTH_REASON_NONE);
	guess_from_everywhere(fixture, "user");
	paused = try_with_turn(fixture, "192.0.3.1", "user", "pencil", &reason);
	assert_int_equal(reason, AUTH_REASON_NONE);
	assert_int_equal(paused, 0);
}

// Nothing in the answers tells a stranger whether there is such a user.
static void strangers_get_the_same_delays_for_every_name(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *name;
		const char *address;
	} rows[] = {{"user", "192.0.2.1"}, {"nobody", "192.0.3.1"},
	    {"gone", "192.0.4.1"}};
	uint64_t account;
	assert_int_equal(auth_user_add(fixture->auth, VIEW("gone"), VIEW("p"),
			     NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_set_disabled(fixture->auth, VIEW("gone"), true, NULL),
	    RC_OK);
	for (int i = 0; i < 12; i++) {
		for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
			char password[16];
			enum auth_reason reason;
			snprintf(password, sizeof(password), "try %d", i);
			uint32_t paused =
			    try_with_turn(fixture, rows[row].address,
				rows[row].name, password, &reason);
			assert_true(reason != AUTH_REASON_NONE);
			uint32_t wanted = i < 3 ? 250u << i : AUTH_DELAY_MS_MAX;
			if (!is_about(paused, wanted))
				fail_msg("%s, guess %d: %u ms, not %u",
				    rows[row].name, i, paused, wanted);
		}
	}
}

static void refusals_ask_for_more_and_more_delay(void **state)
{
	struct fixture *fixture = *state;
	struct auth_channel channel = channel_from("192.0.2.7");
	struct auth_user user;
	struct auth_verdict verdict;
	uint32_t before = 0;
	for (int i = 0; i < 4; i++) {
		char guess[2] = {(char)('a' + i), 0};
		assert_int_equal(
		    auth_verify(fixture->auth, &channel, VIEW("user"),
			view_of_string(guess), &user, &verdict),
		    RC_AUTH);
		assert_true(verdict.delay_ms > before);
		before = verdict.delay_ms;
	}
	assert_int_equal(auth_verify(fixture->auth, &channel, VIEW("user"),
			     VIEW("x"), &user, &verdict),
	    RC_AUTH);
	assert_int_equal(verdict.delay_ms, AUTH_DELAY_MS_MAX);
	channel = channel_from("192.0.2.8");
	assert_int_equal(auth_verify(fixture->auth, &channel, VIEW("user"),
			     VIEW("pencil"), &user, &verdict),
	    RC_OK);
	assert_int_equal(verdict.delay_ms, 0);
}

// ---- The same work ---------------------------------------------------------

// How many passwords are hashed, and what is read, is the same for users, for
// nobody, and for users who are disabled.
static void every_refusal_costs_the_same_hashes(void **state)
{
	static const struct {
		const char *name;
		const char *password;
		enum auth_reason reason;
	} rows[] = {
	    {"user", "wrong", AUTH_REASON_PASSWORD},
	    {"user", "wr\u00f6ng\u00ad", AUTH_REASON_PASSWORD},
	    {"nobody", "wrong", AUTH_REASON_UNKNOWN_USER},
	    {"nobody", "wr\u00f6ng\u00ad", AUTH_REASON_UNKNOWN_USER},
	    {"a/b", "wrong", AUTH_REASON_UNKNOWN_USER},
	    {"", "wrong", AUTH_REASON_UNKNOWN_USER},
	    {"gone", "wrong", AUTH_REASON_PASSWORD},
	    {"gone", "p", AUTH_REASON_DISABLED},
	    {"bare", "wrong", AUTH_REASON_PASSWORD}, // has no password
	};
	struct fixture *fixture = *state;
	struct auth *auth = fixture->auth;
	static const struct auth_credentials none = {.hash = ""};
	uint64_t account;
	assert_int_equal(
	    auth_user_add(auth, VIEW("gone"), VIEW("p"), NULL, &account),
	    RC_OK);
	assert_int_equal(
	    auth_user_set_disabled(auth, VIEW("gone"), true, NULL), RC_OK);
	assert_int_equal(auth_directory_add(fixture->engine, VIEW("bare"),
			     &none, 0, NULL, &account),
	    RC_OK);
	// The second round repeats what was wrong before.
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			char address[32];
			snprintf(
			    address, sizeof(address), "10.%d.%zu.1", round, i);
			uint64_t before = auth->hashed;
			assert_int_equal(try_from(fixture, address,
					     rows[i].name, rows[i].password),
			    rows[i].reason);
			assert_true(auth->hashed - before == 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neighbours_share_an_address_key),
	    TEST(an_address_that_guesses_is_kept_out),
	    TEST(the_same_wrong_password_counts_once),
	    TEST(owner_is_not_locked_out_by_others),
	    TEST(guesses_where_the_user_is_known_are_slow_and_lock_out_nobody),
	    TEST(strangers_get_the_same_delays_for_every_name),
	    TEST(refusals_ask_for_more_and_more_delay),
	    TEST(every_refusal_costs_the_same_hashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
