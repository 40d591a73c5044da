// SPDX-License-Identifier: Apache-2.0
// The functions that the network calls (net/session.h): greeting, input,
// timeouts, the last words. A session owns the account, the view and the
// running command. Between commands and in IDLE it holds no buffer.
#include "imap/session.h"

#include "base/mem.h"
#include "imap/capability.h"
#include "imap/impl.h"
#include "imap/login.h"
#include "imap/run.h"
#include "imap/trace.h"
#include "imap/view.h"

// In the middle of a response no line may begin: there the client only sees the
// connection end.
static bool is_amid_response(const struct imap_session *session)
{
	return session->base.next == NET_DRAIN &&
	       (session->command || session->mode == IMAP_MODE_IDLE);
}

static void imap_bye(struct session *base, struct view text)
{
	if (is_amid_response(imap_session_of(base)))
		return;
	buf_add_literal(base->out, "* BYE ");
	imap_write_text(base->out, text, imap_is_utf8(imap_session_of(base)));
	buf_add_literal(base->out, "\r\n");
}

static const struct session_kind kind = {
    .protocol = "imap",
    .scopes = AUTH_SCOPE_IMAP,
    .bye = imap_bye,
    .trace_said = imap_trace_said,
};

struct imap_session *imap_session_new(const struct imap_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct imap_session *session = mem_zalloc(sizeof(*session));
	session_init(&session->base, &kind, &server->base, peer, waker);
	session->server = server;
	imap_reader_init(&session->reader, &imap_limits_before_login);
	return session;
}

static void imap_free(void *context)
{
	struct imap_session *session = context;
	struct log_line line;
	session_log_begin(&session->base, &line, LOG_LEVEL_INFO, "imap_end");
	session_log_end(&session->base, &line);

	imap_run_abandon(session);
	imap_logged_out(session);
	imap_reader_done(&session->reader);
	session_done(&session->base);
	free(session);
}

void imap_unselect(struct imap_session *session)
{
	imap_view_close(&session->view);
}

// ---- Greeting --------------------------------------------------------------

static enum net_next imap_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct imap_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	session_keep_tls(&session->base, tls);
	buf_printf(out, "* %s [",
	    session_is_stranger(&session->base) ? "OK" : "PREAUTH");
	imap_capability_write(session, out);
	buf_printf(out, "] %s ready.\r\n", session->server->base.name);
	return session_leave(&session->base);
}

// There is no second greeting (RFC 9051 section 6.2.1).
static enum net_next imap_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct imap_session *session = context;
	if (session_enter(&session->base, out))
		session_keep_tls(&session->base, tls);
	return session_leave(&session->base);
}

// ---- Input -----------------------------------------------------------------

// Frees what nobody needs until the client sends something again.
static void put_away(struct imap_session *session)
{
	if (!session->command)
		imap_reader_release(&session->reader);
}

static enum net_next imap_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct imap_session *session = context;
	struct view rest = in;
	struct imap_event event;
	if (session_enter(&session->base, out))
		session_check_time(&session->base);
	while (session->base.next == NET_READ &&
	       imap_reader_next(&session->reader, &rest, &event) !=
		   IMAP_EVENT_MORE) {
		imap_run_event(session, &event, out);
		// Pipelined commands also pause between two commands. In IDLE a
		// pause means that not all news has been sent.
		if (session->mode != IMAP_MODE_IDLE)
			session_breathe(&session->base, rest.len > 0);
	}
	put_away(session);
	// What follows STARTTLS's line is never read (RFC 9051 section 6.2.1):
	// the network drops it.
	*ret_consumed = in.len - rest.len;
	return session_leave(&session->base);
}

static enum net_next imap_resume(void *context, struct buf *out)
{
	struct imap_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	session->base.next = NET_READ;
	if (session->command)
		imap_run_resume(session, out);
	else if (session->mode == IMAP_MODE_IDLE)
		imap_run_idle_news(session, out);
	put_away(session);
	return session_leave(&session->base);
}

// A wake may come late, when IDLE is over or nothing waits any more.
static enum net_next imap_wake(void *context, struct buf *out)
{
	struct imap_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	if (session->base.next == NET_WAIT) {
		session->base.next = NET_READ;
		imap_run_resume(session, out);
		put_away(session);
	} else if (session->mode == IMAP_MODE_IDLE) {
		imap_run_idle_news(session, out);
	}
	return session_leave(&session->base);
}

// The view is the store's, and shared.
static size_t imap_memory(const void *context)
{
	const struct imap_session *session = context;
	return sizeof(*session) + session->reader.text.capacity +
	       imap_run_memory(session);
}

// ---- The end ---------------------------------------------------------------

static uint32_t imap_timeout(const void *context)
{
	const struct imap_session *session = context;
	if (session->mode == IMAP_MODE_IDLE)
		return IMAP_TIMEOUT_IDLE_SECONDS;
	if (session_is_stranger(&session->base))
		return session_stranger_timeout(&session->base);
	return IMAP_TIMEOUT_SECONDS;
}

static void say_last(struct imap_session *session, struct buf *out,
    const char *why, const char *text)
{
	if (session_enter(&session->base, out))
		session_bye(&session->base, why, "%s", text);
	(void)session_leave(&session->base);
}

static uint32_t imap_pause_ms(const void *context)
{
	const struct imap_session *session = context;
	return session_pause_ms(&session->base);
}

static void imap_timed_out(void *context, struct buf *out)
{
	struct imap_session *session = context;
	char text[64];
	if (session_is_stranger(&session->base)) {
		say_last(
		    session, out, "login timeout", "Nobody logged in in time");
		return;
	}
	snprintf(text, sizeof(text), "Nothing was said for %u minutes",
	    imap_timeout(session) / 60);
	say_last(session, out, "idle timeout", text);
}

static void imap_shut_down(void *context, struct buf *out)
{
	say_last(context, out, "server stops", "The server is shutting down");
}

const struct net_session_ops imap_session_ops = {
    .protocol = "imap",
    .start = imap_start,
    .input = imap_input,
    .resume = imap_resume,
    .wake = imap_wake,
    .tls_started = imap_tls_started,
    .timeout = imap_timeout,
    .owner = session_owner,
    .pause_ms = imap_pause_ms,
    .timed_out = imap_timed_out,
    .shut_down = imap_shut_down,
    .is_known = session_is_known,
    .memory = imap_memory,
    .free = imap_free,
};
