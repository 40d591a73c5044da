// SPDX-License-Identifier: Apache-2.0
// Base64 of whole values (RFC 4648 section 4), strictly: for SASL and the like.
// Damaged mail is transfer.h's.
#ifndef ROOST_WIRE_BASE64_H
#define ROOST_WIRE_BASE64_H

#include "base/buf.h"

// Adds the encoding of `bytes`, padded, without line breaks.
void base64_encode(struct view bytes, struct buf *out);

// Adds the bytes. On failure nothing is added. RC_SYNTAX when `text` is not
// canonical: a byte out of the alphabet, white space, missing or misplaced
// padding, bits left over that are not zero. RC_LIMIT when `out` is full.
MUST_CHECK enum rc base64_decode(struct view text, struct buf *out);

#endif
