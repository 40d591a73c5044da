// SPDX-License-Identifier: Apache-2.0
// The inside of the POP3 room: a session, the command it runs, and what every
// command says its result with.
//
// A session runs one command at a time, in the order they came: that is all
// that PIPELINING (RFC 2449 section 6.6) asks for. A command is three functions
// in the table of commands.c: begin() does its work, resume() goes on with it,
// end() frees what it holds. Nothing a command says may be longer than a step:
// past pop3_output_full() it keeps its place in `state`, gives POP3_STEP_MORE,
// and is resumed when the client has read.
#ifndef ROOST_POP3_POP3_H
#define ROOST_POP3_POP3_H

#include "base/arena.h"
#include "pop3/session.h"

struct pop3_maildrop; // what the client sees of INBOX: maildrop.h
struct pop3_command;

// RFC 1939 section 3; bits, so that the table can name both. A session is in
// AUTHORIZATION while its user is a stranger; the UPDATE state is QUIT's own.
enum pop3_state {
	POP3_STATE_AUTHORIZATION = 1,
	POP3_STATE_TRANSACTION = 2,
};

struct pop3_session {
	struct session base; // first
	const struct pop3_server *server;
	bool utf8;                      // UTF8 was said (RFC 6856 section 2.1)
	char *name;                     // owned; what USER said; NULL
	struct store_account *account;  // NULL before login
	struct pop3_maildrop *maildrop; // NULL before login
	// Owned; NULL between commands. A line that comes while there is one
	// is an answer that it waits for.
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
	POP3_STEP_DONE,  // the response is said
	POP3_STEP_MORE,  // resume() when `out` has been sent
	POP3_STEP_WAIT,  // resume() when the session was woken; no input
	POP3_STEP_INPUT, // resume() with the next line in `args`
	POP3_STEP_CUT, // what was promised cannot be said: the connection ends
};

enum pop3_command_flags {
	// Its argument is secret: no trace, and memory is overwritten.
	POP3_COMMAND_SECRET = 1 << 0,
	// Its argument is all that follows the space, spaces included (RFC 1939
	// section 7, PASS). Of others, blanks at the end do not count.
	POP3_COMMAND_VERBATIM = 1 << 1,
	// Its response is a message: the trace shows the first line only.
	POP3_COMMAND_MESSAGE = 1 << 2,
};

// How many arguments a command takes: none, perhaps one, one, or more than one
// (which it takes apart itself).
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
	struct arena arena; // all that lives as long as the command
	struct view args;   // behind the name and one space; in the arena
	struct buf *out;    // where it says what it says; anew in each step
	enum net_next then; // what comes after the response
	bool bad;           // it was no command, or its arguments are wrong
	void *state;        // the command's own, in the arena
};

// ---- Saying the result -----------------------------------------------------

#define POP3_TEXT_MAX 256 // of a response's line, in bytes

// "+OK text". Gives POP3_STEP_DONE, as all of these, so that a command ends
// with `return pop3_ok(…)`; one with more lines goes on instead, and says ".".
enum pop3_step pop3_ok(struct pop3_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);
// "-ERR [code] text"; `code` (RFC 2449 section 8, RFC 3206, RFC 6856 section
// 5) may be NULL.
enum pop3_step pop3_err(struct pop3_command *command, const char *code,
    const char *format, ...) PRINTF_LIKE(3, 4);
// "-ERR text" for what is no command, or has wrong arguments.
enum pop3_step pop3_bad(struct pop3_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);
// "-ERR" with what the rooms below failed with; logs what an administrator has
// to know of. `fault` may be NULL.
enum pop3_step pop3_failed(
    struct pop3_command *command, enum rc rc, const struct fault *fault);

// A response was begun that cannot be ended, for `rc`: gives POP3_STEP_CUT.
enum pop3_step pop3_cut(struct pop3_command *command, enum rc rc);

static inline bool pop3_output_full(const struct pop3_command *command)
{
	return command->out->len >= NET_OUTPUT_HIGH;
}

#endif
