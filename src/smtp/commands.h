// SPDX-License-Identifier: Apache-2.0
// All commands: one table says who may give them when, and what runs them.
#ifndef ROOST_SMTP_COMMANDS_H
#define ROOST_SMTP_COMMANDS_H

#include "smtp/smtp.h"

enum smtp_command_flags {
	// Only after HELO, EHLO or LHLO.
	SMTP_COMMAND_AFTER_HELO = 1 << 0,
	// Only in a transaction, or only outside one.
	SMTP_COMMAND_INSIDE = 1 << 1,
	SMTP_COMMAND_OUTSIDE = 1 << 2,
	// Nothing may come behind it before its answer (RFC 2920 section 3.1).
	SMTP_COMMAND_LAST = 1 << 3,
	// Its arguments are secret.
	SMTP_COMMAND_SECRET = 1 << 4,
	// Its refusals carry no enhanced code (RFC 2034 section 4).
	SMTP_COMMAND_BARE = 1 << 5,
	// Not counted: one message may need many.
	SMTP_COMMAND_FREE = 1 << 6,
	// It needs its line for as long as the arena.
	SMTP_COMMAND_KEEPS_LINE = 1 << 7,
};

struct smtp_call {
	struct smtp_command command;
	// The command's own; MAIL takes it over (and leaves an empty one).
	struct arena arena;
};

struct smtp_command_type {
	enum smtp_verb verb;
	unsigned roles; // bits: 1 << enum smtp_role
	unsigned flags; // enum smtp_command_flags
	void (*run)(struct smtp_session *session, struct smtp_call *call);
};

// NULL: this server knows no such command.
const struct smtp_command_type *smtp_command_find(
    enum smtp_role role, enum smtp_verb verb);
// Runs one line; `more`: there is input behind it already.
void smtp_command_run(
    struct smtp_session *session, struct view line, bool more);

void smtp_hello_run(struct smtp_session *session, struct smtp_call *call);
void smtp_starttls_run(struct smtp_session *session, struct smtp_call *call);
void smtp_auth_run(struct smtp_session *session, struct smtp_call *call);
void smtp_mail_run(struct smtp_session *session, struct smtp_call *call);
void smtp_rcpt_run(struct smtp_session *session, struct smtp_call *call);
void smtp_rset_run(struct smtp_session *session, struct smtp_call *call);
void smtp_data_run(struct smtp_session *session, struct smtp_call *call);
void smtp_bdat_run(struct smtp_session *session, struct smtp_call *call);
void smtp_noop_run(struct smtp_session *session, struct smtp_call *call);
void smtp_vrfy_run(struct smtp_session *session, struct smtp_call *call);
void smtp_expn_run(struct smtp_session *session, struct smtp_call *call);
void smtp_help_run(struct smtp_session *session, struct smtp_call *call);
void smtp_quit_run(struct smtp_session *session, struct smtp_call *call);

// ---- Lines (line.c) --------------------------------------------------------

// Takes a line off the front of `*input` and runs it. False: there is none yet.
bool smtp_line_take(struct smtp_session *session, struct view *input);

// ---- AUTH's exchange (cmd_auth.c) ------------------------------------------

// A line of it; `more` as above.
void smtp_auth_line(struct smtp_session *session, struct view line, bool more);
// Its turn has come.
void smtp_auth_wake(struct smtp_session *session);
// Ends it without an answer.
void smtp_auth_abandon(struct smtp_session *session);

// ---- A message's bytes (cmd_data.c) ----------------------------------------

// Take from the front of `*input`; true at the end of the message or chunk,
// which has been answered then.
bool smtp_data_take(struct smtp_session *session, struct view *input);
bool smtp_chunk_take(struct smtp_session *session, struct view *input);

#endif
