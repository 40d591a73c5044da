// SPDX-License-Identifier: Apache-2.0
#include "wire/auth_results.h"

#include <string.h>

#include "base/ascii.h"

#define COMMENT_DEPTH_MAX 100
#define VERSION_MAX       9999

static bool is_at(struct view text, char c)
{
	return text.len > 0 && text.ptr[0] == c;
}

// Skips CFWS (RFC 5322 section 3.2.2) at the front of `*rest`.
static enum rc skip_cfws(struct view *rest)
{
	unsigned depth = 0;
	size_t at = 0;
	for (; at < rest->len; at++) {
		char c = rest->ptr[at];
		if (c == '(') {
			if (++depth > COMMENT_DEPTH_MAX)
				return RC_LIMIT;
		} else if (depth > 0) {
			if (c == '\\')
				at++;
			else if (c == ')')
				depth--;
		} else if (!ascii_is_space(c)) {
			break;
		}
	}
	if (depth > 0)
		return RC_SYNTAX; // the comment has no end
	*rest = view_from(*rest, at);
	return RC_OK;
}

// Tells whether `c` may be in a token (RFC 2045 section 5.1). UTF-8 is allowed.
static bool is_token(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	       !strchr("()<>@,;:\\\"/[]?=", c);
}

static struct view take_token(struct view *rest)
{
	size_t len = 0;
	while (len < rest->len && is_token(rest->ptr[len]))
		len++;
	struct view token = view_slice(*rest, 0, len);
	*rest = view_from(*rest, len);
	return token;
}

static enum rc take_quoted(
    struct arena *arena, struct view *rest, struct view *ret_text)
{
	char *text = arena_alloc(arena, rest->len);
	size_t len = 0;
	size_t at = 1;
	while (at < rest->len && rest->ptr[at] != '"') {
		if (rest->ptr[at] == '\\')
			at++;
		// The id does not include folding white space.
		if (at < rest->len && rest->ptr[at] != '\r' &&
		    rest->ptr[at] != '\n')
			text[len++] = rest->ptr[at];
		at++;
	}
	if (at >= rest->len)
		return RC_SYNTAX;
	*ret_text = view_trim(view_of(text, len));
	*rest = view_from(*rest, at + 1);
	return RC_OK;
}

static enum rc take_version(struct view *rest, unsigned *ret_version)
{
	unsigned version = 0;
	struct view digits = take_token(rest);
	if (digits.len == 0) {
		*ret_version = 1;
		return RC_OK;
	}
	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.ptr[i]))
			return RC_SYNTAX;
		version = version * 10 + (unsigned)(digits.ptr[i] - '0');
		if (version > VERSION_MAX)
			version = VERSION_MAX;
	}
	*ret_version = version;
	return RC_OK;
}

enum rc auth_results_parse(
    struct arena *arena, struct view value, struct auth_results *ret)
{
	struct auth_results results = {0};
	struct view rest = value;
	enum rc rc = skip_cfws(&rest);
	if (rc == RC_OK && is_at(rest, '"'))
		rc = take_quoted(arena, &rest, &results.id);
	else if (rc == RC_OK)
		results.id = take_token(&rest);
	if (rc == RC_OK && results.id.len == 0)
		rc = RC_SYNTAX;
	if (rc == RC_OK)
		rc = skip_cfws(&rest);
	if (rc == RC_OK)
		rc = take_version(&rest, &results.version);
	if (rc == RC_OK)
		rc = skip_cfws(&rest);
	if (rc == RC_OK && rest.len > 0 && !is_at(rest, ';'))
		rc = RC_SYNTAX;
	if (rc == RC_OK)
		*ret = results;
	return rc;
}

static bool is_word(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.' ||
	       (unsigned char)c >= 0x80;
}

bool auth_results_next_word(struct view *rest, struct view *ret_word)
{
	size_t from = 0;
	while (from < rest->len && !is_word(rest->ptr[from]))
		from++;
	size_t to = from;
	while (to < rest->len && is_word(rest->ptr[to]))
		to++;
	*ret_word = view_slice(*rest, from, to - from);
	*rest = view_from(*rest, to);
	return to > from;
}
