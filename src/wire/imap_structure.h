// SPDX-License-Identifier: Apache-2.0
// ENVELOPE, BODY and BODYSTRUCTURE as RFC 3501 and RFC 9051 section 9 write
// them, the same bytes for both: quoted strings when all is 7-bit and short,
// else a literal; no NUL ever. No recursion.
#ifndef ROOST_WIRE_IMAP_STRUCTURE_H
#define ROOST_WIRE_IMAP_STRUCTURE_H

#include "wire/message.h"

// Room that an ENVELOPE and a BODYSTRUCTURE need at most; what would take more
// is replaced by a plain description that fits.
#define IMAP_ENVELOPE_MAX  (2 * 1024 * 1024)
#define IMAP_STRUCTURE_MAX (8 * 1024 * 1024)

// "(…)" at the end of `out`, whose maximum allows for it.
void imap_envelope_write(const struct message_fields *fields, struct buf *out);
// BODY: without extension data (RFC 9051 section 7.5.2).
void imap_body_write(const struct message *message, struct buf *out);
void imap_bodystructure_write(const struct message *message, struct buf *out);

// nstring / string (RFC 9051 section 9). NIL for a NULL ptr.
void imap_nstring_write(struct view text, struct buf *out);
void imap_string_write(struct view text, struct buf *out);

#endif
