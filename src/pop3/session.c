// SPDX-License-Identifier: Apache-2.0
// The calls of the network (net/session.h): greeting, lines, the end. A session
// owns the account, the maildrop and the running command. Between commands it
// holds no buffer: an unfinished line stays with the network.
#include "pop3/session.h"

#include "base/mem.h"
#include "pop3/login.h"
#include "pop3/run.h"

// POP3 has no message for the end of a session: a client would take a line that
// it did not ask for as the answer to its next command. So nothing is sent at a
// timeout (RFC 1939 section 3), or when the server stops.
static const struct session_kind kind = {
    .protocol = "pop3", .scopes = AUTH_SCOPE_POP3};

struct pop3_session *pop3_session_new(const struct pop3_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct pop3_session *session = mem_zalloc(sizeof(*session));
	session_init(&session->base, &kind, &server->base, peer, waker);
	session->server = server;
	return session;
}

static void pop3_free(void *context)
{
	struct pop3_session *session = context;
	struct log_line line;
	session_log_begin(&session->base, &line, LOG_LEVEL_INFO, "pop3_end");
	if (session->base.user) {
		log_add_u64(&line, "retrieved", session->retrieved);
		log_add_u64(&line, "deleted", session->deleted);
	}
	session_log_end(&session->base, &line);

	pop3_run_abandon(session);
	pop3_log_out(session);
	session_done(&session->base);
	free(session);
}

// The greeting has no timestamp in angle brackets, which would offer APOP (RFC
// 1939 section 7).
static enum net_next pop3_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct pop3_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	session_keep_tls(&session->base, tls);
	buf_printf(out, "+OK %s ready.\r\n", session->server->base.name);
	return session_leave(&session->base);
}

// There is no second greeting, and what the client said in clear text is
// forgotten (RFC 2595 section 4).
static enum net_next pop3_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct pop3_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	session_keep_tls(&session->base, tls);
	free(session->name);
	session->name = NULL;
	return session_leave(&session->base);
}

// ---- Input -----------------------------------------------------------------

// Removes a line from the front of `*in`, and the line end from the line.
// False: the line is not complete; or it is too long, which ends the session. A
// bare LF ends a line, too.
static bool take_line(
    struct pop3_session *session, struct view *in, struct view *ret_line)
{
	size_t max = session->command ? POP3_SASL_LINE_MAX : POP3_LINE_MAX;
	size_t end = view_find_char(view_slice(*in, 0, max), '\n');
	if (end == SIZE_MAX) {
		if (in->len >= max) {
			buf_add_literal(
			    session->base.out, "-ERR Line too long\r\n");
			session_close(&session->base, "line too long");
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

static enum net_next pop3_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct pop3_session *session = context;
	struct view rest = in, line;
	if (session_enter(&session->base, out))
		session_check_time(&session->base);
	while (session->base.next == NET_READ &&
	       take_line(session, &rest, &line)) {
		pop3_run_line(session, line, out);
		// Pipelined commands pause between each other, too.
		session_breathe(&session->base, rest.len > 0);
	}
	// Nothing after the line of STLS is read, now or later (RFC 2595
	// section 4): the network throws it away.
	*ret_consumed = in.len - rest.len;
	return session_leave(&session->base);
}

static enum net_next pop3_resume(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	session->base.next = NET_READ;
	if (session->command)
		pop3_run_resume(session, out);
	return session_leave(&session->base);
}

// A wake-up may come late, when no command waits.
static enum net_next pop3_wake(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	if (session->base.next == NET_WAIT) {
		session->base.next = NET_READ;
		pop3_run_resume(session, out);
	}
	return session_leave(&session->base);
}

// ---- The end ---------------------------------------------------------------

static uint32_t pop3_timeout(const void *context)
{
	const struct pop3_session *session = context;
	return session_is_stranger(&session->base)
		   ? session_stranger_timeout(&session->base)
		   : POP3_TIMEOUT_SECONDS;
}

static uint32_t pop3_pause_ms(const void *context)
{
	const struct pop3_session *session = context;
	return session_pause_ms(&session->base);
}

// Nothing is deleted (RFC 1939 section 3).
static void pop3_timed_out(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	(void)out;
	session_close(&session->base, session_is_stranger(&session->base)
					  ? "login timeout"
					  : "idle timeout");
}

static void pop3_shut_down(void *context, struct buf *out)
{
	struct pop3_session *session = context;
	(void)out;
	session_close(&session->base, "server stops");
}

const struct net_session_ops pop3_session_ops = {
    .protocol = "pop3",
    .start = pop3_start,
    .input = pop3_input,
    .resume = pop3_resume,
    .wake = pop3_wake,
    .tls_started = pop3_tls_started,
    .timeout = pop3_timeout,
    .owner = session_owner,
    .pause_ms = pop3_pause_ms,
    .timed_out = pop3_timed_out,
    .shut_down = pop3_shut_down,
    .is_known = session_is_known,
    .free = pop3_free,
};
