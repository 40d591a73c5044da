// SPDX-License-Identifier: Apache-2.0
// Tests of every type of this room, with the edge cases of each.
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rangeset.h"
#include "base/test.h"

static void numbers_are_read_whole_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		uint32_t number;
	} rows[] = {
	    {"0", true, 0},
	    {"007", true, 7},
	    {"4294967295", true, UINT32_MAX},
	    {"4294967296", false, 0},
	    {"18446744073709551616", false, 0},
	    {"", false, 0},
	    {"-1", false, 0},
	    {"1 ", false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t number = 0;
		bool ok = view_to_u32(view_of_string(rows[i].text), &number);
		assert_int_equal(ok, rows[i].ok);
		assert_int_equal(number, rows[i].number);
	}
}

static void views_split_trim_and_find(void **state)
{
	(void)state;
	struct view text = VIEW("a//b");
	struct view part;
	assert_true(view_split(&text, '/', &part));
	assert_view_equal(part, VIEW("a"));
	assert_true(view_split(&text, '/', &part));
	assert_int_equal(part.len, 0);
	assert_true(view_split(&text, '/', &part));
	assert_view_equal(part, VIEW("b"));
	assert_false(view_split(&text, '/', &part));
	assert_view_equal(view_trim(VIEW(" \t x y\r\n")), VIEW("x y"));
	assert_true(view_find(VIEW("abcabd"), VIEW("abd")) == 3);
	assert_true(view_find(VIEW("ab"), VIEW("abd")) == SIZE_MAX);
	assert_true(view_compare(VIEW("a"), VIEW("ab")) < 0);
	assert_true(view_eq_nocase(VIEW("INBOX"), VIEW("inBox")));
	assert_true(view_ends_with(VIEW("a.txt"), VIEW(".txt")));
	assert_int_equal(view_slice(VIEW("abc"), 5, 2).len, 0);
}

static void a_buffer_refuses_what_does_not_fit_whole(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 5);
	buf_add_literal(&buf, "abc");
	assert_int_equal(buf_status(&buf), RC_OK);
	buf_add_literal(&buf, "defg");
	assert_int_equal(buf_status(&buf), RC_LIMIT);
	assert_view_equal(buf_view(&buf), VIEW("abc"));
	buf_add_literal(&buf, "de");
	assert_view_equal(buf_view(&buf), VIEW("abcde"));
	assert_int_equal(buf_status(&buf), RC_LIMIT);
	buf_consume(&buf, 2);
	assert_view_equal(buf_view(&buf), VIEW("cde"));
	buf_reset(&buf);
	assert_int_equal(buf_status(&buf), RC_OK);
	buf_printf(&buf, "%d", 12345);
	assert_view_equal(buf_view(&buf), VIEW("12345"));
	buf_done(&buf);

	buf_init(&buf, 100);
	buf_add_u64(&buf, UINT64_MAX);
	assert_view_equal(buf_view(&buf), VIEW("18446744073709551615"));
	buf_done(&buf);

	// At these lengths buf_printf() changes from its small array to a
	// second formatting.
	for (int width = 250; width < 260; width++) {
		buf_init(&buf, 300);
		buf_printf(&buf, "%*dx", width - 1, 7);
		assert_int_equal(buf.len, width);
		assert_true(view_ends_with(buf_view(&buf), VIEW(" 7x")));
		buf_done(&buf);
	}
}

static void range_sets_merge_split_and_print(void **state)
{
	(void)state;
	struct rangeset set;
	rangeset_init(&set);
	rangeset_add(&set, 5, 7);
	rangeset_add(&set, 1, 1);
	rangeset_add(&set, 9, 9);
	rangeset_add(&set, 8, 8); // joins 5:7 and 9
	rangeset_add(&set, UINT32_MAX, UINT32_MAX);
	rangeset_remove(&set, 6, 6);
	struct buf text;
	buf_init(&text, 100);
	rangeset_format(&set, &text);
	assert_view_equal(buf_view(&text), VIEW("1,5,7:9,4294967295"));
	assert_true(rangeset_has(&set, 8));
	assert_false(rangeset_has(&set, 6));
	assert_true(rangeset_has(&set, UINT32_MAX));
	assert_true(rangeset_size(&set) == 6);
	buf_done(&text);
	rangeset_done(&set);
}

static void range_sets_agree_with_a_bitmap(void **state)
{
	(void)state;
	bool expected[64] = {false};
	struct rangeset set;
	rangeset_init(&set);
	uint32_t random = 1;
	for (int round = 0; round < 20000; round++) {
		random = random * 1664525u + 1013904223u;
		uint32_t first = (random >> 8) % 64;
		uint32_t last = first + (random >> 16) % (64 - first);
		bool add = random >> 31;
		if (add)
			rangeset_add(&set, first, last);
		else
			rangeset_remove(&set, first, last);
		for (uint32_t n = first; n <= last; n++)
			expected[n] = add;
		uint64_t size = 0;
		for (uint32_t n = 0; n < 64; n++) {
			assert_int_equal(rangeset_has(&set, n), expected[n]);
			size += expected[n];
		}
		assert_true(rangeset_size(&set) == size);
		for (size_t i = 1; i < set.count; i++)
			assert_true(
			    set.ranges[i - 1].last + 1 < set.ranges[i].first);
	}
	rangeset_done(&set);
}

static void what_is_not_in_another_range_set(void **state)
{
	(void)state;
	uint32_t random = 1;
	for (int round = 0; round < 5000; round++) {
		struct rangeset sets[2];
		struct rangeset rest;
		rangeset_init(&rest);
		for (int s = 0; s < 2; s++) {
			rangeset_init(&sets[s]);
			for (int i = round % 7; i > 0; i--) {
				random = random * 1664525u + 1013904223u;
				uint32_t first = UINT32_MAX - random % 40;
				uint32_t more = (random >> 8) % 5;
				rangeset_add(&sets[s], first,
				    first > UINT32_MAX - more ? UINT32_MAX
							      : first + more);
			}
		}
		rangeset_without(&sets[0], &sets[1], &rest);
		for (uint32_t n = UINT32_MAX - 41; n != 0; n++)
			assert_int_equal(rangeset_has(&rest, n),
			    rangeset_has(&sets[0], n) &&
				!rangeset_has(&sets[1], n));
		rangeset_done(&sets[0]);
		rangeset_done(&sets[1]);
		rangeset_done(&rest);
	}
}

static void a_map_keeps_what_was_put_through_removals(void **state)
{
	(void)state;
	struct map map;
	map_init(&map);
	int values[500];
	bool present[500] = {false};
	uint32_t random = 7;
	for (int round = 0; round < 20000; round++) {
		random = random * 1664525u + 1013904223u;
		uint32_t n = (random >> 8) % ARRAY_LEN(values);
		struct view key = view_of(&n, sizeof(n));
		void *expected = present[n] ? &values[n] : NULL;
		if (random >> 31)
			assert_ptr_equal(
			    map_put(&map, key, &values[n]), expected);
		else
			assert_ptr_equal(map_remove(&map, key), expected);
		present[n] = random >> 31;
	}
	size_t count = 0;
	for (uint32_t n = 0; n < ARRAY_LEN(values); n++) {
		struct view key = view_of(&n, sizeof(n));
		assert_ptr_equal(
		    map_get(&map, key), present[n] ? &values[n] : NULL);
		count += present[n];
	}
	assert_int_equal(map.count, count);
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&map, &position, &key, &value))
		count--;
	assert_int_equal(count, 0);
	map_done(&map);
}

static void an_arena_hands_out_aligned_room_and_starts_again(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 100000; size *= 3) {
			char *room = arena_alloc(&arena, size);
			assert_int_equal((uintptr_t)room % 16, 0);
			memset(room, 0xaa, size);
		}
		struct view copy = arena_copy(&arena, VIEW("text"));
		assert_view_equal(copy, VIEW("text"));
		arena_reset(&arena);
		assert_int_equal(arena.used, 0);
	}
	arena_done(&arena);
}

static void a_fault_never_carries_control_characters(void **state)
{
	(void)state;
	struct fault fault;
	enum rc rc = fault_set(&fault, RC_SYNTAX, "bad \r\n%s", "input");
	assert_int_equal(rc, RC_SYNTAX);
	assert_string_equal(fault.text, "bad ??input");
	assert_string_equal(rc_name(RC_LIMIT), "RC_LIMIT");
}

static void a_long_fault_keeps_its_end(void **state)
{
	(void)state;
	struct fault fault;
	char name[1000];
	for (int shift = 0; shift < 3; shift++) {
		// Characters of two bytes, met at their first byte and not.
		memset(name, 'a', (size_t)shift);
		for (size_t i = (size_t)shift; i + 2 < sizeof(name); i += 2)
			memcpy(name + i, "\xc3\xa9", 3);
		enum rc rc = fault_set(
		    &fault, RC_INVALID, "\"%s\" is not an address", name);
		struct view text = view_of_string(fault.text);
		assert_int_equal(rc, RC_INVALID);
		assert_true(text.len < FAULT_TEXT_MAX);
		assert_true(text.len >= FAULT_TEXT_MAX - 4);
		assert_true(view_ends_with(text, VIEW("\" is not an address")));
		size_t gap = view_find(text, VIEW("..."));
		assert_true(gap != SIZE_MAX);
		assert_int_equal((unsigned char)text.ptr[gap - 1], 0xa9);
		assert_int_equal((unsigned char)text.ptr[gap + 3], 0xc3);
	}
	// As long as there is room for, and one more.
	memset(name, 'b', sizeof(name));
	(void)!fault_set(&fault, RC_IO, "%.*s", FAULT_TEXT_MAX - 1, name);
	assert_int_equal(strlen(fault.text), FAULT_TEXT_MAX - 1);
	assert_null(strchr(fault.text, '.'));
	(void)!fault_set(&fault, RC_IO, "%.*s", FAULT_TEXT_MAX, name);
	assert_int_equal(strlen(fault.text), FAULT_TEXT_MAX - 1);
	assert_non_null(strchr(fault.text, '.'));
}

// Clients and mails get no text of an internal failure, which may name files.
static void internal_faults_keep_their_text(void **state)
{
	(void)state;
	static const struct {
		enum rc rc;
		bool internal;
	} rows[] = {{RC_IO, true}, {RC_CORRUPT, true}, {RC_CLOSED, true},
	    {RC_LIMIT, false}, {RC_QUOTA, false}, {RC_NOT_FOUND, false},
	    {RC_DENIED, false}, {RC_IN_USE, false}, {RC_INVALID, false}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fault fault;
		(void)!fault_set(&fault, rows[i].rc, "/var/lib/x: no");
		const char *text = fault_public_text(&fault, rows[i].rc);
		assert_int_equal(rc_is_internal(rows[i].rc), rows[i].internal);
		assert_int_equal(strchr(text, '/') != NULL, !rows[i].internal);
		assert_true(strlen(text) > 0);
	}
	struct fault other = {.rc = RC_IO, .text = "/var/lib/x"};
	assert_string_equal(
	    fault_public_text(&other, RC_QUOTA), rc_text(RC_QUOTA));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_read_whole_or_refused),
	    cmocka_unit_test(views_split_trim_and_find),
	    cmocka_unit_test(a_buffer_refuses_what_does_not_fit_whole),
	    cmocka_unit_test(range_sets_merge_split_and_print),
	    cmocka_unit_test(range_sets_agree_with_a_bitmap),
	    cmocka_unit_test(what_is_not_in_another_range_set),
	    cmocka_unit_test(a_map_keeps_what_was_put_through_removals),
	    cmocka_unit_test(an_arena_hands_out_aligned_room_and_starts_again),
	    cmocka_unit_test(a_fault_never_carries_control_characters),
	    cmocka_unit_test(a_long_fault_keeps_its_end),
	    cmocka_unit_test(internal_faults_keep_their_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
