// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 (RFC 9112): one exchange after the other. What a client pipelines
// stays with the network until its turn comes.
#include "http/impl.h"

#include "base/clock.h"

// ---- The answer ------------------------------------------------------------

// Whether the connection can be used again. A body that was not read would be
// taken for the next request.
static bool stays_open(const struct http_session *session)
{
	const struct h1 *h1 = &session->h1;
	return h1->keep_alive && h1->exchange->body_ended &&
	       session->requests < session->server->limits.requests;
}

static void add_field(struct buf *out, const char *name, struct view value)
{
	buf_add_string(out, name);
	buf_add_literal(out, ": ");
	buf_add(out, value);
	buf_add_literal(out, "\r\n");
}

static void send_head(struct http_session *session)
{
	struct h1 *h1 = &session->h1;
	struct exchange *exchange = h1->exchange;
	struct answer *answer = &exchange->answer;
	struct buf *out = session->base.out;
	answer_add_defaults(exchange);
	bool upgraded = exchange->websocket;
	h1->chunked = answer_has_body(exchange) && answer->streamed &&
		      !upgraded && answer->length == HTTP_LENGTH_UNKNOWN &&
		      h1->minor > 0;
	// HTTP/1.0 knows the end of such a body by the end of the connection.
	bool until_close = answer->streamed && h1->minor == 0 &&
			   answer->length == HTTP_LENGTH_UNKNOWN;
	h1->closing = until_close || upgraded || !stays_open(session);
	buf_printf(out, "HTTP/1.1 %u %s\r\n", answer->status,
	    http_status_text(answer->status));
	for (size_t i = 0; i < answer->fields.count; i++)
		add_field(out, answer->fields.items[i].name,
		    answer->fields.items[i].value);
	if (h1->chunked)
		buf_add_literal(out, "Transfer-Encoding: chunked\r\n");
	if (h1->closing && !upgraded)
		buf_add_literal(out, "Connection: close\r\n");
	else if (h1->minor == 0)
		buf_add_literal(out, "Connection: keep-alive\r\n");
	buf_add_literal(out, "\r\n");
	answer->sent = true;
	if (!answer_has_body(exchange))
		buf_reset(&answer->body);
}

// Moves bytes of the body to the output, as many as have room.
static void send_body(struct http_session *session)
{
	struct h1 *h1 = &session->h1;
	struct answer *answer = &h1->exchange->answer;
	struct buf *out = session->base.out;
	size_t room =
	    out->len < NET_OUTPUT_HIGH ? NET_OUTPUT_HIGH - out->len : 0;
	struct view part = view_slice(answer_rest(answer), 0, room);
	if (part.len == 0)
		return;
	if (h1->chunked)
		buf_printf(out, "%zx\r\n", part.len);
	buf_add(out, part);
	if (h1->chunked)
		buf_add_literal(out, "\r\n");
	answer_took(answer, part.len);
}

static void finish(struct http_session *session)
{
	struct h1 *h1 = &session->h1;
	exchange_log(h1->exchange);
	exchange_free(&h1->exchange);
	// However slowly the client reads the end of the answer.
	http_pace_begin(session, "idle timeout",
	    session->server->limits.idle_seconds, session->base.out->len);
	if (h1->closing)
		session_close(
		    &session->base, h1->why ? h1->why : "the last answer");
}

// Sends what there is of the answer. Returns whether the exchange has ended.
static bool send_answer(struct http_session *session)
{
	struct h1 *h1 = &session->h1;
	struct exchange *exchange = h1->exchange;
	if (exchange->phase == EXCHANGE_CUT) {
		// The end of the connection tells that the answer is not whole.
		exchange_log(exchange);
		session_close(&session->base, "an answer was cut short");
		return true;
	}
	if (!exchange->answer.ready)
		return false;
	if (!exchange->answer.sent)
		send_head(session);
	send_body(session);
	if (answer_rest(&exchange->answer).len > 0 ||
	    exchange->phase != EXCHANGE_DONE)
		return false;
	if (h1->chunked)
		buf_add_literal(session->base.out, "0\r\n\r\n");
	finish(session);
	return true;
}

// The client has to take what is there.
static void await_reader(struct http_session *session)
{
	http_pace_begin(session, "the client reads too slowly",
	    session->server->limits.send_seconds, session->base.out->len);
}

// ---- What happens next -----------------------------------------------------

static void wait_for(struct http_session *session)
{
	struct exchange *exchange = session->h1.exchange;
	const struct http_limits *limits = &session->server->limits;
	struct session *base = &session->base;
	if (answer_rest(&exchange->answer).len > 0 ||
	    exchange->phase == EXCHANGE_MORE || exchange_can_run(exchange)) {
		base->next = NET_DRAIN;
		await_reader(session);
	} else if (exchange->phase == EXCHANGE_WAIT && exchange->websocket) {
		base->next = NET_READ;
		http_pace_end(session);
	} else if (exchange->phase == EXCHANGE_WAIT) {
		base->next = NET_WAIT;
		http_pace_end(session);
	} else {
		base->next = NET_READ;
		if (session->pace.since_ms == 0)
			http_pace_begin(session, "the body comes too slowly",
			    limits->body_seconds, 0);
	}
}

// Calls the handler and sends what it says, until something has to be waited
// for.
static void work(struct http_session *session)
{
	struct h1 *h1 = &session->h1;
	struct session *base = &session->base;
	while (h1->exchange && base->next != NET_CLOSE) {
		struct exchange *exchange = h1->exchange;
		if (send_answer(session))
			return;
		if (!exchange_can_run(exchange) ||
		    base->out->len >= NET_OUTPUT_HIGH ||
		    session_slice_over(base))
			break;
		exchange_run(exchange);
	}
	if (h1->exchange && base->next != NET_CLOSE)
		wait_for(session);
}

// ---- The request -----------------------------------------------------------

// A head that cannot be read is answered, and nothing after it is read.
static void refuse_head(
    struct http_session *session, const struct http_refusal *refusal)
{
	struct h1 *h1 = &session->h1;
	h1->exchange = exchange_new(session);
	h1->exchange->shown.request.tls = session_has_tls(&session->base);
	h1->minor = 1;
	h1->keep_alive = false;
	h1->why = refusal->why;
	exchange_refuse(h1->exchange, refusal->status);
	work(session);
}

static void begin_exchange(
    struct http_session *session, const struct http_head *head)
{
	struct h1 *h1 = &session->h1;
	struct exchange_head shape = {
	    .method = head->method,
	    .authority = head->authority,
	    .path = head->path,
	    .query = head->query,
	    .fields = head->fields,
	    .field_count = head->field_count,
	    .version = 10 + head->minor,
	    .has_body =
		head->framing == HTTP_FRAMING_CHUNKED ||
		(head->framing == HTTP_FRAMING_LENGTH && head->length > 0),
	    .length = head->framing == HTTP_FRAMING_CHUNKED ? UINT64_MAX
							    : head->length,
	    .asterisk = head->form == HTTP_TARGET_ASTERISK,
	};
	const struct http_limits *limits = &session->server->limits;
	session->requests++;
	h1->scanned = 0;
	h1->framing = head->framing;
	h1->left = head->length;
	h1->chunks = (struct http_chunks){0};
	h1->minor = head->minor;
	h1->keep_alive = head->keep_alive;
	h1->exchange = exchange_new(session);
	h1->exchange->body_ended = !shape.has_body;
	exchange_begin(h1->exchange, &shape);
	h1->exchange->expects = head->expect_continue;
	http_pace_begin(
	    session, "the body comes too slowly", limits->body_seconds, 0);
}

// Returns how many bytes of `in` were read; 0: the head is not complete, or was
// refused.
static size_t read_head(struct http_session *session, struct view in)
{
	const struct http_limits *limits = &session->server->limits;
	struct http_head_limits shape = {
	    .head_bytes = limits->head_bytes,
	    .target_bytes = limits->head_bytes / 2,
	    .fields = limits->fields,
	};
	struct http_head head;
	struct http_refusal refusal = {431, "head too long"};
	bool first = session->h1.scanned == 0;
	size_t len;
	enum rc rc =
	    http_head_find(in, limits->head_bytes, &session->h1.scanned, &len);
	if (rc == RC_MORE) {
		if (in.len > 0 && first)
			http_pace_begin(session, "the head comes too slowly",
			    limits->head_seconds, 0);
		return 0;
	}
	if (rc == RC_OK)
		rc = http_head_parse(
		    view_slice(in, 0, len), &shape, &head, &refusal);
	if (rc != RC_OK) {
		refuse_head(session, &refusal);
		return in.len;
	}
	begin_exchange(session, &head);
	return len;
}

// ---- The body --------------------------------------------------------------

// RFC 9110 section 10.1.1: only if the body is wanted, and has not begun.
static void say_continue(struct http_session *session, struct view in)
{
	struct exchange *exchange = session->h1.exchange;
	if (exchange->expects && in.len == 0 && !exchange->answer.sent)
		buf_add_literal(
		    session->base.out, "HTTP/1.1 100 Continue\r\n\r\n");
	exchange->expects = false;
}

static size_t read_measured(struct http_session *session, struct view in)
{
	struct h1 *h1 = &session->h1;
	struct view piece =
	    view_slice(in, 0, h1->left < in.len ? (size_t)h1->left : in.len);
	if (piece.len == 0)
		return 0;
	h1->left -= piece.len;
	http_pace_add(session, piece.len);
	exchange_give_body(h1->exchange, piece, h1->left == 0);
	return piece.len;
}

static size_t read_chunked(struct http_session *session, struct view in)
{
	struct h1 *h1 = &session->h1;
	struct view piece;
	size_t used, total = 0;
	while (exchange_takes_body(h1->exchange)) {
		enum rc rc = http_chunks_read(
		    &h1->chunks, view_from(in, total), &piece, &used);
		total += used;
		if (rc == RC_MORE)
			break;
		if (rc == RC_END) {
			exchange_give_body(
			    h1->exchange, view_of(NULL, 0), true);
			break;
		}
		if (rc != RC_OK) {
			h1->keep_alive = false;
			h1->exchange->body_ended = false;
			exchange_refuse(h1->exchange, 400);
			break;
		}
		if (piece.len > 0) {
			exchange_give_body(h1->exchange, piece, false);
			http_pace_add(session, piece.len);
		}
	}
	return total;
}

// Returns how many bytes were read.
static size_t read_body(struct http_session *session, struct view in)
{
	struct h1 *h1 = &session->h1;
	say_continue(session, in);
	return h1->framing == HTTP_FRAMING_CHUNKED ? read_chunked(session, in)
						   : read_measured(session, in);
}

// ---- The calls -------------------------------------------------------------

static bool wants_body(const struct h1 *h1)
{
	return h1->exchange && !h1->exchange->body_ended &&
	       exchange_takes_body(h1->exchange);
}

static bool is_websocket(const struct h1 *h1)
{
	return h1->exchange && websocket_takes_input(h1->exchange);
}

size_t h1_input(struct http_session *session, struct view in)
{
	struct h1 *h1 = &session->h1;
	struct session *base = &session->base;
	size_t total = 0, used = 1;
	while (base->next == NET_READ && used > 0) {
		struct view rest = view_from(in, total);
		if (wants_body(h1))
			used = read_body(session, rest);
		else if (is_websocket(h1))
			used = websocket_input(h1->exchange, rest);
		else if (!h1->exchange)
			used = read_head(session, rest);
		else
			used = 0;
		total += used;
		if (used > 0 || h1->exchange)
			work(session);
		session_breathe(base, total < in.len);
		if (base->next == NET_DRAIN)
			await_reader(session);
	}
	return total;
}

void h1_resume(struct http_session *session)
{
	session->base.next = NET_READ;
	http_pace_end(session);
	if (!session->h1.exchange)
		return;
	exchange_sent(session->h1.exchange);
	work(session);
}

void h1_wake(struct http_session *session)
{
	struct exchange *exchange = session->h1.exchange;
	if (!exchange || !exchange_can_run(exchange))
		return;
	session->base.next = NET_READ;
	work(session);
}

// A client that has begun to ask is told (RFC 9110 section 15.5.9).
void h1_timed_out(struct http_session *session)
{
	struct h1 *h1 = &session->h1;
	if (h1->exchange) {
		h1->keep_alive = false;
		if (!h1->exchange->answer.sent) {
			exchange_refuse(h1->exchange, 408);
			work(session);
		}
	} else if (h1->scanned > 0) {
		refuse_head(session,
		    &(struct http_refusal){408, "the head came too slowly"});
	}
}

// Between two frames only: a part of one may be waiting in the answer.
void h1_bye(struct http_session *session)
{
	struct exchange *exchange = session->h1.exchange;
	if (!exchange || !exchange->websocket || !exchange->answer.sent ||
	    answer_rest(&exchange->answer).len > 0)
		return;
	websocket_bye(exchange);
	send_body(session);
}

void h1_done(struct http_session *session)
{
	exchange_free(&session->h1.exchange);
}

size_t h1_memory(const struct http_session *session)
{
	const struct exchange *exchange = session->h1.exchange;
	return exchange ? exchange_memory(exchange) : 0;
}

uint32_t h1_timeout(const struct http_session *session)
{
	const struct http_limits *limits = &session->server->limits;
	const struct exchange *exchange = session->h1.exchange;
	if (!exchange)
		return session->h1.scanned > 0 ? limits->head_seconds
					       : limits->idle_seconds;
	// A wait has its own time (exchange_alarm_ms()).
	return exchange->phase == EXCHANGE_WAIT ? 0 : limits->body_seconds;
}

uint64_t h1_alarm_ms(const struct http_session *session)
{
	const struct exchange *exchange = session->h1.exchange;
	return exchange ? exchange_alarm_ms(exchange) : 0;
}
