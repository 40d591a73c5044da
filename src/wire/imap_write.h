// SPDX-License-Identifier: Apache-2.0
// Adds the words of IMAP responses (RFC 9051 section 9) to a buffer. A string
// becomes a quoted string where the grammar allows it, otherwise a literal.
// `utf8` is true after the client has enabled UTF8=ACCEPT or IMAP4rev2.
#ifndef ROOST_WIRE_IMAP_WRITE_H
#define ROOST_WIRE_IMAP_WRITE_H

#include "base/rangeset.h"
#include "wire/date.h"

// A longer string is sent as a literal, because then its bytes need not be
// checked.
#define IMAP_QUOTED_MAX 1024

// Writes a quoted string if the text can be one: no NUL, CR or LF; 7-bit or
// (`utf8`) valid UTF-8; at most IMAP_QUOTED_MAX bytes. Otherwise writes a
// literal, without NUL.
void imap_write_string(struct buf *out, struct view text, bool utf8);
// Writes an atom if the text can be one (and is not "NIL"), otherwise a string.
void imap_write_astring(struct buf *out, struct view text, bool utf8);
// Always writes a quoted string, for places where only that is allowed
// (resp-text codes, ID). Characters that may not stand there become "?".
void imap_write_quoted(struct buf *out, struct view text, bool utf8);
// Writes "{n}" CRLF, or "~{n}" CRLF for `binary`; the caller adds the n bytes.
// Only a literal8 may contain NUL (RFC 9051 section 9, rule 3), and only an
// answer to BINARY[…] may be one (section 4.3.1).
void imap_write_literal_head(struct buf *out, uint64_t size, bool binary);
// Replaces each NUL in `out`, from byte `from` on, by 0x80. For the bytes of
// every plain literal. This does not change the size, no text in UTF-8 has a
// lone 0x80, and Dovecot does the same.
void imap_write_mask_nul(struct buf *out, size_t from);

// Writes a mailbox name (UTF-8) as an astring, in modified UTF-7 unless `utf8`.
void imap_write_mailbox(struct buf *out, struct view name, bool utf8);

// Writes with quotes: "17-Jul-1996 02:44:25 -0700".
void imap_write_date_time(struct buf *out, struct date date);

// Writes "1:3,7". For an empty set, for which the grammar has no form, it
// writes nothing; the caller leaves the item out.
void imap_write_set(struct buf *out, const struct rangeset *set);

// Writes the text of a response. Control characters, and 8-bit bytes unless
// `utf8`, become "?". The text is never empty.
void imap_write_text(struct buf *out, struct view text, bool utf8);

#endif
