// SPDX-License-Identifier: Apache-2.0
// What printers, scanners and scripts send, and what it is made of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/smtp_command.h"
#include "wire/smtp_lenient.h"

static void a_line_is_made_strict_where_it_means_one_thing(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		const char *strict;
		bool good; // smtp_command_parse() takes it
	} table[] = {
	    {"MAIL FROM:<a@b.c>", "MAIL FROM:<a@b.c>", true},
	    {"MAIL FROM:a@b.c", "MAIL FROM:<a@b.c>", true},
	    {"MAIL FROM: a@b.c", "MAIL FROM:<a@b.c>", true},
	    {"MAIL FROM:  <a@b.c>", "MAIL FROM:<a@b.c>", true},
	    {"MAIL  FROM :\t< a@b.c > ", "MAIL FROM:<a@b.c>", true},
	    {"mail from:a@b.c size=1", "mail FROM:<a@b.c> size=1", true},
	    {"MAIL FROM:<a@b.c>  SIZE=1\t BODY=7BIT",
		"MAIL FROM:<a@b.c> SIZE=1 BODY=7BIT", true},
	    {"MAIL FROM:<>", "MAIL FROM:<>", true},
	    {"MAIL FROM:  < >", "MAIL FROM:<>", true},
	    {"MAIL FROM:\"a b\"@c", "MAIL FROM:<\"a b\"@c>", true},
	    {"MAIL FROM:\"a>b\\\"<\"@c", "MAIL FROM:<\"a>b\\\"<\"@c>", true},
	    {"MAIL FROM:<\"a>b\"@c> ", "MAIL FROM:<\"a>b\"@c>", true},
	    {"MAIL FROM:j\xc3\xb6rg@b.c  SMTPUTF8",
		"MAIL FROM:<j\xc3\xb6rg@b.c> SMTPUTF8", true},
	    {"RCPT TO:a@b.c", "RCPT TO:<a@b.c>", true},
	    {"Rcpt  To : a@b.c  NOTIFY=NEVER", "Rcpt TO:<a@b.c> NOTIFY=NEVER",
		true},
	    {"RCPT TO:postmaster", "RCPT TO:<postmaster>", true},
	    {"RCPT TO:@x:a@b.c", "RCPT TO:<@x:a@b.c>", true},
	    // What is wrong stays wrong.
	    {"MAIL FROM:", "MAIL FROM:", false},
	    {"MAIL FROM: SIZE=1", "MAIL FROM:<SIZE=1>", false},
	    {"MAIL FROM:a", "MAIL FROM:<a>", false},
	    {"MAIL a@b.c", "MAIL a@b.c", false},
	    {"MAIL TO:a@b.c", "MAIL TO:a@b.c", false},
	    {"RCPT FROM:a@b.c", "RCPT FROM:a@b.c", false},
	    {"MAIL FROM:<a b@c>", "MAIL FROM:<a b@c>", false},
	    {"MAIL FROM:a b@c", "MAIL FROM:<a> b@c", false},
	    {"MAIL FROM:<a@b.c", "MAIL FROM:<a@b.c", false},
	    {"MAIL FROM:a@b.c>", "MAIL FROM:a@b.c>", false},
	    {"MAIL FROM:<a@b.c>SIZE=1", "MAIL FROM:<a@b.c>SIZE=1", false},
	    {"MAIL FROM:Anna <a@b.c>", "MAIL FROM:<Anna> <a@b.c>", false},
	    {"MAIL FROM:Anna<a@b.c>", "MAIL FROM:Anna<a@b.c>", false},
	    {"MAIL FROM:<<a@b.c>>", "MAIL FROM:<<a@b.c>>", false},
	    {"RCPT TO:a@b.c,d@e.f", "RCPT TO:<a@b.c,d@e.f>", false},
	    {"RCPT TO:a@b.c, d@e.f", "RCPT TO:<a@b.c,> d@e.f", false},
	    {"RCPT TO:<a@b.c>,<d@e.f>", "RCPT TO:<a@b.c>,<d@e.f>", false},
	    {"RCPT TO:a@b.c <d@e.f>", "RCPT TO:<a@b.c> <d@e.f>", false},
	    {"RCPT TO:\"a@b.c", "RCPT TO:<\"a@b.c>", false},
	    {"RCPT TO:a\x01@b.c", "RCPT TO:<a\x01@b.c>", false},
	    // Other commands are none of it.
	    {"NOOP  MAIL FROM:a@b", "NOOP  MAIL FROM:a@b", true},
	    {"MAILFROM:a@b", "MAILFROM:a@b", false},
	    {" MAIL FROM:a@b", " MAIL FROM:a@b", false},
	    {"DATA", "DATA", true},
	    {"MAIL", "MAIL", false},
	    {"", "", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct smtp_command command;
		struct smtp_fault fault;
		arena_init(&arena);
		struct view strict = smtp_line_made_strict(
		    &arena, view_of_string(table[i].line));
		enum rc rc = smtp_command_parse(
		    &arena, strict, 0xffffffffu, &command, &fault);
		if (!view_eq(strict, view_of_string(table[i].strict)) ||
		    (rc == RC_OK) != table[i].good)
			fail_msg("%s: \"%.*s\", %s", table[i].line,
			    VIEW_FMT(strict), rc_name(rc));
		arena_done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_made_strict_where_it_means_one_thing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
