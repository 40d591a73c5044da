// SPDX-License-Identifier: Apache-2.0
// Modified UTF-7, the IMAP4rev1 form of mailbox names (RFC 3501 section 5.1.3).
// Strict both ways: what decodes encodes to the same bytes again. So there is
// one spelling of a name.
#ifndef ROOST_WIRE_IMAP_UTF7_H
#define ROOST_WIRE_IMAP_UTF7_H

#include "base/buf.h"

// Adds the modified UTF-7 of `name`. RC_INVALID, and nothing added, when it is
// not UTF-8 or holds NUL; RC_LIMIT when `out` is full.
MUST_CHECK enum rc imap_utf7_encode(struct view name, struct buf *out);

// Adds the UTF-8 of `text`. RC_INVALID, and nothing added: a byte that is not
// printable US-ASCII; "&" without "-"; bad base64, or left-over bits that are
// not zero; base64 of what needs none, or of NUL; two runs of base64 in a row;
// half a surrogate pair. `*ret_bad` (may be NULL) is then the offset of the
// byte where the mistake was seen. RC_LIMIT when `out` is full.
MUST_CHECK enum rc imap_utf7_decode(
    struct view text, struct buf *out, size_t *ret_bad);

#endif
