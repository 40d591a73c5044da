// SPDX-License-Identifier: Apache-2.0
#include "base/tally.h"

#include <stdint.h>
#include <stdio.h>

#include "base/test.h"

#define MINUTE 60000u
#define START  1000000u

static void a_count_rises_and_fades(void **state)
{
	(void)state;
	static const struct {
		uint64_t at; // minutes after the start
		char what;   // '+' add, '-' forgive, '=' look
		uint32_t count;
	} table[] = {
	    {0, '=', 0},
	    {0, '-', 0}, // there is nothing to forgive
	    {0, '+', 1},
	    {0, '+', 2},
	    {0, '+', 3},
	    {1, '=', 2},
	    {1, '+', 3},
	    {2, '-', 1},
	    {3, '=', 0},
	    {1000, '+', 1},
	};
	struct tally *tally = tally_new(64, 60); // one in a minute
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint64_t now = START + table[i].at * MINUTE;
		if (table[i].what == '+')
			assert_int_equal(
			    tally_add(tally, VIEW("a"), now), table[i].count);
		if (table[i].what == '-')
			tally_forgive(tally, VIEW("a"), now);
		assert_int_equal(
		    tally_count(tally, VIEW("a"), now), table[i].count);
	}
	assert_int_equal(tally_count(tally, VIEW("b"), START), 0);
	tally_free(&tally);
	assert_null(tally);
}

static void what_is_not_allowed_is_not_counted(void **state)
{
	(void)state;
	struct tally *tally = tally_new(64, 60);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    tally_allow(tally, VIEW("a"), 3, START), i < 3);
	assert_true(tally_allow(tally, VIEW("b"), 3, START));
	assert_false(tally_allow(tally, VIEW("b"), 0, START));
	assert_false(tally_allow(tally, VIEW("a"), 3, START + MINUTE - 1));
	assert_true(tally_allow(tally, VIEW("a"), 3, START + MINUTE));
	assert_false(tally_allow(tally, VIEW("a"), 3, START + MINUTE));
	tally_free(&tally);
}

static void many_new_keys_do_not_push_out_a_busy_one(void **state)
{
	(void)state;
	struct tally *tally = tally_new(64, 60);
	char key[20];
	for (int i = 0; i < 50; i++)
		(void)tally_add(tally, VIEW("busy"), START);
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		(void)tally_add(tally, view_of_string(key), START);
	}
	assert_int_equal(tally_count(tally, VIEW("busy"), START), 50);
	tally_free(&tally);
}

static void a_window_ends_and_a_busy_key_outlives_a_flood(void **state)
{
	(void)state;
	struct tally *tally = tally_new_window(64, 10);
	for (uint32_t i = 1; i <= 5; i++)
		assert_int_equal(tally_add(tally, VIEW("busy"), 1000), i);
	for (uint32_t i = 0; i < 10000; i++)
		tally_add(tally, view_of(&i, sizeof(i)), 2000);
	assert_int_equal(tally_count(tally, VIEW("busy"), 10999), 5);
	assert_int_equal(tally_count(tally, VIEW("busy"), 11000), 0);
	assert_int_equal(tally_add(tally, VIEW("busy"), 11000), 1);
	assert_int_equal(tally_count(tally, VIEW("other"), 11000), 0);
	// A new window begins with an event, not with the end of the last one.
	assert_int_equal(tally_add(tally, VIEW("busy"), 20000), 2);
	assert_int_equal(tally_add(tally, VIEW("busy"), 21000), 1);
	assert_int_equal(tally_count(tally, VIEW("busy"), 30999), 1);
	// A clock of another thread may be a little behind.
	assert_int_equal(tally_add(tally, VIEW("busy"), 20999), 2);
	assert_int_equal(tally_count(tally, VIEW("busy"), 31000), 0);
	tally_free(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_count_rises_and_fades),
	    cmocka_unit_test(what_is_not_allowed_is_not_counted),
	    cmocka_unit_test(many_new_keys_do_not_push_out_a_busy_one),
	    cmocka_unit_test(a_window_ends_and_a_busy_key_outlives_a_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
