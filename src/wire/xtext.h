// SPDX-License-Identifier: Apache-2.0
// xtext (RFC 3461 section 4), which carries any US-ASCII text within one
// parameter of an SMTP command, and the two spellings of UTF-8 addresses in
// ORCPT and delivery reports (RFC 6533 section 3).
#ifndef ROOST_WIRE_XTEXT_H
#define ROOST_WIRE_XTEXT_H

#include "base/buf.h"

// Adds `text` with "+", "=", and all that is not printable US-ASCII as "+HH".
void xtext_encode(struct view text, struct buf *out);
// Adds the bytes. RC_SYNTAX: a byte that may not stand there, "+" without two
// upper-case hexadecimal digits (lower case is taken, leniently). RC_LIMIT:
// `out` is full. On failure nothing is added. Bytes that come out may be any:
// controls, NUL, no UTF-8.
MUST_CHECK enum rc xtext_decode(struct view text, struct buf *out);

// Adds `address` (UTF-8) as utf-8-addr-xtext: pure US-ASCII, "\x{HEX}" for what
// is not QCHAR. For peers without SMTPUTF8.
void utf8_addr_xtext_encode(struct view address, struct buf *out);
// The same as utf-8-addr-unitext: UTF-8 stays as it is.
void utf8_addr_unitext_encode(struct view address, struct buf *out);
// Undoes both. RC_SYNTAX as above, also for a "\x{…}" that RFC 6533 has no
// place for (a surrogate, a printable character but "\", "+" and "=", leading
// zeros) and for bad UTF-8.
MUST_CHECK enum rc utf8_addr_decode(struct view text, struct buf *out);

#endif
