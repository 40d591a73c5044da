// SPDX-License-Identifier: Apache-2.0
// Decodes Content-Transfer-Encoding (RFC 2045 section 6), piece by piece, with
// a small state. Lenient: everything that can be read in damaged data is
// returned, and `malformed` says that it was damaged.
#ifndef ROOST_WIRE_TRANSFER_H
#define ROOST_WIRE_TRANSFER_H

#include "base/buf.h"

enum transfer_encoding {
	TRANSFER_7BIT,
	TRANSFER_8BIT,
	TRANSFER_BINARY,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_BASE64,
	TRANSFER_UNKNOWN, // the bytes are not changed; malformed from the start
};

// Which encoding the value of a Content-Transfer-Encoding field means. Only
// this function decides it. Comments, quotes, and everything after the word are
// ignored, and so are blanks, "-" and "_" in the word ("quoted printable",
// "8-bit"). An empty value means 7bit. "uuencode" and similar ones are unknown.
enum transfer_encoding transfer_encoding_parse(struct view value);
// "7bit" … "base64"; "x-unknown" for TRANSFER_UNKNOWN.
struct view transfer_encoding_name(enum transfer_encoding encoding);

// Blanks at a line's end do not belong to quoted-printable data (RFC 2045
// section 6.7 rule 3). A longer run of blanks than this is kept nevertheless.
#define TRANSFER_BLANKS_MAX 128

struct transfer_decoder {
	enum transfer_encoding encoding;
	// The data breaks the rules of its encoding. Base64: a "=" where none
	// may be, data after "=", or a last group of one character. (Missing
	// padding, and other characters in between, are allowed.)
	// Quoted-printable: a "=" without two digits or a line end after it.
	// BINARY answers UNKNOWN-CTE (RFC 9051 section 6.4.5) for such data.
	bool malformed;
	uint8_t count; // base64: number of characters held; QP: of escape bytes
		       // held
	bool padded;    // base64: "=" was seen
	uint32_t bits;  // base64: those characters
	uint8_t blanks; // QP: number of blanks held
	bool held_cr;   // QP: a CR is held
	char escape[2]; // QP: after a "="
	char blank[TRANSFER_BLANKS_MAX];
};

void transfer_decoder_init(
    struct transfer_decoder *decoder, enum transfer_encoding encoding);

// Decodes all of `piece` and adds at most piece.len + TRANSFER_BLANKS_MAX + 4
// bytes to `out`. When `out` is full, the rest is lost and buf_status(out) says
// so. A padded base64 part may be followed by another one, as when two parts
// were joined; both are decoded, and the data is malformed.
void transfer_decode(
    struct transfer_decoder *decoder, struct view piece, struct buf *out);
// Ends the data: adds what is still held, at most TRANSFER_BLANKS_MAX + 4
// bytes, and gives `malformed` its final value.
void transfer_decode_end(struct transfer_decoder *decoder, struct buf *out);

// Whether the encoding does not change the data, so that pieces can be used as
// they are: 7bit, 8bit, binary, unknown.
static inline bool transfer_is_identity(enum transfer_encoding encoding)
{
	return encoding != TRANSFER_QUOTED_PRINTABLE &&
	       encoding != TRANSFER_BASE64;
}

#endif
