// SPDX-License-Identifier: Apache-2.0
#include "wire/text_stream.h"

#include "wire/utf8.h"

#define PIECE_BYTES 8192 // raw bytes for one step

// One byte becomes at most this many bytes of UTF-8. In most charsets, a byte
// becomes at most one UTF-16 unit. In some, two bytes become three units.
#define TEXT_GROWTH_MAX 6

void text_stream_init(struct text_stream *stream, struct charset_cache *cache,
    enum transfer_encoding encoding, struct view charset)
{
	transfer_decoder_init(&stream->transfer, encoding);
	stream->unknown =
	    charset_decoder_open(cache, charset, &stream->charset) != RC_OK;
	if (stream->unknown)
		stream->charset =
		    (struct charset_decoder){.kind = CHARSET_GUESS};
	size_t decoded_max = PIECE_BYTES + TRANSFER_BLANKS_MAX + 16;
	buf_init(&stream->decoded, decoded_max);
	buf_init(&stream->text, decoded_max * TEXT_GROWTH_MAX);
	stream->ended = false;
}

void text_stream_done(struct text_stream *stream)
{
	charset_decoder_close(&stream->charset);
	buf_done(&stream->decoded);
	buf_done(&stream->text);
}

// At the end of the part, adds the bytes that the decoders still hold.
static bool drain(struct text_stream *stream, struct view *ret_text)
{
	buf_reset(&stream->decoded);
	buf_reset(&stream->text);
	transfer_decode_end(&stream->transfer, &stream->decoded);
	charset_decode(
	    &stream->charset, buf_view(&stream->decoded), &stream->text);
	charset_decode_end(&stream->charset, &stream->text);
	stream->ended = true;
	*ret_text = buf_view(&stream->text);
	return stream->text.len > 0;
}

bool text_stream_next(struct text_stream *stream, struct view *raw, bool last,
    struct view *ret_text)
{
	while (raw->len) {
		struct view piece = view_slice(*raw, 0, PIECE_BYTES);
		*raw = view_from(*raw, piece.len);
		if (!transfer_is_identity(stream->transfer.encoding)) {
			buf_reset(&stream->decoded);
			transfer_decode(
			    &stream->transfer, piece, &stream->decoded);
			piece = buf_view(&stream->decoded);
		}
		if (piece.len == 0)
			continue;
		if (charset_is_identity(&stream->charset, piece)) {
			*ret_text = piece;
			return true;
		}
		buf_reset(&stream->text);
		charset_decode(&stream->charset, piece, &stream->text);
		if (stream->text.len) {
			*ret_text = buf_view(&stream->text);
			return true;
		}
	}
	return last && !stream->ended && drain(stream, ret_text);
}
