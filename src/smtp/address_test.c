// SPDX-License-Identifier: Apache-2.0
// Which forms of an address are accepted from whom. Strangers and LMTP clients
// have to keep to the standard; users who have logged in need not, unless the
// settings say so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "smtp/script.h"

#define SENDER "demo@example.org"

static const struct script_options roles[] = {
    {.helo = "EHLO client"},
    {.rig = {.role = SMTP_ROLE_LMTP}, .helo = "LHLO client"},
    {.rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true},
	.helo = "EHLO client",
	.log_in = true},
    {.rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true, .strict = true},
	.helo = "EHLO client",
	.log_in = true},
};
#define LENIENT 2

static const struct {
	const char *line;
	const char *usual; // for all but a user of a lenient server
	const char *lenient;
} table[] = {
    {"MAIL FROM:<" SENDER ">", "250 2.1.0", "250 2.1.0"},
    {"MAIL FROM: <" SENDER ">", "250 2.1.0", "250 2.1.0"},
    {"MAIL FROM:  <" SENDER ">", "501 5.1.7", "250 2.1.0"},
    {"MAIL FROM : <" SENDER ">", "501 5.5.4", "250 2.1.0"},
    {"MAIL  FROM:<" SENDER ">", "501 5.5.4", "250 2.1.0"},
    {"MAIL FROM:< " SENDER " >", "501 5.1.7", "250 2.1.0"},
    {"MAIL FROM:<" SENDER ">  SIZE=1", "501 5.5.4", "250 2.1.0"},
    {"MAIL FROM:" SENDER, "501 5.1.7", "250 2.1.0"},
    {"MAIL FROM: " SENDER " SIZE=1", "501 5.1.7", "250 2.1.0"},
    {"MAIL FROM:\"demo\"@example.org", "501 5.1.7", "250 2.1.0"},
    {"MAIL FROM:<de mo@example.org>", "501 5.1.7", "501 5.1.7"},
    {"MAIL FROM:Demo <" SENDER ">", "501 5.1.7", "501 5.1.7"},
    {"MAIL FROM:<" SENDER, "501 5.1.7", "501 5.1.7"},
    {"MAIL FROM:" SENDER ">", "501 5.1.7", "501 5.1.7"},
    {"MAIL FROM:", "501 5.1.7", "501 5.1.7"},
    {"RCPT TO:<" SENDER ">", "250 2.1.5", "250 2.1.5"},
    {"RCPT TO: <" SENDER ">", "250 2.1.5", "250 2.1.5"},
    {"RCPT TO : <" SENDER ">", "501 5.5.4", "250 2.1.5"},
    {"RCPT TO:  " SENDER, "501 5.1.3", "250 2.1.5"},
    {"RCPT TO:" SENDER, "501 5.1.3", "250 2.1.5"},
    {"RCPT TO:" SENDER "  NOTIFY=NEVER", "501 5.1.3", "250 2.1.5"},
    {"RCPT TO:<a b@c.example>", "501 5.1.3", "501 5.1.3"},
    {"RCPT TO:a b@c.example", "501 5.1.3", "501 5.1.3"},
    {"RCPT TO:" SENDER "," SENDER, "501 5.1.3", "5"},
    {"RCPT TO:<" SENDER ">,<" SENDER ">", "501 5.5.4", "501 5.5.4"},
};

static void accepted_forms_depend_on_the_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t role = 0; role < ARRAY_LEN(roles); role++) {
			char text[500];
			bool rcpt = table[i].line[0] == 'R';
			struct script script = {.name = table[i].line,
			    .options = roles[role],
			    .text = text};
			snprintf(text, sizeof(text), "%sC: %s\nS: %s...\n",
			    rcpt ? "C: MAIL FROM:<" SENDER ">\nS: 250 ...\n"
				 : "",
			    table[i].line,
			    role == LENIENT ? table[i].lenient
					    : table[i].usual);
			script_run(&script);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepted_forms_depend_on_the_sender),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
