// SPDX-License-Identifier: Apache-2.0
#include "wire/header.h"

#include <string.h>

#include "base/ascii.h"

// Returns the length of the line at the front with its LF.
static size_t line_len(struct view text)
{
	const char *lf = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
	return lf ? (size_t)(lf - text.ptr) + 1 : text.len;
}

// Returns the length of a blank line (LF or CRLF) at the front. Returns 0 if
// the line is not blank.
static size_t blank_line_len(struct view text)
{
	if (text.len >= 1 && text.ptr[0] == '\n')
		return 1;
	if (text.len >= 2 && text.ptr[0] == '\r' && text.ptr[1] == '\n')
		return 2;
	return 0;
}

static struct view without_line_end(struct view line)
{
	if (line.len && line.ptr[line.len - 1] == '\n') {
		line.len--;
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
	}
	return line;
}

static bool is_name_char(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && c != ':';
}

// A field name is printable ASCII (RFC 5322 section 3.6.8). 8-bit names are
// also accepted, because they are harmless. Blanks before the colon are
// obsolete syntax (section 4.5).
static void split_name(struct view field, struct header_field *ret)
{
	size_t len = 0;
	while (len < field.len && is_name_char(field.ptr[len]))
		len++;
	size_t at = len;
	while (at < field.len && ascii_is_blank(field.ptr[at]))
		at++;
	if (len == 0 || at == field.len || field.ptr[at] != ':') {
		ret->name = view_of(field.ptr, 0);
		ret->value = field;
		return;
	}
	ret->name = view_of(field.ptr, len);
	at++;
	while (at < field.len && ascii_is_space(field.ptr[at]))
		at++;
	ret->value = view_of(field.ptr + at, field.len - at);
}

bool header_next(struct view *rest, struct header_field *ret_field)
{
	if (rest->len == 0 || blank_line_len(*rest))
		return false;
	size_t len = line_len(*rest);
	// A line that begins with a blank continues the line before it. This is
	// also true for a line that has only blanks (RFC 5322 section 4.2,
	// obs-FWS).
	while (len < rest->len && ascii_is_blank(rest->ptr[len]))
		len += line_len(view_of(rest->ptr + len, rest->len - len));
	ret_field->whole = view_of(rest->ptr, len);
	split_name(without_line_end(ret_field->whole), ret_field);
	rest->ptr += len;
	rest->len -= len;
	return true;
}

bool header_find(
    struct view block, struct view name, struct header_field *ret_field)
{
	struct header_field field;
	while (header_next(&block, &field)) {
		if (field.name.len && view_eq_nocase(field.name, name)) {
			*ret_field = field;
			return true;
		}
	}
	return false;
}

enum rc header_length(struct view message, size_t *ret_len)
{
	size_t at = 0;
	while (at < message.len) {
		struct view rest = view_of(message.ptr + at, message.len - at);
		size_t blank = blank_line_len(rest);
		if (blank) {
			*ret_len = at + blank;
			return RC_OK;
		}
		at += line_len(rest);
	}
	return RC_MORE;
}

void header_unfold(struct view value, struct buf *out)
{
	while (value.len) {
		size_t line = line_len(value);
		size_t text = line;
		if (value.ptr[text - 1] == '\n') {
			text--;
			while (text && value.ptr[text - 1] == '\r')
				text--;
		}
		buf_add(out, view_of(value.ptr, text));
		bool ended = text < line;
		value.ptr += line;
		value.len -= line;
		if (ended && value.len && !ascii_is_blank(value.ptr[0]))
			buf_add_char(out, ' ');
	}
}
