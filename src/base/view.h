// SPDX-License-Identifier: Apache-2.0
// Borrowed bytes: a pointer and a length, never NUL-terminated. The function
// that returns a view documents how long the bytes stay valid.
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

// A view of a string literal; and the printf arguments for "%.*s".
#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})
#define VIEW_FMT(v)   (int)(v).len, (v).ptr

static inline struct view view_of(const void *ptr, size_t len)
{
	return (struct view){ptr, len};
}

struct view view_of_string(const char *text); // NULL: the empty view

bool view_eq(struct view a, struct view b);
// Like view_eq(), but ignores the case of US-ASCII letters.
bool view_eq_nocase(struct view a, struct view b);
// Compares bytes, as memcmp does. A prefix sorts before the longer text.
int view_compare(struct view a, struct view b);
bool view_starts_with(struct view text, struct view prefix);
bool view_starts_with_nocase(struct view text, struct view prefix);
bool view_ends_with(struct view text, struct view suffix);

// The offset of the first `c` or `needle`; SIZE_MAX when there is none.
size_t view_find_char(struct view text, char c);
size_t view_find(struct view text, struct view needle);

// `text` from byte `offset` on, at most `len` bytes, limited to the bytes that
// are there.
struct view view_slice(struct view text, size_t offset, size_t len);
static inline struct view view_from(struct view text, size_t offset)
{
	return view_slice(text, offset, SIZE_MAX);
}
// `text` without the white space (SP HTAB CR LF) at both ends.
struct view view_trim(struct view text);

// Removes the part before the first `separator`, and the separator, from the
// front of `*text`. Returns false when `*text` was empty.
bool view_split(struct view *text, char separator, struct view *ret_part);

// Reads the whole of `text` as a decimal number (digits only, at least one).
// Returns false when it is no number or does not fit.
MUST_CHECK bool view_to_u32(struct view text, uint32_t *ret_number);
MUST_CHECK bool view_to_u64(struct view text, uint64_t *ret_number);

// A NUL-terminated heap copy, for calls of libc. The caller frees it with
// free().
char *view_to_string(struct view text);

#endif
