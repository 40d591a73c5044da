// SPDX-License-Identifier: Apache-2.0
// What nghttp2 calls. Handlers are not called from here: frames only change the
// exchanges, and h2.c runs them afterwards.
#include <malloc.h>

#include "base/ascii.h"
#include "http/h2.h"

// What the client's frames cost (struct http_limits, `nuisance`). A stream that
// ends badly has cost a request (CVE-2023-44487), whoever ended it
// (CVE-2025-8671).
#define COST_FRAME  1
#define COST_STREAM 5
// What it gets back for an answer, and for a frame of a body that it took.
#define GAIN_ANSWER 5
#define GAIN_DATA   1

static void *exchange_at(nghttp2_session *frames, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(frames, stream);
}

// Bytes of a body that are read after the answer.
#define DROP_MAX ((size_t)64 * 1024)

// ---- Memory ----------------------------------------------------------------
//
// All that nghttp2 allocates is counted, so that the budget knows it.

static void *count(struct h2 *h2, size_t before, void *ptr)
{
	h2->held += malloc_usable_size(ptr) - before;
	return ptr;
}

static void *h2_malloc(size_t size, void *context)
{
	return count(context, 0, mem_alloc(size));
}

static void h2_free(void *ptr, void *context)
{
	((struct h2 *)context)->held -= malloc_usable_size(ptr);
	free(ptr);
}

static void *h2_calloc(size_t items, size_t size, void *context)
{
	size_t bytes;
	if (__builtin_mul_overflow(items, size, &bytes))
		return NULL;
	return count(context, 0, mem_zalloc(bytes));
}

static void *h2_realloc(void *ptr, size_t size, void *context)
{
	size_t before = malloc_usable_size(ptr);
	return count(context, before, mem_realloc(ptr, size));
}

// ---- The request -----------------------------------------------------------

static void reset_head(struct h2_head *head)
{
	arena_reset(&head->arena);
	head->fields.count = 0;
	head->method = head->authority = head->path = view_of(NULL, 0);
	head->protocol = view_of(NULL, 0);
	head->bytes = 0;
	head->too_big = false;
}

static bool is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS &&
	       frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(
    nghttp2_session *frames, const nghttp2_frame *frame, void *context)
{
	struct h2 *h2 = context;
	(void)frames;
	if (is_request(frame))
		reset_head(&h2->head);
	return 0;
}

// nghttp2 has checked that the field is allowed where it stands (RFC 9113
// sections 8.2 and 8.3). Trailer fields are left out.
static int on_header(nghttp2_session *frames, const nghttp2_frame *frame,
    const uint8_t *name_ptr, size_t name_len, const uint8_t *value_ptr,
    size_t value_len, uint8_t flags, void *context)
{
	struct h2 *h2 = context;
	struct h2_head *head = &h2->head;
	const struct http_limits *limits = &h2->session->server->limits;
	struct view name = view_of(name_ptr, name_len);
	struct view value = view_of(value_ptr, value_len);
	(void)frames, (void)flags;
	if (!is_request(frame))
		return 0;
	// A field that HPACK repeats with one byte counts in full.
	head->bytes += name_len + value_len + 32;
	if (head->bytes > limits->head_bytes ||
	    head->fields.count >= limits->fields)
		head->too_big = true;
	if (head->too_big)
		return 0;
	value = arena_copy(&head->arena, value);
	if (view_eq(name, VIEW(":method")))
		head->method = value;
	else if (view_eq(name, VIEW(":authority")))
		head->authority = value;
	else if (view_eq(name, VIEW(":path")))
		head->path = value;
	else if (view_eq(name, VIEW(":protocol")))
		head->protocol = value;
	else if (name_len > 0 && name.ptr[0] != ':')
		vec_push(&head->fields,
		    (struct http_field){arena_copy(&head->arena, name), value});
	return 0;
}

// The path of HTTP/2 has what the target of HTTP/1.1 has.
static bool is_path(struct view path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] <= ' ' || path.ptr[i] >= 0x7f ||
		    path.ptr[i] == '#')
			return false;
	return path.len > 0;
}

// RFC 9113 section 8.3.1: Host may stand in for ":authority". If both are
// there, they say the same.
static bool find_authority(struct h2_head *head)
{
	struct view host, name;
	uint16_t port;
	bool has_host = http_field_find(
	    head->fields.items, head->fields.count, VIEW("host"), &host);
	if (head->authority.len == 0 && has_host)
		head->authority = host;
	return head->authority.len > 0 &&
	       http_authority_split(head->authority, &name, &port) &&
	       (!has_host || view_eq_nocase(host, head->authority));
}

// What the head's fields say of the body. nghttp2 checks that it is as long.
static uint64_t length_of(const struct h2_head *head)
{
	struct view text;
	uint64_t length;
	if (http_field_find(head->fields.items, head->fields.count,
		VIEW("content-length"), &text) &&
	    view_to_u64(text, &length))
		return length;
	return UINT64_MAX;
}

static bool expects_more(struct exchange *exchange, unsigned *ret_status)
{
	struct view value = http_field(&exchange->shown.request, "expect");
	*ret_status = 0;
	if (value.len > 0 && !view_eq_nocase(value, VIEW("100-continue")))
		*ret_status = 417;
	return value.len > 0 && *ret_status == 0;
}

// RFC 9110 section 10.1.1.
static void say_continue(struct h2 *h2, struct exchange *exchange)
{
	static uint8_t name[] = ":status", value[] = "100";
	nghttp2_nv status = {name, value, sizeof(name) - 1, sizeof(value) - 1,
	    NGHTTP2_NV_FLAG_NONE};
	unsigned refusal;
	if (exchange->phase == EXCHANGE_DONE || exchange->body_ended)
		return;
	if (expects_more(exchange, &refusal))
		(void)nghttp2_submit_headers(h2->frames, NGHTTP2_FLAG_NONE,
		    exchange->stream, NULL, &status, 1, NULL);
	else if (refusal)
		exchange_refuse(exchange, refusal);
}

static void begin_exchange(
    struct h2 *h2, struct exchange *exchange, bool has_body)
{
	struct h2_head *head = &h2->head;
	size_t mark = view_find_char(head->path, '?');
	struct exchange_head shape = {
	    .method = head->method,
	    .authority = head->authority,
	    .path = view_slice(head->path, 0, mark),
	    .query = mark == SIZE_MAX ? view_of(NULL, 0)
				      : view_from(head->path, mark + 1),
	    .fields = head->fields.items,
	    .field_count = head->fields.count,
	    .version = 20,
	    .has_body = has_body,
	    .length = length_of(head),
	    .asterisk = view_eq(head->path, VIEW("*")),
	    .extended = view_eq_nocase(head->protocol, VIEW("websocket")),
	};
	exchange->body_ended = !has_body;
	exchange->input_ended = !has_body;
	if (head->too_big)
		exchange_refuse(exchange, 431);
	else if (view_eq(head->method, VIEW("CONNECT")) && !shape.extended)
		exchange_refuse(exchange, 501);
	else if (!is_path(head->path) || !find_authority(head))
		exchange_refuse(exchange, 400);
	else {
		shape.authority = head->authority;
		exchange_begin(exchange, &shape);
		say_continue(h2, exchange);
	}
}

static void on_request(struct h2 *h2, const nghttp2_frame *frame)
{
	struct http_session *session = h2->session;
	struct exchange *exchange = exchange_new(session);
	exchange->stream = frame->hd.stream_id;
	exchange->shown.request.tls = true;
	struct exchange **end = &h2->first; // the oldest is served first
	while (*end)
		end = &(*end)->next;
	*end = exchange;
	session->requests++;
	nghttp2_session_set_stream_user_data(
	    h2->frames, exchange->stream, exchange);
	begin_exchange(
	    h2, exchange, (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0);
	reset_head(&h2->head);
	// What comes next has to come on another connection.
	if (session->requests == session->server->limits.requests)
		(void)nghttp2_submit_goaway(h2->frames, NGHTTP2_FLAG_NONE,
		    exchange->stream, NGHTTP2_NO_ERROR, NULL, 0);
}

// ---- The body --------------------------------------------------------------

static size_t bodies_of(const struct h2 *h2)
{
	size_t sum = 0;
	for (const struct exchange *e = h2->first; e; e = e->next)
		sum += e->body.len;
	return sum;
}

// The answer needs no more of the request. A little more is read, because some
// clients take it for an error when they are asked to stop; then they are asked
// (RFC 9113 section 8.1).
static void drop(struct h2 *h2, struct exchange *exchange, size_t len)
{
	if (!exchange)
		return;
	exchange->dropped += len;
	if (exchange->dropped > DROP_MAX && !exchange->reset) {
		exchange->reset = true;
		(void)nghttp2_submit_rst_stream(h2->frames, NGHTTP2_FLAG_NONE,
		    exchange->stream, NGHTTP2_NO_ERROR);
	}
}

// A whole body is collected, so the client may send on at once. A piece that a
// handler has to take is not counted as taken before.
static int on_data(nghttp2_session *frames, uint8_t flags, int32_t stream,
    const uint8_t *data, size_t len, void *context)
{
	struct h2 *h2 = context;
	struct exchange *exchange = exchange_at(frames, stream);
	(void)flags;
	h2->moved += len;
	if (!exchange || !exchange->route || exchange->phase == EXCHANGE_DONE ||
	    exchange->phase == EXCHANGE_CUT) {
		(void)nghttp2_session_consume(frames, stream, len);
		drop(h2, exchange, len);
		return 0;
	}
	if (bodies_of(h2) + len > h2->session->server->limits.body_held) {
		exchange_refuse(exchange, 503);
		return 0;
	}
	if (exchange->phase == EXCHANGE_BODY) {
		exchange_give_body(exchange, view_of(data, len), false);
		(void)nghttp2_session_consume(frames, stream, len);
		return 0;
	}
	buf_add(&exchange->body, view_of(data, len));
	if (buf_status(&exchange->body) != RC_OK)
		exchange_refuse(exchange, 413);
	return 0;
}

static void end_body(struct h2 *h2, int32_t stream)
{
	struct exchange *exchange = exchange_at(h2->frames, stream);
	if (!exchange || exchange->input_ended)
		return;
	exchange->input_ended = true;
	if (exchange->phase == EXCHANGE_BODY)
		exchange_give_body(exchange, view_of(NULL, 0), true);
}

// ---- Frames ----------------------------------------------------------------

void h2_nuisance(struct h2 *h2, unsigned cost)
{
	h2->credit -= cost;
	if (h2->credit >= 0 || h2->why)
		return;
	h2->why = "too many frames that bring nothing";
	(void)nghttp2_session_terminate_session(
	    h2->frames, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int on_frame_recv(
    nghttp2_session *frames, const nghttp2_frame *frame, void *context)
{
	struct h2 *h2 = context;
	bool last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	(void)frames;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		if (is_request(frame))
			on_request(h2, frame);
		else if (last)
			end_body(h2, frame->hd.stream_id);
		break;
	case NGHTTP2_DATA:
		if (frame->hd.length == 0 && !last)
			h2_nuisance(h2, COST_FRAME);
		if (last)
			end_body(h2, frame->hd.stream_id);
		break;
	default: h2_nuisance(h2, COST_FRAME); break;
	}
	return 0;
}

static int on_invalid_frame(nghttp2_session *frames, const nghttp2_frame *frame,
    int error, void *context)
{
	(void)frames, (void)frame, (void)error;
	h2_nuisance(context, COST_STREAM);
	return 0;
}

// Our side of a WebSocket has ended: the client's has, too, whether it says so
// or not.
static void end_websocket(struct h2 *h2, struct exchange *exchange)
{
	if (!exchange || !exchange->websocket || exchange->input_ended ||
	    exchange->reset)
		return;
	exchange->reset = true;
	(void)nghttp2_submit_rst_stream(
	    h2->frames, NGHTTP2_FLAG_NONE, exchange->stream, NGHTTP2_NO_ERROR);
}

static int on_frame_send(
    nghttp2_session *frames, const nghttp2_frame *frame, void *context)
{
	struct h2 *h2 = context;
	if (frame->hd.type == NGHTTP2_DATA)
		h2->credit += GAIN_DATA;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		end_websocket(h2, exchange_at(frames, frame->hd.stream_id));
	return 0;
}

static int on_stream_close(
    nghttp2_session *frames, int32_t stream, uint32_t error, void *context)
{
	struct h2 *h2 = context;
	struct exchange *exchange = exchange_at(frames, stream);
	if (!exchange) {
		if (error != NGHTTP2_NO_ERROR)
			h2_nuisance(h2, COST_STREAM);
		return 0;
	}
	if (error == NGHTTP2_NO_ERROR) {
		h2->credit += GAIN_ANSWER;
		h2->served++;
	} else if (exchange->phase != EXCHANGE_CUT) {
		h2_nuisance(h2, COST_STREAM);
	}
	struct exchange **at = &h2->first;
	while (*at != exchange)
		at = &(*at)->next;
	*at = exchange->next;
	exchange_log(exchange);
	exchange_free(&exchange);
	return 0;
}

// ---- The answer ------------------------------------------------------------

static ssize_t read_answer(nghttp2_session *frames, int32_t stream,
    uint8_t *out, size_t room, uint32_t *flags, nghttp2_data_source *source,
    void *context)
{
	struct h2 *h2 = context;
	struct exchange *exchange = source->ptr;
	struct answer *answer = &exchange->answer;
	struct view part = view_slice(answer_rest(answer), 0, room);
	(void)frames, (void)stream;
	if (exchange->phase == EXCHANGE_CUT)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (part.len > 0)
		memcpy(out, part.ptr, part.len);
	answer_took(answer, part.len);
	h2->moved += part.len;
	bool empty = answer_rest(answer).len == 0;
	if (empty && exchange->phase == EXCHANGE_DONE)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (part.len == 0) {
		exchange->blocked = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)part.len;
}

static nghttp2_nv pair(struct arena *arena, const char *name, struct view value)
{
	size_t len = strlen(name);
	uint8_t *lower = arena_alloc(arena, len + 1);
	for (size_t i = 0; i < len; i++)
		lower[i] = (uint8_t)ascii_lower(name[i]);
	nghttp2_nv nv = {.name = lower,
	    .namelen = len,
	    .valuelen = value.len,
	    .flags = NGHTTP2_NV_FLAG_NONE};
	memcpy(&nv.value, &value.ptr, sizeof(nv.value)); // it is not const
	return nv;
}

void h2_submit(struct h2 *h2, struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	struct arena *arena = &exchange->shown.arena;
	nghttp2_data_provider body = {
	    .source.ptr = exchange, .read_callback = read_answer};
	char status[16];
	answer_add_defaults(exchange);
	nghttp2_nv *list =
	    arena_alloc(arena, (answer->fields.count + 1) * sizeof(*list));
	int len = snprintf(status, sizeof(status), "%u", answer->status);
	list[0] = pair(arena, ":status", view_of(status, (size_t)len));
	for (size_t i = 0; i < answer->fields.count; i++)
		list[i + 1] = pair(arena, answer->fields.items[i].name,
		    answer->fields.items[i].value);
	if (!answer_has_body(exchange))
		buf_reset(&answer->body);
	bool has_body = answer_has_body(exchange) &&
			(answer->streamed || answer->body.len > 0);
	answer->sent = true;
	(void)nghttp2_submit_response(h2->frames, exchange->stream, list,
	    answer->fields.count + 1, has_body ? &body : NULL);
}

// ---- Opening ---------------------------------------------------------------

static nghttp2_session_callbacks *callbacks_new(void)
{
	nghttp2_session_callbacks *callbacks;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort(); // out of memory
	nghttp2_session_callbacks_set_on_begin_headers_callback(
	    callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
	    callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(
	    callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
	    callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(
	    callbacks, on_frame_send);
	nghttp2_session_callbacks_set_on_stream_close_callback(
	    callbacks, on_stream_close);
	return callbacks;
}

static nghttp2_option *option_new(void)
{
	nghttp2_option *option;
	if (nghttp2_option_new(&option) != 0)
		abort(); // out of memory
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	// Answers to PING and SETTINGS that the client does not read.
	nghttp2_option_set_max_outbound_ack(option, 100);
	return option;
}

static void say_settings(struct h2 *h2)
{
	const struct http_limits *limits = &h2->session->server->limits;
	nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->head_bytes},
	    {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
	};
	if (nghttp2_submit_settings(h2->frames, NGHTTP2_FLAG_NONE, settings,
		ARRAY_LEN(settings)) != 0 ||
	    nghttp2_session_set_local_window_size(
		h2->frames, NGHTTP2_FLAG_NONE, 0, H2_WINDOW) != 0)
		abort(); // out of memory
}

void h2_frames_open(struct h2 *h2)
{
	nghttp2_mem mem = {.mem_user_data = h2,
	    .malloc = h2_malloc,
	    .free = h2_free,
	    .calloc = h2_calloc,
	    .realloc = h2_realloc};
	nghttp2_session_callbacks *callbacks = callbacks_new();
	nghttp2_option *option = option_new();
	if (nghttp2_session_server_new3(
		&h2->frames, callbacks, h2, option, &mem) != 0)
		abort(); // out of memory
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	arena_init(&h2->head.arena);
	say_settings(h2);
}

void h2_frames_close(struct h2 *h2)
{
	while (h2->first) {
		struct exchange *exchange = h2->first;
		h2->first = exchange->next;
		exchange_free(&exchange);
	}
	nghttp2_session_del(h2->frames);
	arena_done_secret(&h2->head.arena);
	vec_done(&h2->head.fields);
}
