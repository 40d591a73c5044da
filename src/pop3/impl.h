// SPDX-License-Identifier: Apache-2.0
// The inside of the POP3 room: a session, the command that it runs, and how
// commands answer.
//
// A session runs one command at a time, in the order in which they came;
// PIPELINING (RFC 2449 section 6.6) needs no more. A command is three functions
// in the table of commands.c: begin() starts its work, resume() goes on with
// it, end() frees what it holds. A command may not add output without limit:
// when pop3_output_full() is true, it stores its place in `state` and returns
// POP3_STEP_MORE, and is resumed when the client has read.
#ifndef ROOST_POP3_IMPL_H
#define ROOST_POP3_IMPL_H

#include "base/arena.h"
#include "pop3/session.h"

struct pop3_maildrop; // the client's view of INBOX: maildrop.h
struct pop3_command;

// RFC 1939 section 3. They are bits, so that the table can name both. A session
// is in AUTHORIZATION while it has no user; the UPDATE state exists only within
// QUIT.
enum pop3_state {
	POP3_STATE_AUTHORIZATION = 1,
	POP3_STATE_TRANSACTION = 2,
};

struct pop3_session {
	struct session base; // first
	const struct pop3_server *server;
	bool utf8;  // the client said UTF8 (RFC 6856 section 2.1)
	char *name; // owned; the argument of USER; NULL
	struct store_account *account;  // NULL before login
	struct pop3_maildrop *maildrop; // NULL before login
	// Owned; NULL between commands. A line that comes while there is a
	// command is the answer that this command waits for.
	struct pop3_command *command;
	uint32_t retrieved; // messages sent, for the log
	uint32_t deleted;   // at QUIT, for the log
};

static inline enum pop3_state pop3_state(const struct pop3_session *session)
{
	return session_is_stranger(&session->base) ? POP3_STATE_AUTHORIZATION
						   : POP3_STATE_TRANSACTION;
}

enum pop3_step {
	POP3_STEP_DONE,  // the response is complete
	POP3_STEP_MORE,  // resume() when `out` has been sent
	POP3_STEP_WAIT,  // resume() when the session is woken; no input before
	POP3_STEP_INPUT, // resume() with the next line in `args`
	POP3_STEP_CUT, // the response cannot be completed: the connection ends
};

enum pop3_command_flags {
	// The argument is secret: it is not traced, and its memory is
	// overwritten.
	POP3_COMMAND_SECRET = 1 << 0,
	// The argument is all that follows the space, spaces included (RFC 1939
	// section 7, PASS). From arguments of other commands, blanks at the end
	// are removed.
	POP3_COMMAND_VERBATIM = 1 << 1,
	// The response has a message: the trace shows only its first line.
	POP3_COMMAND_MESSAGE = 1 << 2,
};

// How many arguments a command has: none, perhaps one, one, or several, which
// the command splits itself.
enum pop3_arguments {
	POP3_ARGUMENTS_NONE,
	POP3_ARGUMENTS_OPTIONAL,
	POP3_ARGUMENTS_SOME,
};

struct pop3_command_type {
	const char *name; // in capitals
	unsigned states;  // of enum pop3_state
	unsigned flags;   // of enum pop3_command_flags
	enum pop3_arguments arguments;
	enum pop3_step (*begin)(struct pop3_command *command);
	enum pop3_step (*resume)(struct pop3_command *command); // may be NULL
	// Frees what `state` (not NULL) holds outside the arena. May be NULL.
	void (*end)(struct pop3_command *command);
};

struct pop3_command {
	struct pop3_session *session;
	const struct pop3_command_type *type; // NULL: there is no such command
	struct arena arena; // for all that lives as long as the command
	struct view args;   // after the name and one space; in the arena
	struct buf *out;    // for its response; may differ in each step
	enum net_next then; // what the network does after the response
	bool bad;           // unknown command, or wrong arguments
	void *state;        // the command's own, in the arena
};

// ---- Saying the result -----------------------------------------------------

#define POP3_TEXT_MAX 256 // bytes in the line of a response

// Answers "+OK text". All these functions return POP3_STEP_DONE, so that a
// command can end with `return pop3_ok(…)`. A command with a multi-line
// response goes on after the call, and ends its lines with ".".
enum pop3_step pop3_ok(struct pop3_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);
// Answers "-ERR [code] text". `code` (RFC 2449 section 8, RFC 3206, RFC 6856
// section 5) may be NULL.
enum pop3_step pop3_err(struct pop3_command *command, const char *code,
    const char *format, ...) PRINTF_LIKE(3, 4);
// Answers "-ERR text" to an unknown command or wrong arguments.
enum pop3_step pop3_bad(struct pop3_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);
// Answers "-ERR" with the failure of a room below, and logs it if an
// administrator has to know. `fault` may be NULL.
enum pop3_step pop3_failed(
    struct pop3_command *command, enum rc rc, const struct fault *fault);

// The response was begun and cannot be completed, because of `rc`. Returns
// POP3_STEP_CUT.
enum pop3_step pop3_cut(struct pop3_command *command, enum rc rc);

static inline bool pop3_output_full(const struct pop3_command *command)
{
	return command->out->len >= NET_OUTPUT_HIGH;
}

#endif
