// SPDX-License-Identifier: Apache-2.0
// What From and Sender may be, as a table: RFC 5322's forms, and the forms by
// which one program reads another address than the next.
#include "wire/mailbox_list.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/test.h"

// "a@b c@d | Name", or "syntax", or "limit".
static void print(struct view value, struct buf *out)
{
	struct arena arena;
	struct mailbox_list list;
	arena_init(&arena);
	enum rc rc = mailbox_list_parse(&arena, value, &list);
	if (rc == RC_OK) {
		for (size_t i = 0; i < list.count; i++)
			buf_printf(out, "%s%.*s@%.*s", i ? " " : "",
			    VIEW_FMT(list.mailboxes[i].local),
			    VIEW_FMT(list.mailboxes[i].domain));
		for (size_t i = 0; i < list.name_count; i++)
			buf_printf(out, "|%.*s", VIEW_FMT(list.names[i]));
	} else {
		buf_add_string(out, rc == RC_LIMIT ? "limit" : "syntax");
	}
	arena_done(&arena);
}

#define V(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static void values_mean_one_thing_or_nothing(void **state)
{
	(void)state;
	static const struct {
		struct view value;
		const char *result;
	} table[] = {
	    // as it is written today
	    {V("a@b.c"), "a@b.c"},
	    {V("<a@b.c>"), "a@b.c"},
	    {V("A B <a@b.c>"), "a@b.c|A B"},
	    {V("\"A, B\" <a@b.c>"), "a@b.c|A, B"},
	    {V("\"A \\\"B\\\" C\" <a@b.c>"), "a@b.c|A \"B\" C"},
	    {V("\"\" <a@b.c>"), "a@b.c|"},
	    {V("J. Doe <a@b.c>"), "a@b.c|J.Doe"},
	    {V("J.R. \"Q\" Doe <a@b.c>"), "a@b.c|J.R.Q Doe"},
	    {V("J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc.c>"),
		"j\xc3\xb6rg@b\xc3\xbc.c|J\xc3\xb6rg"},
	    {V("=?utf-8?q?J=C3=B6rg?= <a@b.c>"), "a@b.c|=?utf-8?q?J=C3=B6rg?="},
	    {V("a@b.c, D <d@e.f>"), "a@b.c d@e.f|D"},
	    {V("a@[192.0.2.1]"), "a@[192.0.2.1]"},
	    {V("\"a b\"@c.d"), "a b@c.d"},
	    {V("\"a@x\"@c.d"), "a@x@c.d"},
	    {V("\"a\tb\"@c.d"), "a b@c.d"},
	    {V("a.b.c@d.e"), "a.b.c@d.e"},
	    {V("a!#$%&'*+-/=?^_`{|}~@b"), "a!#$%&'*+-/=?^_`{|}~@b"},
	    {V("A\r\n <a@b.c>\r\n"), "a@b.c|A"},
	    {V("A\r\n\tB <a@b.c>"), "a@b.c|A B"},
	    {V("\"A\r\n B\" <a@b.c>"), "a@b.c|A B"},
	    // comments
	    {V("a@b.c (A B)"), "a@b.c|A B"},
	    {V("(x) a (y) @ (z) b.c (w)"), "a@b.c|x|y|z|w"},
	    {V("a@b.c (A (B) \\) C)"), "a@b.c|A (B) ) C"},
	    {V("A (B) <a@b.c>"), "a@b.c|B|A"},
	    // groups (RFC 6854)
	    {V("us: a@b.c, D <d@e.f>;"), "a@b.c d@e.f|us|D"},
	    {V("us:;"), "|us"},
	    {V("us: ;, a@b.c"), "a@b.c|us"},
	    {V("\"us, all\": a@b.c;"), "a@b.c|us, all"},
	    // obsolete, but clear (RFC 5322 section 4.4)
	    {V("a . b @ c . d"), "a.b@c.d"},
	    {V("\"a\".b@c"), "a.b@c"},
	    {V(", a@b.c,,"), "a@b.c"},
	    {V("a..b@c"), "a..b@c"},
	    {V("a.@c"), "a.@c"},
	    {V(""), ""},
	    {V(" \r\n "), ""},
	    // one program sees the first address, the next one the second
	    {V("<a@b.c> d@e.f"), "syntax"},
	    {V("<a@b.c> D"), "syntax"},
	    {V("<a@b.c> <d@e.f>"), "syntax"},
	    {V("A <a@b.c> D <d@e.f>"), "syntax"},
	    {V("a@b.c <d@e.f>"), "syntax"},
	    {V("a@b.c d@e.f"), "syntax"},
	    {V("a@b.c; d@e.f"), "syntax"},
	    {V("a@b@c.d"), "syntax"},
	    {V("<a@b@c.d>"), "syntax"},
	    {V("<<a@b.c>>"), "syntax"},
	    {V("<a@b.c"), "syntax"},
	    {V("a@b.c>"), "syntax"},
	    {V("<a@b.c>>"), "syntax"},
	    {V("<a b@c.d>"), "syntax"},
	    {V("a b@c.d"), "syntax"},
	    {V("\"a\" \"b\"@c.d"), "syntax"},
	    {V("\"a\"b@c.d"), "syntax"},
	    {V("a@b c"), "syntax"},
	    {V("a@b.c."), "syntax"},
	    {V("a@.b"), "syntax"},
	    {V("a@b..c"), "syntax"},
	    {V("a@"), "syntax"},
	    {V("@b.c"), "syntax"},
	    {V("<@b.c>"), "syntax"},
	    {V("<>"), "syntax"},
	    {V("a"), "syntax"},
	    {V("A <a>"), "syntax"},
	    {V("<@x,@y:a@b.c>"), "syntax"},
	    {V("<x:a@b.c>"), "syntax"},
	    {V("a@[192.0.2.1"), "syntax"},
	    {V("a@[1]x"), "syntax"},
	    {V("a@[[1]]"), "syntax"},
	    {V("a@\"b.c\""), "syntax"},
	    {V("\"A <a@b.c>"), "syntax"},
	    {V("A\" <a@b.c>"), "syntax"},
	    {V("(A <a@b.c>"), "syntax"},
	    {V("A) <a@b.c>"), "syntax"},
	    {V("A, <a@b.c>"), "syntax"},
	    {V(".A <a@b.c>"), "syntax"},
	    {V("d@e.f: a@b.c;"), "syntax"},
	    {V("us: a@b.c"), "syntax"},
	    {V("us: we: a@b.c;;"), "syntax"},
	    {V("us: a@b.c;;"), "syntax"},
	    {V("us: a@b.c; D"), "syntax"},
	    {V(": a@b.c;"), "syntax"},
	    {V(";"), "syntax"},
	    {V("=?utf-8?q?a,b?= <a@b.c>"), "syntax"},
	    {V("=?utf-8?q?a@x?= <a@b.c>"), "syntax"},
	    {V("A\\ <a@b.c>"), "syntax"},
	    {V("\"A\\"), "syntax"},
	    // control characters, and bytes of no meaning
	    {V("a@b.c\0"), "syntax"},
	    {V("a\0@b.c"), "syntax"},
	    {V("\"A\0\" <a@b.c>"), "syntax"},
	    {V("\"A\\\0\" <a@b.c>"), "syntax"},
	    {V("(A\0) <a@b.c>"), "syntax"},
	    {V("A\r <a@b.c>"), "syntax"},
	    {V("\"A\rB\" <a@b.c>"), "syntax"},
	    {V("\"A\\\rB\" <a@b.c>"), "syntax"},
	    {V("\"A\\\r\nB\" <a@b.c>"), "syntax"},
	    {V("a@b.c\r\nX: y"), "syntax"},
	    {V("a@b.c\x7f"), "syntax"},
	    {V("\x1b[2J <a@b.c>"), "syntax"},
	    {V("J\xf6rg <a@b.c>"), "syntax"},
	    {V("\"\x83<\" <a@b.c>"), "syntax"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf text;
		buf_init(&text, 1000);
		print(table[i].value, &text);
		assert_view_equal_row(
		    i, buf_view(&text), view_of_string(table[i].result));
		buf_done(&text);
	}
}

static void limits_hold(void **state)
{
	(void)state;
	static const struct {
		const char *first;
		const char *each;
		int times;
		const char *last;
		bool good;
	} table[] = {
	    {"", "a@b,", MAILBOX_LIST_MAX, "", true},
	    {"", "a@b,", MAILBOX_LIST_MAX + 1, "", false},
	    {"a@b", "(x)", MAILBOX_LIST_NAMES_MAX, "", true},
	    {"a@b", "(x)", MAILBOX_LIST_NAMES_MAX + 1, "", false},
	    {"a@b", "(", 64,
		"))))))))))))))))))))))))))))))))))))))))))))))))"
		"))))))))))))))))",
		true},
	    {"a@b", "(", 65,
		"))))))))))))))))))))))))))))))))))))))))))))))))"
		")))))))))))))))))",
		false},
	    {"a@b", "(", 100000, "", false},
	    {"a@b", ",", 100000, "", true},
	    {"a@b", ".c", 100000, "", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct mailbox_list list;
		struct buf text;
		arena_init(&arena);
		buf_init(&text, 1000000);
		buf_add_string(&text, table[i].first);
		for (int n = 0; n < table[i].times; n++)
			buf_add_string(&text, table[i].each);
		buf_add_string(&text, table[i].last);
		enum rc rc = mailbox_list_parse(&arena, buf_view(&text), &list);
		if ((rc == RC_OK) != table[i].good)
			fail_msg("row %zu: %s", i, rc_text(rc));
		buf_done(&text);
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_mean_one_thing_or_nothing),
	    cmocka_unit_test(limits_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
