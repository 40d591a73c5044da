// SPDX-License-Identifier: Apache-2.0
#include "http/rig_frames.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/bytes.h"

#define HEAD_BYTES 9

static void add_frame(struct buf *out, uint8_t type, uint8_t flags,
    uint32_t stream, struct view payload)
{
	char head[HEAD_BYTES];
	put_be32(head, (uint32_t)payload.len << 8);
	head[3] = (char)type;
	head[4] = (char)flags;
	put_be32(head + 5, stream);
	buf_add(out, view_of(head, sizeof(head)));
	buf_add(out, payload);
}

void rig_frames_hello(struct buf *out)
{
	buf_add_literal(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	add_frame(out, NGHTTP2_SETTINGS, 0, 0, VIEW(""));
}

// ---- What the client sends -------------------------------------------------

// A literal field without indexing and without Huffman (RFC 7541 section
// 6.2.2): nothing checks what it says.
static void add_text(struct buf *out, struct view text)
{
	if (text.len < 127) {
		buf_add_char(out, (char)text.len);
	} else {
		size_t rest = text.len - 127;
		buf_add_char(out, 127);
		for (; rest >= 128; rest /= 128)
			buf_add_char(out, (char)(rest % 128 + 128));
		buf_add_char(out, (char)rest);
	}
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, text.ptr[i] == '~' ? ' ' : text.ptr[i]);
}

static void add_fields(struct buf *out, struct view text)
{
	struct view pair, name;
	while (view_split(&text, ' ', &pair)) {
		if (!view_split(&pair, '=', &name))
			continue;
		buf_add_char(out, 0);
		add_text(out, name);
		add_text(out, pair);
	}
}

static void add_hex(struct buf *out, struct view text)
{
	for (size_t i = 0; i + 1 < text.len; i += 2)
		buf_add_char(out, (char)(ascii_hex_value(text.ptr[i]) << 4 |
					 ascii_hex_value(text.ptr[i + 1])));
}

static void add_number(struct buf *out, struct view text)
{
	char bytes[4];
	uint32_t number;
	if (!view_to_u32(text, &number))
		abort();
	put_be32(bytes, number);
	buf_add(out, view_of(bytes, 4));
}

static void add_setting(struct buf *out, struct view text)
{
	struct view id;
	if (!view_split(&text, '=', &id))
		return;
	buf_add_char(out, 0);
	buf_add_char(out, (char)(id.ptr[0] - '0'));
	add_number(out, text);
}

static void add_line(struct buf *out, struct view line)
{
	struct view rest = line, word;
	struct buf payload;
	uint32_t stream = 0;
	if (!view_split(&rest, ' ', &word))
		return;
	char kind = word.ptr[0];
	bool last = view_ends_with(word, VIEW("."));
	bool open = view_ends_with(word, VIEW("-"));
	word = view_slice(word, 1, word.len - 1 - (last || open));
	if (word.len > 0 && !view_to_u32(word, &stream))
		abort();
	uint8_t flags = last ? NGHTTP2_FLAG_END_STREAM : 0;
	uint8_t ends = open ? 0 : NGHTTP2_FLAG_END_HEADERS;
	buf_init(&payload, (size_t)1 << 20);
	switch (kind) {
	case 'H':
		add_fields(&payload, rest);
		add_frame(out, NGHTTP2_HEADERS, flags | ends, stream,
		    buf_view(&payload));
		break;
	case 'C':
		add_fields(&payload, rest);
		add_frame(out, NGHTTP2_CONTINUATION, ends, stream,
		    buf_view(&payload));
		break;
	case 'D': add_frame(out, NGHTTP2_DATA, flags, stream, rest); break;
	case 'R':
		add_number(&payload, rest);
		add_frame(
		    out, NGHTTP2_RST_STREAM, 0, stream, buf_view(&payload));
		break;
	case 'W':
		add_number(&payload, rest);
		add_frame(
		    out, NGHTTP2_WINDOW_UPDATE, 0, stream, buf_view(&payload));
		break;
	case 'Y':
		add_frame(out, NGHTTP2_PRIORITY, 0, stream, VIEW("\0\0\0\0\1"));
		break;
	case 'P': add_frame(out, NGHTTP2_PING, 0, 0, VIEW("12345678")); break;
	case 'S':
		add_setting(&payload, rest);
		add_frame(out, NGHTTP2_SETTINGS, 0, 0, buf_view(&payload));
		break;
	case 'X': add_hex(out, rest); break;
	default: abort();
	}
	buf_done(&payload);
}

void rig_frames_add(struct buf *out, const char *text)
{
	struct view rest = view_of_string(text), line;
	while (view_split(&rest, '\n', &line))
		add_line(out, line);
}

// ---- What the server sends -------------------------------------------------

struct heard {
	struct buf status; // ":100:200"
	size_t bytes;
	bool has_data;
	bool ended;
	bool reset;
	uint32_t code;
};

// Adds the status.
static void hear_fields(
    nghttp2_hd_inflater *inflater, struct view block, struct buf *out)
{
	int flags = 0;
	while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
		nghttp2_nv nv;
		ssize_t used = nghttp2_hd_inflate_hd2(inflater, &nv, &flags,
		    (const uint8_t *)block.ptr, block.len, 1);
		if (used < 0)
			abort();
		block = view_from(block, (size_t)used);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 ||
		    !view_eq(view_of(nv.name, nv.namelen), VIEW(":status")))
			continue;
		buf_add_char(out, ':');
		buf_add(out, view_of(nv.value, nv.valuelen));
	}
	nghttp2_hd_inflate_end_headers(inflater);
}

static void hear(nghttp2_hd_inflater *inflater, const char *head,
    struct view payload, struct heard *streams, struct buf *rest)
{
	uint32_t stream = get_be32(head + 5);
	struct heard *heard = &streams[stream % RIG_STREAMS_MAX];
	switch (head[3]) {
	case NGHTTP2_HEADERS:
		hear_fields(inflater, payload, &heard->status);
		break;
	case NGHTTP2_DATA:
		heard->has_data = true;
		heard->bytes += payload.len;
		break;
	case NGHTTP2_RST_STREAM:
		heard->reset = true;
		heard->code = get_be32(payload.ptr);
		return;
	case NGHTTP2_GOAWAY:
		buf_printf(rest, " G=%u", get_be32(payload.ptr + 4));
		return;
	case NGHTTP2_PING: buf_add_literal(rest, " P"); return;
	default: return;
	}
	heard->ended |= head[4] & NGHTTP2_FLAG_END_STREAM;
}

static void tell(size_t stream, const struct heard *heard, struct buf *out)
{
	if (heard->status.len > 0)
		buf_printf(out, " %zu%.*s", stream,
		    VIEW_FMT(buf_view(&heard->status)));
	if (heard->has_data)
		buf_printf(out, "=%zu", heard->bytes);
	if (heard->ended)
		buf_add_char(out, '.');
	if (heard->reset)
		buf_printf(out, " R%zu=%u", stream, heard->code);
}

void rig_frames_describe(struct view sent, struct buf *out)
{
	struct heard streams[RIG_STREAMS_MAX] = {0};
	nghttp2_hd_inflater *inflater;
	struct buf rest;
	size_t start = out->len;
	buf_init(&rest, 10000);
	for (size_t i = 0; i < RIG_STREAMS_MAX; i++)
		buf_init(&streams[i].status, 100);
	if (nghttp2_hd_inflate_new(&inflater) != 0)
		abort();
	while (sent.len >= HEAD_BYTES) {
		size_t len = get_be32(sent.ptr) >> 8;
		if (sent.len < HEAD_BYTES + len)
			abort(); // frames are sent whole
		hear(inflater, sent.ptr, view_slice(sent, HEAD_BYTES, len),
		    streams, &rest);
		sent = view_from(sent, HEAD_BYTES + len);
	}
	if (sent.len > 0)
		abort();
	nghttp2_hd_inflate_del(inflater);
	for (size_t i = 0; i < RIG_STREAMS_MAX; i++) {
		tell(i, &streams[i], out);
		buf_done(&streams[i].status);
	}
	buf_add(out, buf_view(&rest));
	buf_done(&rest);
	// Without the first space.
	if (out->len > start)
		memmove(
		    out->ptr + start, out->ptr + start + 1, --out->len - start);
}

void rig_frames_body(struct view sent, uint32_t stream, struct buf *out)
{
	while (sent.len >= HEAD_BYTES) {
		size_t len = get_be32(sent.ptr) >> 8;
		if (sent.ptr[3] == NGHTTP2_DATA &&
		    get_be32(sent.ptr + 5) == stream)
			buf_add(out, view_slice(sent, HEAD_BYTES, len));
		sent = view_from(sent, HEAD_BYTES + len);
	}
}

void rig_frames_data(
    struct buf *out, uint32_t stream, struct view bytes, size_t most)
{
	while (bytes.len > 0) {
		struct view part = view_slice(bytes, 0, most);
		add_frame(out, NGHTTP2_DATA, 0, stream, part);
		bytes = view_from(bytes, part.len);
	}
}
