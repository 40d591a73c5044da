// SPDX-License-Identifier: Apache-2.0
// Message data on its way through SMTP: DATA (RFC 5321 section 4.5.2) and BDAT
// (RFC 3030), received and sent, in pieces, without copying. Line ends are the
// point: the data ends at CRLF "." CRLF and nowhere else, and nothing is sent
// that a lenient peer could take for that (SMTP smuggling, CVE-2023-51764 to
// -51766).
//
// All work alike: a call takes bytes off the front of `*input` and gives one
// piece of output, a view into the input or of a constant; call until it says
// otherwise. What comes out, all pieces together, does not depend on how the
// input was cut.
#ifndef ROOST_WIRE_SMTP_DATA_H
#define ROOST_WIRE_SMTP_DATA_H

#include "base/rc.h"
#include "base/view.h"

enum smtp_data_framing {
	SMTP_DATA_DOTS,   // DATA: dots stuffed, ended by a lone one
	SMTP_DATA_CHUNKS, // BDAT: neither; the caller counts the bytes
};

enum smtp_line_ends {
	// Bare CR and LF stay as they are and are seen (flags); the caller
	// answers 550 5.5.2 when the data has ended. A bare one ends no line; a
	// lone "." before or after it stays.
	SMTP_LINES_REFUSE,
	// Bare CR and bare LF become CRLF. "." after or before a bare one is
	// content, kept:
	//   "\n.\r\n"   gives "\r\n.\r\n"     "\r.\r\n"  gives "\r\n.\r\n"
	//   "\r\n.\n"   gives "\r\n.\r\n"     "\n.\n"    gives "\r\n.\r\n"
	//   "\r\n.\rx"  gives "\r\n.\r\nx"    "\r\r\n"   gives "\r\n\r\n"
	// none of which ends the data; "\r\n.x" gives "\r\nx" as ever.
	SMTP_LINES_NORMALIZE,
	// BODY=BINARYMIME in chunks: every byte passes, no flag is set. (With
	// DOTS as REFUSE.)
	SMTP_LINES_BINARY,
};

struct smtp_data_decoder {
	enum smtp_data_framing framing;
	enum smtp_line_ends line_ends;
	int state; // the decoder's own
	// Seen so far; what REFUSE, and the choice of BODY, is decided by.
	bool bare_cr;
	bool bare_lf;
	bool nul;       // NUL is always kept
	bool eight_bit; // a byte over 0x7f
};

void smtp_data_decoder_init(struct smtp_data_decoder *decoder,
    enum smtp_data_framing framing, enum smtp_line_ends line_ends);

// RC_OK: `*ret_piece` (never empty) is the next of the message. RC_MORE: the
// input is used up. RC_END: the data has ended; `*input` is what follows the
// end. The line end before the "." is part of the message. With CHUNKS there is
// no RC_END.
MUST_CHECK enum rc smtp_data_decode(struct smtp_data_decoder *decoder,
    struct view *input, struct view *ret_piece);
// CHUNKS: the end of the last chunk. True with a last piece that was held back
// (a CR).
bool smtp_data_decode_end(
    struct smtp_data_decoder *decoder, struct view *ret_piece);

struct smtp_data_encoder {
	enum smtp_data_framing framing;
	int state; // the encoder's own
};

// Always makes CRLF of bare CR and bare LF; with DOTS stuffs dots at the front
// of every line. (A BINARYMIME message goes by BDAT as it is, without this.)
void smtp_data_encoder_init(
    struct smtp_data_encoder *encoder, enum smtp_data_framing framing);

// RC_OK: a piece to send, never empty. RC_MORE: the input is used up.
MUST_CHECK enum rc smtp_data_encode(struct smtp_data_encoder *encoder,
    struct view *input, struct view *ret_piece);
// The end of the message: what is still to be sent, a constant: a CRLF if the
// last line has none (an empty message gets none), and with DOTS the lone dot's
// line. With CHUNKS it may be empty.
struct view smtp_data_encode_end(struct smtp_data_encoder *encoder);

#endif
