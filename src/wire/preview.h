// SPDX-License-Identifier: Apache-2.0
// The preview of a message (RFC 8970): a few words of its text, as one line of
// UTF-8 without markup, control characters or quoted mail.
#ifndef ROOST_WIRE_PREVIEW_H
#define ROOST_WIRE_PREVIEW_H

#include "wire/charset.h"
#include "wire/message.h"

// Characters (RFC 8970 section 3.3: SHOULD 200, MUST NOT be over 256).
#define PREVIEW_CHARS_MAX 200
// Bytes they take at most.
#define PREVIEW_BYTES_MAX (PREVIEW_CHARS_MAX * 4)

// Adds the preview to `out`: nothing when there is no text to show.
void preview_write(struct charset_cache *cache, const struct message *message,
    struct buf *out);

// The same from the text itself. Plain: quoted lines, their "… wrote:" line
// and the signature are left out, unless nothing else is there.
void preview_of_plain(struct view utf8, struct buf *out);
// HTML: tags, comments, style, script and head are left out, entities decoded,
// quotations as above.
void preview_of_html(struct view utf8, struct buf *out);

#endif
