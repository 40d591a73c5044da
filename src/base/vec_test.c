// SPDX-License-Identifier: Apache-2.0
// Arrays that grow: what is added, put between and taken out; and the search.
#include "base/vec.h"

#include "base/test.h"

static void items_are_added_put_between_and_taken_out(void **state)
{
	(void)state;
	static const struct {
		char what; // add, insert, remove
		size_t at;
		const char *after;
	} rows[] = {
	    {'a', 0, "a"},
	    {'a', 0, "ab"},
	    {'i', 0, "cab"},
	    {'i', 3, "cabd"},
	    {'i', 2, "caebd"},
	    {'r', 0, "aebd"},
	    {'r', 3, "aeb"},
	    {'r', 1, "ab"},
	    {'r', 0, "b"},
	    {'r', 0, ""},
	    {'i', 0, "f"},
	};
	VEC(char) vec = {0};
	char next = 'a';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		switch (rows[i].what) {
		case 'a': vec_push(&vec, next++); break;
		case 'i': vec_insert(&vec, rows[i].at, next++); break;
		default: vec_remove(&vec, rows[i].at); break;
		}
		assert_view_equal_row(i, view_of(vec.items, vec.count),
		    view_of_string(rows[i].after));
		assert_true(vec.capacity >= vec.count);
	}
	vec_done(&vec);
	assert_null(vec.items);
	assert_int_equal(vec.count + vec.capacity, 0);
	vec_done(&vec);
}

static void many_items_stay_as_they_were_added(void **state)
{
	(void)state;
	struct pair {
		size_t a;
		size_t b;
	};
	VEC(struct pair) vec = {0};
	vec_reserve(&vec, 100);
	assert_true(vec.capacity >= 100);
	const struct pair *before = vec.items;
	for (size_t i = 0; i < 100; i++)
		vec_push(&vec, (struct pair){i, 2 * i});
	assert_ptr_equal(vec.items, before); // there was room
	for (size_t i = 100; i < 5000; i++)
		vec_push(&vec, (struct pair){.a = i, .b = 2 * i});
	assert_int_equal(vec.count, 5000);
	for (size_t i = 0; i < vec.count; i++)
		assert_true(vec.items[i].a == i && vec.items[i].b == 2 * i);
	vec_done(&vec);
}

static void the_search_finds_the_first_that_is_not_below(void **state)
{
	(void)state;
	static const int items[] = {2, 4, 4, 4, 7, 9};
	static const struct {
		int wanted;
		size_t size; // of `items` those that are looked at
		size_t at;
	} rows[] = {
	    {5, 0, 0},
	    {1, 1, 0},
	    {2, 1, 0},
	    {3, 1, 1},
	    {1, 6, 0},
	    {2, 6, 0},
	    {3, 6, 1},
	    {4, 6, 1},
	    {5, 6, 4},
	    {7, 6, 4},
	    {8, 6, 5},
	    {9, 6, 5},
	    {10, 6, 6},
	    {4, 3, 1},
	    {5, 3, 3},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t at;
		LOWER_BOUND(at, rows[i].size, items[at] < rows[i].wanted);
		if (at != rows[i].at)
			fail_msg("row %zu: %zu", i, at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_are_added_put_between_and_taken_out),
	    cmocka_unit_test(many_items_stay_as_they_were_added),
	    cmocka_unit_test(the_search_finds_the_first_that_is_not_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
