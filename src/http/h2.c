// SPDX-License-Identifier: Apache-2.0
#include "http/h2.h"

#include "base/clock.h"

// So much is read between two turns of the exchanges.
#define READ_BYTES ((size_t)16 * 1024)

// In a slice a session may run exchanges so often; each may make others ready.
#define ROUNDS_MAX 1000

void h2_start(struct http_session *session)
{
	struct h2 *h2 = mem_zalloc(sizeof(*h2));
	h2->session = session;
	h2->wait = H2_WAIT_REQUEST;
	h2->credit = session->server->limits.nuisance;
	h2->credit_ms = clock_coarse_ms();
	session->h2 = h2;
	h2_frames_open(h2);
	h2_resume(session);
}

void h2_done(struct http_session *session)
{
	if (!session->h2)
		return;
	h2_frames_close(session->h2);
	free(session->h2);
	session->h2 = NULL;
}

size_t h2_memory(const struct http_session *session)
{
	const struct h2 *h2 = session->h2;
	if (!h2)
		return 0;
	size_t bytes = sizeof(*h2) + h2->held + h2->head.arena.held;
	for (const struct exchange *e = h2->first; e; e = e->next)
		bytes += exchange_memory(e);
	return bytes;
}

uint64_t h2_alarm_ms(const struct http_session *session)
{
	uint64_t first_ms = 0;
	for (const struct exchange *e = session->h2->first; e; e = e->next) {
		uint64_t own_ms = exchange_alarm_ms(e);
		if (own_ms > 0 && (first_ms == 0 || own_ms < first_ms))
			first_ms = own_ms;
	}
	return first_ms;
}

// ---- The exchanges ---------------------------------------------------------

// Gives a WebSocket what has come for it.
static bool give_frames(struct h2 *h2, struct exchange *exchange)
{
	struct buf *body = &exchange->body;
	if (!websocket_takes_input(exchange))
		return false;
	if (body->len == 0) {
		// The client has gone without a word.
		if (exchange->input_ended)
			exchange->phase = EXCHANGE_DONE;
		return exchange->input_ended;
	}
	size_t used = websocket_input(exchange, buf_view(body));
	(void)nghttp2_session_consume(h2->frames, exchange->stream, used);
	buf_consume(body, used);
	if (body->len == 0)
		buf_done_secret(body);
	return true;
}

// Gives a handler that streams what has come of its body.
static bool give_input(struct h2 *h2, struct exchange *exchange)
{
	size_t len = exchange->body.len;
	if (exchange->websocket)
		return give_frames(h2, exchange);
	if (exchange->phase != EXCHANGE_INPUT ||
	    (len == 0 && !exchange->input_ended))
		return false;
	exchange_give_body(
	    exchange, buf_view(&exchange->body), exchange->input_ended);
	buf_reset(&exchange->body);
	(void)nghttp2_session_consume(h2->frames, exchange->stream, len);
	return true;
}

// Moves an exchange on. Returns whether it moved.
static bool step(struct h2 *h2, struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	bool moved = give_input(h2, exchange);
	if (exchange->phase == EXCHANGE_MORE && answer_rest(answer).len == 0)
		exchange_sent(exchange);
	if (exchange_can_run(exchange)) {
		exchange_run(exchange);
		moved = true;
	}
	if (answer->ready && !answer->sent && exchange->phase != EXCHANGE_CUT) {
		h2_submit(h2, exchange);
		return true;
	}
	if (exchange->phase == EXCHANGE_CUT && !exchange->reset) {
		exchange->reset = true;
		(void)nghttp2_submit_rst_stream(h2->frames, NGHTTP2_FLAG_NONE,
		    exchange->stream, NGHTTP2_INTERNAL_ERROR);
		return true;
	}
	if (exchange->blocked &&
	    (answer_rest(answer).len > 0 || exchange->phase == EXCHANGE_DONE)) {
		exchange->blocked = false;
		(void)nghttp2_session_resume_data(h2->frames, exchange->stream);
		return true;
	}
	return moved;
}

// Adds frames to the output, as many as have room. Returns whether there were
// any.
static bool send_frames(struct h2 *h2)
{
	struct buf *out = h2->session->base.out;
	size_t before = out->len;
	const uint8_t *frame;
	while (out->len < NET_OUTPUT_HIGH) {
		ssize_t len = nghttp2_session_mem_send(h2->frames, &frame);
		if (len <= 0)
			break;
		buf_add(out, view_of(frame, (size_t)len));
	}
	return out->len > before;
}

// Runs all exchanges that can run. Returns whether some are left, because
// others want the thread or the output is full.
static bool work(struct h2 *h2)
{
	struct session *base = &h2->session->base;
	bool moved = true;
	for (unsigned i = 0; moved && i < ROUNDS_MAX; i++) {
		moved = false;
		struct exchange *next;
		for (struct exchange *e = h2->first; e; e = next) {
			next = e->next;
			moved |= step(h2, e);
			if (session_slice_over(base))
				break;
		}
		// A handler whose answer was sent can add to it.
		moved |= send_frames(h2);
		if (session_slice_over(base) ||
		    base->out->len >= NET_OUTPUT_HIGH)
			return true;
	}
	return moved;
}

// ---- Time ------------------------------------------------------------------

static void refill(struct h2 *h2)
{
	const struct http_limits *limits = &h2->session->server->limits;
	uint64_t now_ms = clock_coarse_ms();
	int64_t gain =
	    (int64_t)((now_ms - h2->credit_ms) * limits->nuisance / 10000);
	if (gain > 0) {
		h2->credit += gain;
		h2->credit_ms = now_ms;
	}
	if (h2->credit > limits->nuisance)
		h2->credit = limits->nuisance;
}

static enum h2_wait waits_for(const struct h2 *h2)
{
	enum h2_wait wait = H2_WAIT_REQUEST;
	if (h2->session->base.out->len >= NET_OUTPUT_HIGH)
		return H2_WAIT_CLIENT_READS;
	for (const struct exchange *e = h2->first; e; e = e->next) {
		enum h2_wait own = H2_WAIT_HANDLER;
		if (e->answer.sent && answer_rest(&e->answer).len > 0)
			own = H2_WAIT_CLIENT_READS;
		else if ((exchange_takes_body(e) ||
			     e->phase == EXCHANGE_DONE) &&
			 !e->input_ended && !e->websocket)
			own = H2_WAIT_BODY;
		if (own < wait)
			wait = own;
	}
	return wait;
}

// Whatever frames the client sends meanwhile: only what it is waited for gives
// it more time.
static void keep_time(struct h2 *h2)
{
	struct http_session *session = h2->session;
	const struct http_limits *limits = &session->server->limits;
	enum h2_wait wait = waits_for(h2);
	bool same = wait == h2->wait && session->pace.since_ms > 0 &&
		    (wait < H2_WAIT_HANDLER || h2->seen == h2->served);
	bool first = session->requests == 0;
	uint64_t moved = h2->moved;
	h2->wait = wait;
	h2->seen = h2->served;
	h2->moved = 0;
	if (same) {
		http_pace_add(session, moved);
		return;
	}
	switch (wait) {
	case H2_WAIT_CLIENT_READS:
		http_pace_begin(session, "the client reads too slowly",
		    limits->send_seconds, 0);
		break;
	case H2_WAIT_BODY:
		http_pace_begin(session, "the body comes too slowly",
		    limits->body_seconds, 0);
		break;
	case H2_WAIT_HANDLER:
		// Each exchange has its own time (exchange_alarm_ms()).
		http_pace_end(session);
		break;
	case H2_WAIT_REQUEST:
		http_pace_begin(session,
		    first ? "no request came" : "idle timeout",
		    first ? limits->head_seconds : limits->idle_seconds, 0);
		break;
	}
}

// ---- The calls -------------------------------------------------------------

static void go_on(struct h2 *h2)
{
	struct session *base = &h2->session->base;
	bool more = work(h2);
	if (base->next == NET_CLOSE)
		return;
	base->next = more ? NET_DRAIN : NET_READ;
	if (h2->why || (!nghttp2_session_want_read(h2->frames) &&
			   !nghttp2_session_want_write(h2->frames)))
		session_close(base, h2->why ? h2->why : "the last answer");
	keep_time(h2);
}

size_t h2_input(struct http_session *session, struct view in)
{
	struct h2 *h2 = session->h2;
	struct session *base = &session->base;
	size_t total = 0;
	refill(h2);
	while (base->next == NET_READ && total < in.len) {
		struct view part = view_slice(in, total, READ_BYTES);
		ssize_t read = nghttp2_session_mem_recv(
		    h2->frames, (const uint8_t *)part.ptr, part.len);
		if (read < 0) {
			h2->why = read == NGHTTP2_ERR_FLOODED
				      ? "too many frames to answer"
				      : nghttp2_strerror((int)read);
			// What GOAWAY says is sent, if there is one.
			total = in.len;
		} else {
			total += (size_t)read;
		}
		go_on(h2);
		session_breathe(base, total < in.len);
		if (read <= 0)
			break;
	}
	return total;
}

void h2_resume(struct http_session *session)
{
	if (session->base.next != NET_CLOSE) {
		session->base.next = NET_READ;
		go_on(session->h2);
	}
}

void h2_bye(struct http_session *session)
{
	struct h2 *h2 = session->h2;
	(void)nghttp2_session_terminate_session(h2->frames, NGHTTP2_NO_ERROR);
	(void)send_frames(h2);
}
