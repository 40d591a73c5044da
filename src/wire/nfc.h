// SPDX-License-Identifier: Apache-2.0
// Unicode Normalization Form C (UAX #15): for example, "e" followed by a
// combining accent, and the letter with the accent, become the same bytes.
#ifndef ROOST_WIRE_NFC_H
#define ROOST_WIRE_NFC_H

#include "base/buf.h"

// Adds `text` in that form to `out`. ASCII does not change. RC_INVALID: `text`
// is not UTF-8. RC_LIMIT: `out` is full. After a failure the added bytes must
// not be used.
MUST_CHECK enum rc nfc_add(struct view text, struct buf *out);

#endif
