// SPDX-License-Identifier: Apache-2.0
// Sequence sets: as written, resolved, and at their longest.
#include "base/test.h"
#include "wire/imap_set.h"

static const struct {
	const char *text;
	uint32_t max;
	const char *saved; // NULL: none
	const char *resolved;
	uint32_t highest;
} rows[] = {
    // RFC 9051 section 9, sequence-set.
    {"2,4:7,9,12:*", 15, NULL, "2,4:7,9,12:15", 12},
    {"*:4,5:7", 10, NULL, "4:10", 7},
    {"3291:*", 7, NULL, "7:3291", 3291},
    {"4:2", 10, NULL, "2:4", 4},
    {"1", 10, NULL, "1", 1},
    {"*", 10, NULL, "10", 0},
    {"*:*", 10, NULL, "10", 0},
    {"1:*", 1, NULL, "1", 1},
    {"*", 0, NULL, "", 0},
    {"1:*,3", 0, NULL, "3", 3},
    {"4294967295", 10, NULL, "4294967295", UINT32_MAX},
    {"1:4294967295", 10, NULL, "1:4294967295", UINT32_MAX},
    {"4294967295:1,5", 10, NULL, "1:4294967295", UINT32_MAX},
    {"5,3,1,4", 10, NULL, "1,3:5", 5},
    {"1:3,2:9,5", 10, NULL, "1:9", 9},
    {"1,2,3", 10, NULL, "1:3", 3},
    // RFC 5182.
    {"$", 10, "2:4", "2:4", 0},
    {"$", 10, NULL, "", 0},
    {"9,$,1", 10, "2:4", "1:4,9", 9},
    {"1", 10, "2:4", "1", 1},
};

static void read_set(struct rangeset *set, const char *text)
{
	struct arena arena;
	arena_init(&arena);
	struct imap_set written;
	assert_int_equal(
	    imap_set_parse(&arena, view_of_string(text), &written, NULL),
	    RC_OK);
	imap_set_resolve(&written, 0, NULL, set);
	arena_done(&arena);
}

static void sets_stand_for_what_the_rfc_says(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct buf text;
	buf_init(&text, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rangeset set;
		struct rangeset saved;
		rangeset_init(&set);
		rangeset_init(&saved);
		if (rows[i].saved)
			read_set(&saved, rows[i].saved);
		struct imap_set written;
		assert_int_equal(
		    imap_set_parse(
			&arena, view_of_string(rows[i].text), &written, NULL),
		    RC_OK);
		imap_set_resolve(
		    &written, rows[i].max, rows[i].saved ? &saved : NULL, &set);
		buf_reset(&text);
		rangeset_format(&set, &text);
		buf_add_char(&text, '\0');
		assert_string_equal(text.ptr, rows[i].resolved);
		assert_int_equal(imap_set_highest(&written), rows[i].highest);
		rangeset_done(&set);
		rangeset_done(&saved);
	}
	buf_done(&text);
	arena_done(&arena);
}

static void resolving_adds_to_what_is_there(void **state)
{
	(void)state;
	struct rangeset set;
	rangeset_init(&set);
	read_set(&set, "5:6");
	read_set(&set, "1,2,9");
	read_set(&set, "4");
	struct buf text;
	buf_init(&text, 100);
	rangeset_format(&set, &text);
	assert_view_equal(buf_view(&text), VIEW("1:2,4:6,9"));
	buf_done(&text);
	rangeset_done(&set);
}

static void wrong_sets_are_refused_where_they_are_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t bad;
	} wrong[] = {
	    {"", 0},
	    {"0", 0},
	    {"1:0", 2},
	    {"01", 0},
	    {"1,", 2},
	    {",1", 0},
	    {"1,,2", 2},
	    {"1:", 2},
	    {":1", 0},
	    {"1:2:3", 3},
	    {"1-2", 1},
	    {"-1", 0},
	    {"4294967296", 0},
	    {"1:99999999999999999999999", 2},
	    {"1 ", 1},
	    {" 1", 0},
	    {"**", 1},
	    {"1*", 1},
	    {"$1", 1},
	    {"$:1", 1},
	    {"1:$", 2},
	    {"$$", 1},
	    {"a", 0},
	    {"1,a", 2},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct imap_set set;
		size_t bad = SIZE_MAX;
		assert_int_equal(imap_set_parse(&arena,
				     view_of_string(wrong[i].text), &set, &bad),
		    RC_SYNTAX);
		assert_int_equal(bad, wrong[i].bad);
	}
	arena_done(&arena);
}

// Sets as long as a line, falling and scattered: quadratic work would show.
static void long_sets_resolve(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct buf text;
	buf_init(&text, (size_t)16 * 1024 * 1024);
	for (int scattered = 0; scattered < 2; scattered++) {
		uint32_t count = 200000;
		buf_reset(&text);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t n =
			    scattered ? (uint32_t)((uint64_t)i * 7919u % count)
				      : count - i;
			buf_add_u64(&text, 2 * (uint64_t)n + 1);
			buf_add_char(&text, ',');
		}
		buf_truncate(&text, text.len - 1);
		struct imap_set written;
		assert_int_equal(
		    imap_set_parse(&arena, buf_view(&text), &written, NULL),
		    RC_OK);
		assert_false(written.ascending);
		struct rangeset set;
		rangeset_init(&set);
		imap_set_resolve(&written, 1, NULL, &set);
		assert_int_equal(set.count, count);
		rangeset_done(&set);
		arena_reset(&arena);
	}
	buf_done(&text);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_stand_for_what_the_rfc_says),
	    cmocka_unit_test(resolving_adds_to_what_is_there),
	    cmocka_unit_test(wrong_sets_are_refused_where_they_are_wrong),
	    cmocka_unit_test(long_sets_resolve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
