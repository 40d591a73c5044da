// SPDX-License-Identifier: Apache-2.0
// A session's life, and the calls of the network (net/session.h): greeting,
// lines, timeouts, the last words. impl.h says what a session owns. Between
// commands it holds no buffer.
#include "smtp/session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "smtp/commands.h"
#include "smtp/harvest.h"
#include "smtp/tls.h"
#include "smtp/trace.h"
#include "smtp/transaction.h"
#include "wire/smtp_reply.h"

#define RECIPIENTS_MAX  1000u
#define MESSAGES_MAX    1000u
#define COMMAND_SECONDS 300u // RFC 5321 section 4.5.3.2.7
#define DATA_SECONDS    180u // RFC 5321 section 4.5.3.2.5
// Less than the 300 s that a client waits for our answer to MAIL and RCPT (RFC
// 5321 section 4.5.3.2.2 and 4.5.3.2.3).
#define WAIT_SECONDS    240u
#define SESSION_SECONDS 3600u
#define HELD_MAX        NET_OUTPUT_MAX

// ---- Settings --------------------------------------------------------------

uint32_t smtp_limit_recipients(const struct smtp_session *session)
{
	return SMTP_LIMIT(session, recipients, RECIPIENTS_MAX);
}

uint32_t smtp_limit_messages(const struct smtp_session *session)
{
	return SMTP_LIMIT(session, messages, MESSAGES_MAX);
}

uint64_t smtp_limit_size(const struct smtp_session *session)
{
	const struct delivery_office *office = session->server->office;
	return office->message_max != 0 ? office->message_max
					: store_message_max(office->store);
}

// ---- Its beginning and its end ---------------------------------------------

static const char *smtp_role_name(enum smtp_role role)
{
	switch (role) {
	case SMTP_ROLE_MX: return "mx";
	case SMTP_ROLE_SUBMISSION: return "submission";
	case SMTP_ROLE_LMTP: return "lmtp";
	}
	return "";
}

void smtp_log_begin(struct smtp_session *session, struct log_line *line,
    enum log_level level, const char *event)
{
	session_log_begin(&session->base, line, level, event);
	log_add_string(line, "role", smtp_role_name(session->server->role));
}

// The session's own last words have various reply codes: smtp_hang_up() says
// them. Those of the base are about the login, which is not valid any more (RFC
// 4954 section 6 has no code for it).
static void smtp_bye(struct session *base, struct view text)
{
	smtp_reply_write(base->out, 421, ENHANCED(4, 7, 0), text);
}

static const struct session_kind kind = {
    .protocol = "smtp",
    .scopes = AUTH_SCOPE_SMTP,
    .bye = smtp_bye,
};

struct smtp_session *smtp_session_new(const struct smtp_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct smtp_session *session = mem_zalloc(sizeof(*session));
	session_init(&session->base, &kind, &server->base, peer, waker);
	session->server = server;
	buf_init(&session->held, HELD_MAX);
	return session;
}

static void smtp_free(void *context)
{
	struct smtp_session *session = context;
	struct log_line line;
	smtp_log_begin(session, &line, LOG_LEVEL_INFO, "smtp_end");
	log_add_u64(&line, "messages", session->messages);
	session_log_end(&session->base, &line);

	smtp_command_end(session);
	smtp_transaction_drop(session);
	buf_done(&session->held);
	free(session->tls);
	free(session->helo);
	session_done(&session->base);
	free(session);
}

// ---- Greeting --------------------------------------------------------------

static void keep_tls(
    struct smtp_session *session, const struct net_tls_info *tls)
{
	session_keep_tls(&session->base, tls);
	free(session->tls);
	session->tls = smtp_tls_new(tls);
}

// RFC 5321 section 4.3.1. Without enhanced codes (RFC 2034 section 4).
static void greet(struct smtp_session *session)
{
	bool spoke = session->greeting == SMTP_GREETING_SPOKE;
	session->greeting = SMTP_GREETING_SAID;
	if (session->server->role == SMTP_ROLE_MX &&
	    smtp_harvest_is_over(session->server->harvest,
		view_of_string(session->base.peer_address),
		clock_monotonic_ms()))
		smtp_hang_up(session, "too many unknown recipients", 421,
		    ENHANCED_NONE,
		    "Too many unknown recipients from your network");
	else if (spoke)
		smtp_hang_up(session, "spoke before the greeting", 554,
		    ENHANCED_NONE, "Wait for the greeting first");
	else
		smtp_answer(session, 220, ENHANCED_NONE, "%s %s",
		    session->server->base.name,
		    smtp_is_lmtp(session) ? "LMTP" : "ESMTP");
	session->said = (struct smtp_said){0};
}

static enum net_next smtp_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct smtp_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	keep_tls(session, tls);
	session->pause_ms = session->server->limits.greeting_ms;
	if (session->pause_ms > 0)
		session->base.next = NET_PAUSE;
	else
		greet(session);
	return session_leave(&session->base);
}

static void smtp_spoke_early(void *context)
{
	struct smtp_session *session = context;
	if (session->greeting == SMTP_GREETING_WAITS)
		session->greeting = SMTP_GREETING_SPOKE;
}

static enum net_next smtp_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct smtp_session *session = context;
	// There is no second greeting (RFC 3207 section 4.2).
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	keep_tls(session, tls);
	session->line = (struct smtp_line){0};
	return session_leave(&session->base);
}

// ---- Input -----------------------------------------------------------------

// One step; false if it needs more input.
static bool take(struct smtp_session *session, struct view *input)
{
	if (smtp_takes_lines(session))
		return smtp_line_take(session, input);
	smtp_command_take(session, input);
	return !session->call || session->base.next != NET_READ;
}

// The most seconds that the session may last, even if it is never silent.
static uint32_t seconds_max(const struct smtp_session *session)
{
	return SMTP_LIMIT(session, session_seconds, SESSION_SECONDS);
}

// Ends a session that has lasted too long, before anything is read.
static void refuse_late(struct smtp_session *session)
{
	if (session_seconds_left(&session->base, seconds_max(session)) == 0)
		smtp_hang_up(session, "session timeout", 421, ENHANCED(4, 4, 2),
		    "The connection has lasted too long");
}

static enum net_next smtp_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct smtp_session *session = context;
	struct view rest = in;
	if (session_enter(&session->base, out))
		refuse_late(session);
	while (session->base.next == NET_READ) {
		size_t begin = out->len;
		if (!take(session, &rest))
			break;
		smtp_finish_step(session, begin);
		session_breathe(&session->base, rest.len > 0);
	}
	*ret_consumed = in.len - rest.len;
	return session_leave(&session->base);
}

// Sends what was held back.
static void release(struct smtp_session *session)
{
	buf_add(session->base.out, buf_view(&session->held));
	buf_done(&session->held);
	buf_init(&session->held, HELD_MAX);
	session->pause_ms = 0;
}

// The running command goes on after its wait.
static void go_on(struct smtp_session *session)
{
	size_t begin = session->base.out->len;
	session->base.next = NET_READ;
	smtp_command_resume(session);
	smtp_finish_step(session, begin);
}

static enum net_next smtp_resume(void *context, struct buf *out)
{
	struct smtp_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	bool paused = session->base.next == NET_PAUSE;
	if (paused && session_pause_ms(&session->base) > 0) {
		go_on(session);
		return session_leave(&session->base);
	}
	// The answer that was held back may be the last one.
	session->base.next = session->base.why ? NET_CLOSE : NET_READ;
	if (paused && session->greeting != SMTP_GREETING_SAID)
		greet(session);
	release(session);
	return session_leave(&session->base);
}

// A wake-up may come late, when no command waits.
static enum net_next smtp_wake(void *context, struct buf *out)
{
	struct smtp_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	if (session->base.next == NET_WAIT)
		go_on(session);
	return session_leave(&session->base);
}

static size_t smtp_memory(const void *context)
{
	const struct smtp_session *session = context;
	return sizeof(*session) + session->held.capacity +
	       (session->call ? session->call->arena.held : 0) +
	       smtp_transaction_memory(session);
}

// ---- Time ------------------------------------------------------------------

static uint32_t smtp_timeout(const void *context)
{
	const struct smtp_session *session = context;
	uint32_t seconds =
	    SMTP_LIMIT(session, command_seconds, COMMAND_SECONDS);
	if (session->base.next == NET_WAIT)
		seconds = SMTP_LIMIT(session, wait_seconds, WAIT_SECONDS);
	else if (!smtp_takes_lines(session))
		seconds = SMTP_LIMIT(session, data_seconds, DATA_SECONDS);
	return session_timeout(&session->base, seconds, seconds_max(session));
}

static uint32_t smtp_pause_ms(const void *context)
{
	const struct smtp_session *session = context;
	uint32_t login = session_pause_ms(&session->base);
	return login > 0 ? login : session->pause_ms;
}

// The last answer is a whole line, so it can follow anything (RFC 5321 section
// 3.8).
static void say_last(struct smtp_session *session, struct buf *out,
    const char *why, struct enhanced_status status, const char *text)
{
	if (session_enter(&session->base, out)) {
		release(session);
		smtp_hang_up(session, why, 421, status, text);
	}
	(void)session_leave(&session->base);
}

static void smtp_timed_out(void *context, struct buf *out)
{
	const struct smtp_session *session = context;
	if (session->base.next == NET_WAIT)
		say_last(context, out, "waited too long", ENHANCED(4, 3, 0),
		    "No answer is possible now, try again later");
	else
		say_last(context, out, "timeout", ENHANCED(4, 4, 2),
		    "No input for too long");
}

static void smtp_shut_down(void *context, struct buf *out)
{
	say_last(context, out, "server stops", ENHANCED(4, 3, 2),
	    "The server is shutting down");
}

const struct net_session_ops smtp_session_ops = {
    .protocol = "smtp",
    .start = smtp_start,
    .input = smtp_input,
    .resume = smtp_resume,
    .wake = smtp_wake,
    .tls_started = smtp_tls_started,
    .timeout = smtp_timeout,
    .owner = session_owner,
    .pause_ms = smtp_pause_ms,
    .spoke_early = smtp_spoke_early,
    .timed_out = smtp_timed_out,
    .shut_down = smtp_shut_down,
    .is_known = session_is_known,
    .memory = smtp_memory,
    .free = smtp_free,
};
