// SPDX-License-Identifier: Apache-2.0
// Splits the header of a message (RFC 5322 section 2.2) into fields, in place:
// nothing is copied, and every byte of the block belongs to exactly one field.
// Lenient: lines may end in CRLF or LF, a CR elsewhere is an ordinary byte, a
// line may have no colon, and a line or a field may have any length. All
// functions are linear.
#ifndef ROOST_WIRE_HEADER_H
#define ROOST_WIRE_HEADER_H

#include "base/buf.h"

struct header_field {
	// Without the colon and the blanks before it. Empty (not NULL) for a
	// line that is not a field: one with no colon, with a blank in or
	// before the name ("From x@y Mon …" of mbox), or with a control
	// character in the name.
	struct view name;
	// The text after the colon, without the white space at its front and
	// the last line end. Folding inside stays. For a line that is not a
	// field, the whole line.
	struct view value;
	// From the first byte to the end of the last line end.
	struct view whole;
};

// Removes the next field from the front of `*rest`; its views point there.
// Returns false, and does not change `*rest`, at the blank line that ends the
// header and at the end.
bool header_next(struct view *rest, struct header_field *ret_field);

// Finds the first field called `name`; the case of US-ASCII letters does not
// matter.
bool header_find(
    struct view block, struct view name, struct header_field *ret_field);

// Finds the end of the header. RC_OK: the header has `*ret_len` bytes,
// including the blank line. RC_MORE: `message` has no blank line; if it is
// complete, all of it is header.
MUST_CHECK enum rc header_length(struct view message, size_t *ret_len);

// Unfolds (RFC 5322 section 2.2.3): adds `value` to `out` without its line ends
// (LF, and any CRs before it). White space around them stays. A line end
// without a blank after it becomes one SP.
void header_unfold(struct view value, struct buf *out);

#endif
