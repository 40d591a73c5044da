// SPDX-License-Identifier: Apache-2.0
// Base64 with the alphabet for URLs and without padding (RFC 4648 section 5,
// RFC 7515 section 2).
#ifndef ROOST_WIRE_BASE64URL_H
#define ROOST_WIRE_BASE64URL_H

#include "base/buf.h"

void base64url_encode(struct view bytes, struct buf *out);
// Adds the decoded bytes. Padding at the end is accepted, because authorities
// show the keys of external accounts with it. RC_SYNTAX, RC_LIMIT: nothing is
// added.
MUST_CHECK enum rc base64url_decode(struct view text, struct buf *out);
// Whether `text` consists of the alphabet's characters, at least one.
bool base64url_is(struct view text);

#endif
