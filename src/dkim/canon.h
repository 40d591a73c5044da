// SPDX-License-Identifier: Apache-2.0
// The "relaxed" canonical forms of RFC 6376 section 3.4: of a whole header
// field, and of a body in pieces of any size. No side effects; used inside this
// room only.
#ifndef ROOST_DKIM_CANON_H
#define ROOST_DKIM_CANON_H

#include "base/buf.h"

// Adds the canonical form of a field, without a CRLF (RFC 6376 section 3.4.2).
// The field ("Name: value") may be folded, and may end with its CRLF. For a
// field without a colon nothing is added.
void dkim_canon_field(struct view field, struct buf *out);

// The number of bytes that `sink` gets at once, at most.
#define DKIM_CANON_PIECE 8192

// The body's canonical form (RFC 6376 section 3.4.4). `sink` gets it in pieces
// that are valid during the call.
struct dkim_canon_body {
	void (*sink)(void *context, struct view bytes);
	void *context;
	uint64_t line_ends; // CRLFs held back, because those at the body's end
			    // do not count
	bool blank; // white space held back, because at a line's end it does
		    // not count
	bool cr;    // a CR held back, because an LF may follow
	bool any;   // `sink` has got something
	size_t len;
	char piece[DKIM_CANON_PIECE];
};

void dkim_canon_body_init(struct dkim_canon_body *body,
    void (*sink)(void *context, struct view bytes), void *context);
void dkim_canon_body_add(struct dkim_canon_body *body, struct view bytes);
void dkim_canon_body_end(struct dkim_canon_body *body);

#endif
