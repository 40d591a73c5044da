// SPDX-License-Identifier: Apache-2.0
// UTF8 and LANG (RFC 6856). Messages are sent as they are with UTF8 and without
// (README.md says why); all that is said is in English.
#include "pop3/commands.h"

enum pop3_step pop3_utf8_begin(struct pop3_command *command)
{
	command->session->utf8 = true;
	return pop3_ok(command, "UTF-8 mode");
}

static const struct {
	const char *tag; // RFC 5646
	const char *text;
} languages[] = {
    {"en", "English"},
    {"i-default", "English, where nobody has chosen"}, // RFC 2277 section 4.5
};

// The language of a basic language range, by taking subtags off its end until
// there is one (RFC 4647 section 3.4); NULL.
static const char *look_up(struct view range)
{
	if (view_eq(range, VIEW("*")))
		return languages[0].tag;
	while (range.len > 0) {
		for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
			if (view_eq_nocase(
				range, view_of_string(languages[i].tag)))
				return languages[i].tag;
		}
		do
			range.len--;
		while (range.len > 0 && range.ptr[range.len] != '-');
	}
	return NULL;
}

enum pop3_step pop3_lang_begin(struct pop3_command *command)
{
	if (command->args.len > 0) {
		const char *tag = look_up(command->args);
		if (tag == NULL)
			return pop3_err(command, NULL,
			    "English is all that is spoken here");
		return pop3_ok(command, "%s English it is", tag);
	}
	pop3_ok(command, "Languages follow");
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		buf_printf(command->out, "%s %s\r\n", languages[i].tag,
		    languages[i].text);
	buf_add_literal(command->out, ".\r\n");
	return POP3_STEP_DONE;
}
