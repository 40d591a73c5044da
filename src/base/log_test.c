// SPDX-License-Identifier: Apache-2.0
// What of a stranger's text stands in the log.
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/test.h"

// For tables, where VIEW() is not constant.
#define TEXT(text)                                                             \
	{                                                                      \
		(text), sizeof(text) - 1                                       \
	}

static struct view written(struct view value, char *room, size_t size)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct log log = {
	    .fd = ends[1], .minimum = LOG_LEVEL_DEBUG, .journal = true};
	struct log_line line;
	log_begin(&line, &log, LOG_LEVEL_INFO, "event");
	log_add(&line, "key", value);
	log_end(&line);
	close(ends[1]);
	ssize_t len = read(ends[0], room, size);
	close(ends[0]);
	assert_true(len > 0);
	return view_of(room, (size_t)len);
}

static void a_value_neither_ends_a_line_nor_steers_a_terminal(void **state)
{
	(void)state;
	static const struct {
		struct view value;
		const char *text;
	} table[] = {
	    {TEXT("plain@x.test"), "plain@x.test"},
	    {TEXT(""), "\"\""},
	    {TEXT("a b"), "\"a b\""},
	    {TEXT("a=b"), "\"a=b\""},
	    {TEXT("a\"\\"), "\"a\\\"\\\\\""},
	    {TEXT("a\r\nb\t\0c\x7f"), "\"a\\x0d\\x0ab\\x09\\x00c\\x7f\""},
	    {TEXT("\x1b[2J"), "\"\\x1b[2J\""},
	    // C1 controls, as bytes and as characters.
	    {TEXT("\x9b"
		  "2J"),
		"\"\\x9b2J\""},
	    {TEXT("\xc2\x9b"
		  "2J"),
		"\"\\xc2\\x9b2J\""},
	    {TEXT("\xc2\xa0"), "\"\xc2\xa0\""},
	    {TEXT("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\""},
	    {TEXT("\xd0\xb0"), "\"\xd0\xb0\""},
	    {TEXT("\xf0\x9f\x90\xa4"), "\"\xf0\x9f\x90\xa4\""},
	    // Ends of lines, and changes of the direction.
	    {TEXT("\xe2\x80\xa8\xe2\x80\xa9"),
		"\"\\xe2\\x80\\xa8\\xe2\\x80\\xa9\""},
	    {TEXT("\xe2\x80\xae"), "\"\\xe2\\x80\\xae\""},
	    {TEXT("\xe2\x81\xa6\xe2\x81\xa9"),
		"\"\\xe2\\x81\\xa6\\xe2\\x81\\xa9\""},
	    {TEXT("\xe2\x80\x8e\xd8\x9c"), "\"\\xe2\\x80\\x8e\\xd8\\x9c\""},
	    {TEXT("\xe2\x80\xaf\xe2\x81\xaa"), "\"\xe2\x80\xaf\xe2\x81\xaa\""},
	    // No UTF-8: cut short, too long a form, a surrogate, too high.
	    {TEXT("\xc3"), "\"\\xc3\""},
	    {TEXT("\xe2\x80"), "\"\\xe2\\x80\""},
	    {TEXT("\xc0\x8a"), "\"\\xc0\\x8a\""},
	    {TEXT("\xe0\x80\x8a"), "\"\\xe0\\x80\\x8a\""},
	    {TEXT("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\""},
	    {TEXT("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\""},
	    {TEXT("\xff"), "\"\\xff\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char room[256];
		struct view line = written(table[i].value, room, sizeof(room));
		char want[256];
		int len = snprintf(want, sizeof(want), "<6>info event key=%s\n",
		    table[i].text);
		assert_view_equal_row(i, line, view_of(want, (size_t)len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_neither_ends_a_line_nor_steers_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
