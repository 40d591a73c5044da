// SPDX-License-Identifier: Apache-2.0
#include "wire/header_value.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/encoded_word.h"
#include "wire/nfc.h"

// ---- Raw and Text ----------------------------------------------------------

static void add_without_nul(struct view text, struct buf *out)
{
	while (text.len > 0) {
		size_t len = view_find_char(text, '\0');
		buf_add(out, view_slice(text, 0, len));
		text = len == SIZE_MAX ? view_from(text, text.len)
				       : view_from(text, len + 1);
	}
}

void header_raw(const struct header_field *field, struct buf *out)
{
	size_t colon = view_find_char(field->whole, ':');
	struct view value = view_from(field->whole, colon + 1);
	if (view_ends_with(value, VIEW("\n")))
		value.len--;
	if (view_ends_with(value, VIEW("\r")))
		value.len--;
	add_without_nul(value, out);
}

static void add_text(
    struct charset_cache *cache, struct view value, struct buf *out)
{
	struct buf plain CLEANUP(buf_done), text CLEANUP(buf_done);
	buf_init(&plain, value.len + 1);
	// A character of the value gives at most four bytes, and normalization
	// at most three times as many.
	buf_init(&text, 8 * value.len + 64);
	if (view_find_char(value, '\0') != SIZE_MAX) {
		add_without_nul(value, &plain);
		value = buf_view(&plain);
	}
	encoded_word_decode_strictly(cache, value, &text);
	if (nfc_add(buf_view(&text), out) != RC_OK)
		out->overflowed = true;
}

void header_text(
    struct charset_cache *cache, struct view value, struct buf *out)
{
	add_text(cache, value, out);
}

void header_name(struct charset_cache *cache, struct view name, struct buf *out)
{
	add_text(cache, view_trim(name), out);
}

// ---- Addresses -------------------------------------------------------------

// RFC 5322 section 3.2.3, RFC 6532 section 3.2.
static bool is_dot_atom(struct view text)
{
	bool after_dot = true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool dot = c == '.';
		if (dot ? after_dot
			: !ascii_is_alnum(c) && (unsigned char)c < 0x80 &&
			      !memchr("!#$%&'*+-/=?^_`{|}~", c, 19))
			return false;
		after_dot = dot;
	}
	return text.len > 0 && !after_dot;
}

void header_email(const struct address *address, struct buf *out)
{
	struct view local = address->mailbox;
	// What has no domain may be anything, and stays what it is.
	if (address->host.len == 0) {
		buf_add(out, local);
		return;
	}
	if (local.len == 0 || is_dot_atom(local)) {
		buf_add(out, local);
	} else {
		buf_add_char(out, '"');
		for (size_t i = 0; i < local.len; i++) {
			if (local.ptr[i] == '"' || local.ptr[i] == '\\')
				buf_add_char(out, '\\');
			buf_add_char(out, local.ptr[i]);
		}
		buf_add_char(out, '"');
	}
	buf_add_char(out, '@');
	buf_add(out, address->host);
}

// ---- What stands in angle brackets -----------------------------------------

// Removes a comment (RFC 5322 section 3.2.2) from the front. One that does not
// end is no comment: only its "(" is removed.
static void skip_comment(struct view *rest)
{
	size_t depth = 0;
	for (size_t i = 0; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0) {
			*rest = view_from(*rest, i + 1);
			return;
		}
	}
	*rest = view_from(*rest, 1);
}

// Takes what is between "<" (the first byte of `*rest`) and ">", without white
// space. Another "<" before the ">" begins anew. False: there is no ">".
static bool take_bracketed(
    struct arena *arena, struct view *rest, struct view *ret_text)
{
	size_t end = view_find_char(*rest, '>');
	if (end == SIZE_MAX)
		return false;
	char *text = arena_alloc(arena, end);
	size_t len = 0;
	bool quoted = false;
	for (size_t i = 0; i < end; i++) {
		char c = rest->ptr[i];
		if (c == '<')
			len = 0;
		else if (c == '"')
			quoted = !quoted;
		if (c != '<' && (!ascii_is_space(c) || (quoted && c == ' ')))
			text[len++] = c;
	}
	*ret_text = view_of(text, len);
	*rest = view_from(*rest, end + 1);
	return true;
}

bool header_id_next(struct arena *arena, struct view *rest, struct view *ret_id)
{
	while (rest->len > 0) {
		if (*rest->ptr == '(')
			skip_comment(rest);
		else if (*rest->ptr != '<')
			*rest = view_from(*rest, 1);
		else if (!take_bracketed(arena, rest, ret_id))
			return false;
		else if (ret_id->len > 0)
			return true;
	}
	return false;
}

bool header_url_next(
    struct arena *arena, struct view *rest, struct view *ret_url)
{
	while (rest->len > 0) {
		char c = *rest->ptr;
		if (c == '(')
			skip_comment(rest);
		else if (ascii_is_space(c) || c == ',')
			*rest = view_from(*rest, 1);
		else if (c != '<' || !take_bracketed(arena, rest, ret_url))
			return false;
		else if (ret_url->len > 0)
			return true;
	}
	return false;
}
