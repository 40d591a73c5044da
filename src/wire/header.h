// SPDX-License-Identifier: Apache-2.0
// The header of a message (RFC 5322 section 2.2) as fields, in place: nothing
// is copied, and every byte of the block belongs to exactly one field. Lenient:
// lines may end in CRLF or LF, a CR elsewhere is an ordinary byte, a line may
// have no colon, and a line or field may be of any length. All are linear.
#ifndef ROOST_WIRE_HEADER_H
#define ROOST_WIRE_HEADER_H

#include "base/buf.h"

struct header_field {
	// Without the colon and the blanks before it; empty (not NULL) for a
	// line that is no field: no colon, a blank inside or before its name
	// ("From x@y Mon …" of mbox), or a control character in it.
	struct view name;
	// After the colon, white space at its front left out, folding inside
	// kept, without the last line end. For a line that is no field, all of
	// it.
	struct view value;
	// From the first byte to the end of the last line end.
	struct view whole;
};

// Takes the next field off the front of `*rest`; the views point into it.
// False, and `*rest` unchanged, at the blank line that ends the header or when
// nothing is left.
bool header_next(struct view *rest, struct header_field *ret_field);

// The first field called `name`, case of US-ASCII letters aside.
bool header_find(
    struct view block, struct view name, struct header_field *ret_field);

// Finds where the header ends. RC_OK: `*ret_len` bytes, the blank line
// included. RC_MORE: no blank line in `message`; a message of which this is all
// is all header.
MUST_CHECK enum rc header_length(struct view message, size_t *ret_len);

// Unfolding (RFC 5322 section 2.2.3): adds `value` to `out` without its line
// ends (LF, and any CRs before one). White space around them stays, except that
// a line end that no blank follows becomes one SP.
void header_unfold(struct view value, struct buf *out);

#endif
