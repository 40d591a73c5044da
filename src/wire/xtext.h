// SPDX-License-Identifier: Apache-2.0
// xtext (RFC 3461 section 4), which carries any US-ASCII text within one
// parameter of an SMTP command; and the two forms of UTF-8 addresses in ORCPT
// and delivery reports (RFC 6533 section 3).
#ifndef ROOST_WIRE_XTEXT_H
#define ROOST_WIRE_XTEXT_H

#include "base/buf.h"

// Adds `text`, with "+HH" in place of "+", "=" and everything that is not
// printable US-ASCII.
void xtext_encode(struct view text, struct buf *out);
// Adds the decoded bytes. RC_SYNTAX: a byte that is not allowed, or "+" without
// two hexadecimal digits (lower case is accepted, leniently). RC_LIMIT: `out`
// is full. On failure nothing is added. The decoded bytes may be anything:
// control characters, NUL, invalid UTF-8.
MUST_CHECK enum rc xtext_decode(struct view text, struct buf *out);

// Adds `address` (UTF-8) as utf-8-addr-xtext: pure US-ASCII, with "\x{HEX}" for
// everything that is not QCHAR. For peers without SMTPUTF8.
void utf8_addr_xtext_encode(struct view address, struct buf *out);
// Adds it as utf-8-addr-unitext, in which UTF-8 is not changed.
void utf8_addr_unitext_encode(struct view address, struct buf *out);
// Decodes both forms. RC_SYNTAX as above, and also for bad UTF-8 and for a
// "\x{…}" that RFC 6533 does not allow (a surrogate, a printable character
// other than "\", "+" and "=", leading zeros).
MUST_CHECK enum rc utf8_addr_decode(struct view text, struct buf *out);

#endif
