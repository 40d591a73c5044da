// SPDX-License-Identifier: Apache-2.0
// What the sessions of all protocols have in common: the peer, the TLS layer,
// the login and its place in the queue for hashing, how long a stranger may
// stay and how much it may do, the last words, the lines of the log, and the
// trace. A protocol's session embeds a `struct session` as its first member.
// The protocol itself implements net/session.h.
#ifndef ROOST_SESSION_SESSION_H
#define ROOST_SESSION_SESSION_H

#include <stdatomic.h>

#include "auth/binding.h"
#include "base/budget.h"
#include "base/counter.h"
#include "base/log.h"
#include "net/session.h"
#include "session/registry.h"

// How long a stranger may stay in total, even if it keeps sending, and how long
// it may be silent.
#define SESSION_STRANGER_SECONDS 180u
#define SESSION_SILENT_SECONDS   60u
// How many log-ins a connection may fail, and how many commands it may give
// before a login, until the server closes it.
#define SESSION_LOGIN_FAILURES_MAX    3u
#define SESSION_STRANGER_COMMANDS_MAX 50u
// How many wrong commands in a row close the connection.
#define SESSION_BAD_MAX_STRANGER 3u
#define SESSION_BAD_MAX          20u

#define SESSION_TEXT_MAX 512 // bytes of the last words

// What the sessions of a protocol have done.
struct session_counts {
	struct counter sessions; // that began
	struct counter commands; // that were answered
};

// What all sessions of a server share, whatever their protocol. It does not
// change while there are sessions, and all that it points to outlives them.
struct session_server {
	struct auth *auth;
	struct session_counts *counts; // may be NULL
	struct log *log;               // may be NULL
	const struct clock *clock;     // NULL: the machine's
	const char *name;              // in the greeting
	bool tls_available;            // announce STARTTLS
	// Accept passwords without TLS from loopback.
	bool plain_on_loopback;
	const struct net_trace *trace; // may be NULL
	// Where the sessions of users are listed; NULL: nowhere.
	struct session_registry *registry;
	const struct budget *budget; // of memory (base/budget.h); may be NULL
	// How many sessions a user may have in the registry; 0: any number.
	uint32_t user_sessions_max;
};

struct session;

// What differs between protocols; constant.
struct session_kind {
	const char *protocol; // "imap": for the log and for auth
	uint32_t scopes;      // what its log-ins give access to (auth/scope.h)
	// Writes the last words in the protocol's form, unless they cannot
	// stand after what has been sent. NULL: a client of this protocol
	// expects none.
	void (*bye)(struct session *session, struct view text);
	// Traces what was sent to the client, by session_trace_line(), if not
	// all of it is lines. NULL: all of it is.
	void (*trace_said)(struct session *session, struct view said);
};

struct session {
	const struct session_server *server;
	const struct session_kind *kind;
	struct net_waker waker;
	uint64_t id;        // for the log
	char *peer_address; // owned
	// Owned: of the TLS layer; NULL without TLS.
	struct auth_binding *binding;
	struct auth_turn turn; // for hashing a password
	// The user who is logged in: name (owned; NULL: a stranger), account,
	// and what auth_user_check() needs.
	char *user;
	uint64_t account;
	uint64_t epoch;
	uint64_t credential;        // logged in with; 0: with the password
	uint64_t seen;              // the directory's epoch at the last check
	_Atomic bool kicked;        // an administrator ends the session
	struct session_place place; // among the user's sessions
	unsigned login_failures;    // since the last login
	unsigned commands;          // of a stranger
	unsigned bad_commands;      // wrong ones in a row
	uint64_t since_ms;          // when the stranger's time began, monotonic
	enum net_next next;         // what the network shall do next
	uint64_t slice_end_ms;      // by the coarse clock; 0: not known yet
	const char *why; // static: why it ended; NULL: it has not ended
	// During a call of the network: the output, and how much of it has been
	// traced.
	struct buf *out;
	size_t traced;
	// How many of the next bytes of output the trace leaves out.
	uint64_t trace_skip;
};

// `peer` is copied; `kind` and `server` must outlive the session.
void session_init(struct session *session, const struct session_kind *kind,
    const struct session_server *server, const struct net_peer *peer,
    struct net_waker waker);
void session_done(struct session *session);

// ---- The calls of the network ----------------------------------------------

// If a function that the network calls may write something, it begins with
// session_enter() and ends with session_leave(). session_leave() traces the
// output and returns `next`. So the trace has everything that is sent to the
// client. False: the session has ended, and its last words are said; the
// function does nothing but session_leave(). That is so when the user was shut
// out (a new password, disabled, removed), or an administrator ended the
// session.
MUST_CHECK bool session_enter(struct session *session, struct buf *out);
enum net_next session_leave(struct session *session);

// For start() and tls_started(): keeps what a login needs to know of the TLS
// layer. `tls` NULL: there is no TLS.
void session_keep_tls(struct session *session, const struct net_tls_info *tls);

// Whether this call of the network has worked for NET_SLICE_MS: then what is
// left should be done in the next one (NET_DRAIN). The time counts from the
// first question in a call, so the first answer is always false. A question
// costs a few nanoseconds.
bool session_slice_over(struct session *session);

// Call this after a piece of work (a command). If the session would read on,
// but much output is waiting or the slice is over, it pauses; if the user has
// been shut out meanwhile, it ends. `more`: input is left for another piece of
// work in this call. Without that the clock is not read, because the network
// looks at the time itself before it reads again.
void session_breathe(struct session *session, bool more);

// ---- Who it is -------------------------------------------------------------

static inline bool session_is_stranger(const struct session *session)
{
	return !session->user;
}

// For is_known() of net/session.h: the same of a protocol's session.
bool session_is_known(const void *session);

static inline bool session_has_tls(const struct session *session)
{
	return session->binding;
}

// Describes the connection for the auth room, with the session's turn. Its
// views are valid as long as the session does not change.
struct auth_channel session_channel(struct session *session);

// Whether the user may have one more session. To be asked before
// session_log_in().
MUST_CHECK bool session_has_place(
    const struct session *session, const struct auth_user *user);
// What the network does when a login returned RC_IN_USE: it waits until the
// session is woken, or pauses. In both cases the same call is then repeated.
enum net_next session_wait(const struct session *session);
// For pause_ms() of net/session.h: the length of that pause.
uint32_t session_pause_ms(const struct session *session);

void session_log_in(struct session *session, const struct auth_user *user);
// Keeps what the client says it is (IMAP's ID), for those who list sessions.
void session_set_client(struct session *session, struct view name);
// Makes it a stranger again; its time begins again.
void session_log_out(struct session *session);

// For owner() of net/session.h: the account of the user, or 0.
uint64_t session_owner(const void *session);

// ---- Time and limits -------------------------------------------------------

// Seconds until `max` seconds since `since_ms` are over, however much the
// client sends; 0: they are over.
uint32_t session_seconds_left(const struct session *session, uint32_t max);
// For timeout() of net/session.h: `silent` seconds of silence, but not longer
// than until `max` are over.
uint32_t session_timeout(
    const struct session *session, uint32_t silent, uint32_t max);
// The same for a stranger.
uint32_t session_stranger_timeout(const struct session *session);

// Call this after a command, if session_count_command() is not called.
void session_note_command(struct session *session);
// Call this before reading. Ends a stranger's session if its time is over.
void session_check_time(struct session *session);
// Call this after a command. Ends the session if there were too many commands,
// too many wrong ones, or too many failed logins.
void session_count_command(struct session *session, bool bad);

// ---- The end ---------------------------------------------------------------

// Ends the session if a stranger's line is the first line of an HTTP request,
// such as "POST / HTTP/1.1" (RFC 9112 section 3). A web page can make a browser
// send such a request here, with commands in its body. Those are not obeyed,
// and nothing of what was sent is repeated: the browser might take an answer
// for a page of this host. True: the session ends, and the line has no other
// answer.
MUST_CHECK bool session_refuse_http(struct session *session, struct view line);

// Ends the session after the output of this call. `why` is for the log, static;
// if it is called again, the first reason counts.
void session_close(struct session *session, const char *why);
// Does the same, and sends last words (a sentence without its full stop).
void session_bye(struct session *session, const char *why, const char *format,
    ...) PRINTF_LIKE(3, 4);

// ---- The log ---------------------------------------------------------------

// Begins a log line with the session and the user.
void session_log_begin(const struct session *session, struct log_line *line,
    enum log_level level, const char *event);
// Ends the log line about a session's end, with the reason.
void session_log_end(const struct session *session, struct log_line *line);

// ---- The trace (struct net_trace) ------------------------------------------

bool session_is_traced(const struct session *session);
void session_trace_line(
    const struct session *session, bool from_client, struct view line);
// Traces a line from the client. Output to the client before it is traced
// first.
void session_trace_client(struct session *session, struct view line);
// The same for a command's line. It is shown as it is, because the command is
// known and not secret; `name` empty: it is not a command of this server.
void session_trace_command(
    struct session *session, struct view name, bool secret, struct view line);
// Traces that the client sent something secret, which is not shown.
void session_trace_secret(struct session *session);
// Traces the output since the last trace.
void session_trace_said(struct session *session);
// Leaves the output since the last trace out of the trace.
void session_trace_skip(struct session *session);

#endif
