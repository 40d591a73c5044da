// SPDX-License-Identifier: Apache-2.0
// Converts a text part's raw bytes to UTF-8: first the transfer encoding is
// decoded, then the charset. SEARCH and PREVIEW read this text. The caller gets
// it piece by piece and stops when it has enough. A stream holds at most about
// 100 KiB, and nothing until a piece needs decoding (plain ASCII and UTF-8
// bodies are not copied).
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
	struct buf decoded; // after the transfer decoding
	struct buf text;    // UTF-8
	bool unknown;       // the charset
	bool ended;
};

// An unknown charset is read as CHARSET_GUESS, so that the ASCII in it can
// still be found. `cache` must outlive the stream.
void text_stream_init(struct text_stream *stream, struct charset_cache *cache,
    enum transfer_encoding encoding, struct view charset);
void text_stream_done(struct text_stream *stream);

// Reads bytes from the front of `*raw` and returns text (valid UTF-8, never
// empty) that stays valid until the next call, and as long as the bytes of
// `*raw`. False: `*raw` is used up. Then call again with more bytes; or, if
// `last` was set (nothing comes after this `*raw`), the part is at its end.
bool text_stream_next(struct text_stream *stream, struct view *raw, bool last,
    struct view *ret_text);

// Whether some of the text may be wrong: its charset or its transfer encoding
// is unknown, or so far there were bytes that the charset does not have.
static inline bool text_stream_is_doubtful(const struct text_stream *stream)
{
	return stream->unknown || stream->charset.malformed ||
	       stream->transfer.encoding == TRANSFER_UNKNOWN;
}

#endif
