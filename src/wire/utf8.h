// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, nothing above
// U+10FFFF.
#ifndef ROOST_WIRE_UTF8_H
#define ROOST_WIRE_UTF8_H

#include "base/buf.h"

#define UTF8_REPLACEMENT 0xfffdu

bool utf8_is_ascii(struct view text); // no byte over 0x7f
// The length of the ASCII bytes at the front of `text`.
size_t utf8_ascii_len(struct view text);
bool utf8_is_valid(struct view text);

// Looks at the first character of `text` (not empty). RC_OK: `*ret_len` bytes
// (1 to 4) are the code point `*ret_code`. RC_INVALID: the first `*ret_len`
// bytes are no character and are to be replaced by one U+FFFD (the longest
// beginning of one, as Unicode recommends). RC_MORE: `text` ends within a
// character that may still become a good one; `*ret_len` is what is there.
MUST_CHECK enum rc utf8_peek(
    struct view text, uint32_t *ret_code, size_t *ret_len);

// Takes the next code point off the front of `*text`; U+FFFD for bad bytes.
// False at the end.
bool utf8_next(struct view *text, uint32_t *ret_code);

// Writes `code` (a valid scalar value, else U+FFFD) to `out`; the length.
size_t utf8_encode(uint32_t code, char out[4]);
void utf8_add(struct buf *out, uint32_t code);
// Adds `text`, bad bytes replaced by U+FFFD.
void utf8_add_valid(struct buf *out, struct view text);

// Makes SP of the control characters but HTAB in `buf` from byte `from` on.
void utf8_blank_controls(struct buf *buf, size_t from);

// The longest beginning of `text` with at most `max_bytes` bytes, or at most
// `max_codes` code points, that does not cut a character.
struct view utf8_truncate(struct view text, size_t max_bytes);
struct view utf8_truncate_codes(struct view text, size_t max_codes);

#endif
