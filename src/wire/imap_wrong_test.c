// SPDX-License-Identifier: Apache-2.0
// Wrong words, and the sentence that the person who sent them gets: what was
// expected, where, and what was found. Arguments of commands are in
// imap_wrong_arguments_test.c.
#include "wire/imap_wrong.h"

enum wrong_kind {
	WRONG_TAG,
	WRONG_ATOM,
	WRONG_ASTRING,
	WRONG_NSTRING,
	WRONG_UTF8, // astring, UTF8=ACCEPT enabled
	WRONG_MAILBOX,
	WRONG_LIST,
	WRONG_NUMBER,
	WRONG_NZ,
	WRONG_NUMBER64,
	WRONG_MODSEQ,
};

static const struct wrong_row wrong[] = {
    {WRONG_TAG, "", "expected a tag at column 1, where the command ends"},
    {WRONG_TAG, " a", "expected a tag at column 1, found \" a\""},
    {WRONG_TAG, "+", "expected a tag at column 1, found \"+\""},
    {WRONG_TAG, "+1", "expected a tag at column 1, found \"+1\""},
    {WRONG_TAG, "(a", "expected a tag at column 1, found \"(a\""},
    {WRONG_TAG, "{3}", "expected a tag at column 1, found \"{3}\""},
    {WRONG_TAG, "\"a\"", "expected a tag at column 1, found \"\"a\"\""},
    {WRONG_TAG, "%", "expected a tag at column 1, found \"%\""},
    {WRONG_TAG, "*", "expected a tag at column 1, found \"*\""},
    {WRONG_TAG, "\\x", "expected a tag at column 1, found \"\\x\""},
    {WRONG_TAG, "\177", "expected a tag at column 1, found \"?\""},
    {WRONG_TAG, "\303\274", "expected a tag at column 1, found \"??\""},
    {WRONG_ATOM, "", "expected an atom at column 1, where the command ends"},
    {WRONG_ATOM, "(", "expected an atom at column 1, found \"(\""},
    {WRONG_ATOM, " x", "expected an atom at column 1, found \" x\""},
    {WRONG_ATOM, "{1}", "expected an atom at column 1, found \"{1}\""},
    {WRONG_ATOM, "\"x\"", "expected an atom at column 1, found \"\"x\"\""},
    {WRONG_ATOM, "%", "expected an atom at column 1, found \"%\""},
    {WRONG_ATOM, "*", "expected an atom at column 1, found \"*\""},
    {WRONG_ATOM, "\\Seen", "expected an atom at column 1, found \"\\Seen\""},
    {WRONG_ATOM, "]", "expected an atom at column 1, found \"]\""},
    {WRONG_ATOM, "\tx", "expected an atom at column 1, found \"?x\""},
    {WRONG_ASTRING, "",
	"expected an astring at column 1, where the command ends"},
    {WRONG_ASTRING, "(", "expected an astring at column 1, found \"(\""},
    {WRONG_ASTRING, ")", "expected an astring at column 1, found \")\""},
    {WRONG_ASTRING, "%", "expected an astring at column 1, found \"%\""},
    {WRONG_ASTRING, "*", "expected an astring at column 1, found \"*\""},
    {WRONG_ASTRING, "\\", "expected an astring at column 1, found \"\\\""},
    {WRONG_ASTRING, "{", "expected a literal at column 1, found \"{\""},
    {WRONG_ASTRING, "{}", "expected a literal at column 1, found \"{}\""},
    {WRONG_ASTRING, "{x}", "expected a literal at column 1, found \"{x}\""},
    {WRONG_ASTRING, "{5}", "expected a literal at column 1, found \"{5}\""},
    {WRONG_ASTRING, "{3}\r\nab", "the literal is cut short at column 1"},
    {WRONG_ASTRING, "{3}abc",
	"expected a literal at column 1, found \"{3}abc\""},
    {WRONG_ASTRING, "\"",
	"expected the closing quote of the string at column 2, where the "
	"command ends"},
    {WRONG_ASTRING, "\"abc",
	"expected the closing quote of the string at column 5, where the "
	"command ends"},
    {WRONG_ASTRING, "\"a\\",
	"expected a quote or a backslash after the backslash at column 4, "
	"where the command ends"},
    {WRONG_ASTRING, "\"a\\n\"",
	"expected a quote or a backslash after the backslash at column 4, "
	"found \"n\"\""},
    {WRONG_ASTRING, "\"a\rb\"",
	"a quoted string may not hold CR, LF or NUL, as it does at column 3"},
    {WRONG_ASTRING, "\"a\nb\"",
	"a quoted string may not hold CR, LF or NUL, as it does at column 3"},
    {WRONG_ASTRING, "{99999999999999999999}\r\n",
	"expected a literal at column 1, found \"{9999999999999999999...\""},
    {WRONG_ASTRING, "~{3}\r\nabc",
	"expected the end of the command at column 2, found \"{3}\""},
    {WRONG_ASTRING, "\303\274",
	"expected an astring at column 1, found \"??\""},
    {WRONG_NSTRING, "abc",
	"expected a string or NIL at column 1, found \"abc\""},
    {WRONG_NSTRING, "NILx",
	"expected a string or NIL at column 1, found \"NILx\""},
    {WRONG_NSTRING, "",
	"expected a string or NIL at column 1, where the command ends"},
    {WRONG_NSTRING, "(", "expected a string or NIL at column 1, found \"(\""},
    {WRONG_NSTRING, "nil2",
	"expected a string or NIL at column 1, found \"nil2\""},
    {WRONG_NSTRING, "{", "expected a literal at column 1, found \"{\""},
    {WRONG_UTF8, "\"\377\"", "the string is not valid UTF-8 at column 1"},
    {WRONG_UTF8, "\"a\303\"", "the string is not valid UTF-8 at column 1"},
    {WRONG_UTF8, "\"\355\240\200\"",
	"the string is not valid UTF-8 at column 1"},
    {WRONG_UTF8, "\303\274", "expected an astring at column 1, found \"??\""},
    {WRONG_MAILBOX, "",
	"expected a mailbox name at column 1, where the command ends"},
    {WRONG_MAILBOX, "(", "expected a mailbox name at column 1, found \"(\""},
    {WRONG_MAILBOX, "*", "expected a mailbox name at column 1, found \"*\""},
    {WRONG_MAILBOX, "&",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "a&b",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "&AGE-",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "&APw-&APw-",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "\"\303\274\"",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "{2}\r\n\303\274",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "\"a\tb\"",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_MAILBOX, "{2}\r\n&!",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_LIST, "",
	"expected a mailbox name pattern at column 1, where the command ends"},
    {WRONG_LIST, "(",
	"expected a mailbox name pattern at column 1, found \"(\""},
    {WRONG_LIST, "&",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_LIST, "\\",
	"expected a mailbox name pattern at column 1, found \"\\\""},
    {WRONG_LIST, "\"",
	"expected the closing quote of the string at column 2, where the "
	"command ends"},
    {WRONG_LIST, "a&b%",
	"the mailbox name is not valid modified UTF-7 at column 1"},
    {WRONG_NUMBER, "", "expected a number at column 1, where the command ends"},
    {WRONG_NUMBER, "x", "expected a number at column 1, found \"x\""},
    {WRONG_NUMBER, "-1", "expected a number at column 1, found \"-1\""},
    {WRONG_NUMBER, "+1", "expected a number at column 1, found \"+1\""},
    {WRONG_NUMBER, "4294967296",
	"expected a number, which is at most 4294967295, at column 1"},
    {WRONG_NUMBER, "99999999999999999999999",
	"expected a number, which is at most 4294967295, at column 1"},
    {WRONG_NUMBER, "*", "expected a number at column 1, found \"*\""},
    {WRONG_NZ, "0", "expected a number above zero at column 1, found \"0\""},
    {WRONG_NZ, "",
	"expected a number above zero at column 1, where the command ends"},
    {WRONG_NZ, "01", "expected a number above zero at column 1, found \"01\""},
    {WRONG_NZ, "x", "expected a number above zero at column 1, found \"x\""},
    {WRONG_NZ, "4294967296",
	"expected a number above zero, which is at most 4294967295, at column "
	"1"},
    {WRONG_NUMBER64, "",
	"expected a number at column 1, where the command ends"},
    {WRONG_NUMBER64, "x", "expected a number at column 1, found \"x\""},
    {WRONG_NUMBER64, "9223372036854775808",
	"expected a number, which is at most 9223372036854775807, at column 1"},
    {WRONG_NUMBER64, "18446744073709551616",
	"expected a number, which is at most 9223372036854775807, at column 1"},
    {WRONG_MODSEQ, "",
	"expected a mod-sequence at column 1, where the command "
	"ends"},
    {WRONG_MODSEQ, "x", "expected a mod-sequence at column 1, found \"x\""},
    {WRONG_MODSEQ, "9223372036854775808",
	"expected a mod-sequence, which is at most "
	"9223372036854775807, at column 1"},
    {WRONG_MODSEQ, "-1", "expected a mod-sequence at column 1, found \"-1\""},
};

_Static_assert(ARRAY_LEN(wrong) >= 90, "no row may be lost");

static enum rc parse_word(struct imap_cursor *cursor, int kind)
{
	struct view text;
	uint32_t number;
	uint64_t number64;
	switch ((enum wrong_kind)kind) {
	case WRONG_TAG: return imap_parse_tag(cursor, &text);
	case WRONG_ATOM: return imap_parse_atom(cursor, "an atom", &text);
	case WRONG_UTF8:
		cursor->utf8 = true;
		return imap_parse_astring(cursor, "an astring", &text);
	case WRONG_ASTRING:
		return imap_parse_astring(cursor, "an astring", &text);
	case WRONG_NSTRING: return imap_parse_nstring(cursor, &text);
	case WRONG_MAILBOX: return imap_parse_mailbox(cursor, &text);
	case WRONG_LIST: return imap_parse_list_mailbox(cursor, &text);
	case WRONG_NUMBER: return imap_parse_number(cursor, &number);
	case WRONG_NZ: return imap_parse_nz_number(cursor, &number);
	case WRONG_NUMBER64: return imap_parse_number64(cursor, &number64);
	case WRONG_MODSEQ: return imap_parse_modseq(cursor, &number64);
	}
	return RC_OK;
}

static void wrong_inputs_get_a_sentence(void **state)
{
	(void)state;
	wrong_check(wrong, ARRAY_LEN(wrong), parse_word);
}

static void a_secret_is_not_repeated(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct imap_cursor cursor;
	struct fault fault;
	imap_cursor_init(&cursor, &arena, VIEW("(hunter2"), &fault);
	cursor.secret = true;
	struct view text;
	assert_int_equal(
	    imap_parse_astring(&cursor, "a password", &text), RC_SYNTAX);
	assert_string_equal(fault.text, "expected a password at column 1");
	arena_done(&arena);
}

static void a_name_that_is_none_is_invalid_not_bad_syntax(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct imap_cursor cursor;
	struct fault fault;
	struct view name;
	imap_cursor_init(&cursor, &arena, VIEW("a&b"), &fault);
	assert_int_equal(imap_parse_mailbox(&cursor, &name), RC_INVALID);
	imap_cursor_init(&cursor, &arena, VIEW("{1}\r\n\xff"), &fault);
	cursor.utf8 = true;
	assert_int_equal(imap_parse_mailbox(&cursor, &name), RC_INVALID);
	assert_string_equal(
	    fault.text, "the mailbox name is not valid UTF-8 at column 1");
	arena_done(&arena);
}

static void a_literal_may_not_hold_nul(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct imap_cursor cursor;
	struct fault fault;
	struct view text;
	imap_cursor_init(&cursor, &arena, VIEW("{3}\r\na\0b"), &fault);
	assert_int_equal(imap_parse_string(&cursor, &text), RC_SYNTAX);
	assert_string_equal(
	    fault.text, "the literal holds a NUL byte at column 1");
	arena_done(&arena);
}

static void good_words_are_read_to_their_end(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct imap_cursor cursor;
	struct fault fault;
	imap_cursor_init(&cursor, &arena,
	    VIEW("A.1] sTaTus inbox/a \"InBox\" a&APw- &-% \"\" NIL \"\""
		 " \"a\\\\b\" {3+}\r\nx\r\n (\\seen $a \\Foo \\Recent) \\Draft "
		 "b"),
	    &fault);
	struct view text;
	assert_int_equal(imap_parse_tag(&cursor, &text), RC_OK);
	assert_view_equal(text, VIEW("A.1]"));
	assert_int_equal(imap_parse_sp(&cursor), RC_OK);
	assert_false(imap_take_word(&cursor, VIEW("STAT")));
	assert_true(imap_take_word(&cursor, VIEW("STATUS")));
	static const struct view mailboxes[] = {
	    {"inbox/a", 7}, {"InBox", 5}, {"a\xc3\xbc", 3}};
	for (size_t i = 0; i < ARRAY_LEN(mailboxes); i++) {
		assert_int_equal(imap_parse_sp(&cursor), RC_OK);
		assert_int_equal(imap_parse_mailbox(&cursor, &text), RC_OK);
		assert_view_equal_row(i, text, mailboxes[i]);
	}
	assert_true(imap_take_char(&cursor, ' '));
	assert_int_equal(imap_parse_list_mailbox(&cursor, &text), RC_OK);
	assert_view_equal(text, VIEW("&%"));
	assert_true(imap_take_char(&cursor, ' '));
	assert_int_equal(imap_parse_list_mailbox(&cursor, &text), RC_OK);
	assert_int_equal(text.len, 0);
	static const struct view nstrings[] = {
	    {NULL, 0}, {"", 0}, {"a\\b", 3}, {"x\r\n", 3}};
	for (size_t i = 0; i < ARRAY_LEN(nstrings); i++) {
		assert_true(imap_take_char(&cursor, ' '));
		assert_int_equal(imap_parse_nstring(&cursor, &text), RC_OK);
		assert_view_equal_row(i, text, nstrings[i]);
		assert_int_equal(!text.ptr, !nstrings[i].ptr);
	}
	assert_true(imap_take_char(&cursor, ' '));
	struct imap_flags flags;
	assert_int_equal(imap_parse_store_flags(&cursor, &flags), RC_OK);
	assert_int_equal(flags.system, IMAP_FLAG_SEEN);
	assert_int_equal(flags.count, 1);
	assert_view_equal(flags.keywords[0], VIEW("$a"));
	assert_true(imap_take_char(&cursor, ' '));
	assert_int_equal(imap_parse_store_flags(&cursor, &flags), RC_OK);
	assert_int_equal(flags.system, IMAP_FLAG_DRAFT);
	assert_view_equal(flags.keywords[0], VIEW("b"));
	assert_int_equal(imap_parse_end(&cursor), RC_OK);
	arena_done(&arena);
}

static void blanks_are_taken_where_they_mean_nothing(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct imap_cursor cursor;
	struct fault fault;
	imap_cursor_init(&cursor, &arena, VIEW("(  ) ( a )b  "), &fault);
	assert_int_equal(imap_parse_open(&cursor), RC_OK);
	assert_false(imap_take_next(&cursor));
	assert_int_equal(imap_parse_close(&cursor), RC_OK);
	assert_true(imap_take_next(&cursor));
	assert_true(imap_take_open(&cursor));
	assert_true(imap_take_word(&cursor, VIEW("a")));
	assert_false(imap_take_next(&cursor));
	assert_int_equal(imap_parse_close(&cursor), RC_OK);
	assert_int_equal(imap_parse_sp(&cursor), RC_SYNTAX);
	assert_false(imap_take_next(&cursor));
	assert_int_equal(imap_parse_open(&cursor), RC_SYNTAX);
	assert_string_equal(
	    fault.text, "expected \"(\" at column 11, found \"b\"");
	assert_int_equal(imap_parse_end(&cursor), RC_SYNTAX);
	assert_true(imap_take_word(&cursor, VIEW("b")));
	assert_false(imap_take_next(&cursor));
	assert_int_equal(imap_parse_close(&cursor), RC_SYNTAX);
	assert_int_equal(imap_parse_end(&cursor), RC_OK);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrong_inputs_get_a_sentence),
	    cmocka_unit_test(a_secret_is_not_repeated),
	    cmocka_unit_test(a_name_that_is_none_is_invalid_not_bad_syntax),
	    cmocka_unit_test(a_literal_may_not_hold_nul),
	    cmocka_unit_test(good_words_are_read_to_their_end),
	    cmocka_unit_test(blanks_are_taken_where_they_mean_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
