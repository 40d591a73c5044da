// SPDX-License-Identifier: Apache-2.0
// Response words, and that the parser reads back what was written.
#include "base/test.h"
#include "wire/imap_parse.h"
#include "wire/imap_write.h"

static const struct {
	struct view text;
	bool utf8;
	const char *string;
	const char *astring;
} strings[] = {
    {{"", 0}, false, "\"\"", "\"\""},
    {{"abc", 3}, false, "\"abc\"", "abc"},
    {{"a]b[", 4}, false, "\"a]b[\"", "a]b["},
    {{"a b", 3}, false, "\"a b\"", "\"a b\""},
    {{"nil", 3}, false, "\"nil\"", "\"nil\""},
    {{"a\"b\\", 4}, false, "\"a\\\"b\\\\\"", "\"a\\\"b\\\\\""},
    {{"a%b", 3}, false, "\"a%b\"", "\"a%b\""},
    {{"a\tb", 3}, false, "\"a\tb\"", "\"a\tb\""},
    {{"a\r\nb", 4}, false, "{4}\r\na\r\nb", "{4}\r\na\r\nb"},
    {{"a\nb", 3}, true, "{3}\r\na\nb", "{3}\r\na\nb"},
    {{"\xc3\xbc", 2}, false, "{2}\r\n\xc3\xbc", "{2}\r\n\xc3\xbc"},
    {{"\xc3\xbc", 2}, true, "\"\xc3\xbc\"", "\"\xc3\xbc\""},
    {{"\xfc", 1}, true, "{1}\r\n\xfc", "{1}\r\n\xfc"},
};

static void strings_are_quoted_where_they_can_be(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct buf out;
	buf_init(&out, 10000);
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		buf_reset(&out);
		imap_write_string(&out, strings[i].text, strings[i].utf8);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(strings[i].string));
		buf_reset(&out);
		imap_write_astring(&out, strings[i].text, strings[i].utf8);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(strings[i].astring));

		struct imap_cursor cursor;
		struct fault fault;
		imap_cursor_init(&cursor, &arena, buf_view(&out), &fault);
		cursor.utf8 = strings[i].utf8;
		struct view back;
		assert_int_equal(
		    imap_parse_astring(&cursor, "x", &back), RC_OK);
		assert_int_equal(imap_parse_end(&cursor), RC_OK);
		assert_view_equal_row(i, back, strings[i].text);
	}
	buf_reset(&out);
	imap_write_string(&out, VIEW("a\0b"), false);
	assert_view_equal(buf_view(&out), VIEW("{3}\r\na\x80"
					       "b"));
	char text[IMAP_QUOTED_MAX + 1];
	memset(text, 'x', sizeof(text));
	buf_reset(&out);
	imap_write_string(&out, view_of(text, sizeof(text)), false);
	assert_true(view_starts_with(buf_view(&out), VIEW("{1025}\r\nxx")));
	buf_done(&out);
	arena_done(&arena);
}

static void texts_lose_what_would_break_the_line(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	imap_write_quoted(&out, VIEW("a\"\r\n\0\xc3\xbc"), false);
	imap_write_quoted(&out, VIEW("a\\\xc3\xbc\xff\t"), true);
	assert_view_equal(
	    buf_view(&out), VIEW("\"a\\\"????\"\"a\\\\\xc3\xbc?\t\""));
	buf_reset(&out);
	imap_write_text(&out, VIEW(""), false);
	imap_write_text(&out, VIEW("a\"\r\n\t\xc3\xbc"), false);
	imap_write_text(&out, VIEW("\xc3\xbc"), true);
	assert_view_equal(buf_view(&out), VIEW("-a\"????\xc3\xbc"));
	buf_done(&out);
}

static void mailbox_names_follow_the_mode(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool utf8;
		const char *text;
	} rows[] = {
	    {"INBOX", false, "INBOX"},
	    {"Sent Mail", false, "\"Sent Mail\""},
	    {"Entw\u00fcrfe", false, "Entw&APw-rfe"},
	    {"Entw\u00fcrfe", true, "\"Entw\u00fcrfe\""},
	    {"a&b", false, "a&-b"},
	    {"a&b", true, "a&b"},
	    {"a*", false, "\"a*\""},
	    {"\x01", false, "&AAE-"},
	};
	struct arena arena;
	arena_init(&arena);
	struct buf out;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		imap_write_mailbox(
		    &out, view_of_string(rows[i].name), rows[i].utf8);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].text));
		struct imap_cursor cursor;
		struct fault fault;
		imap_cursor_init(&cursor, &arena, buf_view(&out), &fault);
		cursor.utf8 = rows[i].utf8;
		struct view back;
		assert_int_equal(imap_parse_mailbox(&cursor, &back), RC_OK);
		assert_view_equal_row(i, back, view_of_string(rows[i].name));
	}
	buf_done(&out);
	arena_done(&arena);
}

static void dates_and_sets_are_written(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	// RFC 9051 section 7.5.2.
	imap_write_date_time(
	    &out, (struct date){.seconds = 837596665, .zone_minutes = -420});
	assert_view_equal(
	    buf_view(&out), VIEW("\"17-Jul-1996 02:44:25 -0700\""));
	buf_reset(&out);
	struct rangeset set;
	rangeset_init(&set);
	rangeset_add(&set, 1, 3);
	rangeset_add(&set, 7, 7);
	imap_write_set(&out, &set);
	imap_write_literal_head(&out, 5, true);
	buf_add(&out, VIEW("\0a\0\0b"));
	imap_write_mask_nul(&out, out.len - 4);
	assert_view_equal(buf_view(&out), VIEW("1:3,7~{5}\r\n\0a\x80\x80"
					       "b"));
	imap_write_mask_nul(&out, out.len);
	rangeset_done(&set);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_are_quoted_where_they_can_be),
	    cmocka_unit_test(texts_lose_what_would_break_the_line),
	    cmocka_unit_test(mailbox_names_follow_the_mode),
	    cmocka_unit_test(dates_and_sets_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
