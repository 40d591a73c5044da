// SPDX-License-Identifier: Apache-2.0
// A session's life, and the calls of the network (net/session.h): greeting,
// lines, timeouts. It owns the account, the maildrop and the running command;
// between commands it holds no buffer: an unfinished line stays with the
// network.
#include "pop3/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pop3/login.h"
#include "pop3/run.h"
#include "pop3/trace.h"

struct pop3_session *pop3_session_new(const struct pop3_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct pop3_session *session = mem_zalloc(sizeof(*session));
	session->server = server;
	session->id = peer->session_id;
	session->peer_address = mem_strdup(peer->address);
	session->state = POP3_STATE_AUTHORIZATION;
	session->next = NET_READ;
	session->login_since_ms = clock_monotonic_ms();
	session->turn.wake = waker.wake;
	session->turn.context = waker.context;
	return session;
}

static void session_free(void *context)
{
	struct pop3_session *session = context;
	struct log_line line;
	log_begin(&line, session->server->log, LOG_LEVEL_INFO, "pop3-end");
	log_add_u64(&line, "session", session->id);
	if (session->user != NULL) {
		log_add_string(&line, "user", session->user);
		log_add_u64(&line, "retrieved", session->retrieved);
		log_add_u64(&line, "deleted", session->deleted);
	}
	log_add_string(&line, "why",
	    session->goodbye != NULL ? session->goodbye : "connection closed");
	log_end(&line);

	pop3_run_abandon(session);
	pop3_log_out(session);
	free(session->binding);
	free(session->peer_address);
	free(session);
}

// ---- Greeting --------------------------------------------------------------

static void keep_tls(
    struct pop3_session *session, const struct net_tls_info *tls)
{
	free(session->binding);
	session->binding = NULL;
	if (tls != NULL)
		session->binding =
		    auth_binding_new(view_of(tls->exporter, tls->exporter_len),
			view_of(tls->unique, tls->unique_len),
			view_of(tls->end_point, tls->end_point_len));
}

// Without a timestamp in angle brackets, which would offer APOP (RFC 1939
// section 7).
static enum net_next session_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct pop3_session *session = context;
	size_t begin = out->len;
	keep_tls(session, tls);
	buf_printf(out, "+OK %s ready.\r\n", session->server->name);
	pop3_trace_output(session, view_from(buf_view(out), begin), false);
	return NET_READ;
}

// No second greeting, and all that was said in clear text is forgotten (RFC
// 2595 section 4).
static enum net_next session_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct pop3_session *session = context;
	(void)out;
	keep_tls(session, tls);
	free(session->name);
	session->name = NULL;
	session->bad_count = 0;
	session->next = NET_READ;
	return NET_READ;
}

// ---- Input -----------------------------------------------------------------

// Seconds until a stranger's time is over, though it talk all the time.
static uint64_t stranger_seconds(const struct pop3_session *session)
{
	uint64_t stayed =
	    (clock_monotonic_ms() - session->login_since_ms) / 1000;
	return stayed < POP3_TIMEOUT_STRANGER_SECONDS
		   ? POP3_TIMEOUT_STRANGER_SECONDS - stayed
		   : 0;
}

// What has to end before anything is read.
static void refuse_strangers(
    struct pop3_session *session, struct view in, struct buf *out)
{
	if (session->state != POP3_STATE_AUTHORIZATION ||
	    session->next != NET_READ)
		return;
	if (stranger_seconds(session) == 0) {
		pop3_hang_up(session, "login timeout");
	} else if (session->waiting && in.len > POP3_PIPELINE_MAX_LOGIN) {
		buf_add_literal(out, "-ERR Too much was said before the login "
				     "was answered\r\n");
		pop3_hang_up(session, "too much at login");
	}
}

// Takes a line off the front of `*in`, its end off the line. False: it is not
// all there yet, or too long, which ends the session. A bare LF ends a line,
// too.
static bool take_line(struct pop3_session *session, struct view *in,
    struct buf *out, struct view *ret_line)
{
	size_t max = session->plain_line ? POP3_SASL_LINE_MAX : POP3_LINE_MAX;
	size_t end = view_find_char(view_slice(*in, 0, max), '\n');
	if (end == SIZE_MAX) {
		if (in->len >= max) {
			buf_add_literal(out, "-ERR Line too long\r\n");
			pop3_hang_up(session, "line too long");
		}
		return false;
	}
	struct view line = view_slice(*in, 0, end);
	if (view_ends_with(line, VIEW("\r")))
		line.len--;
	*in = view_from(*in, end + 1);
	*ret_line = line;
	return true;
}

static enum net_next session_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct pop3_session *session = context;
	struct view rest = in, line;
	refuse_strangers(session, in, out);
	while (session->next == NET_READ && !session->waiting &&
	       take_line(session, &rest, out, &line)) {
		pop3_run_line(session, line, out);
		// Pipelined commands pause between each other, too.
		if (session->next == NET_READ && out->len >= NET_OUTPUT_HIGH)
			session->next = NET_DRAIN;
	}
	// Nothing behind STLS's line is looked at, now or later (RFC 2595
	// section 4): the network throws it away.
	*ret_consumed = in.len - rest.len;
	return session->next;
}

static enum net_next session_resume(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	session->next = NET_READ;
	if (session->command != NULL)
		pop3_run_resume(session, out);
	return session->next;
}

static enum net_next session_wake(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	if (!session->waiting || session->next != NET_READ)
		return session->next;
	session->waiting = false;
	pop3_run_resume(session, out);
	return session->next;
}

// ---- The end ---------------------------------------------------------------

static uint32_t session_timeout(const void *context)
{
	const struct pop3_session *session = context;
	if (session->state != POP3_STATE_AUTHORIZATION)
		return POP3_TIMEOUT_SECONDS;
	uint64_t left = stranger_seconds(session);
	if (left == 0)
		return 1; // 0 would be for ever
	return left < POP3_TIMEOUT_LOGIN_SECONDS ? (uint32_t)left
						 : POP3_TIMEOUT_LOGIN_SECONDS;
}

// Nothing is said, and nothing deleted (RFC 1939 section 3).
static void session_timed_out(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	(void)out;
	pop3_hang_up(session, session->state == POP3_STATE_AUTHORIZATION
				  ? "login timeout"
				  : "idle timeout");
}

// POP3 has no word for it: what is said unasked would be taken for the answer
// to the next command.
static void session_shut_down(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	(void)out;
	pop3_hang_up(session, "server stops");
}

const struct net_session_ops pop3_session_ops = {
    .protocol = "pop3",
    .start = session_start,
    .input = session_input,
    .resume = session_resume,
    .wake = session_wake,
    .tls_started = session_tls_started,
    .timeout = session_timeout,
    .timed_out = session_timed_out,
    .shut_down = session_shut_down,
    .free = session_free,
};
