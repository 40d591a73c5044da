// SPDX-License-Identifier: Apache-2.0
// Notifications: RFC 8098's example, other ways to write it, and what is none.
#include <stdio.h>

#include "base/buf.h"
#include "base/test.h"
#include "wire/mdn.h"

#define FINAL "Final-Recipient: rfc822;joe@example.com\r\n"
#define SHOWN "Disposition: manual-action/MDN-sent-manually; displayed\r\n"

// Writes what was read: "ua|gateway|original|final|id|disposition|errors|
// extensions".
static const char *dump(struct arena *arena, const struct mdn_fields *fields)
{
	const struct view *texts[] = {&fields->reporting_ua, &fields->gateway,
	    &fields->original_recipient, &fields->final_recipient,
	    &fields->original_message_id};
	struct buf out;
	buf_init(&out, 10000);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_printf(&out, "%.*s|", VIEW_FMT(*texts[i]));
	buf_printf(&out, "%s/%s;%s|",
	    mdn_action_word(fields->disposition.action),
	    mdn_sending_word(fields->disposition.sending),
	    mdn_type_word(fields->disposition.type));
	for (size_t i = 0; i < fields->error_count; i++)
		buf_printf(&out, "[%.*s]", VIEW_FMT(fields->errors[i]));
	buf_add_char(&out, '|');
	for (size_t i = 0; i < fields->extension_count; i++)
		buf_printf(&out, "[%.*s=%.*s]",
		    VIEW_FMT(fields->extensions[i].name),
		    VIEW_FMT(fields->extensions[i].value));
	const char *copy = arena_string(arena, buf_view(&out));
	buf_done(&out);
	return copy;
}

static const struct {
	const char *content;
	const char *dump; // NULL: it is none
} table[] = {
    // RFC 8098 section 9.
    {"Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r\n"
     "Original-Recipient: rfc822;Joe_Recipient@example.com\r\n"
     "Final-Recipient: rfc822;Joe_Recipient@example.com\r\n"
     "Original-Message-ID: <199509192301.23456@example.org>\r\n"
     "Disposition: manual-action/MDN-sent-manually; displayed\r\n",
	"joes-pc.cs.example.com; Foomail 97.1||"
	"rfc822;Joe_Recipient@example.com|rfc822;Joe_Recipient@example.com|"
	"<199509192301.23456@example.org>|"
	"manual-action/mdn-sent-manually;displayed||"},
    {FINAL SHOWN, "|||rfc822;joe@example.com||"
		  "manual-action/mdn-sent-manually;displayed||"},
    // Any order and case of letters, folds, line ends, empty lines behind.
    {"disposition:\n\tAUTOMATIC-ACTION /\n mdn-Sent-Automatically ;\n "
     "Processed / error , x-1\n"
     "X-Extra: a\n  b\nError: one\nERROR: two\n"
     "mdn-gateway: dns; gate.example\nFINAL-RECIPIENT : RFC822 ; J@x\n\n \n",
	"|dns; gate.example||RFC822 ; J@x||"
	"automatic-action/mdn-sent-automatically;processed|[one][two]|"
	"[X-Extra=a  b]"},
    // Comments (section 3.1.1).
    {FINAL "Disposition: (a (b \\)) c) manual-action/MDN-sent-manually; "
	   "deleted (gone)",
	"|||rfc822;joe@example.com||manual-action/mdn-sent-manually;deleted||"},
    // The first of an extension counts.
    {"EXT: 1\r\next: 2\r\n" FINAL SHOWN,
	"|||rfc822;joe@example.com||"
	"manual-action/mdn-sent-manually;displayed||[EXT=1]"},
    // None.
    {"", NULL},
    {FINAL, NULL},
    {SHOWN, NULL},
    {FINAL FINAL SHOWN, NULL},
    {FINAL SHOWN SHOWN, NULL},
    {FINAL SHOWN "\r\nmore", NULL},
    {FINAL SHOWN "no field\r\n", NULL},
    {"Final-Recipient: joe@example.com\r\n" SHOWN, NULL},
    {"Final-Recipient: rfc822;\r\n" SHOWN, NULL},
    {"Final-Recipient: a b;joe@example.com\r\n" SHOWN, NULL},
    {FINAL "Disposition: manual-action; displayed", NULL},
    {FINAL "Disposition: manual-action/MDN-sent-manually", NULL},
    {FINAL "Disposition: manual-action/MDN-sent-manually;", NULL},
    {FINAL "Disposition: manual-action/MDN-sent-manually; denied", NULL},
    {FINAL "Disposition: manual/MDN-sent-manually; displayed", NULL},
    {FINAL "Disposition: manual-action/sent; displayed", NULL},
    {FINAL "Disposition: manual-action/MDN-sent-manually; displayed/", NULL},
    {FINAL "Disposition: manual-action/MDN-sent-manually; displayed/a b", NULL},
    {FINAL "Disposition: (manual-action/MDN-sent-manually; displayed", NULL},
};

static void notifications_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct mdn_fields fields;
		arena_init(&arena);
		enum rc rc = mdn_parse(
		    &arena, view_of_string(table[i].content), &fields);
		const char *text = rc == RC_OK ? dump(&arena, &fields) : "";
		if (!table[i].dump
			? rc != RC_SYNTAX
			: rc != RC_OK || strcmp(text, table[i].dump) != 0)
			fail_msg("row %zu: %s \"%s\"", i, rc_name(rc), text);
		arena_done(&arena);
	}
}

static void the_number_of_fields_is_limited(void **state)
{
	static const unsigned most[] = {MDN_EXTENSIONS_MAX, MDN_ERRORS_MAX};
	(void)state;
	for (size_t form = 0; form < ARRAY_LEN(most); form++)
		for (unsigned more = 0; more < 2; more++) {
			struct arena arena;
			struct mdn_fields fields;
			struct buf text;
			char line[40];
			arena_init(&arena);
			buf_init(&text, 10000);
			buf_add_literal(&text, FINAL SHOWN);
			for (unsigned i = 0; i < most[form] + more; i++) {
				snprintf(line, sizeof(line),
				    form ? "Error: %u\r\n" : "X%u: y\r\n", i);
				buf_add_string(&text, line);
			}
			assert_int_equal(
			    mdn_parse(&arena, buf_view(&text), &fields),
			    more ? RC_LIMIT : RC_OK);
			buf_done(&text);
			arena_done(&arena);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(notifications_are_read),
	    cmocka_unit_test(the_number_of_fields_is_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
