// SPDX-License-Identifier: Apache-2.0
// Any bytes as a client's DEFLATE stream: what comes out does not depend on how
// the bytes were cut or on the room for the output, and its end is the same.
// The bytes as text: what is deflated is inflated to the same. The first two
// bytes say how the rest is cut.
#include <stdlib.h>

#include "net/compress.h"

#define OUT_MAX ((size_t)1 << 20) // of one stream; the rest is not looked at

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

// Gives all bytes, `step` at a time, and takes at most `room` at a time. The
// first piece has come before compression began.
static enum rc inflate_all(
    struct view bytes, size_t step, size_t room, struct buf *out)
{
	char piece[4096];
	size_t at = step < bytes.len ? step : bytes.len;
	struct compress *compress = compress_new(view_slice(bytes, 0, step));
	enum rc rc = RC_OK;
	while (out->len < OUT_MAX) {
		struct view raw = VIEW("");
		size_t len = 0;
		if (compress_is_starved(compress)) {
			if (at == bytes.len && rc != RC_OK)
				break; // it had its say after the last byte
			raw = view_slice(bytes, at, step);
			at += raw.len;
		}
		rc = compress_inflate(compress, raw, piece, room, &len);
		if (rc == RC_END || rc == RC_CORRUPT)
			break;
		require(rc == RC_OK ? len > 0 && len <= room : rc == RC_MORE);
		buf_add(out, view_of(piece, len));
	}
	compress_free(&compress);
	return rc == RC_MORE ? RC_OK : rc;
}

static void try_stream(struct view bytes, size_t step, size_t room)
{
	struct buf whole, cut;
	buf_init(&whole, OUT_MAX + 4096);
	buf_init(&cut, OUT_MAX + 4096);
	enum rc one = inflate_all(bytes, bytes.len + 1, 4096, &whole);
	enum rc two = inflate_all(bytes, step, room, &cut);
	// Of a damaged stream, more may come out before the damage is met.
	size_t len = whole.len < cut.len ? whole.len : cut.len;
	if (one != RC_CORRUPT && whole.len < OUT_MAX)
		require(one == two && whole.len == cut.len);
	require(view_eq(view_slice(buf_view(&whole), 0, len),
	    view_slice(buf_view(&cut), 0, len)));
	buf_done(&whole);
	buf_done(&cut);
}

static void try_text(struct view text, size_t step, size_t room)
{
	struct buf wire, back;
	buf_init(&wire, SIZE_MAX / 2);
	buf_init(&back, OUT_MAX + 4096);
	struct compress *compress = compress_new(VIEW(""));
	for (size_t at = 0; at < text.len; at += step)
		compress_deflate(compress, view_slice(text, at, step),
		    at + step >= text.len || at % 3 == 0, &wire);
	compress_free(&compress);
	require(inflate_all(buf_view(&wire), step, room, &back) == RC_OK);
	require(view_eq(buf_view(&back), text));
	buf_done(&wire);
	buf_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct view bytes = view_of(data + 2, size - 2);
	size_t step = 1 + data[0] % 64u;
	size_t room = 1 + (size_t)data[1] * 4;
	try_stream(bytes, step, room);
	try_text(bytes, step, room);
	return 0;
}
