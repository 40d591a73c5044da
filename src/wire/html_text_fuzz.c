// SPDX-License-Identifier: Apache-2.0
// HTML to text: the same however it was cut, no longer than it may be, and
// valid UTF-8 where the input is.
#include "wire/html_text.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void read_in_pieces(struct view text, size_t step, struct buf *out)
{
	struct html_text html;
	html_text_init(&html);
	for (size_t at = 0; at < text.len; at += step) {
		struct view piece = view_slice(text, at, step);
		size_t before = out->len;
		html_text_feed(&html, piece, out);
		must(out->len - before <=
		     2 * piece.len + HTML_ASIDE_MAX + 4 * HTML_HELD_MAX);
	}
	html_text_end(&html, out);
	html_text_done(&html);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct view text = view_of(data + 1, size - 1);
	struct buf whole;
	struct buf pieces;
	buf_init(&whole, 2 * size + 2 * HTML_ASIDE_MAX);
	buf_init(&pieces, 2 * size + 2 * HTML_ASIDE_MAX);
	read_in_pieces(text, size, &whole);
	read_in_pieces(text, data[0] % 16 + 1u, &pieces);
	must(buf_status(&whole) == RC_OK && buf_status(&pieces) == RC_OK);
	must(view_eq(buf_view(&whole), buf_view(&pieces)));
	must(!utf8_is_valid(text) || utf8_is_valid(buf_view(&whole)));
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
