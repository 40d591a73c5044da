// SPDX-License-Identifier: Apache-2.0
// The messages of a WebSocket (RFC 6455 sections 5 to 7). libwslay reads the
// heads of the frames and takes the masks off; what the frames mean is decided
// here. The bytes are those of the exchange's request and answer, whatever the
// version of HTTP.

#include <wslay/wslay.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "http/impl.h"
#include "wire/utf8.h"

#define CONTROL_MAX 125 // bytes of a control frame (section 5.5)
#define REASON_MAX  (CONTROL_MAX - 2)

struct websocket {
	const struct http_websocket *kind;
	size_t message_max;
	// Owned. NULL when nothing of a frame has come: it needs 4 KB, and most
	// WebSockets wait for most of the time.
	wslay_frame_context_ptr frames;
	struct view in;  // during websocket_input(): what was not given to it
	uint64_t given;  // bytes that it got
	uint64_t parsed; // of these in frames that have come whole
	bool more;       // it may hold another frame
	// The frame that is coming.
	bool in_frame;
	uint64_t frame_len;
	char control[CONTROL_MAX];
	size_t control_len;
	// The message that is coming.
	bool in_message;
	bool text;
	struct buf message;
	// The end.
	bool close_sent;
	// When the client is looked at again.
	uint64_t check_ms;
	bool pinged; // at the last look
};

// ---- Sending (section 5.2) -------------------------------------------------

static void send_frame(
    struct exchange *exchange, enum wslay_opcode opcode, struct view payload)
{
	char head[10];
	size_t len = 2;
	head[0] = (char)(0x80 | opcode);
	if (payload.len <= CONTROL_MAX) {
		head[1] = (char)payload.len;
	} else if (payload.len <= UINT16_MAX) {
		head[1] = 126;
		put_be16(head + 2, (uint16_t)payload.len);
		len = 4;
	} else {
		head[1] = 127;
		put_be64(head + 2, payload.len);
		len = 10;
	}
	http_add_body(&exchange->shown, view_of(head, len));
	http_add_body(&exchange->shown, payload);
}

void http_websocket_send(
    struct http_exchange *shown, struct view bytes, bool text)
{
	struct exchange *exchange = exchange_of(shown);
	if (exchange->websocket && !exchange->websocket->close_sent)
		send_frame(exchange,
		    text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, bytes);
}

static void send_close(
    struct exchange *exchange, unsigned code, struct view reason)
{
	struct websocket *websocket = exchange->websocket;
	char payload[CONTROL_MAX];
	if (websocket->close_sent)
		return;
	websocket->close_sent = true;
	while (reason.len > REASON_MAX || !utf8_is_valid(reason))
		reason.len--;
	put_be16(payload, (uint16_t)code);
	if (reason.len > 0)
		memcpy(payload + 2, reason.ptr, reason.len);
	send_frame(exchange, WSLAY_CONNECTION_CLOSE,
	    view_of(
		payload, code == HTTP_WEBSOCKET_NO_CODE ? 0 : 2 + reason.len));
}

void http_websocket_close(
    struct http_exchange *shown, unsigned code, const char *reason)
{
	struct exchange *exchange = exchange_of(shown);
	if (exchange->websocket)
		send_close(exchange, code, view_of_string(reason));
}

// ---- The end (section 7) ---------------------------------------------------

// The client broke a rule: it is told, and nothing more of it is read.
static void fail(struct exchange *exchange, unsigned code, const char *why)
{
	send_close(exchange, code, view_of_string(why));
	exchange->phase = EXCHANGE_DONE;
}

void websocket_finish(struct exchange *exchange)
{
	struct websocket *websocket = exchange->websocket;
	http_websocket_close(&exchange->shown, HTTP_WEBSOCKET_NORMAL, "");
	websocket->check_ms =
	    clock_monotonic_ms() +
	    exchange->session->server->limits.send_seconds * UINT64_C(1000);
	exchange->phase = EXCHANGE_WAIT;
}

bool websocket_is_closing(const struct exchange *exchange)
{
	return exchange->websocket->close_sent;
}

// Section 7.4: what may stand in a frame.
static bool is_code(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
		   code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

static void take_close(struct exchange *exchange)
{
	struct websocket *websocket = exchange->websocket;
	struct view payload =
	    view_of(websocket->control, websocket->control_len);
	unsigned code = HTTP_WEBSOCKET_NO_CODE;
	if (payload.len >= 2)
		code = get_be16(payload.ptr);
	if (payload.len == 1 || (payload.len >= 2 && !is_code(code))) {
		fail(exchange, HTTP_WEBSOCKET_PROTOCOL, "no such code");
	} else if (!utf8_is_valid(view_from(payload, 2))) {
		fail(exchange, HTTP_WEBSOCKET_NOT_TEXT, "not UTF-8");
	} else {
		send_close(exchange, code, VIEW(""));
		exchange->phase = EXCHANGE_DONE;
	}
}

void websocket_bye(struct exchange *exchange)
{
	http_websocket_close(&exchange->shown, HTTP_WEBSOCKET_GOING_AWAY, "");
}

// ---- Reading frames --------------------------------------------------------

static void take_control(struct exchange *exchange, unsigned opcode)
{
	struct websocket *websocket = exchange->websocket;
	struct view payload =
	    view_of(websocket->control, websocket->control_len);
	if (opcode == WSLAY_CONNECTION_CLOSE)
		take_close(exchange);
	else if (opcode == WSLAY_PING && !websocket->close_sent)
		send_frame(exchange, WSLAY_PONG, payload);
}

// A message is whole.
static void take_message(struct exchange *exchange)
{
	struct websocket *websocket = exchange->websocket;
	struct view message = buf_view(&websocket->message);
	websocket->in_message = false;
	if (websocket->close_sent) {
		// Nobody wants to know any more.
	} else if (websocket->text && !utf8_is_valid(message)) {
		fail(exchange, HTTP_WEBSOCKET_NOT_TEXT, "not UTF-8");
	} else {
		exchange_give_message(exchange, message, websocket->text);
	}
	buf_done_secret(&websocket->message);
}

// Whether the frame may stand here (sections 5.1, 5.2, 5.4, 5.5).
static bool is_allowed(
    const struct websocket *websocket, const struct wslay_frame_iocb *frame)
{
	if (!frame->mask || frame->rsv != 0)
		return false;
	switch (frame->opcode) {
	case WSLAY_CONTINUATION_FRAME: return websocket->in_message;
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME: return !websocket->in_message;
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG: return true;
	default: return false;
	}
}

static uint64_t head_bytes(uint64_t payload_len)
{
	uint64_t length = payload_len > UINT16_MAX    ? 8
			  : payload_len > CONTROL_MAX ? 2
						      : 0;
	return 2 + length + 4;
}

static void begin_frame(
    struct exchange *exchange, const struct wslay_frame_iocb *frame)
{
	struct websocket *websocket = exchange->websocket;
	bool control = wslay_is_ctrl_frame(frame->opcode);
	websocket->in_frame = true;
	websocket->frame_len = 0;
	websocket->control_len = 0;
	websocket->parsed += head_bytes(frame->payload_length);
	if (!is_allowed(websocket, frame)) {
		fail(exchange, HTTP_WEBSOCKET_PROTOCOL, "no such frame here");
	} else if (!control &&
		   frame->payload_length >
		       websocket->message_max - websocket->message.len) {
		fail(exchange, HTTP_WEBSOCKET_TOO_BIG, "message too long");
	} else if (!control && !websocket->in_message) {
		websocket->in_message = true;
		websocket->text = frame->opcode == WSLAY_TEXT_FRAME;
	}
}

// The next bytes of a frame, perhaps its first or its last.
static void take_piece(
    struct exchange *exchange, const struct wslay_frame_iocb *frame)
{
	struct websocket *websocket = exchange->websocket;
	struct view piece = view_of(frame->data, frame->data_length);
	if (!websocket->in_frame)
		begin_frame(exchange, frame);
	if (exchange->phase == EXCHANGE_DONE)
		return;
	bool control = wslay_is_ctrl_frame(frame->opcode);
	if (control && piece.len > 0) {
		memcpy(websocket->control + websocket->control_len, piece.ptr,
		    piece.len);
		websocket->control_len += piece.len;
	} else if (!control) {
		buf_add(&websocket->message, piece);
	}
	websocket->frame_len += piece.len;
	websocket->parsed += piece.len;
	if (websocket->frame_len < frame->payload_length)
		return;
	websocket->in_frame = false;
	if (control)
		take_control(exchange, frame->opcode);
	else if (frame->fin)
		take_message(exchange);
}

// ---- Time ------------------------------------------------------------------

static uint64_t ping_ms(const struct exchange *exchange)
{
	return exchange->session->server->limits.ping_seconds * UINT64_C(1000);
}

static void heard(struct exchange *exchange)
{
	struct websocket *websocket = exchange->websocket;
	if (websocket->close_sent)
		return; // it has its time to answer that, whatever it says
	websocket->pinged = false;
	websocket->check_ms = clock_monotonic_ms() + ping_ms(exchange);
	exchange->give_up_ms = websocket->check_ms;
}

// ---- Input -----------------------------------------------------------------

// For wslay. -1: there is no more for now.
static ssize_t give(uint8_t *out, size_t room, int flags, void *context)
{
	struct websocket *websocket = context;
	struct view part = view_slice(websocket->in, 0, room);
	(void)flags;
	if (part.len == 0)
		return -1;
	memcpy(out, part.ptr, part.len);
	websocket->in = view_from(websocket->in, part.len);
	websocket->given += part.len;
	return (ssize_t)part.len;
}

static void open_frames(struct websocket *websocket)
{
	struct wslay_frame_callbacks callbacks = {.recv_callback = give};
	if (websocket->frames)
		return;
	websocket->given = websocket->parsed = 0;
	if (wslay_frame_context_init(
		&websocket->frames, &callbacks, websocket) != 0)
		abort(); // out of memory
}

static void close_frames(struct websocket *websocket)
{
	if (websocket->frames)
		wslay_frame_context_free(websocket->frames);
	websocket->frames = NULL;
}

bool websocket_takes_input(const struct exchange *exchange)
{
	return exchange->websocket && exchange->phase == EXCHANGE_WAIT &&
	       !http_is_full(&exchange->shown);
}

bool websocket_has_more(const struct exchange *exchange)
{
	return exchange->websocket && exchange->websocket->more &&
	       websocket_takes_input(exchange);
}

size_t websocket_input(struct exchange *exchange, struct view in)
{
	struct websocket *websocket = exchange->websocket;
	if (in.len > 0)
		heard(exchange);
	open_frames(websocket);
	websocket->in = in;
	websocket->more = true;
	while (websocket_takes_input(exchange) &&
	       !session_slice_over(&exchange->session->base)) {
		struct wslay_frame_iocb frame;
		ssize_t got = wslay_frame_recv(websocket->frames, &frame);
		if (got == WSLAY_ERR_WANT_READ) {
			websocket->more = false;
			break;
		}
		if (got < 0)
			fail(exchange, HTTP_WEBSOCKET_PROTOCOL, "not a frame");
		else
			take_piece(exchange, &frame);
	}
	size_t used = in.len - websocket->in.len;
	websocket->in = view_of(NULL, 0);
	if (websocket->given == websocket->parsed && !websocket->in_frame) {
		close_frames(websocket);
		websocket->more = false;
	}
	return used;
}

// ---- Silent clients ---------------------------------------------------------

uint64_t websocket_check_ms(struct exchange *exchange)
{
	struct websocket *websocket = exchange->websocket;
	// While the handler was busy, nothing was read.
	if (clock_monotonic_ms() >= websocket->check_ms)
		heard(exchange);
	return websocket->check_ms;
}

void websocket_check(struct exchange *exchange)
{
	struct websocket *websocket = exchange->websocket;
	if (websocket->close_sent || websocket->pinged) {
		exchange->phase = EXCHANGE_CUT;
		return;
	}
	websocket->pinged = true;
	send_frame(exchange, WSLAY_PING, VIEW(""));
	websocket->check_ms = clock_monotonic_ms() + ping_ms(exchange);
	exchange->give_up_ms = websocket->check_ms;
}

// ---- The beginning ---------------------------------------------------------

void websocket_open(struct exchange *exchange)
{
	const struct http_websocket *kind = exchange->route->websocket;
	struct websocket *websocket = mem_zalloc(sizeof(*websocket));
	size_t most = exchange->session->server->limits.message_bytes;
	websocket->kind = kind;
	websocket->message_max =
	    kind->message_max > 0 ? kind->message_max : most;
	buf_init(&websocket->message, websocket->message_max);
	exchange->websocket = websocket;
}

void websocket_free(struct websocket **ret_websocket)
{
	struct websocket *websocket = *ret_websocket;
	if (!websocket)
		return;
	close_frames(websocket);
	buf_done_secret(&websocket->message);
	free(websocket);
	*ret_websocket = NULL;
}

size_t websocket_memory(const struct websocket *websocket)
{
	// About what wslay's context holds.
	size_t frames = websocket->frames ? 4300 : 0;
	return sizeof(*websocket) + frames + websocket->message.capacity;
}
