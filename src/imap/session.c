// SPDX-License-Identifier: Apache-2.0
// A session's life, and the calls of the network (net/session.h): greeting,
// input, timeouts, the last words. It owns the account, the view and the
// running command; between commands and in IDLE it holds no buffer.
#include "imap/session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "imap/capability.h"
#include "imap/imap.h"
#include "imap/login.h"
#include "imap/run.h"
#include "imap/trace.h"
#include "imap/view.h"

struct imap_session *imap_session_new(const struct imap_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct imap_session *session = mem_zalloc(sizeof(*session));
	session->server = server;
	session->waker = waker;
	session->id = peer->session_id;
	session->peer_address = mem_strdup(peer->address);
	session->state = IMAP_STATE_NOT_AUTHENTICATED;
	session->next = NET_READ;
	session->login_since_ms = clock_monotonic_ms();
	session->turn.wake = waker.wake;
	session->turn.context = waker.context;
	imap_reader_init(&session->reader, &imap_limits_before_login);
	return session;
}

static void session_free(void *context)
{
	struct imap_session *session = context;
	struct log_line line;
	log_begin(&line, session->server->log, LOG_LEVEL_INFO, "imap-end");
	log_add_u64(&line, "session", session->id);
	if (session->user != NULL)
		log_add_string(&line, "user", session->user);
	log_add_string(&line, "why",
	    session->goodbye != NULL ? session->goodbye : "connection closed");
	log_end(&line);

	imap_run_abandon(session);
	imap_logged_out(session);
	imap_reader_done(&session->reader);
	free(session->binding);
	free(session->peer_address);
	free(session);
}

void imap_unselect(struct imap_session *session)
{
	imap_view_close(&session->view);
	if (session->state == IMAP_STATE_SELECTED)
		session->state = IMAP_STATE_AUTHENTICATED;
}

// ---- Greeting --------------------------------------------------------------

static void keep_tls(
    struct imap_session *session, const struct net_tls_info *tls)
{
	free(session->binding);
	session->binding = NULL;
	if (tls != NULL)
		session->binding =
		    auth_binding_new(view_of(tls->exporter, tls->exporter_len),
			view_of(tls->unique, tls->unique_len),
			view_of(tls->end_point, tls->end_point_len));
}

static enum net_next session_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct imap_session *session = context;
	keep_tls(session, tls);
	bool known = session->state != IMAP_STATE_NOT_AUTHENTICATED;
	size_t begin = out->len;
	buf_printf(out, "* %s [", known ? "PREAUTH" : "OK");
	imap_capability_write(session, out);
	buf_printf(out, "] %s ready.\r\n", session->server->name);
	imap_trace_output(session, view_from(buf_view(out), begin));
	return NET_READ;
}

static enum net_next session_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct imap_session *session = context;
	(void)out; // no second greeting (RFC 9051 section 6.2.1)
	keep_tls(session, tls);
	session->bad_count = 0;
	session->next = NET_READ;
	return NET_READ;
}

// ---- Input -----------------------------------------------------------------

// Whether the session waits for the client to read, not to write.
static bool is_paused(const struct imap_session *session)
{
	return session->next != NET_READ;
}

// Frees what no one needs until the client says something again.
static void put_away(struct imap_session *session)
{
	if (session->command == NULL)
		imap_reader_release(&session->reader);
}

// When the network gives input, or a wake, after COMPRESS, it compresses.
static void note_compressing(struct imap_session *session)
{
	if (session->next == NET_COMPRESS)
		session->next = NET_READ;
}

// Seconds until a stranger's time is over, though it talk all the time.
static uint64_t stranger_seconds(const struct imap_session *session)
{
	uint64_t stayed =
	    (clock_monotonic_ms() - session->login_since_ms) / 1000;
	return stayed < IMAP_TIMEOUT_STRANGER_SECONDS
		   ? IMAP_TIMEOUT_STRANGER_SECONDS - stayed
		   : 0;
}

// What has to end before anything is read.
static void refuse_strangers(
    struct imap_session *session, struct view in, struct buf *out)
{
	if (session->state != IMAP_STATE_NOT_AUTHENTICATED ||
	    is_paused(session))
		return;
	if (stranger_seconds(session) == 0)
		imap_bye(
		    session, out, "login timeout", "Nobody logged in in time");
	else if (session->waiting && in.len > IMAP_PIPELINE_MAX_LOGIN)
		imap_bye(session, out, "too much at login",
		    "Too much was said before the login was answered");
}

static enum net_next session_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct imap_session *session = context;
	struct view rest = in;
	note_compressing(session);
	refuse_strangers(session, in, out);
	while (!is_paused(session) && !session->waiting) {
		size_t begin = out->len;
		struct imap_event event;
		if (imap_reader_next(&session->reader, &rest, &event) ==
		    IMAP_EVENT_MORE)
			break;
		imap_run_event(session, &event, out);
		imap_trace_output(session, view_from(buf_view(out), begin));
		// Pipelined commands pause between each other, too.
		if (!is_paused(session) && out->len >= NET_OUTPUT_HIGH)
			session->next = NET_DRAIN;
	}
	put_away(session);
	// Nothing behind STARTTLS's line is looked at, now or later (RFC 9051
	// section 6.2.1): the network throws it away.
	*ret_consumed = in.len - rest.len;
	return session->next;
}

static enum net_next session_resume(void *context, struct buf *out)
{
	struct imap_session *session = context;
	size_t begin = out->len;
	session->next = NET_READ;
	if (session->command != NULL)
		imap_run_resume(session, out);
	else if (session->idle_unsent)
		imap_run_idle_news(session, out);
	imap_trace_output(session, view_from(buf_view(out), begin));
	put_away(session);
	return session->next;
}

static enum net_next session_wake(void *context, struct buf *out)
{
	struct imap_session *session = context;
	note_compressing(session);
	size_t begin = out->len;
	if (session->waiting && !is_paused(session)) {
		session->waiting = false;
		imap_run_resume(session, out);
		imap_trace_output(session, view_from(buf_view(out), begin));
		put_away(session);
		return session->next;
	}
	// A wake may come late, when IDLE is over; and while its last news are
	// being sent, the next come with them.
	if (session->idle_tag == NULL || is_paused(session))
		return session->next;
	imap_run_idle_news(session, out);
	imap_trace_output(session, view_from(buf_view(out), begin));
	return session->next;
}

// ---- The end ---------------------------------------------------------------

static uint32_t stranger_timeout(const struct imap_session *session)
{
	uint64_t left = stranger_seconds(session);
	if (left == 0)
		return 1; // 0 would be for ever
	return left < IMAP_TIMEOUT_LOGIN_SECONDS ? (uint32_t)left
						 : IMAP_TIMEOUT_LOGIN_SECONDS;
}

static uint32_t session_timeout(const void *context)
{
	const struct imap_session *session = context;
	if (session->idle_tag != NULL)
		return IMAP_TIMEOUT_IDLE_SECONDS;
	if (session->state == IMAP_STATE_NOT_AUTHENTICATED)
		return stranger_timeout(session);
	return IMAP_TIMEOUT_SECONDS;
}

// In the middle of a response no line may begin; the connection's end has to
// say it all.
static bool is_amid_response(const struct imap_session *session)
{
	return is_paused(session) &&
	       (session->command != NULL || session->idle_unsent);
}

static void session_timed_out(void *context, struct buf *out)
{
	struct imap_session *session = context;
	if (is_amid_response(session))
		return;
	size_t begin = out->len;
	if (session->state == IMAP_STATE_NOT_AUTHENTICATED)
		imap_bye(
		    session, out, "login timeout", "Nobody logged in in time");
	else
		imap_bye(session, out, "idle timeout",
		    "Nothing was said for %u minutes",
		    session_timeout(session) / 60);
	imap_trace_output(session, view_from(buf_view(out), begin));
}

static void session_shut_down(void *context, struct buf *out)
{
	struct imap_session *session = context;
	if (!is_amid_response(session))
		imap_bye(session, out, "server stops",
		    "The server is shutting down");
}

const struct net_session_ops imap_session_ops = {
    .protocol = "imap",
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
