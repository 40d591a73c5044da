// SPDX-License-Identifier: Apache-2.0
// Content-Transfer-Encoding undone (RFC 2045 section 6), piece by piece, with a
// small state. Lenient: whatever can be read of damaged data comes out, and
// `malformed` says that it was damaged.
#ifndef ROOST_WIRE_TRANSFER_H
#define ROOST_WIRE_TRANSFER_H

#include "base/buf.h"

enum transfer_encoding {
	TRANSFER_7BIT,
	TRANSFER_8BIT,
	TRANSFER_BINARY,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_BASE64,
	TRANSFER_UNKNOWN, // passed through, malformed from the start
};

// Which encoding the value of a Content-Transfer-Encoding field means; the one
// place that says so. Comments, quotes and what follows the word are ignored,
// and so are blanks, "-" and "_" in it ("quoted printable", "8-bit"); empty means
// 7bit. "uuencode" and its like are unknown.
enum transfer_encoding transfer_encoding_parse(struct view value);
// "7bit" … "base64"; "x-unknown" for TRANSFER_UNKNOWN.
struct view transfer_encoding_name(enum transfer_encoding encoding);

// Blanks at a line's end are not part of quoted-printable data (RFC 2045
// section 6.7 rule 3); a run longer than this is kept all the same.
#define TRANSFER_BLANKS_MAX 128

struct transfer_decoder {
	enum transfer_encoding encoding;
	// Something was not as the encoding has it: for base64 a "=" where
	// none can be, data after "=", or a last group of one character (that
	// padding is missing, or other characters stand between, is no fault);
	// for quoted-printable a "=" that no two digits or line end
	// follow. BINARY answers UNKNOWN-CTE (RFC 9051 section 6.4.5) for it.
	bool malformed;
	uint8_t count;  // base64: characters held; QP: escape bytes held
	bool padded;    // base64: "=" was seen
	uint32_t bits;  // base64: those characters
	uint8_t blanks; // QP: blanks held
	bool held_cr;   // QP: a CR is held
	char escape[2]; // QP: after a "="
	char blank[TRANSFER_BLANKS_MAX];
};

void transfer_decoder_init(
    struct transfer_decoder *decoder, enum transfer_encoding encoding);

// Decodes all of `piece` to the end of `out`: at most piece.len +
// TRANSFER_BLANKS_MAX + 4 bytes. When `out` is full, the rest is lost and
// buf_status(out) says so. A padded base64 part may be followed by another,
// as when two were joined; it comes out, malformed.
void transfer_decode(
    struct transfer_decoder *decoder, struct view piece, struct buf *out);
// The end of the data: adds what is still held, at most TRANSFER_BLANKS_MAX + 4
// bytes, and settles `malformed`.
void transfer_decode_end(struct transfer_decoder *decoder, struct buf *out);

// The same as data goes through: how many bytes of `piece` can be handed on
// unchanged because the encoding changes nothing. True for 7bit, 8bit, binary,
// unknown.
static inline bool transfer_is_identity(enum transfer_encoding encoding)
{
	return encoding != TRANSFER_QUOTED_PRINTABLE &&
	       encoding != TRANSFER_BASE64;
}

#endif
