// SPDX-License-Identifier: Apache-2.0
#include "wire/transfer.h"

#include <string.h>

#include "base/ascii.h"

static const struct {
	const char *name;
	enum transfer_encoding encoding;
} encodings[] = {
    {"7bit", TRANSFER_7BIT},
    {"8bit", TRANSFER_8BIT},
    {"binary", TRANSFER_BINARY},
    {"quoted-printable", TRANSFER_QUOTED_PRINTABLE},
    {"base64", TRANSFER_BASE64},
};

// Mail also has these other names. They are in the form that key_add() makes.
static const struct {
	const char *key;
	enum transfer_encoding encoding;
} keys[] = {
    {"7bit", TRANSFER_7BIT},
    {"7bits", TRANSFER_7BIT},
    {"8bit", TRANSFER_8BIT},
    {"8bits", TRANSFER_8BIT},
    {"binary", TRANSFER_BINARY},
    {"quotedprintable", TRANSFER_QUOTED_PRINTABLE},
    {"quotedprintible", TRANSFER_QUOTED_PRINTABLE},
    {"qp", TRANSFER_QUOTED_PRINTABLE},
    {"base64", TRANSFER_BASE64},
};

#define KEY_MAX 16 // longer than any key

// Skips white space, quotes and comments at the front.
static struct view skip_between(struct view value)
{
	size_t depth = 0;
	while (value.len) {
		char c = value.ptr[0];
		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (!depth && !ascii_is_space(c) && c != '"' && c != '\'')
			break;
		value = view_from(value, 1);
	}
	return value;
}

// Takes a word from the front of `*value` and adds its letters and digits to
// the key in lower case. Returns false if there is no word or it is too long.
static bool key_add(struct view *value, char key[KEY_MAX], size_t *len)
{
	size_t before = *len;
	*value = skip_between(*value);
	while (value->len && (unsigned char)value->ptr[0] > ' ' &&
	       !memchr(";(\",", value->ptr[0], 4)) {
		char c = value->ptr[0];
		*value = view_from(*value, 1);
		if (c == '-' || c == '_' || c == '.' || c == '\'')
			continue;
		if (*len == KEY_MAX)
			return false;
		key[(*len)++] = ascii_lower(c);
	}
	return *len > before;
}

static enum transfer_encoding key_find(struct view key)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (view_eq(key, view_of_string(keys[i].key)))
			return keys[i].encoding;
	return TRANSFER_UNKNOWN;
}

enum transfer_encoding transfer_encoding_parse(struct view value)
{
	char key[KEY_MAX];
	size_t len = 0;
	if (skip_between(value).len == 0)
		return TRANSFER_7BIT;
	// The loop tries the first word. If it is unknown, the loop adds the
	// second word, as in "quoted printable".
	for (int words = 0; words < 2 && key_add(&value, key, &len); words++) {
		enum transfer_encoding found = key_find(view_of(key, len));
		if (found != TRANSFER_UNKNOWN)
			return found;
	}
	return TRANSFER_UNKNOWN;
}

struct view transfer_encoding_name(enum transfer_encoding encoding)
{
	if (encoding == TRANSFER_UNKNOWN)
		return VIEW("x-unknown");
	return view_of_string(encodings[encoding].name);
}

void transfer_decoder_init(
    struct transfer_decoder *decoder, enum transfer_encoding encoding)
{
	memset(decoder, 0, sizeof(*decoder));
	decoder->encoding = encoding;
	decoder->malformed = encoding == TRANSFER_UNKNOWN;
}

// ---- base64 (RFC 2045 section 6.8) --------------------------------------

enum {
	BASE64_JUNK = 0x80,
	BASE64_SPACE = 0x81,
	BASE64_PAD = 0x82,
};

// clang-format off
#define J BASE64_JUNK
#define S BASE64_SPACE
static const unsigned char base64_values[256] = {
	J, J, J, J, J, J, J, J, J, S, S, J, J, S, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	S, J, J, J, J, J, J, J, J, J, J, 62, J, J, J, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, J, J, J, BASE64_PAD, J, J,
	J, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, J, J, J, J, J,
	J, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
	J, J, J, J, J, J, J, J, J, J, J, J, J, J, J, J,
};
#undef J
#undef S
// clang-format on

// Writes the bytes of a group that is not full. 2 characters make one byte, and
// 3 make two.
static char *base64_flush(struct transfer_decoder *decoder, char *to)
{
	if (decoder->count >= 2)
		*to++ = (char)(decoder->bits >> (decoder->count * 6 - 8));
	if (decoder->count == 3)
		*to++ = (char)(decoder->bits >> 2);
	decoder->count = 0;
	decoder->bits = 0;
	return to;
}

static char *base64_byte(
    struct transfer_decoder *decoder, unsigned char value, char *to)
{
	// RFC 2045 section 6.8: characters outside the alphabet "must be
	// ignored".
	if (value == BASE64_SPACE || value == BASE64_JUNK)
		return to;
	if (value == BASE64_PAD) {
		// The first "=" ends the data. An extra "=" after it is
		// harmless, but a group needs two characters before its first
		// "=".
		if (!decoder->padded && decoder->count < 2)
			decoder->malformed = true;
		decoder->padded = true;
		return base64_flush(decoder, to);
	}
	if (decoder->padded) {
		decoder->malformed = true;
		decoder->padded = false;
	}
	decoder->bits = decoder->bits << 6 | value;
	if (++decoder->count == 4) {
		*to++ = (char)(decoder->bits >> 16);
		*to++ = (char)(decoder->bits >> 8);
		*to++ = (char)decoder->bits;
		decoder->count = 0;
		decoder->bits = 0;
	}
	return to;
}

static void base64_decode_piece(
    struct transfer_decoder *decoder, struct view piece, struct buf *out)
{
	// A full group gives three bytes, and a group that a "=" ends gives two
	// or one. So each character gives at most one byte, plus the bytes from
	// held characters.
	char *start = buf_reserve(out, (piece.len / 4 + 2) * 3);
	if (!start)
		return;
	char *to = start;
	const unsigned char *from = (const unsigned char *)piece.ptr;
	const unsigned char *end = from + piece.len;
	while (from < end) {
		while (decoder->count == 0 && !decoder->padded &&
		       end - from >= 4) {
			uint32_t a = base64_values[from[0]];
			uint32_t b = base64_values[from[1]];
			uint32_t c = base64_values[from[2]];
			uint32_t d = base64_values[from[3]];
			if ((a | b | c | d) & 0x80)
				break;
			uint32_t bits = a << 18 | b << 12 | c << 6 | d;
			*to++ = (char)(bits >> 16);
			*to++ = (char)(bits >> 8);
			*to++ = (char)bits;
			from += 4;
		}
		if (from < end)
			to = base64_byte(decoder, base64_values[*from++], to);
	}
	buf_commit(out, (size_t)(to - start));
}

// ---- quoted-printable (RFC 2045 section 6.7) ----------------------------

static void qp_flush_blanks(struct transfer_decoder *decoder, struct buf *out)
{
	buf_add(out, view_of(decoder->blank, decoder->blanks));
	decoder->blanks = 0;
}

// Adds a "=" and the held bytes unchanged, because they are not an escape.
static void qp_flush_escape(struct transfer_decoder *decoder, struct buf *out)
{
	buf_add_char(out, '=');
	buf_add(out, view_of(decoder->escape, decoder->count - 1u));
	decoder->count = 0;
	decoder->malformed = true;
}

// Reads one byte after a "=". `count` is 1 plus the number of held bytes after
// the "=". Returns false if the byte is not part of the escape; the caller must
// then read it again.
static bool qp_escape_byte(
    struct transfer_decoder *decoder, char c, struct buf *out)
{
	char first = decoder->count > 1 ? decoder->escape[0] : '\0';
	if (decoder->count > 1 && first != '\r' && !ascii_is_blank(first)) {
		if (ascii_hex_value(c) < 0) {
			qp_flush_escape(decoder, out);
			return false;
		}
		buf_add_char(out,
		    (char)(ascii_hex_value(first) << 4 | ascii_hex_value(c)));
		decoder->count = 0;
		return true;
	}
	// A soft line break is "=", blanks that a mail server added, and CRLF
	// or LF.
	if (c == '\n') {
		decoder->count = 0;
		return true;
	}
	bool soft = ascii_is_blank(first) && (ascii_is_blank(c) || c == '\r');
	if (decoder->count == 1 &&
	    (ascii_hex_value(c) >= 0 || c == '\r' || ascii_is_blank(c)))
		soft = true;
	if (soft) {
		decoder->escape[0] = c;
		decoder->count = 2;
		return true;
	}
	qp_flush_escape(decoder, out);
	return false;
}

// Reads one byte that is not plain text.
static void qp_byte(struct transfer_decoder *decoder, char c, struct buf *out)
{
	if (decoder->count && qp_escape_byte(decoder, c, out))
		return;
	if (decoder->held_cr) {
		decoder->held_cr = false;
		if (c == '\n') {
			decoder->blanks = 0; // RFC 2045 rule 3
			buf_add_literal(out, "\r\n");
			return;
		}
		qp_flush_blanks(decoder, out);
		buf_add_char(out, '\r'); // a bare CR is data
	}
	if (c == '\r') {
		decoder->held_cr = true;
	} else if (c == '\n') {
		decoder->blanks = 0;
		buf_add_char(out, c);
	} else if (ascii_is_blank(c)) {
		if (decoder->blanks == TRANSFER_BLANKS_MAX)
			qp_flush_blanks(decoder, out);
		decoder->blank[decoder->blanks++] = c;
	} else {
		qp_flush_blanks(decoder, out);
		if (c == '=')
			decoder->count = 1;
		else
			buf_add_char(out, c);
	}
}

// Returns the length of the plain bytes at the front of `line`, which has no
// LF. They end before a "=", or before the blanks and CR at the end of the
// line.
static size_t qp_plain_len(struct view line)
{
	const char *escape = line.len ? memchr(line.ptr, '=', line.len) : NULL;
	size_t len = escape ? (size_t)(escape - line.ptr) : line.len;
	while (len &&
	       (ascii_is_blank(line.ptr[len - 1]) || line.ptr[len - 1] == '\r'))
		len--;
	return len;
}

static void qp_decode_piece(
    struct transfer_decoder *decoder, struct view piece, struct buf *out)
{
	const char *at = piece.ptr;
	const char *end = at + piece.len;
	const char *line_end = NULL; // where the line at `at` ends
	while (at < end) {
		if (!line_end || at > line_end) {
			line_end = memchr(at, '\n', (size_t)(end - at));
			if (!line_end)
				line_end = end;
		}
		if (decoder->count == 0 && !decoder->held_cr) {
			size_t len =
			    qp_plain_len(view_of(at, (size_t)(line_end - at)));
			if (len) {
				qp_flush_blanks(decoder, out);
				buf_add(out, view_of(at, len));
				at += len;
			}
			if (at == end)
				return;
		}
		// The decoder also reads blanks before an escape byte by byte.
		do
			qp_byte(decoder, *at++, out);
		while (at < end && (decoder->count || decoder->held_cr ||
				       ascii_is_blank(*at) || *at == '=' ||
				       *at == '\r' || *at == '\n'));
	}
}

// ---- Both ---------------------------------------------------------------

void transfer_decode(
    struct transfer_decoder *decoder, struct view piece, struct buf *out)
{
	if (piece.len == 0)
		return;
	switch (decoder->encoding) {
	case TRANSFER_BASE64: base64_decode_piece(decoder, piece, out); return;
	case TRANSFER_QUOTED_PRINTABLE:
		qp_decode_piece(decoder, piece, out);
		return;
	case TRANSFER_7BIT:
	case TRANSFER_8BIT:
	case TRANSFER_BINARY:
	case TRANSFER_UNKNOWN: buf_add(out, piece); return;
	}
}

void transfer_decode_end(struct transfer_decoder *decoder, struct buf *out)
{
	if (decoder->encoding == TRANSFER_BASE64) {
		// A group without its padding is still complete. But one
		// character is less than a byte, so the data was cut.
		if (decoder->count == 1)
			decoder->malformed = true;
		char bytes[2];
		char *to = base64_flush(decoder, bytes);
		buf_add(out, view_of(bytes, (size_t)(to - bytes)));
		return;
	}
	if (decoder->encoding != TRANSFER_QUOTED_PRINTABLE)
		return;
	// A "=" at the very end is a soft line break that lost its line end.
	bool digit =
	    decoder->count == 2 && ascii_hex_value(decoder->escape[0]) >= 0;
	if (digit)
		qp_flush_escape(decoder, out);
	decoder->count = 0;
	if (decoder->held_cr) {
		qp_flush_blanks(decoder, out);
		buf_add_char(out, '\r');
	}
	decoder->held_cr = false;
	decoder->blanks = 0;
}
