// SPDX-License-Identifier: Apache-2.0
// The header of a message coming in: held until it ends, looked at, and put
// right. Pure functions over bytes; the body is never touched.
#ifndef ROOST_DELIVERY_HEADER_H
#define ROOST_DELIVERY_HEADER_H

#include "base/arena.h"
#include "base/buf.h"

// What is held of a header. A message with a longer one is refused: what is to
// be found or taken out could hide behind it.
#define DELIVERY_HEADER_MAX ((size_t)256 << 10)
// What putting right adds at most.
#define DELIVERY_HEADER_ADDED ((size_t)4 << 10)
// All that a delivery puts on top: these, Received, and signatures.
#define DELIVERY_TOP_MAX ((size_t)32 << 10)
// Delivered-To fields that are looked at; more of them are a loop.
#define DELIVERY_DELIVERED_MAX 100

// ---- Holding it ------------------------------------------------------------

struct delivery_header {
	struct buf bytes; // whole fields; without the blank line
	size_t line;      // where the last line in it begins
	bool blank;       // a blank line ended it
};

void delivery_header_init(struct delivery_header *header);
void delivery_header_done(struct delivery_header *header);
// The next bytes of the message. RC_MORE: all are held. RC_OK: the header has
// ended, and `*ret_body` is what follows its blank line. A message that begins
// with a blank has no header (it would become part of the field that is put in
// front of it). RC_LIMIT: too long.
MUST_CHECK enum rc delivery_header_add(
    struct delivery_header *header, struct view bytes, struct view *ret_body);
// The message has ended and was all header: its last line gets an end.
void delivery_header_end(struct delivery_header *header);

// ---- Looking at it ---------------------------------------------------------

struct delivery_fields {
	unsigned received;     // Received fields
	unsigned delivered_to; // Delivered-To fields (RFC 9228)
	unsigned from;         // From fields
	struct view from_value;
	unsigned sender;          // Sender fields
	struct view sender_value; // of the first one
	struct view message_id;   // of the first one, as written; empty: none
	bool has_date;
	bool has_message_id;
};

// Whether a CR or an LF stands alone in it: what programs think of that
// differs, so a field could hide from one of them.
bool delivery_header_has_bare(struct view header);

void delivery_header_look(struct view header, struct delivery_fields *ret);

// ---- Putting it right ------------------------------------------------------

struct delivery_fix {
	// A user's: Bcc and Resent-Bcc go, and what is missing is added
	// (RFC 6409 sections 8.2, 8.3 and 8.5).
	bool submission;
	struct view from;       // for a missing From field; empty: none is made
	struct view message_id; // for a missing Message-ID, with "<" and ">"
	int64_t now;            // for a missing Date
	// Whether an Authentication-Results field with this value is forged,
	// and goes. NULL: whoever gives the message is trusted, all stay.
	bool (*forged)(void *context, struct view value);
	void *context;
};

// Adds the header as it will be sent to `out` (maximum: the header's length and
// DELIVERY_HEADER_ADDED): without forged Authentication-Results, without
// Return-Path (RFC 5321 section 4.4: it is put in at final delivery, and there
// is exactly one) and mbox's "From " line.
void delivery_header_fix(
    struct view header, const struct delivery_fix *fix, struct buf *out);

#endif
