// SPDX-License-Identifier: Apache-2.0
// The table of all commands: who may use them and when, and the functions that
// run them.
#ifndef ROOST_SMTP_COMMANDS_H
#define ROOST_SMTP_COMMANDS_H

#include "smtp/impl.h"

enum smtp_command_flags {
	// Only after HELO, EHLO or LHLO.
	SMTP_COMMAND_AFTER_HELO = 1 << 0,
	// Allowed only within a transaction, or only outside one.
	SMTP_COMMAND_INSIDE = 1 << 1,
	SMTP_COMMAND_OUTSIDE = 1 << 2,
	// The client must wait for the answer before it sends more, because the
	// answer decides what the next bytes mean.
	SMTP_COMMAND_LAST = 1 << 3,
	// Its arguments are secret.
	SMTP_COMMAND_SECRET = 1 << 4,
	// Its refusals have no enhanced code (RFC 2034 section 4).
	SMTP_COMMAND_BARE = 1 << 5,
	// It is not counted as a command: one message may need many.
	SMTP_COMMAND_FREE = 1 << 6,
	// Its line is copied to the arena, because the command may wait, or its
	// transaction needs the line.
	SMTP_COMMAND_KEEPS_LINE = 1 << 7,
	// It too must be the last of a group of commands (RFC 2920 section
	// 3.1). On submission and LMTP, commands that are EARLY may follow it
	// all the same.
	SMTP_COMMAND_ENDS_GROUP = 1 << 8,
	// It means the same, whatever the answer before it is.
	SMTP_COMMAND_EARLY = 1 << 9,
};

// What a command's function returns.
enum smtp_step {
	SMTP_STEP_DONE,  // it is answered, or the session ends
	SMTP_STEP_INPUT, // line() or take() gets the next input
	SMTP_STEP_WAIT,  // resume() when the session is woken; nothing is read
			 // before
};

// BDAT's chunk, while it comes.
struct smtp_chunk {
	uint64_t size;
	uint64_t left;
	bool last;
	bool trails; // the client sent it before it knew that an earlier one
		     // was refused
	// The chunk is refused already: this is the answer at its end.
	unsigned code; // 0: not refused
	struct enhanced_status status;
	const char *text; // static
};

// A command, from its line until it is answered.
struct smtp_call {
	const struct smtp_command_type *type;
	// Its views are valid as long as the line, or with KEEPS_LINE as long
	// as the arena.
	struct smtp_command command;
	// The command's own. MAIL moves it into the transaction, and leaves an
	// empty one here.
	struct arena arena;
	struct auth_exchange *exchange; // owned; AUTH's, NULL in other commands
	struct smtp_chunk chunk;        // BDAT's
};

struct smtp_command_type {
	enum smtp_verb verb;
	unsigned roles; // bits: 1 << enum smtp_role
	unsigned flags; // enum smtp_command_flags
	enum smtp_step (*run)(
	    struct smtp_session *session, struct smtp_call *call);
	// Called after SMTP_STEP_WAIT. NULL: the command never waits.
	enum smtp_step (*resume)(
	    struct smtp_session *session, struct smtp_call *call);
	// Called after SMTP_STEP_INPUT. line() gets a line without its end;
	// `more`: there is input after it. take() gets bytes, and removes those
	// that it needs from the front of `*input`. A command has one of the
	// two, or neither if it needs no input.
	enum smtp_step (*line)(struct smtp_session *session,
	    struct smtp_call *call, struct view line, bool more);
	enum smtp_step (*take)(struct smtp_session *session,
	    struct smtp_call *call, struct view *input);
};

// Runs one line; `more`: there is input after it already.
void smtp_command_run(
    struct smtp_session *session, struct view line, bool more);
// These go on with the running command: with a line, with bytes, after a
// wake-up.
void smtp_command_line(
    struct smtp_session *session, struct view line, bool more);
void smtp_command_take(struct smtp_session *session, struct view *input);
void smtp_command_resume(struct smtp_session *session);
// Ends the running command, if there is one, without an answer.
void smtp_command_end(struct smtp_session *session);

static inline bool smtp_takes_lines(const struct smtp_session *session)
{
	return !session->call || session->call->type->line;
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
// For both: goes on with the end of the message, which had to wait.
enum smtp_step smtp_data_resume(
    struct smtp_session *session, struct smtp_call *call);

// ---- Lines (line.c) --------------------------------------------------------

// Removes a line from the front of `*input` and runs it. False: there is no
// complete line yet.
bool smtp_line_take(struct smtp_session *session, struct view *input);

#endif
