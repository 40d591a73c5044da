// SPDX-License-Identifier: Apache-2.0
// The calls of the network (net/session.h), for both versions.
#include "http/session.h"

#include "base/clock.h"
#include "http/impl.h"

const struct http_limits http_limits_default = {
    .head_bytes = 32 * 1024,
    .fields = 100,
    .head_seconds = 20,
    .body_seconds = 30,
    .rate_min = 500,
    .idle_seconds = 60,
    .handler_seconds = 60,
    .send_seconds = 30,
    .requests = 10000,
    .streams = 100,
    .body_held = 32 * 1024 * 1024,
    .nuisance = 500,
    .ping_seconds = 60,
    .message_bytes = 10 * 1024 * 1024,
    .hsts_seconds = 31536000,
};

// Bodies may hold passwords, and fields do. What is traced is the request's
// first line and the answer's status.
static void trace_nothing(struct session *session, struct view said)
{
	(void)session, (void)said;
}

// HTTP/1.1 has words for the end of a WebSocket only.
static void say_bye(struct session *session, struct view text)
{
	(void)text;
	struct http_session *http = (struct http_session *)session;
	if (http->h2)
		h2_bye(http);
	else
		h1_bye(http);
}

static const struct session_kind kind = {
    .bye = say_bye,
    .protocol = "http",
    // Handlers for something else set it in their channel.
    .scopes = AUTH_SCOPE_JMAP,
    .trace_said = trace_nothing,
};

struct http_session *http_session_new(const struct http_server *server,
    const struct net_peer *peer, struct net_waker waker)
{
	struct http_session *session = mem_zalloc(sizeof(*session));
	session_init(&session->base, &kind, &server->base, peer, waker);
	session->server = server;
	return session;
}

static void http_free(void *context)
{
	struct http_session *session = context;
	struct log_line line;
	session_log_begin(&session->base, &line, LOG_LEVEL_INFO, "http_end");
	log_add_string(&line, "version", session->h2 ? "2" : "1.1");
	log_add_u64(&line, "requests", session->requests);
	session_log_end(&session->base, &line);
	h1_done(session);
	h2_done(session);
	session_done(&session->base);
	free(session->server_name);
	free(session);
}

// ---- Time ------------------------------------------------------------------

void http_pace_begin(struct http_session *session, const char *what,
    uint32_t seconds, uint64_t bytes)
{
	session->pace = (struct http_pace){
	    .since_ms = clock_monotonic_ms(),
	    .seconds = seconds,
	    .bytes = bytes,
	    .what = what,
	};
}

void http_pace_add(struct http_session *session, uint64_t bytes)
{
	session->pace.bytes += bytes;
}

void http_pace_end(struct http_session *session)
{
	session->pace.since_ms = 0;
}

static uint64_t http_end_ms(const void *context)
{
	const struct http_session *session = context;
	const struct http_pace *pace = &session->pace;
	uint32_t rate = session->server->limits.rate_min;
	if (pace->since_ms == 0 || pace->seconds == 0 || rate == 0)
		return 0;
	return pace->since_ms + (uint64_t)pace->seconds * 1000 +
	       pace->bytes / rate * 1000;
}

static uint32_t http_timeout(const void *context)
{
	const struct http_session *session = context;
	// HTTP/2 has always something to wait for, with a time of its own.
	return session->h2 ? 0 : h1_timeout(session);
}

static uint64_t http_wake_ms(const void *context)
{
	const struct http_session *session = context;
	return session->h2 ? h2_alarm_ms(session) : h1_alarm_ms(session);
}

// ---- The calls -------------------------------------------------------------

static enum net_next http_start(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	struct http_session *session = context;
	if (!session_enter(&session->base, out))
		return session_leave(&session->base);
	session_keep_tls(&session->base, tls);
	if (tls)
		session->server_name = mem_strdup(tls->server_name);
	http_pace_begin(session, "no request came",
	    session->server->limits.head_seconds, 0);
	// Without TLS there is no HTTP/2: what is served there is short.
	if (tls && strcmp(tls->protocol, "h2") == 0)
		h2_start(session);
	return session_leave(&session->base);
}

// There is no STARTTLS in HTTP.
static enum net_next http_tls_started(
    void *context, const struct net_tls_info *tls, struct buf *out)
{
	return http_start(context, tls, out);
}

static enum net_next http_input(
    void *context, struct view in, struct buf *out, size_t *ret_consumed)
{
	struct http_session *session = context;
	*ret_consumed = 0;
	if (session_enter(&session->base, out))
		*ret_consumed =
		    session->h2 ? h2_input(session, in) : h1_input(session, in);
	return session_leave(&session->base);
}

static enum net_next http_resume(void *context, struct buf *out)
{
	struct http_session *session = context;
	if (session_enter(&session->base, out)) {
		if (session->h2)
			h2_resume(session);
		else
			h1_resume(session);
	}
	return session_leave(&session->base);
}

static enum net_next http_wake(void *context, struct buf *out)
{
	struct http_session *session = context;
	if (session_enter(&session->base, out)) {
		if (session->h2)
			h2_resume(session);
		else
			h1_wake(session);
	}
	return session_leave(&session->base);
}

// ---- The end ---------------------------------------------------------------

static void http_timed_out(void *context, struct buf *out)
{
	struct http_session *session = context;
	const char *why =
	    session->pace.since_ms > 0 ? session->pace.what : "idle timeout";
	session->base.out = out;
	session->base.traced = out->len;
	if (session->h2)
		h2_bye(session);
	else
		h1_timed_out(session);
	session_close(&session->base, why);
	// For the last words.
	http_pace_begin(session, why, session->server->limits.send_seconds,
	    session->base.out->len);
	(void)session_leave(&session->base);
}

static void http_shut_down(void *context, struct buf *out)
{
	struct http_session *session = context;
	session->base.out = out;
	session->base.traced = out->len;
	say_bye(&session->base, VIEW(""));
	session_close(&session->base, "server stops");
	(void)session_leave(&session->base);
}

static size_t http_memory(const void *context)
{
	const struct http_session *session = context;
	return sizeof(*session) + h1_memory(session) + h2_memory(session);
}

const struct net_session_ops http_session_ops = {
    .protocol = "http",
    .start = http_start,
    .input = http_input,
    .resume = http_resume,
    .wake = http_wake,
    .tls_started = http_tls_started,
    .timeout = http_timeout,
    .end_ms = http_end_ms,
    .wake_ms = http_wake_ms,
    .owner = session_owner,
    .pause_ms = NULL,
    .timed_out = http_timed_out,
    .shut_down = http_shut_down,
    .is_known = session_is_known,
    .memory = http_memory,
    .free = http_free,
};
