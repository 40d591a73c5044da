// SPDX-License-Identifier: Apache-2.0
// What of a message is text, and how it reads: the one place that says so, for
// SEARCH and whoever else finds messages by words.
//
// RFC 9051 section 6.4.4: TEXT looks in "the header (including MIME header
// fields) or body of the message", BODY in the body alone: it "doesn't match
// any header fields". So header fields are those of the message, of each part,
// and of the messages within it; bodies are those of parts under TEXT and
// MESSAGE
// ("MAY exclude" the others), HTML as people read it (html_text.h). What stands before, between
// and after the parts of a multipart is no text (RFC 2046 section 5.1.1).
#ifndef ROOST_WIRE_MESSAGE_TEXT_H
#define ROOST_WIRE_MESSAGE_TEXT_H

#include "wire/message_record.h"

struct message_text {
	struct message_range header; // its fields; len 0: there are none
	struct message_range body;   // len 0: no text in it
	// How the body is to be read (text_stream.h). A message that is itself
	// encoded is not taken apart: its header is part of this.
	enum transfer_encoding encoding;
	struct view charset;
	bool is_html;
};

// The text of the part at `index` without the parts below it, which have their
// own. RC_CORRUPT.
MUST_CHECK enum rc message_text_find(const struct message_record *record,
    uint32_t index, struct message_text *ret_text);

// Some fields read otherwise than they are written, and are to be found by
// either: addresses ("a (b) @ c" is a@c, as ENVELOPE has it, which FROM, TO, CC
// and BCC go by) and parameters of MIME fields that RFC 2231 cut or
// percent-encoded (file names above all). Adds that text to `out`; false when
// the field has none.
bool message_text_addresses(struct charset_cache *cache, struct view name,
    struct view value, struct buf *out);
bool message_text_parameters(struct charset_cache *cache, struct view name,
    struct view value, struct buf *out);

#endif
