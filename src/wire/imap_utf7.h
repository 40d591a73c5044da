// SPDX-License-Identifier: Apache-2.0
// Modified UTF-7, the form of mailbox names in IMAP4rev1 (RFC 3501 section
// 5.1.3). It is strict in both directions: text that can be decoded encodes to
// the same bytes again. So each name has one spelling.
#ifndef ROOST_WIRE_IMAP_UTF7_H
#define ROOST_WIRE_IMAP_UTF7_H

#include "base/buf.h"

// Adds the modified UTF-7 of `name`. RC_INVALID, with nothing added, when it is
// not UTF-8 or contains NUL; RC_LIMIT when `out` is full.
MUST_CHECK enum rc imap_utf7_encode(struct view name, struct buf *out);

// Adds the UTF-8 of `text`. RC_INVALID, with nothing added: a byte that is not
// printable US-ASCII; "&" without "-"; bad base64, or unused bits that are not
// zero; base64 of a character that does not need it, or of NUL; two runs of
// base64 in a row; half a surrogate pair. `*ret_bad` (may be NULL) is then the
// offset of the byte where the mistake was found. RC_LIMIT when `out` is full.
MUST_CHECK enum rc imap_utf7_decode(
    struct view text, struct buf *out, size_t *ret_bad);

#endif
