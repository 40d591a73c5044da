// SPDX-License-Identifier: Apache-2.0
// The header of a message that comes in: it is held until it ends, examined,
// and corrected. Pure functions over bytes; the body is never touched.
#ifndef ROOST_DELIVERY_HEADER_H
#define ROOST_DELIVERY_HEADER_H

#include "base/arena.h"
#include "base/buf.h"

// How much of a header is held. A message with a longer header is refused,
// because fields that must be found or removed could be further on.
#define DELIVERY_HEADER_MAX ((size_t)256 << 10)
// The most bytes that the correction adds.
#define DELIVERY_HEADER_ADDED ((size_t)4 << 10)
// The most bytes that a delivery puts in front: these, Received, and
// signatures.
#define DELIVERY_TOP_MAX ((size_t)32 << 10)
// How many Delivered-To fields are read; more of them mean a loop.
#define DELIVERY_DELIVERED_MAX 100

// ---- Holding it ------------------------------------------------------------

struct delivery_header {
	struct buf bytes; // whole fields; without the blank line
	size_t line;      // where its last line begins
	bool blank;       // it ended with a blank line
};

void delivery_header_init(struct delivery_header *header);
void delivery_header_done(struct delivery_header *header);
// Adds the next bytes of the message. RC_MORE: all of them are held. RC_OK: the
// header has ended, and `*ret_body` is what follows its blank line. A message
// that begins with a space or tab has no header (its first line would become
// part of the field that is put in front of it). RC_LIMIT: the header is too
// long.
MUST_CHECK enum rc delivery_header_add(
    struct delivery_header *header, struct view bytes, struct view *ret_body);
// Call this if the message ends inside the header. Adds a line end to its last
// line.
void delivery_header_end(struct delivery_header *header);

// ---- Looking at it ---------------------------------------------------------

struct delivery_fields {
	unsigned received;     // how many Received fields
	unsigned delivered_to; // how many Delivered-To fields (RFC 9228)
	unsigned from;         // how many From fields
	struct view from_value;
	unsigned sender;          // how many Sender fields
	struct view sender_value; // of the first one
	struct view message_id;   // of the first one, as written; empty: none
	bool has_date;
	bool has_message_id;
};

// True if the header has a CR without LF, or an LF without CR. Programs read
// such a byte in different ways, so one of them might miss a field.
bool delivery_header_has_bare(struct view header);

// True if a line that is not a field could pass for a From or Sender field, for
// programs that skip control characters or blanks in its name.
bool delivery_header_hides_writer(struct view header);

void delivery_header_look(struct view header, struct delivery_fields *ret);

// ---- Putting it right ------------------------------------------------------

struct delivery_fix {
	// The message comes from a user: Bcc and Resent-Bcc are removed, and
	// missing fields are added (RFC 6409 sections 8.2, 8.3 and 8.5).
	bool submission;
	struct view from;       // for a missing From field; empty: none is made
	struct view message_id; // for a missing Message-ID, with "<" and ">"
	int64_t now;            // for a missing Date
	// Whether an Authentication-Results field with this value is forged and
	// must be removed. NULL: the client is trusted, and all of them stay.
	bool (*forged)(void *context, struct view value);
	void *context;
};

// Adds to `out` the header as it will be sent (maximum: the header's length and
// DELIVERY_HEADER_ADDED). It leaves out forged Authentication-Results,
// Return-Path (RFC 5321 section 4.4: final delivery adds it, and there must be
// exactly one) and mbox's "From " line.
void delivery_header_fix(
    struct view header, const struct delivery_fix *fix, struct buf *out);

#endif
