// SPDX-License-Identifier: Apache-2.0
// One request and its answer: the body is collected, the handler called.
// Nothing here knows the version of HTTP.
#include "base/clock.h"
#include "http/impl.h"

struct exchange *exchange_new(struct http_session *session)
{
	struct exchange *exchange = mem_zalloc(sizeof(*exchange));
	exchange->session = session;
	exchange->began_ms = clock_coarse_ms();
	arena_init(&exchange->shown.arena);
	buf_init(&exchange->body, 0);
	answer_init(&exchange->answer);
	return exchange;
}

// The handler has nothing more to say.
static void end_handler(struct exchange *exchange)
{
	if (exchange->begun && exchange->route->end)
		exchange->route->end(&exchange->shown);
	exchange->begun = false;
}

void exchange_free(struct exchange **ret_exchange)
{
	struct exchange *exchange = *ret_exchange;
	if (!exchange)
		return;
	end_handler(exchange);
	websocket_free(&exchange->websocket);
	answer_done(&exchange->answer);
	// A body and the fields may hold a password.
	buf_done_secret(&exchange->body);
	arena_done_secret(&exchange->shown.arena);
	free(exchange);
	*ret_exchange = NULL;
}

void exchange_refuse(struct exchange *exchange, unsigned status)
{
	if (exchange->answer.ready) { // another answer is on its way
		exchange->phase = EXCHANGE_CUT;
		return;
	}
	end_handler(exchange);
	exchange->route = NULL;
	http_status(&exchange->shown, status);
	answer_complete(exchange);
	exchange->phase = EXCHANGE_DONE;
}

// ---- The handler -----------------------------------------------------------

// The handler broke a rule, or its answer could not be made.
static void fail(struct exchange *exchange, const char *why)
{
	struct log_line line;
	session_log_begin(
	    &exchange->session->base, &line, LOG_LEVEL_ERROR, "http_failed");
	log_add(&line, "path", exchange->shown.request.path);
	log_add_string(&line, "why", why);
	log_end(&line);
	if (exchange->answer.ready) {
		exchange->phase = EXCHANGE_CUT;
		return;
	}
	http_status(&exchange->shown, 500);
	exchange->phase = EXCHANGE_DONE;
	answer_complete(exchange);
}

static void finish(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	exchange->phase = EXCHANGE_DONE;
	if (buf_status(&answer->body) != RC_OK)
		fail(exchange, "the answer is too long");
	else if (!answer->streamed)
		answer_complete(exchange);
	else if (answer->length != HTTP_LENGTH_UNKNOWN &&
		 answer->length != answer->added &&
		 !exchange->shown.request.head)
		fail(exchange, "the answer is not as long as it said");
}

static void begin_wait(struct exchange *exchange)
{
	const struct http_route *route = exchange->route;
	uint32_t seconds = route->wait_seconds;
	if (exchange->websocket) {
		exchange->phase = EXCHANGE_WAIT;
		exchange->give_up_ms = websocket_check_ms(exchange);
		return;
	}
	if (seconds == 0)
		seconds = exchange->session->server->limits.handler_seconds;
	exchange->phase = EXCHANGE_WAIT;
	exchange->give_up_ms = clock_monotonic_ms() + (uint64_t)seconds * 1000;
}

static void open_websocket(struct exchange *exchange)
{
	if (!exchange->route->websocket || exchange->websocket) {
		fail(exchange, "it is no WebSocket");
		return;
	}
	upgrade(exchange);
	exchange->answer.ready = true;
	begin_wait(exchange);
}

// The handler of a WebSocket has nothing more to say.
static void finish_websocket(struct exchange *exchange)
{
	websocket_finish(exchange);
	exchange->give_up_ms = websocket_check_ms(exchange);
	end_handler(exchange);
}

static void take_step(struct exchange *exchange, enum http_step step)
{
	struct answer *answer = &exchange->answer;
	if (answer->streamed && buf_status(&answer->body) != RC_OK) {
		answer->ready = true;
		fail(exchange, "the answer is too long");
		return;
	}
	if (answer->streamed)
		answer->ready = true;
	// Nobody waits for the body of an answer to HEAD.
	if (answer->streamed && exchange->shown.request.head)
		step = HTTP_DONE;
	switch (step) {
	case HTTP_DONE:
		if (exchange->websocket)
			finish_websocket(exchange);
		else
			finish(exchange);
		return;
	case HTTP_MORE: exchange->phase = EXCHANGE_MORE; return;
	case HTTP_WAIT: begin_wait(exchange); return;
	case HTTP_WEBSOCKET: open_websocket(exchange); return;
	case HTTP_INPUT:
		exchange->phase = EXCHANGE_INPUT;
		if (exchange->shown.last)
			fail(exchange, "it reads on after the body's end");
		return;
	case HTTP_CUT:
		if (answer->ready)
			exchange->phase = EXCHANGE_CUT;
		else
			fail(exchange, "the handler gave up");
		return;
	}
}

static void call(struct exchange *exchange)
{
	const struct http_route *route = exchange->route;
	bool first = !exchange->begun;
	exchange->begun = true;
	atomic_store(&exchange->woken, false);
	if (first && !(route->flags & HTTP_ROUTE_STREAMS))
		exchange->shown.request.body = buf_view(&exchange->body);
	take_step(exchange, first ? route->begin(&exchange->shown)
				  : route->resume(&exchange->shown));
}

uint64_t exchange_alarm_ms(const struct exchange *exchange)
{
	uint64_t wake_ms = exchange->wake_ms, end_ms = exchange->give_up_ms;
	if (exchange->phase != EXCHANGE_WAIT)
		return 0;
	return wake_ms > 0 && wake_ms < end_ms ? wake_ms : end_ms;
}

bool exchange_can_run(struct exchange *exchange)
{
	if (exchange->phase != EXCHANGE_WAIT)
		return exchange->phase == EXCHANGE_READY;
	return atomic_load(&exchange->woken) || websocket_has_more(exchange) ||
	       clock_monotonic_ms() >= exchange_alarm_ms(exchange);
}

// The end of a wait. Returns whether the handler is to be called.
static bool end_wait(struct exchange *exchange)
{
	uint64_t now_ms = clock_monotonic_ms();
	bool is_time = exchange->wake_ms > 0 && now_ms >= exchange->wake_ms;
	if (is_time)
		exchange->wake_ms = 0;
	if (exchange->websocket && now_ms >= exchange->give_up_ms)
		websocket_check(exchange);
	if (exchange->websocket && websocket_is_closing(exchange)) {
		atomic_store(&exchange->woken, false);
		return false;
	}
	if (exchange->phase != EXCHANGE_WAIT)
		return false;
	if (is_time || atomic_load(&exchange->woken))
		return true;
	if (!exchange->websocket && now_ms >= exchange->give_up_ms)
		exchange_refuse(exchange, 503);
	return false;
}

void exchange_run(struct exchange *exchange)
{
	if (websocket_has_more(exchange))
		(void)websocket_input(exchange, VIEW(""));
	if (exchange->phase == EXCHANGE_WAIT && !end_wait(exchange))
		return;
	if (exchange->phase != EXCHANGE_WAIT &&
	    exchange->phase != EXCHANGE_READY)
		return;
	exchange->shown.piece = view_of(NULL, 0);
	call(exchange);
	// A body that has none ends with the first question for it.
	if (exchange->phase == EXCHANGE_INPUT && exchange->body_ended)
		exchange_give_body(exchange, view_of(NULL, 0), true);
}

void exchange_sent(struct exchange *exchange)
{
	if (exchange->phase == EXCHANGE_MORE)
		exchange->phase = EXCHANGE_READY;
}

// ---- The body --------------------------------------------------------------

bool exchange_takes_body(const struct exchange *exchange)
{
	return exchange->phase == EXCHANGE_BODY ||
	       exchange->phase == EXCHANGE_INPUT;
}

void exchange_give_body(struct exchange *exchange, struct view bytes, bool last)
{
	uint64_t max = exchange->route->body_max;
	exchange->body_ended = last;
	if (exchange->phase == EXCHANGE_INPUT) {
		exchange->body_taken += bytes.len;
		if (exchange->body_taken > max) {
			exchange_refuse(exchange, 413);
			return;
		}
		exchange->shown.piece = bytes;
		exchange->shown.last = last;
		call(exchange);
		return;
	}
	buf_add(&exchange->body, bytes);
	if (buf_status(&exchange->body) != RC_OK)
		exchange_refuse(exchange, 413);
	else if (last)
		exchange->phase = EXCHANGE_READY;
}

void exchange_give_message(
    struct exchange *exchange, struct view bytes, bool text)
{
	take_step(exchange,
	    exchange->route->websocket->message(&exchange->shown, bytes, text));
}

// ---- Other things ----------------------------------------------------------

static void wake(void *context)
{
	struct exchange *exchange = context;
	const struct net_waker *waker = &exchange->session->base.waker;
	atomic_store(&exchange->woken, true);
	waker->wake(waker->context);
}

struct net_waker http_waker(struct http_exchange *exchange)
{
	return (struct net_waker){.wake = wake, .context = exchange};
}

void http_wake_at(struct http_exchange *exchange, uint64_t moment_ms)
{
	exchange_of(exchange)->wake_ms = moment_ms;
}

struct auth_channel http_channel(
    struct http_exchange *shown, struct auth_turn *turn)
{
	struct exchange *exchange = exchange_of(shown);
	struct auth_channel channel = session_channel(&exchange->session->base);
	turn->wake = wake;
	turn->context = exchange;
	channel.turn = turn;
	return channel;
}

bool http_log_in(struct http_exchange *shown, const struct auth_user *user)
{
	struct session *base = &exchange_of(shown)->session->base;
	if (base->user && strcmp(base->user, user->name.text) == 0 &&
	    base->epoch == user->epoch && base->credential == user->credential)
		return true;
	if (!session_has_place(base, user))
		return false;
	session_log_in(base, user);
	return true;
}

size_t exchange_memory(const struct exchange *exchange)
{
	return sizeof(*exchange) + exchange->shown.arena.held +
	       exchange->body.capacity + exchange->answer.body.capacity +
	       exchange->answer.fields.capacity * sizeof(struct answer_field) +
	       (exchange->websocket ? websocket_memory(exchange->websocket)
				    : 0);
}

// A query may hold secrets, so it is neither traced nor logged.
void exchange_trace(const struct exchange *exchange, bool from_client)
{
	const struct session *base = &exchange->session->base;
	struct buf line;
	if (!session_is_traced(base))
		return;
	buf_init(&line, 10000);
	if (from_client)
		buf_printf(&line, "%.*s %.*s", VIEW_FMT(exchange->method),
		    VIEW_FMT(exchange->shown.request.path));
	else
		buf_printf(&line, "%u %s", exchange->answer.status,
		    http_status_text(exchange->answer.status));
	session_trace_line(base, from_client, buf_view(&line));
	buf_done(&line);
}

void exchange_log(const struct exchange *exchange)
{
	const struct http_request *request = &exchange->shown.request;
	struct log_line line;
	session_note_command(&exchange->session->base);
	exchange_trace(exchange, false);
	session_log_begin(
	    &exchange->session->base, &line, LOG_LEVEL_DEBUG, "http_request");
	log_add(&line, "method", exchange->method);
	log_add(&line, "host", request->host);
	log_add(&line, "path", request->path);
	log_add_u64(&line, "status", exchange->answer.status);
	log_add_u64(&line, "bytes", exchange->answer.body_bytes);
	log_add_u64(&line, "ms", clock_coarse_ms() - exchange->began_ms);
	log_end(&line);
}
