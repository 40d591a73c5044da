// SPDX-License-Identifier: Apache-2.0
// RFC 6376 section 3.4. Only CRLF is a line end. A CR or an LF alone is a byte
// like any other, so that exactly the bytes of the message are signed.
#include "dkim/canon.h"

#include <string.h>

#include "base/ascii.h"

// ---- A header field --------------------------------------------------------

static bool is_field_space(char c)
{
	return ascii_is_blank(c) || c == '\r' || c == '\n';
}

// Adds the value: unfolded, each run of white space as one SP, without white
// space at the ends.
static void add_value(struct view value, struct buf *out)
{
	size_t start = out->len;
	const char *at = value.ptr;
	const char *end = value.ptr + value.len;
	while (at < end) {
		const char *word = at;
		while (at < end && !is_field_space(*at))
			at++;
		if (at > word) {
			if (out->len > start)
				buf_add_char(out, ' ');
			buf_add(out, view_of(word, (size_t)(at - word)));
		}
		while (at < end && is_field_space(*at))
			at++;
	}
}

void dkim_canon_field(struct view field, struct buf *out)
{
	size_t colon = view_find_char(field, ':');
	if (colon == SIZE_MAX)
		return;
	struct view name = view_trim(view_slice(field, 0, colon));
	for (size_t i = 0; i < name.len; i++)
		buf_add_char(out, ascii_lower(name.ptr[i]));
	buf_add_char(out, ':');
	add_value(view_from(field, colon + 1), out);
}

// ---- The body --------------------------------------------------------------

void dkim_canon_body_init(struct dkim_canon_body *body,
    void (*sink)(void *context, struct view bytes), void *context)
{
	body->sink = sink;
	body->context = context;
	body->line_ends = 0;
	body->blank = false;
	body->cr = false;
	body->any = false;
	body->len = 0;
}

static void flush(struct dkim_canon_body *body)
{
	if (body->len > 0)
		body->sink(body->context, view_of(body->piece, body->len));
	body->len = 0;
}

static void emit(struct dkim_canon_body *body, const char *ptr, size_t len)
{
	body->any = true;
	if (len > sizeof(body->piece) - body->len) {
		flush(body);
		if (len >= sizeof(body->piece)) {
			body->sink(body->context, view_of(ptr, len));
			return;
		}
	}
	memcpy(body->piece + body->len, ptr, len);
	body->len += len;
}

// Adds the white space and line ends that were held back: they count, because
// another byte follows.
static void emit_held(struct dkim_canon_body *body)
{
	for (; body->line_ends > 0; body->line_ends--)
		emit(body, "\r\n", 2);
	if (body->blank)
		emit(body, " ", 1);
	body->blank = false;
}

static bool is_plain(char c)
{
	return c != ' ' && c != '\r' && c != '\t';
}

// Returns the end of the bytes at `at` that are already in canonical form:
// plain bytes, with single SPs or CRLFs between them.
static const char *skip_same(const char *at, const char *end)
{
	if (!is_plain(*at))
		return at;
	for (at++; at < end; at++) {
		if (is_plain(*at))
			continue;
		if (*at == ' ' && end - at > 1 && is_plain(at[1]))
			at++;
		else if (*at == '\r' && end - at > 2 && at[1] == '\n' &&
			 is_plain(at[2]))
			at += 2;
		else
			break;
	}
	return at;
}

// Handles the byte after a CR that was held back. Returns true when the two are
// a line end.
static bool end_of_line(struct dkim_canon_body *body, char next)
{
	body->cr = false;
	if (next == '\n') {
		body->line_ends++;
		body->blank = false;
		return true;
	}
	emit_held(body);
	emit(body, "\r", 1);
	return false;
}

void dkim_canon_body_add(struct dkim_canon_body *body, struct view bytes)
{
	const char *at = bytes.ptr;
	const char *end = bytes.ptr + bytes.len;
	while (at < end) {
		if (body->cr) {
			at += end_of_line(body, *at);
			continue;
		}
		const char *run = at;
		at = skip_same(at, end);
		if (at > run) {
			emit_held(body);
			emit(body, run, (size_t)(at - run));
		}
		for (; at < end && ascii_is_blank(*at); at++)
			body->blank = true;
		if (at < end && *at == '\r') {
			body->cr = true;
			at++;
		}
	}
}

void dkim_canon_body_end(struct dkim_canon_body *body)
{
	if (body->cr) {
		emit_held(body);
		emit(body, "\r", 1);
		body->cr = false;
	}
	// A body that is not empty ends with one CRLF. Further line ends, and
	// white space before them, are left out.
	if (body->any)
		emit(body, "\r\n", 2);
	flush(body);
}
