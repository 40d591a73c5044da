// SPDX-License-Identifier: Apache-2.0
// Writes ENVELOPE, BODY and BODYSTRUCTURE in a form that is valid for RFC 3501
// and for RFC 9051 section 9: a short 7-bit text is a quoted string, any other
// text a literal, and none has a NUL. No recursion.
#ifndef ROOST_WIRE_IMAP_STRUCTURE_H
#define ROOST_WIRE_IMAP_STRUCTURE_H

#include "wire/message.h"

// The maximum length of an ENVELOPE and of a BODYSTRUCTURE. One that would be
// longer is replaced by a plain description that fits; BODY is replaced
// together with BODYSTRUCTURE.
#define IMAP_ENVELOPE_MAX  (2 * 1024 * 1024)
#define IMAP_STRUCTURE_MAX (2 * 1024 * 1024)

// Adds "(…)" to `out`, whose maximum must allow for it.
void imap_envelope_write(const struct message_fields *fields, struct buf *out);
// Adds BODY to one buffer and BODYSTRUCTURE to another, in one pass. BODY is
// BODYSTRUCTURE without the extension data (RFC 9051 section 7.5.2).
void imap_structure_write(
    const struct message *message, struct buf *body, struct buf *structure);

// Writes an nstring / a string (RFC 9051 section 9). NIL for a NULL ptr.
void imap_nstring_write(struct view text, struct buf *out);
void imap_string_write(struct view text, struct buf *out);

#endif
