// SPDX-License-Identifier: Apache-2.0
// Which guesses are looked at, which have to wait, and which are refused: from
// one address, one network, at one user, and from everywhere at everybody.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/guard.h"

static const struct auth_settings settings = {
    .address_failures = 20,
    .user_failures = 100,
    .total_failures = 1000,
    .clean_failures = 3,
    .window_seconds = 600,
};

#define LOOK AUTH_RULING_LOOK
#define WAIT AUTH_RULING_WAIT
#define SHUT AUTH_RULING_SHUT

static int set_up(void **state)
{
	*state = auth_guard_new(&settings);
	return 0;
}

static int tear_down(void **state)
{
	struct auth_guard *guard = *state;
	auth_guard_free(&guard);
	return 0;
}

static enum auth_ruling ask(struct auth_guard *guard, const char *user,
    const char *address, enum auth_known known)
{
	struct auth_suspect suspect = {
	    view_of_string(user), view_of_string(address), known};
	return auth_guard_ask(guard, &suspect);
}

static uint32_t fail_once(struct auth_guard *guard, const char *user,
    const char *address, enum auth_known known)
{
	struct auth_suspect suspect = {
	    view_of_string(user), view_of_string(address), known};
	uint32_t alarm;
	auth_guard_fail(guard, &suspect, false, &alarm);
	return alarm;
}

// How the ruling for a place changes with each failure there.
static void assert_course(struct auth_guard *guard, const char *user,
    const char *address, enum auth_known known, int looks, int waits)
{
	for (int i = 0; i < looks; i++) {
		assert_int_equal(ask(guard, user, address, known), LOOK);
		fail_once(guard, user, address, known);
	}
	for (int i = 0; i < waits; i++) {
		assert_int_equal(ask(guard, user, address, known), WAIT);
		fail_once(guard, user, address, known);
	}
}

static void stranger_is_looked_at_then_waits_then_is_shut_out(void **state)
{
	struct auth_guard *guard = *state;
	assert_course(guard, "anna", "192.0.2.1", AUTH_KNOWN_NOT, 10, 10);
	assert_int_equal(ask(guard, "anna", "192.0.2.1", AUTH_KNOWN_NOT), SHUT);
	assert_int_equal(ask(guard, "bert", "192.0.2.1", AUTH_KNOWN_NOT), SHUT);
	assert_int_equal(ask(guard, "anna", "192.0.2.2", AUTH_KNOWN_NOT), LOOK);
}

static void known_place_waits_and_is_never_shut_out(void **state)
{
	struct auth_guard *guard = *state;
	const enum auth_known here = AUTH_KNOWN_ADDRESS;
	assert_course(guard, "anna", "192.0.2.1", here, 10, 500);
	// This is of the place and the user, and hurts nobody else.
	assert_int_equal(ask(guard, "anna", "192.0.2.9", here), LOOK);
	assert_int_equal(ask(guard, "bert", "192.0.2.1", here), LOOK);
	assert_int_equal(ask(guard, "bert", "192.0.2.1", AUTH_KNOWN_NOT), LOOK);
	// A known network counts as a whole, beside the known address.
	for (int i = 0; i < 10; i++)
		fail_once(guard, "anna", i % 2 ? "192.0.2.7" : "192.0.2.8",
		    AUTH_KNOWN_NETWORK);
	assert_int_equal(
	    ask(guard, "anna", "192.0.2.6", AUTH_KNOWN_NETWORK), WAIT);
	assert_int_equal(ask(guard, "anna", "192.0.2.9", here), LOOK);
}

// Many addresses, each only a few times.
static void spread(
    struct auth_guard *guard, const char *user, int addresses, int each)
{
	for (int i = 0; i < addresses; i++) {
		char address[32];
		snprintf(
		    address, sizeof(address), "10.%d.%d.1", i / 250, i % 250);
		for (int j = 0; j < each; j++)
			fail_once(guard, user, address, AUTH_KNOWN_NOT);
	}
}

static void user_who_is_guessed_at_from_everywhere(void **state)
{
	struct auth_guard *guard = *state;
	spread(guard, "anna", 33, 3);
	// Those that have guessed are not looked at any more …
	fail_once(guard, "anna", "10.0.0.1", AUTH_KNOWN_NOT);
	assert_int_equal(ask(guard, "anna", "10.0.0.1", AUTH_KNOWN_NOT), SHUT);
	// … at this user.
	assert_int_equal(ask(guard, "bert", "10.0.0.1", AUTH_KNOWN_NOT), LOOK);
	// Where she was before, and at an address that guessed hardly anything,
	// the owner is let in.
	assert_int_equal(
	    ask(guard, "anna", "10.0.0.1", AUTH_KNOWN_ADDRESS), LOOK);
	assert_int_equal(ask(guard, "anna", "192.0.2.1", AUTH_KNOWN_NOT), LOOK);
	for (int i = 0; i < 2; i++)
		fail_once(guard, "bert", "192.0.2.1", AUTH_KNOWN_NOT);
	assert_int_equal(ask(guard, "anna", "192.0.2.1", AUTH_KNOWN_NOT), LOOK);
	fail_once(guard, "bert", "192.0.2.1", AUTH_KNOWN_NOT);
	assert_int_equal(ask(guard, "anna", "192.0.2.1", AUTH_KNOWN_NOT), SHUT);
	// From loopback come many users, none of whom can be told from others.
	assert_int_equal(ask(guard, "anna", "127.0.0.1", AUTH_KNOWN_NOT), SHUT);
	assert_int_equal(
	    ask(guard, "anna", "127.0.0.1", AUTH_KNOWN_ADDRESS), LOOK);
	assert_int_equal(ask(guard, "bert", "127.0.0.1", AUTH_KNOWN_NOT), LOOK);
}

static void address_in(int v6, int n, char ret_address[64])
{
	if (v6)
		snprintf(ret_address, 64, "2001:db8:1:%d::1", n);
	else
		snprintf(ret_address, 64, "192.0.2.%d", n);
}

// One network, each address a little: an address of a /24, a /64 of a /48.
static void network_counts_as_a_whole(void **state)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		struct auth_guard *guard = auth_guard_new(&settings);
		char address[64];
		for (int n = 1; n <= 60; n++) {
			address_in(v6, n, address);
			fail_once(guard, "x", address, AUTH_KNOWN_NOT);
		}
		address_in(v6, 99, address);
		assert_int_equal(
		    ask(guard, "anna", address, AUTH_KNOWN_NOT), SHUT);
		assert_int_equal(
		    ask(guard, "anna", address, AUTH_KNOWN_ADDRESS), LOOK);
		auth_guard_free(&guard);
	}
	(void)state;
}

// Every address and every user only once: nothing but the number in all shows
// that somebody guesses.
static void guessing_at_everybody_from_everywhere(void **state)
{
	struct auth_guard *guard = *state;
	unsigned alarms = 0;
	for (int i = 0; i < 3000; i++) {
		char user[32], address[32];
		snprintf(user, sizeof(user), "user%d", i);
		snprintf(
		    address, sizeof(address), "10.%d.%d.1", i / 250, i % 250);
		uint32_t alarm =
		    fail_once(guard, user, address, AUTH_KNOWN_NOT);
		assert_true(alarm == 0 || alarm == settings.total_failures);
		alarms += alarm > 0;
	}
	assert_int_equal(alarms, 1);
	assert_int_equal(ask(guard, "anna", "192.0.2.1", AUTH_KNOWN_NOT), WAIT);
	assert_int_equal(
	    ask(guard, "anna", "192.0.2.1", AUTH_KNOWN_NETWORK), LOOK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(stranger_is_looked_at_then_waits_then_is_shut_out),
	    TEST(known_place_waits_and_is_never_shut_out),
	    TEST(user_who_is_guessed_at_from_everywhere),
	    TEST(network_counts_as_a_whole),
	    TEST(guessing_at_everybody_from_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
