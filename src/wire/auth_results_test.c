// SPDX-License-Identifier: Apache-2.0
// Who an Authentication-Results field is from: RFC 8601's appendix B, and the
// ways to write the same.
#include <stdio.h>

#include "base/test.h"
#include "wire/auth_results.h"

static void the_id_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum rc rc;
		const char *id;
		unsigned version;
	} table[] = {
	    {"example.org 1; none", RC_OK, "example.org", 1},
	    {"example.com;\r\n\tspf=pass smtp.mailfrom=example.net", RC_OK,
		"example.com", 1},
	    {"example.com; none", RC_OK, "example.com", 1},
	    {"example.com", RC_OK, "example.com", 1},
	    {"", RC_SYNTAX, "", 0},
	    {"; none", RC_SYNTAX, "", 0},
	    {"foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it)",
		RC_OK, "foo.example.net", 1},
	    {"(a (b \\) c) d)\r\n\t(e) EXAMPLE.com(f);", RC_OK, "EXAMPLE.com",
		1},
	    {"\"example.com\"; none", RC_OK, "example.com", 1},
	    {"\"exa\\mple.com\" 2; none", RC_OK, "example.com", 2},
	    {"\"example\r\n\t.com\"; none", RC_OK, "example\t.com", 1},
	    {"\" example.com \"; none", RC_OK, "example.com", 1},
	    {"\"example.com; none", RC_SYNTAX, "", 0},
	    {"b\xc3\xbc"
	     "cher.example; none",
		RC_OK,
		"b\xc3\xbc"
		"cher.example",
		1},
	    {"example.com 99999999999999999999; none", RC_OK, "example.com",
		9999},
	    {"example.com v1; none", RC_SYNTAX, "", 0},
	    {"example.com 1 1; none", RC_SYNTAX, "", 0},
	    {"example.com, other; none", RC_SYNTAX, "", 0},
	    {"<example.com>; none", RC_SYNTAX, "", 0},
	    {"example.com (; none", RC_SYNTAX, "", 0},
	    {"example.com \\(; none", RC_SYNTAX, "", 0},
	    // As one large provider writes it: without an id.
	    {"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example;",
		RC_SYNTAX, "", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct auth_results results = {0};
		arena_init(&arena);
		enum rc rc = auth_results_parse(
		    &arena, view_of_string(table[i].value), &results);
		if (rc != table[i].rc ||
		    !view_eq(results.id, view_of_string(table[i].id)) ||
		    results.version != table[i].version)
			fail_msg("%s: %s, \"%.*s\", %u", table[i].value,
			    rc_name(rc), VIEW_FMT(results.id), results.version);
		arena_done(&arena);
	}
}

static void comments_have_a_limit(void **state)
{
	(void)state;
	static char deep[200000];
	struct arena arena;
	struct auth_results results;
	arena_init(&arena);
	memset(deep, '(', sizeof(deep));
	assert_int_equal(
	    auth_results_parse(&arena, view_of(deep, sizeof(deep)), &results),
	    RC_LIMIT);
	arena_done(&arena);
}

static void words_are_found_anywhere(void **state)
{
	(void)state;
	struct view rest = VIEW("=<a@B.example>;(x-y_z.)\xc3\xbc"
				"1 \"q\\.r\"");
	static const char *const words[] = {"a", "B.example", "x-y_z.",
	    "\xc3\xbc"
	    "1",
	    "q", ".r"};
	struct view word;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_true(auth_results_next_word(&rest, &word));
		assert_view_equal_row(i, word, view_of_string(words[i]));
	}
	assert_false(auth_results_next_word(&rest, &word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_id_is_found),
	    cmocka_unit_test(comments_have_a_limit),
	    cmocka_unit_test(words_are_found_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
