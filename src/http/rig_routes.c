// SPDX-License-Identifier: Apache-2.0
#include "http/rig_routes.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/websocket.h"

unsigned rig_running;

static bool news;

struct waiting {
	struct net_waker waker;
	struct waiting *next;
	uint32_t ping_ms;
	bool news;
};

static struct waiting *waiting;

static enum http_step hello(struct http_exchange *exchange)
{
	return http_answer(exchange, 200, "text/plain", VIEW("hello"));
}

static enum http_step echo(struct http_exchange *exchange)
{
	return http_answer(exchange, 200, "text/plain", exchange->request.body);
}

// ---- In pieces -------------------------------------------------------------

static enum http_step up_resume(struct http_exchange *exchange)
{
	char text[32];
	size_t *total = exchange->state;
	*total += exchange->piece.len;
	if (!exchange->last)
		return HTTP_INPUT;
	int len = snprintf(text, sizeof(text), "%zu bytes", *total);
	return http_answer(
	    exchange, 200, "text/plain", view_of(text, (size_t)len));
}

static enum http_step up_begin(struct http_exchange *exchange)
{
	rig_running++;
	exchange->state = arena_zalloc(&exchange->arena, sizeof(size_t));
	return HTTP_INPUT;
}

static enum http_step count_resume(struct http_exchange *exchange)
{
	uint32_t *left = exchange->state;
	while (*left > 0 && !http_is_full(exchange)) {
		http_add_body(exchange, VIEW("line\n"));
		--*left;
	}
	return *left > 0 ? HTTP_MORE : HTTP_DONE;
}

static enum http_step count_begin(struct http_exchange *exchange)
{
	struct view text;
	rig_running++;
	exchange->state = arena_zalloc(&exchange->arena, sizeof(uint32_t));
	if (!http_query(exchange, "n", &text) ||
	    !view_to_u32(text, exchange->state))
		return http_status(exchange, 400);
	http_stream(exchange, HTTP_LENGTH_UNKNOWN);
	return count_resume(exchange);
}

static enum http_step cut_begin(struct http_exchange *exchange)
{
	rig_running++;
	http_stream(exchange, 1000);
	http_add_body(exchange, VIEW("not all"));
	return HTTP_CUT;
}

static void run_end(struct http_exchange *exchange)
{
	(void)exchange;
	rig_running--;
}

// ---- Waiting ---------------------------------------------------------------

static enum http_step wait_resume(struct http_exchange *exchange)
{
	return news ? http_answer(exchange, 200, "text/plain", VIEW("news"))
		    : HTTP_WAIT;
}

static void begin_waiting(struct http_exchange *exchange, struct waiting *own)
{
	rig_running++;
	news = false;
	own->waker = http_waker(exchange);
	own->next = waiting;
	waiting = own;
	exchange->state = own;
}

static enum http_step wait_begin(struct http_exchange *exchange)
{
	begin_waiting(
	    exchange, arena_zalloc(&exchange->arena, sizeof(struct waiting)));
	return HTTP_WAIT;
}

static void plan_ping(struct http_exchange *exchange)
{
	const struct waiting *own = exchange->state;
	if (own->ping_ms > 0)
		http_wake_at(exchange, clock_monotonic_ms() + own->ping_ms);
}

static enum http_step events_begin(struct http_exchange *exchange)
{
	struct view text;
	struct waiting *own = arena_zalloc(&exchange->arena, sizeof(*own));
	begin_waiting(exchange, own);
	if (http_query(exchange, "ping", &text) &&
	    !view_to_u32(text, &own->ping_ms))
		return http_status(exchange, 400);
	http_stream(exchange, HTTP_LENGTH_UNKNOWN);
	http_add_body(exchange, VIEW("hello\n"));
	plan_ping(exchange);
	return HTTP_WAIT;
}

static enum http_step events_resume(struct http_exchange *exchange)
{
	struct waiting *own = exchange->state;
	http_add_body(exchange, own->news ? VIEW("news\n") : VIEW("ping\n"));
	own->news = false;
	plan_ping(exchange);
	return HTTP_WAIT;
}

static void wait_end(struct http_exchange *exchange)
{
	struct waiting **at = &waiting;
	while (*at != exchange->state)
		at = &(*at)->next;
	*at = (*at)->next;
	rig_running--;
}

void rig_news_arrive(void)
{
	news = true;
	for (struct waiting *w = waiting; w; w = w->next) {
		w->news = true;
		w->waker.wake(w->waker.context);
	}
}

// ---- WebSockets ------------------------------------------------------------
//
// Each message is sent back, but:
//
//	close  is answered by a close with code 4000
//	done   ends it in order, "cut" without a word
//	many   is answered by three messages, by and by
//	long   is answered by 300,000 bytes
//
// rig_news_arrive() sends "news".

struct chat {
	struct waiting waiting; // first
	unsigned left;
};

static enum http_step socket_message(
    struct http_exchange *exchange, struct view bytes, bool text)
{
	struct chat *chat = exchange->state;
	if (view_eq(bytes, VIEW("close"))) {
		http_websocket_close(exchange, 4000, "as you say");
		return HTTP_DONE;
	}
	if (view_eq(bytes, VIEW("done")))
		return HTTP_DONE;
	if (view_eq(bytes, VIEW("cut")))
		return HTTP_CUT;
	if (view_eq(bytes, VIEW("many"))) {
		chat->left = 3;
		return HTTP_MORE;
	}
	if (view_eq(bytes, VIEW("long"))) {
		char *much = mem_zalloc(300000);
		http_websocket_send(exchange, view_of(much, 300000), false);
		free(much);
		return HTTP_WAIT;
	}
	http_websocket_send(exchange, bytes, text);
	return HTTP_WAIT;
}

static enum http_step socket_resume(struct http_exchange *exchange)
{
	struct chat *chat = exchange->state;
	if (chat->left > 0) {
		chat->left--;
		http_websocket_send(exchange, VIEW("one of many"), true);
	} else if (chat->waiting.news) {
		chat->waiting.news = false;
		http_websocket_send(exchange, VIEW("news"), true);
	}
	return chat->left > 0 ? HTTP_MORE : HTTP_WAIT;
}

static enum http_step socket_begin(struct http_exchange *exchange)
{
	struct chat *chat = arena_zalloc(&exchange->arena, sizeof(*chat));
	begin_waiting(exchange, &chat->waiting);
	return exchange->request.query.len > 0 ? http_status(exchange, 401)
					       : HTTP_WEBSOCKET;
}

static bool accepts_friend(struct http_exchange *exchange, struct view origin)
{
	(void)exchange;
	return view_eq(origin, VIEW("https://friend.example"));
}

static const struct http_websocket socket = {
    .message_max = 400000,
    .message = socket_message,
};

static const char *const chat_protocols[] = {"best", "good", NULL};

static const struct http_websocket chat = {
    .protocols = chat_protocols,
    .accepts_origin = accepts_friend,
    .message = socket_message,
};

// ---- The table -------------------------------------------------------------

const struct http_route rig_routes[] = {
    {.methods = HTTP_GET, .path = "/hello", .begin = hello},
    {.methods = HTTP_POST, .path = "/echo", .body_max = 100, .begin = echo},
    {.methods = HTTP_POST,
	.path = "/up",
	.flags = HTTP_ROUTE_STREAMS,
	.body_max = 1000000,
	.begin = up_begin,
	.resume = up_resume,
	.end = run_end},
    {.methods = HTTP_GET,
	.path = "/count",
	.begin = count_begin,
	.resume = count_resume,
	.end = run_end},
    {.methods = HTTP_GET,
	.path = "/wait",
	.begin = wait_begin,
	.resume = wait_resume,
	.end = wait_end},
    {.methods = HTTP_GET,
	.path = "/events",
	.begin = events_begin,
	.resume = events_resume,
	.end = wait_end},
    {.methods = HTTP_GET,
	.path = "/socket",
	.begin = socket_begin,
	.resume = socket_resume,
	.end = wait_end,
	.websocket = &socket},
    {.methods = HTTP_GET,
	.path = "/chat",
	.begin = socket_begin,
	.resume = socket_resume,
	.end = wait_end,
	.websocket = &chat},
    {.methods = HTTP_POST,
	.path = "/cut",
	.body_max = 10,
	.begin = cut_begin,
	.end = run_end},
};
const size_t rig_route_count = ARRAY_LEN(rig_routes);
