// SPDX-License-Identifier: Apache-2.0
// Messages as lines. The first byte says how many lines of the body are wanted,
// the second how the rest is cut into pieces. Invariants: the result does not
// depend on the pieces; every line ends with CRLF; "." alone is the last line
// and no other; and the result equals that of a simple loop over lines.
#include <stdio.h>
#include <stdlib.h>

#include "pop3/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void run(
    struct view message, uint64_t count, size_t piece, struct buf *out)
{
	struct pop3_lines lines;
	pop3_lines_init(&lines, count);
	while (message.len > 0) {
		struct view part = view_slice(message, 0, piece);
		message = view_from(message, part.len);
		if (pop3_lines_add(&lines, part, out))
			break;
	}
	pop3_lines_end(&lines, out);
}

// The simple loop over lines.
static void expect(struct view message, uint64_t count, struct buf *out)
{
	bool in_body = false;
	while (message.len > 0) {
		size_t lf = view_find_char(message, '\n');
		bool has_lf = lf != SIZE_MAX;
		struct view line = view_slice(message, 0, lf);
		// A CR without LF is part of the line.
		bool cr = has_lf && view_ends_with(line, VIEW("\r"));
		message = has_lf ? view_from(message, lf + 1) : VIEW("");
		if (in_body && count != POP3_LINES_ALL && count-- == 0)
			break;
		if (line.len > 0 && line.ptr[0] == '.')
			buf_add_char(out, '.');
		buf_add(out, line);
		buf_add_string(out, cr ? "\n" : "\r\n");
		if (has_lf && line.len == (cr ? 1u : 0u))
			in_body = true;
	}
	buf_add_literal(out, ".\r\n");
}

static void check(struct view out)
{
	struct view line;
	bool over = false;
	if (!view_ends_with(out, VIEW("\r\n")))
		fail("the last line has no end");
	while (view_split(&out, '\n', &line)) {
		if (over)
			fail("a line after the end");
		if (!view_ends_with(line, VIEW("\r")))
			fail("a line without CR");
		over = view_eq(line, VIEW(".\r"));
		if (line.len > 2 && line.ptr[0] == '.' && line.ptr[1] != '.')
			fail("a dot that is not stuffed");
	}
	if (!over)
		fail("no end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	uint64_t count = data[0] < 200 ? data[0] % 8 : POP3_LINES_ALL;
	size_t piece = (size_t)data[1] % 19 + 1;
	struct view message = view_of(data + 2, size - 2);
	struct buf whole, pieces, plain;
	buf_init(&whole, (size_t)64 << 20);
	buf_init(&pieces, (size_t)64 << 20);
	buf_init(&plain, (size_t)64 << 20);
	run(message, count, SIZE_MAX, &whole);
	run(message, count, piece, &pieces);
	expect(message, count, &plain);
	check(buf_view(&whole));
	if (!view_eq(buf_view(&whole), buf_view(&pieces)))
		fail("the pieces make a difference");
	if (!view_eq(buf_view(&whole), buf_view(&plain)))
		fail("not the message");
	buf_done(&whole);
	buf_done(&pieces);
	buf_done(&plain);
	return 0;
}
