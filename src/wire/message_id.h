// SPDX-License-Identifier: Apache-2.0
// Message identifiers out of Message-ID, References and In-Reply-To (RFC 5322
// section 3.6.4), normalised so that equal ones are equal bytes (RFC 5256
// section 3, THREAD=REFERENCES).
#ifndef ROOST_WIRE_MESSAGE_ID_H
#define ROOST_WIRE_MESSAGE_ID_H

#include "base/buf.h"

// Identifiers longer than this are passed over.
#define MESSAGE_ID_MAX 998

// Takes the next identifier off the front of `*rest` (a field's value, folding
// included) and puts it, without "<" ">", quotes, escapes and white space, into
// `out`, which is reset first. Passes over anything that is not
// "<…@…>". False when there is none left. Case is kept.
bool message_id_next(struct view *rest, struct buf *out);

#endif
