// SPDX-License-Identifier: Apache-2.0
// The preview of a message (RFC 8970): the first words of its text, as one line
// of UTF-8 without markup, control characters or quoted mail.
#ifndef ROOST_WIRE_PREVIEW_H
#define ROOST_WIRE_PREVIEW_H

#include "wire/charset.h"
#include "wire/message.h"

// The maximum of characters (RFC 8970 section 3.3: SHOULD 200, MUST NOT be over
// 256).
#define PREVIEW_CHARS_MAX 200
// The maximum of bytes for them.
#define PREVIEW_BYTES_MAX (PREVIEW_CHARS_MAX * 4)

// Adds the preview to `out`. Nothing is added when there is no text to show.
void preview_write(struct charset_cache *cache, const struct message *message,
    struct buf *out);

// Makes a preview of plain text. Quoted lines, the line "… wrote:" before them,
// and the signature are left out, unless there is nothing else.
void preview_of_plain(struct view utf8, struct buf *out);
// Makes a preview of HTML. Tags, comments, style, script and head are left out,
// character references are decoded, and quoted mail is left out as above.
void preview_of_html(struct view utf8, struct buf *out);

#endif
