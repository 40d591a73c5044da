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
	// Nothing may come behind it before its answer: what that will mean
	// depends on the answer.
	SMTP_COMMAND_LAST = 1 << 3,
	// Its arguments are secret.
	SMTP_COMMAND_SECRET = 1 << 4,
	// Its refusals carry no enhanced code (RFC 2034 section 4).
	SMTP_COMMAND_BARE = 1 << 5,
	// Not counted: one message may need many.
	SMTP_COMMAND_FREE = 1 << 6,
	// It needs its line for as long as the arena: it may wait, or goes on
	// in a transaction.
	SMTP_COMMAND_KEEPS_LINE = 1 << 7,
	// The last of a group, too (RFC 2920 section 3.1). On submission and
	// LMTP those that are EARLY may come behind it.
	SMTP_COMMAND_ENDS_GROUP = 1 << 8,
	// It means the same whatever the answer before it is.
	SMTP_COMMAND_EARLY = 1 << 9,
};

// What a command comes to, after each of its functions.
enum smtp_step {
	SMTP_STEP_DONE,  // it is answered, or the session ends
	SMTP_STEP_INPUT, // line() or take() gets what comes next
	SMTP_STEP_WAIT,  // resume() when the session was woken; nothing is read
};

// BDAT's chunk, while it comes.
struct smtp_chunk {
	uint64_t size;
	uint64_t left;
	bool last;
	bool trails; // it was on its way when one before it was refused
	// Refused before it came: what it is answered with, when it is there.
	unsigned code; // 0: not refused
	struct enhanced_status status;
	const char *text; // static
};

// A command, from its line to its answer.
struct smtp_call {
	const struct smtp_command_type *type;
	// Its views live as long as the line; with KEEPS_LINE, as the arena.
	struct smtp_command command;
	// The command's own; MAIL takes it over (and leaves an empty one).
	struct arena arena;
	struct auth_exchange *exchange; // owned; AUTH's, else NULL
	struct smtp_chunk chunk;        // BDAT's
};

struct smtp_command_type {
	enum smtp_verb verb;
	unsigned roles; // bits: 1 << enum smtp_role
	unsigned flags; // enum smtp_command_flags
	enum smtp_step (*run)(
	    struct smtp_session *session, struct smtp_call *call);
	// After SMTP_STEP_WAIT. NULL: it never waits.
	enum smtp_step (*resume)(
	    struct smtp_session *session, struct smtp_call *call);
	// After SMTP_STEP_INPUT: a line without its end, where `more` came
	// behind it; or bytes, to be taken from the front of `*input`. One of
	// them, or none where no input follows.
	enum smtp_step (*line)(struct smtp_session *session,
	    struct smtp_call *call, struct view line, bool more);
	enum smtp_step (*take)(struct smtp_session *session,
	    struct smtp_call *call, struct view *input);
};

// NULL: this server knows no such command.
const struct smtp_command_type *smtp_command_find(
    enum smtp_role role, enum smtp_verb verb);
// Runs one line; `more`: there is input behind it already.
void smtp_command_run(
    struct smtp_session *session, struct view line, bool more);
// Goes on with the running command: a line for it, bytes for it, a wake.
void smtp_command_line(
    struct smtp_session *session, struct view line, bool more);
void smtp_command_take(struct smtp_session *session, struct view *input);
void smtp_command_resume(struct smtp_session *session);
// Ends it, if there is one, without an answer.
void smtp_command_end(struct smtp_session *session);

static inline bool smtp_takes_lines(const struct smtp_session *session)
{
	return session->call == NULL || session->call->type->line != NULL;
}

enum smtp_step smtp_hello_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_starttls_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_auth_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_mail_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_rcpt_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_rset_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_data_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_bdat_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_noop_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_vrfy_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_expn_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_help_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_quit_run(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_auth_resume(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_auth_line(struct smtp_session *session,
    struct smtp_call *call, struct view line, bool more);
enum smtp_step smtp_mail_resume(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_rcpt_resume(
    struct smtp_session *session, struct smtp_call *call);
enum smtp_step smtp_data_take(
    struct smtp_session *session, struct smtp_call *call, struct view *input);
enum smtp_step smtp_bdat_take(
    struct smtp_session *session, struct smtp_call *call, struct view *input);
// Of both: the message has ended, and waits.
enum smtp_step smtp_data_resume(
    struct smtp_session *session, struct smtp_call *call);

// ---- Lines (line.c) --------------------------------------------------------

// Takes a line off the front of `*input` and runs it. False: there is none yet.
bool smtp_line_take(struct smtp_session *session, struct view *input);

#endif
