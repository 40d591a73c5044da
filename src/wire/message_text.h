// SPDX-License-Identifier: Apache-2.0
// Decides what of a message is text, and how to read it. SEARCH and everything
// else that finds messages by words uses this.
//
// RFC 9051 section 6.4.4: TEXT looks in "the header (including MIME header
// fields) or body of the message". BODY looks in the body only: it "doesn't
// match any header fields". So header fields are those of the message, of each
// part, and of the messages in it. Bodies are those of parts of the types text
// and message (a server "MAY exclude" others); HTML is read as people see it
// (html_text.h). What stands before, between and after the parts of a multipart
// is not text (RFC 2046 section 5.1.1).
#ifndef ROOST_WIRE_MESSAGE_TEXT_H
#define ROOST_WIRE_MESSAGE_TEXT_H

#include "wire/message_record.h"

struct message_text {
	struct message_range header; // the header fields; len 0: there are none
	struct message_range body;   // len 0: there is no text in the body
	// How to read the body (text_stream.h). If a message part is itself
	// encoded, it is not parsed, and its header is a part of this body.
	enum transfer_encoding encoding;
	struct view charset;
	bool is_html;
};

// Finds the text of the part at `index`, without the parts below it, which have
// text of their own. RC_CORRUPT.
MUST_CHECK enum rc message_text_find(const struct message_record *record,
    uint32_t index, struct message_text *ret_text);

// Some fields can be read differently from how they are written, and a search
// must find both forms: addresses ("a (b) @ c" is a@c in ENVELOPE, with which
// FROM, TO, CC and BCC work), and parameters of MIME fields that RFC 2231
// splits or percent-encodes (mostly file names). Adds the second form to `out`.
// Returns false when the field has none.
bool message_text_addresses(struct charset_cache *cache, struct view name,
    struct view value, struct buf *out);
bool message_text_parameters(struct charset_cache *cache, struct view name,
    struct view value, struct buf *out);

#endif
