// SPDX-License-Identifier: Apache-2.0
// The inside of the IMAP room: a session, the command it runs, and what every
// command says its results with.
//
// A session runs one command at a time, in the order they came. A command is
// three functions in the table of commands.c: begin() parses its arguments and
// does its work; resume() goes on with it; end() frees what it holds. It adds
// untagged responses to `out` and leaves its tagged response to imap_ok() and
// its like; the core then lets the view tell what has changed in the mailbox
// and sends the tagged line last. Nothing a command says may be longer than a
// step: past imap_output_full() it keeps its place in `state`, gives
// IMAP_STEP_MORE, and is resumed when the client has read.
#ifndef ROOST_IMAP_IMAP_H
#define ROOST_IMAP_IMAP_H

#include "imap/session.h"
#include "store/snapshot.h"
#include "wire/imap_parse.h"
#include "wire/imap_reader.h"
#include "wire/imap_write.h"

struct imap_view; // the selected mailbox: view.h
struct imap_command;

// RFC 9051 section 3; bits, so that the table can name several. No command runs
// in the logout state, which is a session whose `next` is NET_CLOSE.
enum imap_state {
	IMAP_STATE_NOT_AUTHENTICATED = 1,
	IMAP_STATE_AUTHENTICATED = 2,
	IMAP_STATE_SELECTED = 4,
};

// What the next input is. Whether there is to be input at all, or a wake, or
// room for more output, is said by the base's `next`.
enum imap_mode {
	IMAP_MODE_COMMANDS, // commands, or the rest of the one that is running
	IMAP_MODE_ANSWER,   // one line for the command that is running
	IMAP_MODE_IDLE,     // the line that ends IDLE; a wake brings news
};

// What ENABLE (RFC 5161), or a command that implies it, has switched on.
enum imap_feature {
	IMAP_FEATURE_CONDSTORE = 1, // RFC 7162 section 3.1
	IMAP_FEATURE_QRESYNC = 2,   // RFC 7162 section 3.2; implies CONDSTORE
	IMAP_FEATURE_UTF8 = 4,      // RFC 6855
	IMAP_FEATURE_REV2 = 8,      // RFC 9051
};

struct imap_session {
	struct session base; // first
	const struct imap_server *server;
	enum imap_mode mode;
	unsigned enabled;              // of enum imap_feature
	bool compressed;               // COMPRESS was done (RFC 4978)
	bool client_logged;            // what ID said: once is enough
	struct store_account *account; // NULL before login
	struct store_asker asker;      // who is logged in
	struct imap_view *view;        // NULL unless selected
	struct imap_reader reader;
	struct imap_command *command; // owned: running; NULL between commands
	char *idle_tag; // owned; the tag of IDLE, which keeps no command
};

static inline struct imap_session *imap_session_of(struct session *base)
{
	return (struct imap_session *)base;
}

static inline enum imap_state imap_state(const struct imap_session *session)
{
	if (session_is_stranger(&session->base))
		return IMAP_STATE_NOT_AUTHENTICATED;
	return session->view != NULL ? IMAP_STATE_SELECTED
				     : IMAP_STATE_AUTHENTICATED;
}

static inline bool imap_has_feature(
    const struct imap_session *session, enum imap_feature feature)
{
	return (session->enabled & feature) != 0;
}

// Whether strings and mailbox names go as UTF-8 (RFC 6855 section 3, RFC 9051
// section 5.1): the `utf8` of imap_write.h and of cursors.
static inline bool imap_is_utf8(const struct imap_session *session)
{
	return (session->enabled & (IMAP_FEATURE_UTF8 | IMAP_FEATURE_REV2)) !=
	       0;
}

enum imap_step {
	IMAP_STEP_DONE, // the tagged response is decided
	IMAP_STEP_MORE, // resume() when `out` has been sent
	// resume() when the session's waker was called; no input until then.
	IMAP_STEP_WAIT,
	// Waits for one line from the client: resume() finds it in `args`.
	IMAP_STEP_INPUT,
};

enum imap_command_flags {
	// Also "UID name"; `uid` then is true.
	IMAP_COMMAND_UID = 1 << 0,
	// No EXPUNGE may be sent while it is in progress (RFC 9051 section
	// 7.5.1), unless it was "UID name".
	IMAP_COMMAND_HOLDS_EXPUNGE = 1 << 1,
	// Its arguments are secret: no trace, no excerpts in sentences.
	IMAP_COMMAND_SECRET = 1 << 2,
	// Tells nothing of the selected mailbox before its tagged response: it
	// selects, closes, or ends everything.
	IMAP_COMMAND_NO_SYNC = 1 << 3,
	// Asks for news of the selected mailbox, and so misses none.
	IMAP_COMMAND_ASKS_NEWS = 1 << 4,
};

// What to do with a literal that the client announces.
enum imap_take {
	IMAP_TAKE_COLLECT, // part of the arguments; ask again at the next one
	IMAP_TAKE_STREAM,  // give it to data(), piece by piece
	IMAP_TAKE_REFUSE,  // the tagged response is decided: imap_no(), …
};

// For commands that take literals as they come, never holding them whole
// (APPEND, REPLACE). The arguments before a literal, after the one before it,
// are in `args` at literal(). Once all literals are there begin() is called,
// with what is left of the command in `args`.
struct imap_stream_ops {
	enum imap_take (*literal)(
	    struct imap_command *command, const struct imap_literal *literal);
	void (*data)(
	    struct imap_command *command, struct view bytes, bool last);
};

struct imap_command_type {
	const char *name; // in capitals
	unsigned states;  // of enum imap_state
	unsigned flags;   // of enum imap_command_flags
	enum imap_step (*begin)(struct imap_command *command);
	enum imap_step (*resume)(struct imap_command *command); // may be NULL
	// Frees what `state` (not NULL) holds outside the arena. Called once,
	// however the command ended; may be NULL.
	void (*end)(struct imap_command *command);
	const struct imap_stream_ops
	    *stream; // NULL: all literals are arguments
};

// NULL when there is none of that name (any case).
const struct imap_command_type *imap_command_find(struct view name);

#define IMAP_CODE_MAX ((size_t)8 << 20) // COPYUID of a million messages
#define IMAP_TEXT_MAX 512               // of a status response, in bytes

enum imap_status {
	IMAP_STATUS_OK,
	IMAP_STATUS_NO,
	IMAP_STATUS_BAD,
};

// What a command waits for; the core's business (run.c).
enum imap_phase {
	IMAP_PHASE_RUN,    // its resume()
	IMAP_PHASE_STREAM, // a literal's bytes, or what comes after it
	IMAP_PHASE_SYNC,   // the rest of what the view tells
};

struct imap_command {
	struct imap_session *session;
	const struct imap_command_type *type;
	struct arena arena; // all that lives as long as the command
	enum imap_phase phase;
	struct view tag;
	bool uid;                // "UID name"
	bool holds_expunge;      // as the flag, for this one command
	struct imap_cursor args; // behind the name: begins with SP, or is over
	struct fault fault;      // of `args`, and for calls of the store
	struct buf *out;         // where responses go; anew in each step
	enum net_next then;      // what comes after the tagged response
	// It ended inside a literal, whose bytes the client takes whatever
	// comes for: nothing more is said, and the connection closes.
	bool cut;
	void *state; // the command's own, in the arena
	// The tagged response.
	enum imap_status status;
	struct buf code;  // response code without brackets; empty: none
	struct view text; // in the arena, or static
};

// ---- Saying the result -----------------------------------------------------

// Each decides the tagged response and gives IMAP_STEP_DONE, so that a command
// ends with `return imap_ok(…)`. `code` is a response code without brackets, or
// NULL; imap_code() gives the buffer to build a longer one in, before that.
enum imap_step imap_ok(struct imap_command *command, const char *text);
enum imap_step imap_no(struct imap_command *command, const char *code,
    const char *format, ...) PRINTF_LIKE(3, 4);
enum imap_step imap_bad(struct imap_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);
// BAD with the sentence of `args`, or NO when it could be read but makes no
// sense (RC_INVALID): after an imap_parse_…() that failed with `rc`.
enum imap_step imap_bad_arguments(struct imap_command *command, enum rc rc);
// NO with the RFC 5530 code that `rc` means and the sentence of
// `command->fault`, or if that has none (or is of another rc) a general one;
// after a call of the store that failed.
enum imap_step imap_failed(struct imap_command *command, enum rc rc);
struct buf *imap_code(struct imap_command *command);

// A whole untagged line of at most IMAP_TEXT_MAX bytes: "* ", the text, CRLF.
void imap_untagged(struct imap_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);

// Whether the step should end for the client to read.
static inline bool imap_output_full(const struct imap_command *command)
{
	return command->out->len >= NET_OUTPUT_HIGH;
}

// No arguments: RC_OK at the end of the command, else imap_bad_arguments().
MUST_CHECK enum rc imap_no_arguments(struct imap_command *command);

// ---- Of the session --------------------------------------------------------

// Switches CONDSTORE on at the first CONDSTORE enabling command; tells the
// HIGHESTMODSEQ of the selected mailbox then (RFC 7162 section 3.1).
void imap_enable_condstore(struct imap_command *command);

// Leaves the selected mailbox, if any: the view is closed without expunging.
void imap_unselect(struct imap_session *session);

// Store flags of enum imap_system_flag (wire) as enum store_flag.
unsigned imap_flags_to_store(unsigned wire);

// ---- SELECT's parameters, for the view -------------------------------------

// SELECT … (QRESYNC (uidvalidity modseq [known-uids [(seqs uids)]])), RFC 7162
// section 3.2.5. The sets belong to the command's arena.
struct imap_qresync {
	bool given;
	uint32_t uidvalidity;
	uint64_t modseq;
	bool has_known;
	struct imap_set known; // UIDs; no star, no "$"
	bool has_match;
	struct imap_set match_seqs; // as long as match_uids, both ascending
	struct imap_set match_uids;
};

#endif
