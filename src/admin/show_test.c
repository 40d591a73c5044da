// SPDX-License-Identifier: Apache-2.0
#include "admin/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void widths(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} table[] = {
	    {"", 0}, {"anna", 4}, {"Zoë", 3},
	    {"Zoe\xcc\x88", 3},                          // a combining mark
	    {"张伟", 4},                                 // wide
	    {"ｱﾝﾅ", 3},                                  // halfwidth
	    {"ＡＢ", 4},                                 // fullwidth
	    {"한글", 4},                                 // syllables
	    {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 2}, // one in three parts
	    {"📧", 2}, {"👩\xe2\x80\x8d💻", 4}, // joined: what is no letter is not
					     // counted
	    {"a\xc2\xad", 2},                // a soft hyphen
	    {"नमस्ते", 4}, {"\xff\xfe", 2},    // two bad bytes
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t width = show_width(view_of_string(table[i].text));
		if (width != table[i].width)
			fail_msg("\"%s\" has %zu columns, not %zu",
			    table[i].text, table[i].width, width);
	}
}

static void what_steers_a_terminal_is_not_shown(void **state)
{
	static const struct {
		const char *text, *shown;
	} table[] = {
	    {"plain", "plain"},
	    {"a\nb\tc\x1b[2J\x7f", "a?b?c?[2J?"},
	    {"\xc2\x9b", "?"}, // CSI in one character
	    {"\xe2\x80\xae"
	     "gpj.exe",
		"?gpj.exe"},       // right to left from here
	    {"\xe2\x80\xa8", "?"}, // a line separator
	    {"\xff\xc3.", "??."},
	    {"👩\xe2\x80\x8d💻 张", "👩\xe2\x80\x8d💻 张"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf out;
		buf_init(&out, 100);
		show_add(&out, view_of_string(table[i].text));
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, table[i].shown);
		buf_done(&out);
	}
}

// What show_table_print() writes, in `ret_text`.
static void print_to_text(
    const struct show_table *table, char *ret_text, size_t size)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stdout);
	int before = dup(STDOUT_FILENO);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	show_table_print(table);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(file);
	ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void columns_stand_below_each_other(void **state)
{
	static const struct show_column columns[] = {
	    {.title = "USER"},
	    {.title = "BYTES", .right = true},
	    {.title = "ADDRESS"},
	};
	static const char *const names[] = {
	    "张伟", "a name longer than its title", "Zoe\xcc\x88"};
	struct show_table table;
	char text[1000];
	(void)state;
	show_table_init(&table, columns, ARRAY_LEN(columns));
	print_to_text(&table, text, sizeof(text));
	assert_string_equal(text, ""); // no titles of nothing
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		show_table_add(&table, view_of_string(names[i]));
		show_table_add_number(&table, i == 0 ? 1234567 : -1);
		show_table_add(&table, i == 1 ? VIEW("") : VIEW("a@b"));
	}
	print_to_text(&table, text, sizeof(text));
	assert_string_equal(text,
	    "USER                            BYTES  ADDRESS\n"
	    "张伟                          1234567  a@b\n"
	    "a name longer than its title       -1\n"
	    "Zoe\xcc\x88                                -1  a@b\n");
	show_table_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(widths),
	    cmocka_unit_test(what_steers_a_terminal_is_not_shown),
	    cmocka_unit_test(columns_stand_below_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
