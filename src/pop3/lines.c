// SPDX-License-Identifier: Apache-2.0
// Messages as lines. Bytes that need no change are added in runs.
#include "pop3/lines.h"

#include <string.h>

void pop3_lines_init(struct pop3_lines *lines, uint64_t body_lines)
{
	*lines = (struct pop3_lines){.left = body_lines};
}

static bool is_enough(const struct pop3_lines *lines)
{
	return lines->in_body && lines->left == 0 && lines->length == 0;
}

static void end_line(struct pop3_lines *lines, bool blank)
{
	if (!lines->in_body)
		lines->in_body = blank;
	else if (lines->left != POP3_LINES_ALL)
		lines->left--;
	lines->length = 0;
	lines->cr = false;
}

bool pop3_lines_add(
    struct pop3_lines *lines, struct view piece, struct buf *out)
{
	size_t run = 0; // bytes from here to `at` are not added yet
	size_t at = 0;
	while (at < piece.len && !is_enough(lines)) {
		if (lines->length == 0 && piece.ptr[at] == '.') {
			buf_add(out, view_slice(piece, run, at - run));
			buf_add_char(out, '.');
			run = at;
		}
		const char *lf = memchr(piece.ptr + at, '\n', piece.len - at);
		size_t end = lf ? (size_t)(lf - piece.ptr) : piece.len;
		if (end > at)
			lines->cr = piece.ptr[end - 1] == '\r';
		lines->length += end - at;
		at = end;
		if (!lf)
			break;
		if (!lines->cr) {
			buf_add(out, view_slice(piece, run, at - run));
			buf_add_char(out, '\r');
			run = at;
		}
		end_line(lines, lines->length == (lines->cr ? 1 : 0));
		at++;
	}
	buf_add(out, view_slice(piece, run, at - run));
	return is_enough(lines);
}

void pop3_lines_end(const struct pop3_lines *lines, struct buf *out)
{
	if (lines->length > 0)
		buf_add_literal(out, "\r\n");
	buf_add_literal(out, ".\r\n");
}
