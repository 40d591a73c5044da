// SPDX-License-Identifier: Apache-2.0
// Address lists: the RFCs' examples, and what is found in real mail.
#include "base/buf.h"
#include "base/test.h"
#include "wire/address.h"

static void add_part(struct buf *out, struct view part)
{
	if (!part.ptr) {
		buf_add_literal(out, "NIL");
		return;
	}
	buf_add_char(out, '"');
	buf_add(out, part);
	buf_add_char(out, '"');
}

// The list as ENVELOPE would show it.
static void show(struct view value, struct buf *out)
{
	struct arena arena;
	struct address_list list;
	size_t count = 0;
	arena_init(&arena);
	address_list_parse(&arena, value, &list);
	for (struct address *at = list.first; at; at = at->next, count++) {
		buf_add_char(out, '(');
		add_part(out, at->name);
		buf_add_char(out, ' ');
		add_part(out, at->route);
		buf_add_char(out, ' ');
		add_part(out, at->mailbox);
		buf_add_char(out, ' ');
		add_part(out, at->host);
		buf_add_char(out, ')');
	}
	assert_int_equal(count, list.count);
	arena_done(&arena);
}

static void lists_become_envelope_entries(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		const char *entries;
	} rows[] = {
	    {"", ""},
	    {" \r\n\t", ""},
	    {",,, ,", ""},
	    {"(only a comment)", ""},
	    // RFC 5322 appendix A.
	    {"John Doe <jdoe@machine.example>",
		"(\"John Doe\" NIL \"jdoe\" \"machine.example\")"},
	    {"\"Joe Q. Public\" <john.q.public@example.com>",
		"(\"Joe Q. Public\" NIL \"john.q.public\" \"example.com\")"},
	    {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
		"(\"Mary Smith\" NIL \"mary\" \"x.test\")"
		"(NIL NIL \"jdoe\" \"example.org\")"
		"(\"Who?\" NIL \"one\" \"y.test\")"},
	    {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" "
	     "<sysservices@example.net>",
		"(NIL NIL \"boss\" \"nil.test\")"
		"(\"Giant; \"Big\" Box\" NIL \"sysservices\" "
		"\"example.net\")"},
	    {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
		"(NIL NIL \"A Group\" NIL)"
		"(\"Ed Jones\" NIL \"c\" \"a.test\")"
		"(NIL NIL \"joe\" \"where.test\")"
		"(\"John\" NIL \"jdoe\" \"one.test\")"
		"(NIL NIL NIL NIL)"},
	    {"Undisclosed recipients:;",
		"(NIL NIL \"Undisclosed recipients\" NIL)(NIL NIL NIL NIL)"},
	    {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
		"(\"Pete\" NIL \"pete\" \"silly.test\")"},
	    {"A Group(Some people)\r\n   :Chris Jones <c@(Chris's host.)public"
	     ".example>,\r\n     joe@example.org,\r\n John <jdoe@one.test> (my "
	     "dear friend); (the end of the group)",
		"(NIL NIL \"A Group\" NIL)"
		"(\"Chris Jones\" NIL \"c\" \"public.example\")"
		"(NIL NIL \"joe\" \"example.org\")"
		"(\"John\" NIL \"jdoe\" \"one.test\")"
		"(NIL NIL NIL NIL)"},
	    {"(Empty list)(start)Undisclosed recipients  :(nobody(that I know)"
	     ")  ;",
		"(NIL NIL \"Undisclosed recipients\" NIL)(NIL NIL NIL NIL)"},
	    {"Joe Q. Public <john.q.public@example.com>",
		"(\"Joe Q. Public\" NIL \"john.q.public\" \"example.com\")"},
	    {"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
		"(\"Mary Smith\" \"@node.test\" \"mary\" \"example.net\")"
		"(NIL NIL \"jdoe\" \"test.example\")"},
	    {"John Doe <jdoe@machine(comment).  example>",
		"(\"John Doe\" NIL \"jdoe\" \"machine.example\")"},
	    {"<@a.example,@b.example:c@d>",
		"(NIL \"@a.example,@b.example\" \"c\" \"d\")"},
	    // Local parts and hosts.
	    {"\"a b\"@c, x . y @ z . w", "(NIL NIL \"a b\" \"c\")"
					 "(NIL NIL \"x.y\" \"z.w\")"},
	    {"u@[192.0.2.1], <v@[IPv6:2001:db8::1]>",
		"(NIL NIL \"u\" \"[192.0.2.1]\")"
		"(NIL NIL \"v\" \"[IPv6:2001:db8::1]\")"},
	    {"a@b@c", "(NIL NIL \"a@b\" \"c\")"},
	    {"joe@example.org (Joe (the) \\(Man)",
		"(\"Joe (the) (Man\" NIL \"joe\" \"example.org\")"},
	    {"root", "(NIL NIL \"root\" \"\")"},
	    {"<root>", "(NIL NIL \"root\" \"\")"},
	    {"<>", "(NIL NIL \"\" \"\")"},
	    {"Joe <>", "(\"Joe\" NIL \"\" \"\")"},
	    {"<@host>", "(NIL NIL \"\" \"host\")"},
	    // What is not allowed, and found.
	    {"Joe Doe", "(\"Joe Doe\" NIL \"\" \"\")"},
	    {"Joe Doe joe@example.org",
		"(\"Joe Doe\" NIL \"joe\" \"example.org\")"},
	    {"joe@example.org Joe Doe",
		"(\"Joe Doe\" NIL \"joe\" \"example.org\")"},
	    {"joe@example.org <joe@example.org>",
		"(\"joe@example.org\" NIL \"joe\" \"example.org\")"},
	    {"joe@x.org via List <list@example.org>",
		"(\"joe@x.org via List\" NIL \"list\" \"example.org\")"},
	    {"A <a@b> B <c@d>",
		"(\"A\" NIL \"a\" \"b\")(\"B\" NIL \"c\" \"d\")"},
	    {"a@b; c@d", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")"},
	    {"Joe <joe@example.org", "(\"Joe\" NIL \"joe\" \"example.org\")"},
	    {"Joe <joe@x.org, a@b",
		"(\"Joe\" NIL \"joe\" \"x.org\")(NIL NIL \"a\" \"b\")"},
	    {"Joe <<joe@x.org>>", "(\"Joe\" NIL \"joe\" \"x.org\")"},
	    {"\"Joe <joe@x.org>", "(\"Joe\" NIL \"joe\" \"x.org\")"},
	    {"Joe (Sales <joe@x.org>",
		"(\"Joe (Sales\" NIL \"joe\" \"x.org\")"},
	    {"Joe (a (b) <joe@x.org>", "(\"Joe\" NIL \"joe\" \"x.org\")"},
	    {"[List] Joe/Doe <joe@x.org>",
		"(\"[List] Joe/Doe\" NIL \"joe\" \"x.org\")"},
	    {"\"\" <a@b>", "(NIL NIL \"a\" \"b\")"},
	    {"<a@b> Joe", "(\"Joe\" NIL \"a\" \"b\")"},
	    {"G: a@b", "(NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")"
		       "(NIL NIL NIL NIL)"},
	    {"=?utf-8?Q?Doe,_Joe?= <joe@x>",
		"(\"=?utf-8?Q?Doe,_Joe?=\" NIL \"joe\" \"x\")"},
	    {"=?utf-8?B?SsO8?=\r\n =?utf-8?B?cmc=?= <j@x>",
		"(\"=?utf-8?B?SsO8?= =?utf-8?B?cmc=?=\" NIL \"j\" \"x\")"},
	    {"J\xc3\xbcrg <j\xc3\xbcrg@\xc3\xbc.example>",
		"(\"J\xc3\xbcrg\" NIL \"j\xc3\xbcrg\" \"\xc3\xbc.example\")"},
	    {"J\xfcrg <j@x>", "(\"J\xfcrg\" NIL \"j\" \"x\")"},
	    {"\"Joe\r\n\tDoe\" <j@x>", "(\"Joe Doe\" NIL \"j\" \"x\")"},
	    {"\\", "(NIL NIL \"\\\" \"\")"},
	    {")", "(NIL NIL \")\" \"\")"},
	    {":;", "(NIL NIL \"\" NIL)(NIL NIL NIL NIL)"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 4096);
		show(view_of_string(rows[i].value), &out);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, rows[i].entries);
		buf_done(&out);
	}
}

static void control_characters_never_come_out(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 4096);
	show(VIEW("\"a\0\r\nb\x01\" <c\0d@e\x7f>"), &out);
	assert_view_equal(buf_view(&out), VIEW("(\"ab\" NIL \"cd\" \"e\")"));
	buf_done(&out);
}

// Each unit, 300,000 bytes of it, must take no more than linear time: a
// quadratic parser would be minutes here, and the test would time out.
static void hostile_lists_take_linear_time(void **state)
{
	(void)state;
	static const char *const units[] = {"(", "<", "\"", "\\", "@", ":", ";",
	    "=?a?q?", "(\"", "<(", "a <b> ", "[", "a@", "a@[", "()", "a b ",
	    "(a) \"", "=?a?b? ", ". ", "\t", "<@", "<@a,"};
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct buf value;
		struct arena arena;
		struct address_list list;
		buf_init(&value, 300000);
		while (buf_status(&value) == RC_OK)
			buf_add_string(&value, units[i]);
		arena_init(&arena);
		address_list_parse(&arena, buf_view(&value), &list);
		assert_true(list.count <= ADDRESS_LIST_MAX + 2);
		arena_done(&arena);
		buf_done(&value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_become_envelope_entries),
	    cmocka_unit_test(control_characters_never_come_out),
	    cmocka_unit_test(hostile_lists_take_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
