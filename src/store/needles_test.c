// SPDX-License-Identifier: Apache-2.0
// Many strings at once against a search for each of them.
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"
#include "store/needles.h"

#define NUMBERS_MAX 4096

struct found {
	unsigned times[NUMBERS_MAX];
};

static void note(void *context, uint32_t number)
{
	struct found *found = context;
	assert_true(number < NUMBERS_MAX);
	found->times[number]++;
}

// `strings` are separated by "|"; the result is that of looking for each.
static void check(const char *strings, struct view text)
{
	struct needles *needles = needles_new();
	struct view rest = view_of_string(strings);
	struct view list[NUMBERS_MAX];
	uint32_t count = 0;
	while (view_split(&rest, '|', &list[count])) {
		needles_add(needles, list[count], count);
		count++;
	}
	needles_prepare(needles);
	for (unsigned round = 0; round < 2; round++) {
		struct found found = {0};
		needles_find(needles, text, note, &found);
		for (uint32_t i = 0; i < count; i++) {
			bool there = view_find(text, list[i]) != SIZE_MAX;
			if (found.times[i] != (there ? 1 : 0))
				fail_msg("\"%.*s\" of \"%s\" in \"%.*s\": %u",
				    (int)list[i].len, list[i].ptr, strings,
				    (int)text.len, text.ptr, found.times[i]);
		}
	}
	needles_free(&needles);
}

static void test_table(void **state)
{
	(void)state;
	static const struct {
		const char *strings;
		const char *text;
	} rows[] = {
	    {"he|she|his|hers", "ushers"},
	    {"he|she|his|hers", "ahishers"},
	    {"he|she|his|hers", ""},
	    {"a", "a"},
	    {"a|a|a", "bab"},
	    {"aa|aaa|a|aaaa", "aaa"},
	    {"ab|bc|abc|bcd|abcd|cd|d", "xabcdx"},
	    {"abcd|bcx|cy", "abcy"},
	    {"abcd|bcx|cy", "abcx"},
	    {"\xff\xfe|\xfe\xff|\x80", "\xff\xfe\xff"},
	    {"abab|baba|ababab", "abababab"},
	    {"ax|bx|cx|dx|ex|fx", "qex"},
	    {"xa|xb|xc|xd|xe", "xxe"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].strings, view_of_string(rows[i].text));
}

// Every byte in a string and in the text, also NUL.
static void test_all_bytes(void **state)
{
	(void)state;
	char bytes[256];
	struct needles *needles = needles_new();
	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (uint32_t i = 0; i + 2 <= 256; i++)
		needles_add(needles, view_of(bytes + i, 2), i);
	needles_prepare(needles);
	struct found found = {0};
	needles_find(needles, view_of(bytes, 256), note, &found);
	for (uint32_t i = 0; i + 2 <= 256; i++)
		assert_int_equal(found.times[i], 1);
	needles_free(&needles);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

// Strings and texts of two letters: most strings overlap and are parts of each
// other.
static void test_random(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (unsigned round = 0; round < 300; round++) {
		struct buf strings, text;
		buf_init(&strings, 65536);
		buf_init(&text, 65536);
		uint32_t letters = 2 + next_random(&seed) % 3;
		uint32_t count = 1 + next_random(&seed) % 60;
		for (uint32_t i = 0; i < count; i++) {
			if (i)
				buf_add_char(&strings, '|');
			uint32_t len = 1 + next_random(&seed) % 9;
			for (uint32_t n = 0; n < len; n++)
				buf_add_char(&strings,
				    (char)('a' + next_random(&seed) % letters));
		}
		buf_add_char(&strings, '\0');
		uint32_t len = next_random(&seed) % 200;
		for (uint32_t n = 0; n < len; n++)
			buf_add_char(
			    &text, (char)('a' + next_random(&seed) % letters));
		check(strings.ptr, buf_view(&text));
		buf_done(&strings);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_all_bytes),
	    cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
