// SPDX-License-Identifier: Apache-2.0
// The words of IMAP responses (RFC 9051 section 9), added to a buffer. Strings
// become quoted strings where the grammar allows it, literals where not. `utf8`
// is true once the client enabled UTF8=ACCEPT or IMAP4rev2.
#ifndef ROOST_WIRE_IMAP_WRITE_H
#define ROOST_WIRE_IMAP_WRITE_H

#include "base/rangeset.h"
#include "wire/date.h"

// Longer strings go as literals: they need no pass over every byte.
#define IMAP_QUOTED_MAX 1024

// A quoted string where it can be one: no NUL, CR or LF, 7-bit or (`utf8`)
// valid UTF-8, not over IMAP_QUOTED_MAX; else a literal, without NUL.
void imap_write_string(struct buf *out, struct view text, bool utf8);
// The same, or NIL when text.ptr is NULL.
void imap_write_nstring(struct buf *out, struct view text, bool utf8);
// An atom when it can be one (and is not "NIL"), else a string.
void imap_write_astring(struct buf *out, struct view text, bool utf8);
// Always a quoted string, for the places that take nothing else (resp-text
// codes, ID): what may not stand there becomes "?".
void imap_write_quoted(struct buf *out, struct view text, bool utf8);
// "{n}" CRLF, "~{n}" CRLF for `binary`: the n bytes follow. Only a literal8 may
// hold NUL (RFC 9051 section 9, rule 3), and only BINARY[…] may answer with one
// (section 4.3.1).
void imap_write_literal_head(struct buf *out, uint64_t size, bool binary);
// Makes each NUL in `out` from byte `from` on 0x80: for the bytes of every
// plain literal. Its size stays, no text in UTF-8 has a lone 0x80, and Dovecot
// does the same.
void imap_write_mask_nul(struct buf *out, size_t from);

// A mailbox's name (UTF-8) as an astring; modified UTF-7 unless `utf8`.
void imap_write_mailbox(struct buf *out, struct view name, bool utf8);

// "(\Seen $Junk)"; `system` as enum imap_system_flag of imap_parse.h.
void imap_write_flags(struct buf *out, unsigned system,
    const struct view *keywords, size_t count);

// In quotes: "17-Jul-1996 02:44:25 -0700".
void imap_write_date_time(struct buf *out, struct date date);

// "1:3,7"; an empty set is nothing at all, which the grammar has no word for:
// the caller leaves the item out.
void imap_write_set(struct buf *out, const struct rangeset *set);

// Text of a response (`text`): controls and, unless `utf8`, 8-bit bytes become
// "?"; never empty.
void imap_write_text(struct buf *out, struct view text, bool utf8);

#endif
