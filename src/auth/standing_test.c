// SPDX-License-Identifier: Apache-2.0
// Who is shut out by which change, who is told, and that others may stay.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <stdatomic.h>

#include "auth/rig_users.h"
#include "auth/standing.h"

struct fixture {
	struct rig_users users;
	struct auth_user user;
	struct auth_user other;
	_Atomic unsigned told; // how often the watcher was called
	char last[64];         // whom the last call was about
};

static void note(void *context, struct view user)
{
	struct fixture *fixture = context;
	snprintf(fixture->last, sizeof(fixture->last), "%.*s", VIEW_FMT(user));
	atomic_fetch_add(&fixture->told, 1);
}

static struct auth_user logged_in(struct auth *auth, const char *name)
{
	struct auth_channel channel = {
	    .protocol = "imap", .tls = true, .peer_address = VIEW("192.0.2.1")};
	struct auth_user user;
	struct auth_verdict verdict;
	assert_int_equal(auth_verify(auth, &channel, view_of_string(name),
			     VIEW(RIG_PASSWORD), &user, &verdict),
	    RC_OK);
	return user;
}

static int set_up(void **state)
{
	static struct fixture fixture;
	fixture = (struct fixture){0};
	rig_users_init(&fixture.users);
	struct auth_watcher watcher = {note, &fixture};
	auth_set_watcher(fixture.users.auth, &watcher);
	fixture.user = logged_in(fixture.users.auth, RIG_USER);
	fixture.other = logged_in(fixture.users.auth, RIG_FRIEND);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	rig_users_done(&fixture->users);
	return 0;
}

// ---- Each change -----------------------------------------------------------

static enum rc disable(struct auth *auth)
{
	return auth_user_set_disabled(auth, VIEW(RIG_USER), true, NULL);
}

static enum rc enable(struct auth *auth)
{
	return auth_user_set_disabled(auth, VIEW(RIG_USER), false, NULL);
}

static enum rc disable_for_a_moment(struct auth *auth)
{
	enum rc rc = disable(auth);
	return rc == RC_OK ? enable(auth) : rc;
}

static enum rc set_password(struct auth *auth)
{
	return auth_user_set_password(
	    auth, VIEW(RIG_USER), VIEW("another"), NULL);
}

static enum rc set_same_password(struct auth *auth)
{
	return auth_user_set_password(
	    auth, VIEW(RIG_USER), VIEW(RIG_PASSWORD), NULL);
}

static enum rc set_stored(struct auth *auth)
{
	return auth_user_set_stored(
	    auth, VIEW(RIG_USER), VIEW("{PLAIN}another"), NULL);
}

static enum rc remove_user(struct auth *auth)
{
	return auth_user_remove(auth, VIEW(RIG_USER), NULL);
}

static enum rc remove_and_add(struct auth *auth)
{
	uint64_t account;
	enum rc rc = remove_user(auth);
	return rc == RC_OK ? auth_user_add(auth, VIEW(RIG_USER),
				 VIEW(RIG_PASSWORD), NULL, &account)
			   : rc;
}

static enum rc add_somebody(struct auth *auth)
{
	uint64_t account;
	return auth_user_add(auth, VIEW("new"), VIEW("x"), NULL, &account);
}

static const struct {
	const char *name;
	enum rc (*make)(struct auth *auth);
	unsigned told;
	bool stays;
} changes[] = {
    {"disable", disable, 1, false},
    {"enable", enable, 0, true},
    {"disable and enable", disable_for_a_moment, 1, false},
    {"a new password", set_password, 1, false},
    {"the same password again", set_same_password, 1, false},
    {"a stored password", set_stored, 1, false},
    {"remove", remove_user, 1, false},
    {"remove and add", remove_and_add, 1, false},
    {"add another", add_somebody, 0, true},
};

static void each_change_shuts_out_whom_it_should(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		assert_int_equal(set_up(state), 0);
		struct fixture *fixture = *state;
		struct auth *auth = fixture->users.auth;
		uint64_t before = auth_epoch(auth);
		assert_true(fixture->user.seen == before);
		assert_int_equal(changes[i].make(auth), RC_OK);
		if (fixture->told != changes[i].told)
			fail_msg("%s: told %u times", changes[i].name,
			    fixture->told);
		assert_true(auth_epoch(auth) == before + changes[i].told);
		if (changes[i].told)
			assert_string_equal(fixture->last, RIG_USER);
		enum rc rc = auth_user_check(auth, &fixture->user);
		if (rc != (changes[i].stays ? RC_OK : RC_GONE))
			fail_msg("%s: %s", changes[i].name, rc_name(rc));
		assert_int_equal(auth_user_check(auth, &fixture->other), RC_OK);
		assert_int_equal(tear_down(state), 0);
	}
}

// The hash of another server is replaced at a log-in: the password is the same.
static void a_log_in_shuts_out_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct auth *auth = fixture->users.auth;
	assert_int_equal(
	    auth_user_set_stored(auth, VIEW(RIG_USER),
		VIEW("{SHA256}T4rjipB0oV9iFYWi77a6E/emzKD3OLZCal9OAvU/HWM="),
		NULL),
	    RC_OK);
	struct auth_user first = logged_in(auth, RIG_USER); // this replaces it
	struct auth_user second = logged_in(auth, RIG_USER);
	assert_true(first.epoch == second.epoch);
	assert_int_equal(auth_user_check(auth, &first), RC_OK);
	assert_int_equal(fixture->told, 1);
}

static void shutting_out_lasts_over_a_restart(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(disable_for_a_moment(fixture->users.auth), RC_OK);
	uint64_t epoch = auth_epoch(fixture->users.auth);
	struct auth *again;
	assert_int_equal(
	    auth_new(fixture->users.engine, NULL, NULL, NULL, NULL, &again),
	    RC_OK);
	assert_true(auth_epoch(again) == epoch);
	assert_int_equal(auth_user_check(again, &fixture->user), RC_GONE);
	assert_int_equal(auth_user_check(again, &fixture->other), RC_OK);
	auth_free(&again);
}

// ---- Another node ----------------------------------------------------------

// Waits for the thread, which is quick; an hour would be a fault.
static void wait_until_told(struct fixture *fixture, unsigned times)
{
	for (int i = 0; i < 6000 && fixture->told < times; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(fixture->told, times);
}

static void what_another_node_changes_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	struct auth *auth = fixture->users.auth;
	assert_int_equal(auth_start(auth, NULL), RC_OK);
	assert_int_equal(auth_directory_set_disabled(fixture->users.engine,
			     VIEW(RIG_FRIEND), true, NULL),
	    RC_OK);
	wait_until_told(fixture, 1);
	assert_string_equal(fixture->last, RIG_FRIEND);
	assert_int_equal(auth_user_check(auth, &fixture->other), RC_GONE);
	assert_int_equal(auth_user_check(auth, &fixture->user), RC_OK);
}

// Who misses changes does not know who was shut out, and so tells of everybody.
static void several_changes_at_once_are_about_everybody(void **state)
{
	struct fixture *fixture = *state;
	struct engine *engine = fixture->users.engine;
	for (int i = 0; i < 2; i++)
		assert_int_equal(auth_directory_set_disabled(
				     engine, VIEW(RIG_USER), true, NULL),
		    RC_OK);
	auth_epoch_read(fixture->users.auth);
	assert_int_equal(fixture->told, 1);
	assert_string_equal(fixture->last, "");
	auth_epoch_read(fixture->users.auth);
	assert_int_equal(fixture->told, 1);
}

static void damaged_epoch_lets_nobody_stay_who_should_not(void **state)
{
	struct fixture *fixture = *state;
	struct engine *engine = fixture->users.engine;
	struct auth *auth = fixture->users.auth;
	struct engine_batch *batch = engine_batch_new(engine);
	uint64_t version;
	assert_int_equal(
	    engine_version(engine, AUTH_PARTITION, &version), RC_OK);
	engine_batch_put(batch, VIEW("auth/epoch"), VIEW("?"));
	assert_int_equal(
	    engine_commit(engine, AUTH_PARTITION, version, batch, NULL), RC_OK);
	engine_batch_free(&batch);
	uint64_t before = auth_epoch(auth);
	assert_int_equal(disable(auth), RC_OK);
	assert_true(auth_epoch(auth) != before);
	assert_int_equal(auth_user_check(auth, &fixture->user), RC_GONE);
	assert_int_equal(auth_user_check(auth, &fixture->other), RC_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_change_shuts_out_whom_it_should),
	    TEST(a_log_in_shuts_out_nobody),
	    TEST(shutting_out_lasts_over_a_restart),
	    TEST(what_another_node_changes_is_noticed),
	    TEST(several_changes_at_once_are_about_everybody),
	    TEST(damaged_epoch_lets_nobody_stay_who_should_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
