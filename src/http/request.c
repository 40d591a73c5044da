// SPDX-License-Identifier: Apache-2.0
// Reads the parts of a request: path, query, fields.
#include "base/ascii.h"
#include "http/impl.h"
#include "wire/utf8.h"

struct view http_field(const struct http_request *request, const char *name)
{
	struct view value = {0};
	return http_field_find(request->fields, request->field_count,
		   view_of_string(name), &value)
		   ? value
		   : view_of(NULL, 0);
}

// The byte of "%XX" at the front of `text`, or -1.
static int escaped_byte(struct view text)
{
	if (text.len < 3 || text.ptr[0] != '%')
		return -1;
	int high = ascii_hex_value(text.ptr[1]);
	int low = ascii_hex_value(text.ptr[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

// ---- The path --------------------------------------------------------------

static bool has_control(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_control(text.ptr[i]))
			return true;
	return false;
}

// RFC 3986 section 5.2.4: a client removes these itself. Whoever sends them
// looks for a way out of a folder.
static bool has_dots(struct view path)
{
	struct view segment;
	while (view_split(&path, '/', &segment))
		if (view_eq(segment, VIEW(".")) || view_eq(segment, VIEW("..")))
			return true;
	return false;
}

// Whether the escape at the front stays as it is, so that a decoded segment
// cannot be taken for two.
static bool stays(struct view text, int byte)
{
	struct view after = view_slice(text, 3, 2);
	return byte == '/' ||
	       (byte == '%' && view_eq_nocase(after, VIEW("2F")));
}

bool http_path_decode(
    struct arena *arena, struct view path, struct view *ret_path)
{
	char *out = arena_alloc(arena, path.len + 1);
	size_t len = 0;
	while (path.len > 0) {
		int byte = escaped_byte(path);
		if (path.ptr[0] != '%') {
			out[len++] = path.ptr[0];
			path = view_from(path, 1);
			continue;
		}
		if (byte < 0)
			return false;
		if (stays(path, byte)) {
			for (size_t i = 0; i < 3; i++)
				out[len++] = ascii_upper(path.ptr[i]);
		} else {
			out[len++] = (char)byte;
		}
		path = view_from(path, 3);
	}
	struct view decoded = view_of(out, len);
	if (has_control(decoded) || has_dots(decoded) ||
	    !utf8_is_valid(decoded))
		return false;
	*ret_path = decoded;
	return true;
}

// ---- Forms -----------------------------------------------------------------

// application/x-www-form-urlencoded, as browsers write it (URL Standard section
// 5). A "%" that is no escape stands for itself.
static struct view decode_form(struct arena *arena, struct view text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;
	while (text.len > 0) {
		int byte = escaped_byte(text);
		char c = text.ptr[0] == '+' ? ' ' : text.ptr[0];
		out[len++] = byte >= 0 ? (char)byte : c;
		text = view_from(text, byte >= 0 ? 3 : 1);
	}
	return view_of(out, len);
}

bool http_form_next(struct arena *arena, struct view *form,
    struct view *ret_name, struct view *ret_value)
{
	struct view pair, name;
	do {
		if (!view_split(form, '&', &pair))
			return false;
	} while (pair.len == 0);
	if (!view_split(&pair, '=', &name))
		return false;
	*ret_name = decode_form(arena, name);
	*ret_value = decode_form(arena, pair);
	return true;
}

bool http_form(struct http_exchange *exchange, struct view form,
    const char *name, struct view *ret_value)
{
	struct view wanted = view_of_string(name), key, value;
	while (http_form_next(&exchange->arena, &form, &key, &value)) {
		if (!view_eq(key, wanted))
			continue;
		if (!utf8_is_valid(value))
			return false;
		*ret_value = value;
		return true;
	}
	return false;
}

bool http_query(
    struct http_exchange *exchange, const char *name, struct view *ret_value)
{
	return http_form(exchange, exchange->request.query, name, ret_value);
}
