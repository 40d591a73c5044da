// SPDX-License-Identifier: Apache-2.0
// The inside of the IMAP room: a session, the command that it runs, and the
// functions by which a command gives its results.
//
// A session runs one command at a time, in the order in which they came. A
// command has three functions in the table of commands.c: begin() parses its
// arguments and does its work; resume() continues it; end() frees what it
// holds. A command adds untagged responses to `out` and decides its tagged
// response by imap_ok() and similar functions. The core then lets the view
// report what has changed in the mailbox, and sends the tagged line last. When
// imap_output_full() is true, a command keeps its place in `state` and returns
// IMAP_STEP_MORE; it is resumed when the client has read.
#ifndef ROOST_IMAP_IMPL_H
#define ROOST_IMAP_IMPL_H

#include "imap/session.h"
#include "store/snapshot.h"
#include "wire/imap_parse.h"
#include "wire/imap_reader.h"
#include "wire/imap_write.h"

struct imap_view; // the selected mailbox: view.h
struct imap_command;

// RFC 9051 section 3. These are bits, so that the table can name several. In
// the logout state no command runs: it is a session whose `next` is NET_CLOSE.
enum imap_state {
	IMAP_STATE_NOT_AUTHENTICATED = 1,
	IMAP_STATE_AUTHENTICATED = 2,
	IMAP_STATE_SELECTED = 4,
};

// What the next input is. The base's `next` says whether the session waits for
// input, a wake, or room for more output.
enum imap_mode {
	// Commands, or the rest of the command that is running.
	IMAP_MODE_COMMANDS,
	IMAP_MODE_ANSWER, // one line for the command that is running
	IMAP_MODE_IDLE,   // the line that ends IDLE; a wake brings news
};

// What ENABLE (RFC 5161), or a command that implies it, has enabled.
enum imap_feature {
	IMAP_FEATURE_CONDSTORE = 1, // RFC 7162 section 3.1
	IMAP_FEATURE_QRESYNC = 2,   // RFC 7162 section 3.2; implies CONDSTORE
	IMAP_FEATURE_UTF8 = 4,      // RFC 6855
	IMAP_FEATURE_REV2 = 8,      // RFC 9051
};

struct imap_session {
	struct session base; // must be first
	const struct imap_server *server;
	enum imap_mode mode;
	unsigned enabled;              // of enum imap_feature
	bool compressed;               // COMPRESS was done (RFC 4978)
	bool client_logged;            // ID has been logged: once is enough
	struct store_account *account; // NULL before login
	struct store_asker asker;      // the user who is logged in
	struct imap_view *view;        // NULL if no mailbox is selected
	struct imap_reader reader;
	// Owned: the running command; NULL between commands.
	struct imap_command *command;
	char *idle_tag; // owned: the tag of IDLE, whose command is freed
};

static inline struct imap_session *imap_session_of(struct session *base)
{
	return (struct imap_session *)base;
}

static inline enum imap_state imap_state(const struct imap_session *session)
{
	if (session_is_stranger(&session->base))
		return IMAP_STATE_NOT_AUTHENTICATED;
	return session->view ? IMAP_STATE_SELECTED : IMAP_STATE_AUTHENTICATED;
}

static inline bool imap_has_feature(
    const struct imap_session *session, enum imap_feature feature)
{
	return (session->enabled & feature) != 0;
}

// Whether strings and mailbox names are sent as UTF-8 (RFC 6855 section 3, RFC
// 9051 section 5.1): the `utf8` of imap_write.h and of cursors.
static inline bool imap_is_utf8(const struct imap_session *session)
{
	return (session->enabled & (IMAP_FEATURE_UTF8 | IMAP_FEATURE_REV2)) !=
	       0;
}

enum imap_step {
	IMAP_STEP_DONE, // the tagged response has been decided
	IMAP_STEP_MORE, // call resume() when `out` has been sent
	// Call resume() when the session's waker has been called; read no input
	// until then.
	IMAP_STEP_WAIT,
	// Wait for one line from the client; resume() finds it in `args`.
	IMAP_STEP_INPUT,
};

enum imap_command_flags {
	// There is also "UID name"; `uid` is true in it.
	IMAP_COMMAND_UID = 1 << 0,
	// No EXPUNGE may be sent while it is in progress (RFC 9051 section
	// 7.5.1), except for "UID name".
	IMAP_COMMAND_HOLDS_EXPUNGE = 1 << 1,
	// Its arguments are secret: they are not traced or quoted.
	IMAP_COMMAND_SECRET = 1 << 2,
	// Before its tagged response, no change of the selected mailbox is
	// reported: the command selects a mailbox, closes it, or ends
	// everything.
	IMAP_COMMAND_NO_SYNC = 1 << 3,
	// The client sends it to get news of the selected mailbox, and so reads
	// all news that come with it.
	IMAP_COMMAND_ASKS_NEWS = 1 << 4,
	// It may need much memory, and is refused when that is short.
	IMAP_COMMAND_HEAVY = 1 << 5,
};

// What to do with a literal that the client announces.
enum imap_take {
	// It is part of the arguments; ask again at the next literal.
	IMAP_TAKE_COLLECT,
	IMAP_TAKE_STREAM, // give it to data(), piece by piece
	// The tagged response has been decided by imap_no() ….
	IMAP_TAKE_REFUSE,
};

// For commands that process literals as they come and never hold them whole
// (APPEND, REPLACE). When literal() is called, `args` has the arguments between
// the literal before and this one. When all literals have come, begin() is
// called, with the rest of the command in `args`.
struct imap_stream_ops {
	enum imap_take (*literal)(
	    struct imap_command *command, const struct imap_literal *literal);
	void (*data)(
	    struct imap_command *command, struct view bytes, bool last);
	// The bytes that it holds outside the arena, about.
	size_t (*memory)(const struct imap_command *command);
};

struct imap_command_type {
	const char *name; // in capitals
	unsigned states;  // of enum imap_state
	unsigned flags;   // of enum imap_command_flags
	enum imap_step (*begin)(struct imap_command *command);
	enum imap_step (*resume)(struct imap_command *command); // may be NULL
	// Frees what `state` (not NULL) holds outside the arena. It is called
	// once, however the command ended. May be NULL.
	void (*end)(struct imap_command *command);
	const struct imap_stream_ops
	    *stream; // NULL: all literals are arguments
};

// NULL when there is no command of that name; case is ignored.
const struct imap_command_type *imap_command_find(struct view name);

// Enough for the COPYUID of a million messages.
#define IMAP_CODE_MAX ((size_t)8 << 20)
#define IMAP_TEXT_MAX 512 // of a status response, in bytes

enum imap_status {
	IMAP_STATUS_OK,
	IMAP_STATUS_NO,
	IMAP_STATUS_BAD,
};

// What the core (run.c) does next with the command.
enum imap_phase {
	IMAP_PHASE_RUN, // call its resume()
	// Give it a literal's bytes, or the text after the literal.
	IMAP_PHASE_STREAM,
	IMAP_PHASE_SYNC, // write the rest of what the view reports
};

struct imap_command {
	struct imap_session *session;
	const struct imap_command_type *type;
	struct arena arena; // all that lives as long as the command
	enum imap_phase phase;
	struct view tag;
	bool uid; // it was given as "UID name"
	// IMAP_COMMAND_HOLDS_EXPUNGE, for this one command.
	bool holds_expunge;
	// What follows the name: begins with SP, or is empty.
	struct imap_cursor args;
	struct fault fault; // of `args`, and of calls of the store
	// Where responses are written; set again in each step.
	struct buf *out;
	enum net_next then; // what to do after the tagged response
	// The command ended inside a literal. The client would read anything
	// that follows as bytes of the literal, so nothing more is sent, and
	// the connection closes.
	bool cut;
	void *state; // belongs to the command; in the arena
	// The tagged response.
	enum imap_status status;
	struct buf code;  // response code without brackets; empty: none
	struct view text; // in the arena, or static
};

// ---- Saying the result -----------------------------------------------------

// Each of these decides the tagged response and returns IMAP_STEP_DONE, so that
// a command ends with `return imap_ok(…)`. `code` is a response code without
// brackets, or NULL. A longer code is built before the call in the buffer that
// imap_code() gives.
enum imap_step imap_ok(struct imap_command *command, const char *text);
enum imap_step imap_no(struct imap_command *command, const char *code,
    const char *format, ...) PRINTF_LIKE(3, 4);
enum imap_step imap_bad(struct imap_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);
// To be called after an imap_parse_…() that failed with `rc`: answers BAD with
// the sentence of `args`, or NO when the arguments were well-formed but make no
// sense (RC_INVALID) or are more than this server takes (RC_LIMIT).
enum imap_step imap_bad_arguments(struct imap_command *command, enum rc rc);
// To be called after a call of the store that failed: answers NO with the RFC
// 5530 code for `rc` and the sentence of `command->fault`. If there is no
// sentence (or it is for another rc), a general one is used.
enum imap_step imap_failed(struct imap_command *command, enum rc rc);
struct buf *imap_code(struct imap_command *command);
// Answers NO because the server is short of memory (base/budget.h).
enum imap_step imap_no_memory(struct imap_command *command);

// Writes a whole untagged line of at most IMAP_TEXT_MAX bytes: "* ", the text,
// CRLF.
void imap_untagged(struct imap_command *command, const char *format, ...)
    PRINTF_LIKE(2, 3);

// Whether the step should end, so that the client can read.
static inline bool imap_output_full(const struct imap_command *command)
{
	return command->out->len >= NET_OUTPUT_HIGH;
}

// For a command without arguments: RC_OK at the end of the command; otherwise
// call imap_bad_arguments().
MUST_CHECK enum rc imap_no_arguments(struct imap_command *command);

// ---- Of the session --------------------------------------------------------

// Called by each command that enables CONDSTORE (RFC 7162 section 3.1). The
// first one switches it on and tells the HIGHESTMODSEQ of the selected mailbox.
void imap_enable_condstore(struct imap_command *command);

// Leaves the selected mailbox, if there is one: closes the view without
// expunging.
void imap_unselect(struct imap_session *session);

// Gives the store's flags (enum store_flag) for enum imap_system_flag.
unsigned imap_flags_to_store(unsigned wire);

// ---- SELECT's parameters, for the view -------------------------------------

// SELECT … (QRESYNC (uidvalidity modseq [known-uids [(seqs uids)]])), RFC 7162
// section 3.2.5. The sets are in the command's arena.
struct imap_qresync {
	bool given;
	uint32_t uidvalidity;
	uint64_t modseq;
	bool has_known;
	struct imap_set known; // UIDs; no star, no "$"
	bool has_match;
	// Has as many numbers as match_uids; both are ascending.
	struct imap_set match_seqs;
	struct imap_set match_uids;
};

#endif
