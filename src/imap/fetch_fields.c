// SPDX-License-Identifier: Apache-2.0
// HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 section 6.4.5.1): one pass over
// the header, whose fields are copied unchanged, with their line folding.
#include "imap/fetch.h"

#include "base/ascii.h"
#include "base/mem.h"

// The end of the field that begins at `at`: after its last folded line.
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

static unsigned letter_bit(char c)
{
	return 1u << (ascii_lower(c) & 31);
}

// Up to this many names are compared one by one.
#define NAMES_FEW 16

// The names that are looked for.
struct names {
	const struct view *views; // sorted if there are many
	size_t count;
	// The first letters of the names: they rule out most fields quickly.
	unsigned letters;
	struct view *own; // owned, or NULL
};

// Any order will do if it ignores case.
static int compare_names(const void *a, const void *b)
{
	const struct view *left = a;
	const struct view *right = b;
	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	for (size_t i = 0; i < left->len; i++) {
		int difference =
		    ascii_lower(left->ptr[i]) - ascii_lower(right->ptr[i]);
		if (difference)
			return difference;
	}
	return 0;
}

static void names_init(
    struct names *names, const struct view *views, size_t count)
{
	*names = (struct names){.views = views, .count = count};
	for (size_t i = 0; i < count; i++)
		if (views[i].len)
			names->letters |= letter_bit(views[i].ptr[0]);
	if (count <= NAMES_FEW)
		return;
	// A command may have thousands of names, a header thousands of fields.
	names->own = mem_alloc(count * sizeof(*views));
	memcpy(names->own, views, count * sizeof(*views));
	qsort(names->own, count, sizeof(*views), compare_names);
	names->views = names->own;
}

static bool names_have(const struct names *names, struct view name)
{
	if (names->own)
		return bsearch(&name, names->own, names->count, sizeof(name),
		    compare_names);
	for (size_t i = 0; i < names->count; i++)
		if (view_eq_nocase(names->views[i], name))
			return true;
	return false;
}

static bool is_among(struct view field, const struct names *names)
{
	if (!(names->letters & letter_bit(field.ptr[0])))
		return false;
	size_t len = view_find_char(field, ':');
	if (len == SIZE_MAX)
		return false;
	// Blanks before the colon are not part of the name (RFC 5322 section
	// 4.5.8).
	while (len > 0 && ascii_is_blank(field.ptr[len - 1]))
		len--;
	return names_have(names, view_slice(field, 0, len));
}

void fetch_fields_pick(struct view header, const struct view *names,
    size_t count, bool invert, struct buf *out)
{
	struct names wanted;
	if (header.len == 0)
		header = VIEW(""); // it may have no address at all
	names_init(&wanted, names, count);
	const char *at = header.ptr;
	const char *end = header.ptr + header.len;
	// Adjacent fields that are selected are copied together.
	const char *picked = at;
	const char *picked_end = at;
	while (at < end && !is_blank_line(at, end)) {
		const char *next = field_end(at, end);
		bool among =
		    is_among(view_of(at, (size_t)(next - at)), &wanted);
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
	free(wanted.own);
}
