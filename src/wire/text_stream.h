// SPDX-License-Identifier: Apache-2.0
// A text part's raw bytes to UTF-8: transfer encoding undone, then charset.
// What SEARCH and PREVIEW read. Pulled piece by piece, so that whoever has
// enough stops; holds at most about 100 KiB, and nothing before the first piece
// that needs decoding (plain ASCII and UTF-8 bodies pass without a copy).
//
//   while (text_stream_next(&stream, &raw, last, &text))
//           …use text…
#ifndef ROOST_WIRE_TEXT_STREAM_H
#define ROOST_WIRE_TEXT_STREAM_H

#include "wire/charset.h"
#include "wire/transfer.h"

struct text_stream {
	struct transfer_decoder transfer;
	struct charset_decoder charset;
	struct buf decoded; // bytes
	struct buf text;    // UTF-8
	bool ended;
};

// An unknown charset is read as CHARSET_GUESS: text of an unknown charset is
// still searched for what is plain in it. `cache` outlives the stream.
void text_stream_init(struct text_stream *stream, struct charset_cache *cache,
    enum transfer_encoding encoding, struct view charset);
void text_stream_done(struct text_stream *stream);

// Takes bytes off the front of `*raw` and gives text (valid UTF-8, never empty)
// that stays until the next call and as long as `*raw`'s bytes. False: `*raw`
// is used up; call again with more, or, after a call with `last` set (nothing
// comes after this `*raw`), the part is at its end.
bool text_stream_next(struct text_stream *stream, struct view *raw, bool last,
    struct view *ret_text);

// A whole part into `out`. RC_LIMIT: `out` holds the beginning, cut at a
// character.
MUST_CHECK enum rc text_stream_decode(struct charset_cache *cache,
    enum transfer_encoding encoding, struct view charset, struct view raw,
    struct buf *out);

#endif
