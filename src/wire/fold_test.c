// SPDX-License-Identifier: Apache-2.0
// The folding of RFC 5051.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/fold.h"

static void text_is_folded_by_title_case_and_decomposition(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *casemap;
		const char *search; // NULL: the same
	} rows[] = {
	    {"", "", NULL},
	    {"Hello, World! @[`{z", "HELLO, WORLD! @[`{Z", NULL},
	    {"abcdefghijklmnopqrstuvwxyz0123456789",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", NULL},
	    {"\xc3\xa9", "E\xcc\x81", NULL},  // é
	    {"\xc3\x89", "E\xcc\x81", NULL},  // É
	    {"e\xcc\x81", "E\xcc\x81", NULL}, // e, U+0301
	    {"\xc3\xbf", "Y\xcc\x88", NULL},  // ÿ, whose capital is U+0178
	    {"\xc2\xb5", "\xce\x9c", NULL},   // micro sign: Greek M
	    {"\xc3\x9f", "\xc3\x9f", NULL},   // ß
	    {"\xce\xac\xcf\x82", "\xce\x91\xcc\x81\xce\xa3", NULL}, // άς
	    {"\xd0\xbf\xd1\x80", "\xd0\x9f\xd0\xa0", NULL},         // пр
	    // RFC 5051 section 2: U+01C4 goes by way of U+01C5.
	    {"\xc7\x84", "Dz\xcc\x8c", "DZ\xcc\x8c"},
	    {"\xef\xac\x81", "fi", "FI"},                // fi ligature
	    {"\xef\xbd\x81", "A", NULL},                 // full-width a
	    {"\xe1\xb8\xb9", "L\xcc\xa3\xcc\x84", NULL}, // ḹ, two marks
	    {"\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", NULL},
	    {"\xe4\xbd\xa0", "\xe4\xbd\xa0", NULL},         // 你
	    {"\xef\xa4\x80", "\xe8\xb1\x88", NULL},         // U+F900
	    {"\xf0\x9d\x90\x80", "A", NULL},                // U+1D400
	    {"\xf0\x90\x90\xa8", "\xf0\x90\x90\x80", NULL}, // Deseret
	    {"\xf0\x9f\x92\xa9", "\xf0\x9f\x92\xa9", NULL},
	    {"a\xff z\xe2\x82", "A\xef\xbf\xbd Z\xef\xbf\xbd", NULL},
	    {" a \t\r\n b  ", " A \t\r\n B  ", " A B "},
	    {"a\xc2\xa0 \xe3\x80\x80z", "A   Z", "A Z"},
	    {"0123456789abcde \n0123456789abcdef  0123456789abcdef",
		"0123456789ABCDE \n0123456789ABCDEF  0123456789ABCDEF",
		"0123456789ABCDE 0123456789ABCDEF 0123456789ABCDEF"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int mode = FOLD_CASEMAP; mode <= FOLD_SEARCH; mode++) {
			struct view text = view_of_string(rows[i].text);
			const char *expected =
			    mode == FOLD_SEARCH && rows[i].search
				? rows[i].search
				: rows[i].casemap;
			for (size_t step = 1; step <= text.len + 1; step++) {
				struct fold fold;
				struct buf out;
				buf_init(&out, 1000);
				fold_init(&fold, (enum fold_mode)mode);
				for (size_t at = 0; at < text.len; at += step)
					fold_feed(&fold,
					    view_slice(text, at, step), &out);
				fold_end(&fold, &out);
				buf_add_char(&out, '\0');
				assert_string_equal(out.ptr, expected);
				buf_done(&out);
			}
		}
}

static void the_growth_limit_holds_for_every_code_point(void **state)
{
	(void)state;
	size_t most = 0;
	for (uint32_t code = 0; code < 0x110000; code++) {
		char bytes[4] = {(char)(0xf0 | code >> 18),
		    (char)(0x80 | (code >> 12 & 0x3f)),
		    (char)(0x80 | (code >> 6 & 0x3f)),
		    (char)(0x80 | (code & 0x3f))};
		struct view text = view_of(bytes, 4);
		if (code < 0x10000) {
			bytes[1] = (char)(0xe0 | code >> 12);
			text = view_of(bytes + 1, 3);
		}
		if (code < 0x800) {
			bytes[2] = (char)(0xc0 | code >> 6);
			text = view_of(bytes + 2, 2);
		}
		struct buf out;
		buf_init(&out, 100);
		fold_text(FOLD_SEARCH, text, &out);
		assert_int_equal(buf_status(&out), RC_OK);
		if (code >= 0x80 && out.len > most * text.len)
			most = (out.len + text.len - 1) / text.len;
		buf_done(&out);
	}
	assert_int_equal(most, FOLD_GROWTH_MAX);
}

static bool is_found(struct view needle, struct view text)
{
	struct buf folded_needle CLEANUP(buf_done);
	struct buf folded_text CLEANUP(buf_done);
	buf_init(&folded_needle, 1000);
	buf_init(&folded_text, 1000);
	fold_text(FOLD_SEARCH, needle, &folded_needle);
	fold_text(FOLD_SEARCH, text, &folded_text);
	return view_find(buf_view(&folded_text), buf_view(&folded_needle)) !=
	       SIZE_MAX;
}

static void a_folded_needle_is_found_in_a_folded_text(void **state)
{
	(void)state;
	static const struct {
		const char *needle;
		const char *text;
		bool found;
	} rows[] = {
	    {"", "", true},
	    {"", "x", true},
	    {"x", "", false},
	    {"world", "Hello, WORLD", true},
	    {"worlds", "Hello, WORLD", false},
	    {"\xc3\xa9t\xc3\xa9", "L'E\xcc\x81TE\xcc\x81", true},
	    {"annual report", "the Annual\r\n\tReport", true},
	    {"annual  report", "the annual report", true},
	    {"annual report", "annualreport", false},
	    {"\xd0\x9f\xd0\xa0\xd0\x98", "\xd0\xbf\xd1\x80\xd0\xb8", true},
	    {" x", "x", false},
	    {"x ", "x\n", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (is_found(view_of_string(rows[i].needle),
			view_of_string(rows[i].text)) != rows[i].found)
			fail_msg(
			    "\"%s\" in \"%s\"", rows[i].needle, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_folded_by_title_case_and_decomposition),
	    cmocka_unit_test(the_growth_limit_holds_for_every_code_point),
	    cmocka_unit_test(a_folded_needle_is_found_in_a_folded_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
