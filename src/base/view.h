// SPDX-License-Identifier: Apache-2.0
// Borrowed bytes: a pointer and a length, never NUL-terminated. Whoever hands
// out a view says how long the bytes stay.
#ifndef ROOST_BASE_VIEW_H
#define ROOST_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct view {
	const char *ptr;
	size_t len;
};

// A view of a string literal, and printf arguments for "%.*s".
#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})
#define VIEW_FMT(v)   (int)(v).len, (v).ptr

static inline struct view view_of(const void *ptr, size_t len)
{
	return (struct view){ptr, len};
}

struct view view_of_string(const char *text); // NULL gives the empty view

bool view_eq(struct view a, struct view b);
// The same, upper and lower case of US-ASCII letters alike.
bool view_eq_nocase(struct view a, struct view b);
// Byte order, as memcmp; a prefix comes first.
int view_compare(struct view a, struct view b);
bool view_starts_with(struct view text, struct view prefix);
bool view_starts_with_nocase(struct view text, struct view prefix);
bool view_ends_with(struct view text, struct view suffix);

// Offset of the first `c`, or of `needle`; SIZE_MAX when absent.
size_t view_find_char(struct view text, char c);
size_t view_find(struct view text, struct view needle);

// `text` from byte `offset` on, at most `len` bytes; clipped to what is there.
struct view view_slice(struct view text, size_t offset, size_t len);
static inline struct view view_from(struct view text, size_t offset)
{
	return view_slice(text, offset, SIZE_MAX);
}
// Without the white space (SP HTAB CR LF) at both ends.
struct view view_trim(struct view text);

// Takes the part before the first `separator` off the front of `*text` and
// skips the separator; false when `*text` is empty and nothing was taken.
bool view_split(struct view *text, char separator, struct view *ret_part);

// All of `text` as a decimal number (digits only, at least one) that fits.
MUST_CHECK bool view_to_u32(struct view text, uint32_t *ret_number);
MUST_CHECK bool view_to_u64(struct view text, uint64_t *ret_number);

// NUL-terminated heap copy, for libc's edge; freed with free().
char *view_to_string(struct view text);

#endif
