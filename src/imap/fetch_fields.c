// SPDX-License-Identifier: Apache-2.0
// HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 section 6.4.5.1): one pass over
// the header, which is copied as it is, folding and all.
#include "imap/fetch.h"

#include "base/ascii.h"

// The end of the field that begins at `at`: behind its last folded line.
static const char *field_end(const char *at, const char *end)
{
	for (;;) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		if (!feed)
			return end;
		at = feed + 1;
		if (at == end || !ascii_is_blank(*at))
			return at;
	}
}

static bool is_blank_line(const char *at, const char *end)
{
	return *at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n');
}

static bool is_among(struct view field, const struct view *names, size_t count)
{
	size_t len = view_find_char(field, ':');
	if (len == SIZE_MAX)
		return false;
	// Blanks before the colon are not part of the name (RFC 5322 section
	// 4.5.8).
	while (len > 0 && ascii_is_blank(field.ptr[len - 1]))
		len--;
	struct view name = view_slice(field, 0, len);
	for (size_t i = 0; i < count; i++)
		if (view_eq_nocase(names[i], name))
			return true;
	return false;
}

static unsigned letter_bit(char c)
{
	return 1u << (ascii_lower(c) & 31);
}

void fetch_fields_pick(struct view header, const struct view *names,
    size_t count, bool invert, struct buf *out)
{
	unsigned letters = 0; // that names begin with: refuses most fields
	for (size_t i = 0; i < count; i++)
		if (names[i].len)
			letters |= letter_bit(names[i].ptr[0]);
	const char *at = header.ptr;
	const char *end = header.ptr + header.len;
	// Fields that are picked one after another are copied together.
	const char *picked = at;
	const char *picked_end = at;
	while (at < end && !is_blank_line(at, end)) {
		const char *next = field_end(at, end);
		bool among =
		    letters & letter_bit(*at) &&
		    is_among(view_of(at, (size_t)(next - at)), names, count);
		if (among != invert) {
			if (picked_end != at) {
				buf_add(
				    out, view_of(picked,
					     (size_t)(picked_end - picked)));
				picked = at;
			}
			picked_end = next;
		}
		at = next;
	}
	buf_add(out, view_of(picked, (size_t)(picked_end - picked)));
	// The blank line, if there is one.
	buf_add(out, view_of(at, (size_t)(end - at)));
}
