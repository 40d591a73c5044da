// SPDX-License-Identifier: Apache-2.0
// HEADER.FIELDS and HEADER.FIELDS.NOT of any header: together they are the
// header, every field in one of them, and they agree with the header parser on
// what a field is. Input: names, separated by ",", a line feed, the header.
#include "imap/fetch.h"

#include "wire/header.h"

#define NAMES_MAX 8

static void require(bool holds)
{
	if (!holds)
		abort();
}

static size_t parse_names(struct view text, struct view *ret_names)
{
	size_t count = 0;
	struct view name;
	while (count < NAMES_MAX && view_split(&text, ',', &name)) {
		// What the syntax lets through, and can be a field's name.
		bool good = name.len > 0;
		for (size_t i = 0; i < name.len; i++)
			good = good && name.ptr[i] > ' ' &&
			       name.ptr[i] < 0x7f && name.ptr[i] != ':';
		if (good)
			ret_names[count++] = name;
	}
	return count;
}

// The same by the header parser.
static void pick_slowly(struct view header, const struct view *names,
    size_t count, bool invert, struct buf *out)
{
	struct header_field field;
	while (header_next(&header, &field)) {
		bool among = false;
		for (size_t i = 0; i < count; i++)
			among = among || view_eq_nocase(names[i], field.name);
		if (among != invert)
			buf_add(out, field.whole);
	}
	buf_add(out, header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	struct view line;
	struct view names[NAMES_MAX];
	size_t count = 0;
	if (view_split(&text, '\n', &line))
		count = parse_names(line, names);
	// What is behind the blank line is no header.
	size_t len;
	if (header_length(text, &len) == RC_OK)
		text = view_slice(text, 0, len);

	struct buf picked[2];
	struct buf expected;
	size_t total = 0;
	for (int invert = 0; invert < 2; invert++) {
		buf_init(&picked[invert], size + 1);
		buf_init(&expected, size + 1);
		fetch_fields_pick(text, names, count, invert, &picked[invert]);
		pick_slowly(text, names, count, invert, &expected);
		require(buf_status(&picked[invert]) == RC_OK);
		require(
		    view_eq(buf_view(&picked[invert]), buf_view(&expected)));
		total += picked[invert].len;
		buf_done(&expected);
	}
	struct header_field field;
	struct view blank = text;
	while (header_next(&blank, &field))
		;
	require(total == text.len + blank.len);
	buf_done(&picked[0]);
	buf_done(&picked[1]);
	return 0;
}
