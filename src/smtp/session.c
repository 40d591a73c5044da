// SPDX-License-Identifier: Apache-2.0
// A session's life, and the calls of the network (net/session.h): greeting,
// lines out of the input, time, the last words. It owns all that smtp.h says it
// does; between commands it holds no buffer.
#include "smtp/session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "smtp/commands.h"
#include "smtp/tls.h"
#include "smtp/trace.h"
#include "smtp/transaction.h"

#define RECIPIENTS_MAX  1000u
#define MESSAGES_MAX    1000u
#define COMMAND_SECONDS 300u // RFC 5321 section 4.5.3.2.7
#define DATA_SECONDS    180u // RFC 5321 section 4.5.3.2.5
#define SESSION_SECONDS 3600u
#define HOLD_SECONDS    (30u * 24 * 3600)
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

uint32_t smtp_limit_hold(const struct smtp_session *session)
{
	return SMTP_LIMIT(session, hold_seconds, HOLD_SECONDS);
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
	log_begin(line, session->server->log, level, event);
	log_add_u64(line, "session", session->id);
	log_add_string(line, "role", smtp_role_name(session->server->role));
	if (session->user != NULL)
		log_add_string(line, "user", session->user->name.text);
}

struct smtp_session *smtp_session_new(const struct smtp_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct smtp_session *session = mem_zalloc(sizeof(*session));
	session->server = server;
	session->id = peer->session_id;
	session->peer_address = mem_strdup(peer->address);
	session->turn.wake = waker.wake;
	session->turn.context = waker.context;
	session->next = NET_READ;
	session->since_ms = clock_monotonic_ms();
	buf_init(&session->held, HELD_MAX);
	return session;
}

static void session_free(void *context)
{
	struct smtp_session *session = context;
	struct log_line line;
	smtp_log_begin(session, &line, LOG_LEVEL_INFO, "smtp-end");
	log_add_u64(&line, "messages", session->messages);
	log_add_string(&line, "why",
	    session->goodbye != NULL ? session->goodbye : "connection closed");
	log_end(&line);

	smtp_auth_abandon(session);
	smtp_transaction_drop(session);
	buf_done(&session->held);
	free(session->user);
	free(session->tls);
	free(session->binding);
	free(session->helo);
	free(session->peer_address);
	free(session);
}

// ---- Greeting --------------------------------------------------------------

static void keep_tls(
    struct smtp_session *session, const struct net_tls_info *tls)
{
	free(session->tls);
	free(session->binding);
	session->tls = smtp_tls_new(tls);
	session->binding = NULL;
	if (tls != NULL && session->server->role == SMTP_ROLE_SUBMISSION)
		session->binding =
		    auth_binding_new(view_of(tls->exporter, tls->exporter_len),
			view_of(tls->unique, tls->unique_len),
			view_of(tls->end_point, tls->end_point_len));
}

// RFC 5321 section 4.3.1; who speaks before it is a program that does not
// listen. No enhanced codes: RFC 2034 section 4.
static void greet(struct smtp_session *session)
{
	size_t begin = session->out->len;
	session->greeted = true;
	if (session->spoke_early)
		smtp_hang_up(session, "spoke before the greeting", 554,
		    ENHANCED_NONE, "You have to listen first");
	else
		smtp_answer(session, 220, ENHANCED_NONE, "%s %s",
		    session->server->name,
		    smtp_is_lmtp(session) ? "LMTP" : "ESMTP");
	session->code = 0;
	smtp_trace_output(session, view_from(buf_view(session->out), begin));
}

static enum net_next session_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct smtp_session *session = context;
	session->out = out;
	keep_tls(session, tls);
	session->pause_ms = session->server->limits.greeting_ms;
	if (session->pause_ms > 0)
		session->next = NET_PAUSE;
	else
		greet(session);
	session->out = NULL;
	return session->next;
}

static void session_spoke_early(void *context)
{
	struct smtp_session *session = context;
	session->spoke_early = true;
}

static enum net_next session_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct smtp_session *session = context;
	(void)out; // no second greeting (RFC 3207 section 4.2)
	keep_tls(session, tls);
	session->scanned = 0;
	session->next = NET_READ;
	return NET_READ;
}

// ---- Input -----------------------------------------------------------------

// One step; false when it needs more input.
static bool take(struct smtp_session *session, struct view *input)
{
	switch (session->mode) {
	case SMTP_MODE_LINES:
	case SMTP_MODE_SASL: return smtp_line_take(session, input);
	case SMTP_MODE_WAIT: return false;
	case SMTP_MODE_DATA: return smtp_data_take(session, input);
	case SMTP_MODE_CHUNK: return smtp_chunk_take(session, input);
	}
	return false;
}

// Seconds until the session's time is over, though it talk all the time.
static uint32_t seconds_left(const struct smtp_session *session)
{
	uint32_t max = SMTP_LIMIT(session, session_seconds, SESSION_SECONDS);
	uint64_t stayed = (clock_monotonic_ms() - session->since_ms) / 1000;
	return stayed < max ? max - (uint32_t)stayed : 0;
}

// What has to end before anything is read.
static void refuse_late(struct smtp_session *session, size_t waiting)
{
	size_t begin = session->out->len;
	if (seconds_left(session) == 0)
		smtp_hang_up(session, "session timeout", 421, ENHANCED(4, 4, 2),
		    "This takes too long");
	else if (session->mode == SMTP_MODE_WAIT &&
		 waiting > SMTP_AUTH_PIPELINE_MAX)
		smtp_hang_up(session, "pipelining", 554, ENHANCED(5, 5, 0),
		    "Too much was said before the login was answered");
	smtp_trace_output(session, view_from(buf_view(session->out), begin));
}

static enum net_next session_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct smtp_session *session = context;
	struct view rest = in;
	session->out = out;
	refuse_late(session, in.len);
	while (session->next == NET_READ) {
		size_t begin = out->len;
		if (!take(session, &rest))
			break;
		smtp_settle(session, begin);
		if (session->next == NET_READ && out->len >= NET_OUTPUT_HIGH)
			session->next = NET_DRAIN;
	}
	*ret_consumed = in.len - rest.len;
	session->out = NULL;
	return session->next;
}

// Says what was held back.
static void release(struct smtp_session *session, struct buf *out)
{
	buf_add(out, buf_view(&session->held));
	buf_done(&session->held);
	buf_init(&session->held, HELD_MAX);
	session->pause_ms = 0;
}

static enum net_next session_resume(void *context, struct buf *out)
{
	struct smtp_session *session = context;
	bool paused = session->next == NET_PAUSE;
	// What was held back may be the last word.
	session->next = session->goodbye != NULL ? NET_CLOSE : NET_READ;
	session->out = out;
	if (paused && !session->greeted)
		greet(session);
	release(session, out);
	session->out = NULL;
	return session->next;
}

static enum net_next session_wake(void *context, struct buf *out)
{
	struct smtp_session *session = context;
	// A wake may come late, when the exchange is over.
	if (session->mode != SMTP_MODE_WAIT || session->next != NET_READ)
		return session->next;
	session->out = out;
	size_t begin = out->len;
	smtp_auth_wake(session);
	smtp_settle(session, begin);
	session->out = NULL;
	return session->next;
}

// ---- Time ------------------------------------------------------------------

static uint32_t session_timeout(const void *context)
{
	const struct smtp_session *session = context;
	bool data =
	    session->mode == SMTP_MODE_DATA || session->mode == SMTP_MODE_CHUNK;
	uint32_t seconds =
	    data ? SMTP_LIMIT(session, data_seconds, DATA_SECONDS)
		 : SMTP_LIMIT(session, command_seconds, COMMAND_SECONDS);
	uint32_t left = seconds_left(session);
	if (left == 0)
		return 1; // 0 would be for ever
	return left < seconds ? left : seconds;
}

static uint32_t session_pause_ms(const void *context)
{
	const struct smtp_session *session = context;
	return session->pause_ms;
}

static void say_last(struct smtp_session *session, struct buf *out,
    const char *why, struct enhanced_status status, const char *text)
{
	session->out = out;
	release(session, out);
	size_t begin = out->len;
	smtp_hang_up(session, why, 421, status, text);
	smtp_trace_output(session, view_from(buf_view(out), begin));
	session->out = NULL;
}

static void session_timed_out(void *context, struct buf *out)
{
	say_last(context, out, "timeout", ENHANCED(4, 4, 2),
	    "Nothing was said for too long");
}

// Answers are whole lines: the last one fits anywhere (RFC 5321 section 3.8).
static void session_shut_down(void *context, struct buf *out)
{
	say_last(context, out, "server stops", ENHANCED(4, 3, 2),
	    "The server is shutting down");
}

const struct net_session_ops smtp_session_ops = {
    .protocol = "smtp",
    .start = session_start,
    .input = session_input,
    .resume = session_resume,
    .wake = session_wake,
    .tls_started = session_tls_started,
    .timeout = session_timeout,
    .pause_ms = session_pause_ms,
    .spoke_early = session_spoke_early,
    .timed_out = session_timed_out,
    .shut_down = session_shut_down,
    .free = session_free,
};
