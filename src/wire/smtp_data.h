// SPDX-License-Identifier: Apache-2.0
// Message data in SMTP: DATA (RFC 5321 section 4.5.2) and BDAT (RFC 3030),
// received and sent, in pieces and without copying. The line ends are what
// matters. The data ends at CRLF "." CRLF and nowhere else, and nothing is sent
// that a lenient peer could read as the end (SMTP smuggling, CVE-2023-51764 to
// -51766).
//
// All functions work in the same way: a call reads bytes from the front of
// `*input` and gives one piece of output, which is a view of the input or of a
// constant. The caller repeats the call until the result says otherwise. All
// pieces together do not depend on how the input was cut.
#ifndef ROOST_WIRE_SMTP_DATA_H
#define ROOST_WIRE_SMTP_DATA_H

#include "base/rc.h"
#include "base/view.h"

enum smtp_data_framing {
	SMTP_DATA_DOTS,   // DATA: stuffed dots, and a line with a single dot as
			  // the end
	SMTP_DATA_CHUNKS, // BDAT: neither of these; the caller counts the bytes
};

enum smtp_line_ends {
	// Bare CR and LF stay as they are, and flags show that they were there.
	// The caller answers 550 5.5.2 when the data has ended. A bare CR or LF
	// ends no line, so a "." before or after it stays.
	SMTP_LINES_REFUSE,
	// Bare CR and bare LF become CRLF. A "." after or before a bare one is
	// content and is kept:
	//   "\n.\r\n"   gives "\r\n.\r\n"     "\r.\r\n"  gives "\r\n.\r\n"
	//   "\r\n.\n"   gives "\r\n.\r\n"     "\n.\n"    gives "\r\n.\r\n"
	//   "\r\n.\rx"  gives "\r\n.\r\nx"    "\r\r\n"   gives "\r\n\r\n"
	// None of these ends the data. "\r\n.x" gives "\r\nx" as usual.
	SMTP_LINES_NORMALIZE,
	// BODY=BINARYMIME in chunks: every byte passes, and no flag is set.
	// (With DOTS this is like REFUSE.)
	SMTP_LINES_BINARY,
};

struct smtp_data_decoder {
	enum smtp_data_framing framing;
	enum smtp_line_ends line_ends;
	int state; // private to the decoder
	// What has been seen so far. REFUSE, and the choice of BODY, depend on
	// it.
	bool bare_cr;
	bool bare_lf;
	bool nul;       // a NUL, which is always kept
	bool eight_bit; // a byte over 0x7f
};

void smtp_data_decoder_init(struct smtp_data_decoder *decoder,
    enum smtp_data_framing framing, enum smtp_line_ends line_ends);

// RC_OK: `*ret_piece` (never empty) is the next piece of the message. RC_MORE:
// the input is used up. RC_END: the data has ended, and `*input` is what
// follows the end. The line end before the "." belongs to the message. With
// CHUNKS there is no RC_END.
MUST_CHECK enum rc smtp_data_decode(struct smtp_data_decoder *decoder,
    struct view *input, struct view *ret_piece);
// CHUNKS: ends the last chunk. Returns true with a last piece if a CR was held
// back.
bool smtp_data_decode_end(
    struct smtp_data_decoder *decoder, struct view *ret_piece);

struct smtp_data_encoder {
	enum smtp_data_framing framing;
	int state; // private to the encoder
};

// Always changes bare CR and bare LF to CRLF. With DOTS it stuffs a dot at the
// front of every line that begins with one. (A BINARYMIME message is sent by
// BDAT without this encoder.)
void smtp_data_encoder_init(
    struct smtp_data_encoder *encoder, enum smtp_data_framing framing);

// RC_OK: a piece to send, never empty. RC_MORE: the input is used up.
MUST_CHECK enum rc smtp_data_encode(struct smtp_data_encoder *encoder,
    struct view *input, struct view *ret_piece);
// Ends the message: returns what is still to be sent, a constant. That is a
// CRLF if the last line has none (but not for an empty message), and with DOTS
// the line with the single dot. With CHUNKS it may be empty.
struct view smtp_data_encode_end(struct smtp_data_encoder *encoder);

#endif
