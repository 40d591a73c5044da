// SPDX-License-Identifier: Apache-2.0
// Paths and mailboxes: all the forms an address can take, those it cannot, and
// the one content that each comes down to.
#include "base/test.h"
#include "wire/smtp_path.h"

#define A16 "abcdefghijklmnop"
#define A64 A16 A16 A16 A16
#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define D253                                                                   \
	L63 "." L63 "." L63 "."                                                \
	    "abcdefghijklmnopqrstuvwxyz"                                       \
	    "abcdefghijklmnopqrstuvwxyzabcdefghi"

struct path_row {
	const char *text;
	enum rc rc;
	const char *rest;
	const char *local;
	const char *ascii;   // domain_ascii
	const char *printed; // NULL: as the text between the brackets
};

static const struct path_row forward_rows[] = {
    {"<a@example.org>", RC_OK, "", "a", "example.org", NULL},
    {"<a@EXAMPLE.org> SIZE=1", RC_OK, " SIZE=1", "a", "example.org", NULL},
    {"<A.b+c=d@x>", RC_OK, "", "A.b+c=d", "x", NULL},
    {"<!#$%&'*+-/=?^_`{|}~@x>", RC_OK, "", "!#$%&'*+-/=?^_`{|}~", "x", NULL},
    {"<user%other.example@x>", RC_OK, "", "user%other.example", "x", NULL},
    {"<other.example!user@x>", RC_OK, "", "other.example!user", "x", NULL},
    {"<postmaster>", RC_OK, "", "postmaster", "", NULL},
    {"<PostMaster>", RC_OK, "", "PostMaster", "", NULL},
    {"<a@under_score.example>", RC_OK, "", "a", "under_score.example", NULL},
    // quoted: the content counts
    {"<\"a\"@x>", RC_OK, "", "a", "x", "a@x"},
    {"<\"a.b\"@x>", RC_OK, "", "a.b", "x", "a.b@x"},
    {"<\"a b\"@x>", RC_OK, "", "a b", "x", NULL},
    {"<\"a@b\"@x>", RC_OK, "", "a@b", "x", NULL},
    {"<\"a>b\"@x>", RC_OK, "", "a>b", "x", NULL},
    {"<\"a\\b\"@x>", RC_OK, "", "ab", "x", "ab@x"},
    {"<\"a\\\"b\\\\\"@x>", RC_OK, "", "a\"b\\", "x", NULL},
    {"<\"\\a\\@\\b\"@x>", RC_OK, "", "a@b", "x", "\"a@b\"@x"},
    {"<\"\"@x>", RC_OK, "", "", "x", NULL},
    {"<\"user@other.example\"@x>", RC_OK, "", "user@other.example", "x", NULL},
    // lenient: dots
    {"<a..b@x>", RC_OK, "", "a..b", "x", "\"a..b\"@x"},
    {"<.a@x>", RC_OK, "", ".a", "x", "\".a\"@x"},
    {"<a.@x>", RC_OK, "", "a.", "x", "\"a.\"@x"},
    // blanks are for quoted ones
    {"<a b@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"< a@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a @x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@x >", RC_SYNTAX, NULL, NULL, NULL, NULL},
    // source routes
    {"<@a:b@c>", RC_OK, "", "b", "c", "b@c"},
    {"<@a,@b.example:c@d>x", RC_OK, "x", "c", "d", "c@d"},
    {"<@[192.0.2.1]:c@d>", RC_OK, "", "c", "d", "c@d"},
    {"<@[IPv6:2001:db8::1],@b:c@d>", RC_OK, "", "c", "d", "c@d"},
    {"<@a:\"x:y@z\"@d>", RC_OK, "", "x:y@z", "d", "\"x:y@z\"@d"},
    {"<@a:postmaster>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@a,b@c>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@a,:b@c>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@:b@c>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@a b:b@c>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@a:>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@a>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@a:@b>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    // literals
    {"<a@[192.0.2.1]>", RC_OK, "", "a", "[192.0.2.1]", NULL},
    {"<a@[IPv6:2001:DB8:0:0::1]>", RC_OK, "", "a", "[IPv6:2001:db8::1]", NULL},
    {"<a@[ipv6:::ffff:192.0.2.1]>", RC_OK, "", "a", "[192.0.2.1]", NULL},
    {"<a@[IPv6:::FFFF:c000:201]>", RC_OK, "", "a", "[192.0.2.1]", NULL},
    {"<a@[IPv6:0:0:0:0:0:ffff:192.0.2.1]>", RC_OK, "", "a", "[192.0.2.1]",
	NULL},
    {"<a@[IPv6:::ffff:0:c000:201]>", RC_OK, "", "a", "[IPv6:::ffff:0:c000:201]",
	NULL},
    {"<a@[IPv6:::192.0.2.1]>", RC_OK, "", "a", "[IPv6:::192.0.2.1]", NULL},
    {"<a@[192.0.2]>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[192.0.2.256]>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[2001:db8::1]>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[IPv6:]>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[x-tag:data]>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[]>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[192.0.2.1>", RC_INVALID, NULL, NULL, NULL, NULL},
    {"<a@[192.0.2.1]x>", RC_INVALID, NULL, NULL, NULL, NULL},
    // UTF-8
    {"<jösé@bücher.example>", RC_OK, "", "jösé", "xn--bcher-kva.example", NULL},
    {"<\"j ö\"@x>", RC_OK, "", "j ö", "x", NULL},
    {"<用户@例え.テスト>", RC_OK, "", "用户", "xn--r8jz45g.xn--zckzah", NULL},
    {"<a@ｅｘａｍｐｌｅ．org>", RC_OK, "", "a", "example.org", NULL},
    // The sign is not "@": what looks like another domain is local part.
    {"<a＠b@x>", RC_OK, "", "a＠b", "x", NULL},
    {"<a＠example.org>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\xff@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@\xff>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    // controls, C1 too
    {"<a\tb@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\tb\"@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\rb\"@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\\\nb\"@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\x7f\"@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a\xc2\x85@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    // not paths
    {"", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"a@x", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {" <a@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@x", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\\\"@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@b@c>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@x.>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@-x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@x >", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a,b@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a(b)@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a\\b@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a<b@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\"b@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<\"a\".b@x>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@x\r\n>", RC_SYNTAX, NULL, NULL, NULL, NULL},
    {"<a@xn--.example>", RC_INVALID, NULL, NULL, NULL, NULL},
    // lengths
    {"<" A64 A64 "@x>", RC_OK, "", A64 A64, "x", NULL},
    {"<" A64 A64 "a@x>", RC_LIMIT, NULL, NULL, NULL, NULL},
    {"<\"" A64 A64 "\"@x>", RC_OK, "", A64 A64, "x", A64 A64 "@x"},
    {"<" A64 "ab@" D253 ">", RC_OK, "", A64 "ab", D253, NULL},
    {"<" A64 "abc@" D253 ">", RC_LIMIT, NULL, NULL, NULL, NULL},
    {"<a@" D253 "x>", RC_LIMIT, NULL, NULL, NULL, NULL},
};

static void check_path(
    struct arena *arena, const struct path_row *row, enum smtp_path_kind kind)
{
	struct view text = view_of_string(row->text);
	struct view rest = text;
	struct smtp_mailbox mailbox;
	struct fault fault = {0};
	enum rc rc = smtp_path_parse(arena, &rest, kind, &fault, &mailbox);
	if (rc != row->rc)
		print_error("%s: %s: %s\n", row->text, rc_name(rc), fault.text);
	assert_int_equal(rc, row->rc);
	if (rc != RC_OK) {
		assert_int_equal(fault.rc, rc);
		assert_true(fault.text[0] != '\0');
		assert_ptr_equal(rest.ptr, text.ptr);
		return;
	}
	struct buf printed;
	buf_init(&printed, SMTP_PATH_MAX);
	smtp_mailbox_print(&mailbox, &printed);
	struct view wanted = row->printed
				 ? view_of_string(row->printed)
				 : view_slice(text, 1, text.len - rest.len - 2);
	if (!view_eq(buf_view(&printed), wanted))
		print_error(
		    "%s: %.*s\n", row->text, VIEW_FMT(buf_view(&printed)));
	assert_view_equal(buf_view(&printed), wanted);
	buf_done(&printed);
	assert_view_equal(rest, view_of_string(row->rest));
	assert_view_equal(mailbox.local, view_of_string(row->local));
	assert_view_equal(mailbox.domain_ascii, view_of_string(row->ascii));
	assert_int_equal(mailbox.domain_is_literal, row->ascii[0] == '[');
}

static void forward_paths_come_down_to_their_content(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(forward_rows); i++)
		check_path(&arena, &forward_rows[i], SMTP_PATH_FORWARD);
	arena_done(&arena);
}

static void only_a_reverse_path_may_be_null(void **state)
{
	(void)state;
	static const struct path_row rows[] = {
	    {"<>", RC_OK, "", "", "", ""},
	    {"<> BODY=7BIT", RC_OK, " BODY=7BIT", "", "", ""},
	    {"<a@x>", RC_OK, "", "a", "x", NULL},
	    {"<postmaster>", RC_SYNTAX, NULL, NULL, NULL, NULL},
	    {"< >", RC_SYNTAX, NULL, NULL, NULL, NULL},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_path(&arena, &rows[i], SMTP_PATH_REVERSE);
	struct view text = VIEW("<>");
	struct smtp_mailbox mailbox;
	assert_int_equal(
	    smtp_path_parse(&arena, &text, SMTP_PATH_REVERSE, NULL, &mailbox),
	    RC_OK);
	assert_true(smtp_mailbox_is_null(&mailbox));
	text = VIEW("<\"\"@x>");
	assert_int_equal(
	    smtp_path_parse(&arena, &text, SMTP_PATH_REVERSE, NULL, &mailbox),
	    RC_OK);
	assert_false(smtp_mailbox_is_null(&mailbox));
	arena_done(&arena);
}

static void a_nul_is_in_no_address(void **state)
{
	(void)state;
	static const struct view rows[] = {
	    {"a\0b@x", 5},
	    {"\"a\0b\"@x", 7},
	    {"a@x\0", 4},
	    {"a@[1.2.3.4\0]", 12},
	    {"a@[\0]", 5},
	};
	struct arena arena;
	struct smtp_mailbox mailbox;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_not_equal(
		    smtp_mailbox_parse(&arena, rows[i], NULL, &mailbox), RC_OK);
	arena_done(&arena);
}

static void a_path_without_end_is_not_read_for_ever(void **state)
{
	(void)state;
	struct arena arena;
	char text[8192];
	arena_init(&arena);
	static const struct {
		char fill;
		enum rc rc;
	} rows[] = {{'a', RC_LIMIT}, {'@', RC_LIMIT}, {',', RC_LIMIT},
	    {'"', RC_LIMIT}, {'\\', RC_LIMIT}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view view = view_of(text, sizeof(text));
		struct smtp_mailbox mailbox;
		memset(text, rows[i].fill, sizeof(text));
		text[0] = '<';
		text[sizeof(text) - 1] = '>';
		assert_int_equal(smtp_path_parse(&arena, &view,
				     SMTP_PATH_FORWARD, NULL, &mailbox),
		    rows[i].rc);
	}
	arena_done(&arena);
}

static void an_address_alone_has_both_parts_and_no_brackets(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rc rc;
	} rows[] = {
	    {"a@example.org", RC_OK},
	    {"\"a b\"@example.org", RC_OK},
	    {"a@[192.0.2.1]", RC_OK},
	    {"<a@example.org>", RC_SYNTAX},
	    {"@b:a@example.org", RC_SYNTAX},
	    {"postmaster", RC_SYNTAX},
	    {"a@example.org ", RC_SYNTAX},
	    {"", RC_SYNTAX},
	};
	struct arena arena;
	struct smtp_mailbox mailbox;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    smtp_mailbox_parse(
			&arena, view_of_string(rows[i].text), NULL, &mailbox),
		    rows[i].rc);
	arena_done(&arena);
}

static void only_a_local_part_needs_smtputf8(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool needs;
		bool is;
		const char *ascii;
	} rows[] = {
	    {"a@example.org", false, false, "a@example.org"},
	    {"a@bücher.example", false, true, "a@xn--bcher-kva.example"},
	    {"ä@example.org", true, true, "ä@example.org"},
	};
	struct arena arena;
	struct smtp_mailbox mailbox;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf printed;
		buf_init(&printed, SMTP_PATH_MAX);
		assert_int_equal(
		    smtp_mailbox_parse(
			&arena, view_of_string(rows[i].text), NULL, &mailbox),
		    RC_OK);
		assert_int_equal(
		    smtp_mailbox_needs_utf8(&mailbox), rows[i].needs);
		assert_int_equal(smtp_mailbox_is_utf8(&mailbox), rows[i].is);
		smtp_mailbox_print_ascii(&mailbox, &printed);
		assert_view_equal_row(
		    i, buf_view(&printed), view_of_string(rows[i].ascii));
		buf_done(&printed);
	}
	arena_done(&arena);
}

static void what_is_printed_has_a_limit_that_it_can_reach(void **state)
{
	(void)state;
	struct arena arena;
	struct buf text;
	struct smtp_mailbox mailbox;
	arena_init(&arena);
	buf_init(&text, 2 * SMTP_MAILBOX_MAX);
	// Nothing but quotes, and the longest domain there is room for.
	buf_add_char(&text, '"');
	for (int i = 0; i < SMTP_LOCAL_MAX; i++)
		buf_add_literal(&text, "\\\"");
	buf_add_literal(&text, "\"@");
	while (text.len < SMTP_MAILBOX_PRINTED_MAX)
		buf_add_char(&text, text.len % 50 == 20 ? '.' : 'a');
	assert_int_equal(
	    smtp_mailbox_parse(&arena, buf_view(&text), NULL, &mailbox), RC_OK);
	struct buf printed;
	buf_init(&printed, SMTP_MAILBOX_PRINTED_MAX);
	smtp_mailbox_print(&mailbox, &printed);
	assert_int_equal(buf_status(&printed), RC_OK);
	assert_int_equal(printed.len, SMTP_MAILBOX_PRINTED_MAX);
	buf_add_char(&text, 'a');
	assert_int_equal(
	    smtp_mailbox_parse(&arena, buf_view(&text), NULL, &mailbox),
	    RC_LIMIT);
	// Short as written, too long as A-labels.
	buf_reset(&text);
	buf_add_literal(&text, A64 A64 "@");
	for (int i = 0; i < 28; i++)
		buf_add_literal(&text, "ü.");
	buf_add_literal(&text, "x");
	assert_true(text.len < 220);
	assert_int_equal(
	    smtp_mailbox_parse(&arena, buf_view(&text), NULL, &mailbox),
	    RC_LIMIT);
	buf_done(&printed);
	buf_done(&text);
	arena_done(&arena);
}

static void look_ups_do_not_see_case(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    {"Joe", "joe"},
	    {"joe+DETAIL", "joe+detail"},
	    {"", ""},
	    {"JOSÉ", "josé"},
	    {"jose\xcc\x81", "josé"},
	    {"JOSE\xcc\x81", "josé"},
	    {"Straße", "strasse"},
	    {"STRASSE", "strasse"},
	    {"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
	    {"σίσυφος", "σίσυφοσ"},
	    {"İ", "i\xcc\x87"},
	    {"\xe2\x84\xaa"
	     "elvin",
		"kelvin"},        // the Kelvin sign: canonical
	    {"ｊｏｅ", "ｊｏｅ"}, // full width: not
	    {"ＪＯＥ", "ｊｏｅ"},
	    {"用户", "用户"},
	    {"A\xff", "a\xff"},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view folded =
		    smtp_local_fold(&arena, view_of_string(rows[i][0]));
		if (!view_eq(folded, view_of_string(rows[i][1])))
			print_error("%s: %.*s\n", rows[i][0], VIEW_FMT(folded));
		assert_view_equal_row(i, folded, view_of_string(rows[i][1]));
		assert_view_equal_row(
		    i, folded, smtp_local_fold(&arena, folded));
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forward_paths_come_down_to_their_content),
	    cmocka_unit_test(only_a_reverse_path_may_be_null),
	    cmocka_unit_test(a_nul_is_in_no_address),
	    cmocka_unit_test(a_path_without_end_is_not_read_for_ever),
	    cmocka_unit_test(an_address_alone_has_both_parts_and_no_brackets),
	    cmocka_unit_test(only_a_local_part_needs_smtputf8),
	    cmocka_unit_test(what_is_printed_has_a_limit_that_it_can_reach),
	    cmocka_unit_test(look_ups_do_not_see_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
