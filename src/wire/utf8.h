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

// Looks at the first character of `text`, which must not be empty. RC_OK: its
// `*ret_len` bytes (1 to 4) are the code point `*ret_code`. RC_INVALID: the
// first `*ret_len` bytes are not a character and are to be replaced by one
// U+FFFD (they are the longest beginning of a character, as Unicode
// recommends). RC_MORE: `text` ends within a character that may still be valid;
// `*ret_len` is the number of bytes that are there.
MUST_CHECK enum rc utf8_peek(
    struct view text, uint32_t *ret_code, size_t *ret_len);

// Removes the next code point from the front of `*text`; bad bytes give U+FFFD.
// Returns false at the end.
bool utf8_next(struct view *text, uint32_t *ret_code);

// Writes `code` (U+FFFD if it is not a valid scalar value) to `out` and returns
// the length.
size_t utf8_encode(uint32_t code, char out[4]);
void utf8_add(struct buf *out, uint32_t code);
// Adds `text`, with U+FFFD in place of bad bytes.
void utf8_add_valid(struct buf *out, struct view text);

// In `buf`, from byte `from` on, changes control characters other than HTAB to
// SP.
void utf8_blank_controls(struct buf *buf, size_t from);

// The longest beginning of `text` that has at most `max_bytes` bytes, or at
// most `max_codes` code points, and does not cut a character.
struct view utf8_truncate(struct view text, size_t max_bytes);
struct view utf8_truncate_codes(struct view text, size_t max_codes);

#endif
