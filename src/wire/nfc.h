// SPDX-License-Identifier: Apache-2.0
// Unicode Normalization Form C (UAX #15): "e" with a combining accent and the
// letter with the accent in it become the same bytes.
#ifndef ROOST_WIRE_NFC_H
#define ROOST_WIRE_NFC_H

#include "base/buf.h"

// Adds `text` in that form to `out`; ASCII is in it already. RC_INVALID: it is
// not UTF-8. RC_LIMIT: `out` is full. Then what was added is of no use.
MUST_CHECK enum rc nfc_add(struct view text, struct buf *out);

#endif
