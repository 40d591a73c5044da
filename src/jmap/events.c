// SPDX-License-Identifier: Apache-2.0
#include "jmap/events.h"

#include "base/clock.h"
#include "http/authorize.h"
#include "jmap/impl.h"
#include "jmap/watch.h"

// Without pings, a comment says so often that the stream is there, so that a
// client that has vanished is found.
#define COMMENT_SECONDS 300

#define EVENT_MAX ((size_t)4096)

struct events {
	struct http_login login;
	struct auth_user user;
	struct jmap_watch watch;
	bool open;        // the stream was begun
	unsigned types;   // that the client wants
	bool close_after; // it ends after a state event
	uint32_t ping;    // seconds; 0: none
	uint64_t ping_ms; // when the next one is due
};

// ---- What the client asks for ----------------------------------------------

static bool read_types(struct view names, unsigned *ret_types)
{
	struct view name;
	if (view_eq(names, VIEW("*"))) {
		*ret_types = JMAP_PUSH_ALL;
		return true;
	}
	*ret_types = 0;
	bool any = false;
	while (view_split(&names, ',', &name)) {
		any |= name.len > 0;
		*ret_types |= jmap_push_type_named(name);
	}
	return any;
}

// A parameter that is missing has the value that most clients want. False: one
// is wrong.
static bool read_query(struct http_exchange *exchange)
{
	struct events *events = exchange->state;
	struct view text;
	events->types = JMAP_PUSH_ALL;
	if (http_query(exchange, "types", &text) &&
	    !read_types(text, &events->types))
		return false;
	if (http_query(exchange, "closeafter", &text)) {
		events->close_after = view_eq(text, VIEW("state"));
		if (!events->close_after && !view_eq(text, VIEW("no")))
			return false;
	}
	if (http_query(exchange, "ping", &text) &&
	    !view_to_u32(text, &events->ping))
		return false;
	if (events->ping > JMAP_EVENTS_PING_MAX)
		events->ping = JMAP_EVENTS_PING_MAX;
	return true;
}

// ---- Events ----------------------------------------------------------------

static void plan_ping(struct http_exchange *exchange)
{
	struct events *events = exchange->state;
	uint32_t seconds = events->ping > 0 ? events->ping : COMMENT_SECONDS;
	events->ping_ms = clock_monotonic_ms() + seconds * UINT64_C(1000);
	http_wake_at(exchange, events->ping_ms);
}

static void add_ping(struct http_exchange *exchange)
{
	const struct events *events = exchange->state;
	char text[80];
	if (clock_monotonic_ms() < events->ping_ms)
		return;
	int len =
	    events->ping > 0
		? snprintf(text, sizeof(text),
		      "event: ping\ndata: {\"interval\":%u}\n\n", events->ping)
		: snprintf(text, sizeof(text), ":\n\n");
	http_add_body(exchange, view_of(text, (size_t)len));
	plan_ping(exchange);
}

// The id is that of everything up to this event.
static void add_state(struct http_exchange *exchange, unsigned changed)
{
	const struct events *events = exchange->state;
	struct buf text;
	struct json_text json;
	buf_init(&text, EVENT_MAX);
	buf_printf(&text, "event: state\nid: %llu\ndata: ",
	    (unsigned long long)events->watch.version);
	json_text_init(&json, &text);
	json_begin_object(&json);
	jmap_state_change_write(
	    &json, events->user.account, changed, events->watch.version);
	json_end_object(&json);
	buf_add_literal(&text, "\n\n");
	http_add_body(exchange, buf_view(&text));
	buf_done(&text);
	plan_ping(exchange);
}

// Tells what is new. A client that is interested reads again after the end.
static enum http_step tell(struct http_exchange *exchange)
{
	struct events *events = exchange->state;
	unsigned changed;
	if (http_is_full(exchange))
		return HTTP_MORE;
	if (jmap_watch_take(&events->watch, events->types, &changed) != RC_OK)
		return HTTP_DONE;
	if (changed)
		add_state(exchange, changed);
	else
		add_ping(exchange);
	return changed && events->close_after ? HTTP_DONE : HTTP_WAIT;
}

// The first id comes at once, so that a client whose connection breaks before
// the first event misses nothing, either.
static enum http_step open_stream(struct http_exchange *exchange)
{
	struct events *events = exchange->state;
	const struct jmap *jmap = exchange->context;
	struct fault fault;
	char text[40];
	if (!read_query(exchange))
		return http_status(exchange, 400);
	if (jmap_watch_open(&events->watch, jmap->options.store,
		events->user.account,
		http_field(&exchange->request, "last-event-id"),
		http_waker(exchange), &fault) != RC_OK)
		return http_status(exchange, 503);
	events->open = true;
	http_set_field(exchange, "Content-Type", VIEW("text/event-stream"));
	// Proxies that collect answers do not collect this one.
	http_set_field(exchange, "X-Accel-Buffering", VIEW("no"));
	http_stream(exchange, HTTP_LENGTH_UNKNOWN);
	int len = snprintf(text, sizeof(text), "id: %llu\n\n",
	    (unsigned long long)events->watch.version);
	http_add_body(exchange, view_of(text, (size_t)len));
	plan_ping(exchange);
	return tell(exchange);
}

// ---- The handler -----------------------------------------------------------

enum http_step jmap_events_resume(struct http_exchange *exchange)
{
	struct events *events = exchange->state;
	if (events->open)
		return tell(exchange);
	switch (http_authorize(exchange, &events->login, &events->user)) {
	case HTTP_LOGIN_OK: return open_stream(exchange);
	case HTTP_LOGIN_WAIT: return HTTP_WAIT;
	case HTTP_LOGIN_REFUSED: break;
	}
	return HTTP_DONE;
}

enum http_step jmap_events_begin(struct http_exchange *exchange)
{
	exchange->state = arena_zalloc(&exchange->arena, sizeof(struct events));
	return jmap_events_resume(exchange);
}

void jmap_events_end(struct http_exchange *exchange)
{
	struct events *events = exchange->state;
	http_login_end(exchange, &events->login);
	jmap_watch_close(&events->watch);
}
