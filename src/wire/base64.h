// SPDX-License-Identifier: Apache-2.0
// Base64 of whole values (RFC 4648 section 4), strict. For SASL and similar
// uses. transfer.h is for mail, which may be damaged.
#ifndef ROOST_WIRE_BASE64_H
#define ROOST_WIRE_BASE64_H

#include "base/buf.h"

// Adds the encoding of `bytes`, padded, without line breaks.
void base64_encode(struct view bytes, struct buf *out);

// Adds the decoded bytes. On failure nothing is added. RC_SYNTAX when `text` is
// not canonical: a byte outside of the alphabet, white space, padding that is
// missing or in the wrong place, unused bits that are not zero. RC_LIMIT when
// `out` is full.
MUST_CHECK enum rc base64_decode(struct view text, struct buf *out);

#endif
