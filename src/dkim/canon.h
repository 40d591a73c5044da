// SPDX-License-Identifier: Apache-2.0
// The "relaxed" canonical forms of RFC 6376 section 3.4: of a header field at
// once, of a body in pieces of any size. Pure; this room only.
#ifndef ROOST_DKIM_CANON_H
#define ROOST_DKIM_CANON_H

#include "base/buf.h"

// Adds the canonical form of a field ("Name: value", folded or not, its CRLF
// given or not), without a CRLF (RFC 6376 section 3.4.2). A field without a
// colon adds nothing.
void dkim_canon_field(struct view field, struct buf *out);

// Bytes of canonical body handed on at once.
#define DKIM_CANON_PIECE 8192

// The body's canonical form (RFC 6376 section 3.4.4). `sink` gets it in pieces,
// valid during the call.
struct dkim_canon_body {
	void (*sink)(void *context, struct view bytes);
	void *context;
	uint64_t
	    line_ends; // CRLFs held back: the body's last ones do not count
	bool blank;    // white space held back: a line's last does not
	bool cr;       // a CR held back: LF may follow
	bool any;      // something was handed on
	size_t len;
	char piece[DKIM_CANON_PIECE];
};

void dkim_canon_body_init(struct dkim_canon_body *body,
    void (*sink)(void *context, struct view bytes), void *context);
void dkim_canon_body_add(struct dkim_canon_body *body, struct view bytes);
void dkim_canon_body_end(struct dkim_canon_body *body);

#endif
