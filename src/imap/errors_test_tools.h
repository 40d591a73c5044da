// SPDX-License-Identifier: Apache-2.0
// For the tables of wrong commands: what a client says, and all that it hears.
#ifndef ROOST_IMAP_ERRORS_TEST_TOOLS_H
#define ROOST_IMAP_ERRORS_TEST_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/script.h"

enum begin {
	STRANGER,  // before login
	LOGGED_IN, // after it
	UTF8,      // with UTF8=ACCEPT enabled
	QRESYNC,   // with QRESYNC enabled
	SELECTED,  // INBOX, with one message
	EXAMINED,  // the same, read-only
};

struct error_row {
	enum begin begin;
	const char *say;    // with C escapes; CRLF is added
	const char *answer; // the lines that are heard, "\n" between them
};

static inline void put_says(struct buf *text, const char *lines)
{
	struct view rest = view_of_string(lines), line;
	while (view_split(&rest, '\n', &line)) {
		buf_add_literal(text, "S: ");
		buf_add(text, line);
		buf_add_char(text, '\n');
	}
}

static inline void put_begin(struct buf *text, enum begin begin)
{
	switch (begin) {
	case STRANGER: buf_add_literal(text, "S: * OK ...\n"); return;
	case LOGGED_IN: return;
	case UTF8:
		buf_add_literal(text, "C: s ENABLE UTF8=ACCEPT\n"
				      "S: * ENABLED UTF8=ACCEPT\n"
				      "S: s OK ...\n");
		return;
	case QRESYNC:
		buf_add_literal(text, "C: s ENABLE QRESYNC\n"
				      "S: * ENABLED QRESYNC\n"
				      "S: s OK ...\n");
		return;
	case SELECTED:
	case EXAMINED:
		buf_add_literal(text, "C: s APPEND INBOX {3+}\nC: abc\n"
				      "S: s OK ...\n");
		buf_printf(text, "C: s %s INBOX\n",
		    begin == SELECTED ? "SELECT" : "EXAMINE");
		buf_add_literal(text,
		    "S: * FLAGS ...\nS: * OK [PERMANENTFLAGS ...\n"
		    "S: * 1 EXISTS\nS: * 1 RECENT\nS: * OK [UNSEEN ...\n"
		    "S: * OK [UIDVALIDITY ...\nS: * OK [UIDNEXT ...\n"
		    "S: * OK [HIGHESTMODSEQ ...\nS: * OK [MAILBOXID ...\n"
		    "S: s OK ...\n");
		return;
	}
}

// Says each row in a session of its own.
static inline void errors_run(const struct error_row *errors, size_t count)
{
	struct rig_users users;
	rig_users_init(&users);
	for (size_t i = 0; i < count; i++) {
		struct buf text;
		buf_init(&text, 1 << 20);
		put_begin(&text, errors[i].begin);
		buf_printf(&text, "R: %s\\r\\n\n", errors[i].say);
		put_says(&text, errors[i].answer);
		// The session goes on, unless it said good-bye.
		if (strncmp(errors[i].answer, "* BYE", 5) == 0)
			buf_add_literal(&text, "close\n");
		else
			buf_add_literal(
			    &text, "C: z NOOP\nS: z OK NOOP completed\n");
		buf_add_char(&text, '\0');
		struct script script = {
		    .name = errors[i].say,
		    .options = {.log_in = errors[i].begin == STRANGER,
			.rig = {.users = &users, .message_max = 1000}},
		    .text = text.ptr,
		};
		script_run(&script);
		buf_done(&text);
	}
	rig_users_done(&users);
}

#endif
