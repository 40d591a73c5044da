// SPDX-License-Identifier: Apache-2.0
// UTF8 and LANG (RFC 6856). Messages are sent as they are, with or without UTF8
// (README.md says why). All texts are in English.
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
    {"i-default", "English, the default"}, // RFC 2277 section 4.5
};

// Finds the language for a basic language range: removes subtags from its end
// until a language matches (RFC 4647 section 3.4); NULL if none does.
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
		if (!tag)
			return pop3_err(
			    command, NULL, "Only English is available");
		return pop3_ok(command, "%s English is used now", tag);
	}
	pop3_ok(command, "Languages follow");
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		buf_printf(command->out, "%s %s\r\n", languages[i].tag,
		    languages[i].text);
	buf_add_literal(command->out, ".\r\n");
	return POP3_STEP_DONE;
}
