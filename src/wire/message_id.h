// SPDX-License-Identifier: Apache-2.0
// Reads message identifiers from Message-ID, References and In-Reply-To (RFC
// 5322 section 3.6.4), and normalises them so that equal ones are equal bytes
// (RFC 5256 section 3, THREAD=REFERENCES).
#ifndef ROOST_WIRE_MESSAGE_ID_H
#define ROOST_WIRE_MESSAGE_ID_H

#include "base/buf.h"

// Longer identifiers are skipped.
#define MESSAGE_ID_MAX 998

// Removes the next identifier from the front of `*rest` (a field's value, which
// may be folded) and writes it to `out`, which is reset first, without "<" ">",
// quotes, escapes and white space. Skips everything that is not "<…@…>".
// Returns false when no identifier is left. Case is kept.
bool message_id_next(struct view *rest, struct buf *out);

#endif
