// SPDX-License-Identifier: Apache-2.0
// What the sessions of all protocols have in common: who is at the other end,
// the TLS below, the login and its turn, how long a stranger may stay and how
// much it may do, the last words, the lines of the log, and the trace. A
// protocol's session embeds a `struct session` as its first member. The
// protocol itself stays an implementation of net/session.h.
#ifndef ROOST_SESSION_SESSION_H
#define ROOST_SESSION_SESSION_H

#include "auth/binding.h"
#include "base/log.h"
#include "net/session.h"

// How long a stranger may stay in all, however much it says, and how long it
// may say nothing.
#define SESSION_STRANGER_SECONDS 180u
#define SESSION_SILENT_SECONDS   60u
// Log-ins refused to one connection, and commands before a login, before the
// server hangs up.
#define SESSION_LOGIN_FAILURES_MAX    3u
#define SESSION_STRANGER_COMMANDS_MAX 50u
// Commands in a row that are wrong before the server hangs up.
#define SESSION_BAD_MAX_STRANGER 3u
#define SESSION_BAD_MAX          20u

#define SESSION_TEXT_MAX 512 // bytes of the last words

// What all sessions of a server share, whatever their protocol. Nothing of it
// changes while there are any, and all that it points to outlives them.
struct session_server {
	struct auth *auth;
	struct log *log;               // may be NULL
	const struct clock *clock;     // NULL: the machine's
	const char *name;              // in the greeting
	bool tls_available;            // announce STARTTLS
	bool plain_on_loopback;        // passwords without TLS from loopback
	const struct net_trace *trace; // may be NULL
};

struct session;

// What differs between protocols; constant.
struct session_kind {
	const char *protocol; // "imap": for the log and for auth
	// Says the last words in the protocol's form. NULL: a client of this
	// protocol expects none.
	void (*bye)(struct session *session, struct view text);
	// Traces what was said to the client, by session_trace_line(), where
	// not all of it is lines. NULL: all is.
	void (*trace_said)(struct session *session, struct view said);
};

struct session {
	const struct session_server *server;
	const struct session_kind *kind;
	struct net_waker waker;
	uint64_t id;                  // for the log
	char *peer_address;           // owned
	struct auth_binding *binding; // owned: the TLS below; NULL without
	struct auth_turn turn;        // for hashing a password
	// Who has logged in: name (owned; NULL: a stranger) and account.
	char *user;
	uint64_t account;
	unsigned login_failures; // since the last login
	unsigned commands;       // of a stranger
	unsigned bad_commands;   // wrong ones in a row
	uint64_t since_ms;       // when the stranger's time began, monotonic
	enum net_next next;      // what the network shall do next
	const char *why;         // static; why it ended; NULL: it goes on
	// During a call of the network: where all is said, and how much of it
	// the trace has had.
	struct buf *out;
	size_t traced;
	uint64_t trace_skip; // bytes to be said next that it leaves out
};

// `peer` is copied; `kind` and `server` outlive the session.
void session_init(struct session *session, const struct session_kind *kind,
    const struct session_server *server, const struct net_peer *peer,
    struct net_waker waker);
void session_done(struct session *session);

// ---- The calls of the network ----------------------------------------------

// Each call that may say something begins with session_enter() and ends with
// session_leave(), which traces what was said and gives `next`. So nothing is
// said to a traced client that the trace does not have.
void session_enter(struct session *session, struct buf *out);
enum net_next session_leave(struct session *session);

// For start() and tls_started(): keeps what a login needs of the TLS below.
// `tls` NULL: there is none.
void session_keep_tls(struct session *session, const struct net_tls_info *tls);

// After a piece of work: a session that goes on reading pauses when much is to
// be sent.
void session_breathe(struct session *session);

// ---- Who it is -------------------------------------------------------------

static inline bool session_is_stranger(const struct session *session)
{
	return session->user == NULL;
}

static inline bool session_has_tls(const struct session *session)
{
	return session->binding != NULL;
}

// The connection as the auth room wants to know it, with the session's turn;
// its views last as long as the session stays as it is.
struct auth_channel session_channel(struct session *session);

void session_log_in(struct session *session, const struct auth_user *user);
// It is a stranger again, and its time begins anew.
void session_log_out(struct session *session);

// ---- Time and limits -------------------------------------------------------

// Seconds until `max` seconds since `since_ms` are over, however much the
// client says; 0: they are.
uint32_t session_seconds_left(const struct session *session, uint32_t max);
// A timeout() of net/session.h: `silent` seconds of silence, but no longer than
// until `max` are over.
uint32_t session_timeout(
    const struct session *session, uint32_t silent, uint32_t max);
// The same for a stranger.
uint32_t session_stranger_timeout(const struct session *session);

// Before anything is read: ends the session of a stranger whose time is over.
void session_check_time(struct session *session);
// After a command: ends the session when there were too many, too many wrong
// ones, or too many logins that failed.
void session_count_command(struct session *session, bool bad);

// ---- The end ---------------------------------------------------------------

// The session ends after what is said in this call. `why` is for the log,
// static; the first one is the reason.
void session_close(struct session *session, const char *why);
// The same, with last words (a sentence without its full stop).
void session_bye(struct session *session, const char *why, const char *format,
    ...) PRINTF_LIKE(3, 4);

// ---- The log ---------------------------------------------------------------

// Begins a line with the session and the user.
void session_log_begin(const struct session *session, struct log_line *line,
    enum log_level level, const char *event);
// Ends the line of a session's end, with the reason.
void session_log_end(const struct session *session, struct log_line *line);

// ---- The trace (struct net_trace) ------------------------------------------

bool session_is_traced(const struct session *session);
void session_trace_line(
    const struct session *session, bool from_client, struct view line);
// A line that the client said. What was said to it before comes first.
void session_trace_client(struct session *session, struct view line);
// The same for a command's line. Shown as it is because it is known and not
// secret; `name` empty: no command of this server.
void session_trace_command(
    struct session *session, struct view name, bool secret, struct view line);
// Something secret that the client said.
void session_trace_secret(struct session *session);
// What was said since: is traced now, or left out.
void session_trace_said(struct session *session);
void session_trace_skip(struct session *session);

#endif
