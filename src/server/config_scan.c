// SPDX-License-Identifier: Apache-2.0
#include "server/config_scan.h"

#include "base/ascii.h"

void config_scan_skip_line(struct config_scan *scan)
{
	size_t end = view_find_char(scan->rest, '\n');
	scan->rest = view_from(scan->rest, end);
}

static void skip_blanks(struct config_scan *scan)
{
	while (scan->rest.len > 0) {
		char c = scan->rest.ptr[0];
		if (c == '#') {
			config_scan_skip_line(scan);
			continue;
		}
		if (!ascii_is_space(c))
			return;
		scan->line += c == '\n';
		scan->rest = view_from(scan->rest, 1);
	}
}

// After the opening quote.
static struct config_token scan_quoted(struct config_scan *scan)
{
	struct config_token token = {
	    .kind = CONFIG_TOKEN_TEXT, .line = scan->line};
	struct view line =
	    view_slice(scan->rest, 0, view_find_char(scan->rest, '\n'));
	char *text = arena_alloc(scan->arena, line.len + 1);
	size_t len = 0, at = 0;
	while (at < line.len && line.ptr[at] != '"') {
		if (line.ptr[at] == '\\' && at + 1 < line.len)
			at++;
		text[len++] = line.ptr[at++];
	}
	bool closed = at < line.len;
	if (!closed)
		token.kind = CONFIG_TOKEN_WRONG;
	token.text = view_of(text, len);
	scan->rest = view_from(scan->rest, closed ? at + 1 : at);
	return token;
}

static bool ends_word(char c)
{
	return ascii_is_space(c) || c == '=' || c == '{' || c == '}' ||
	       c == ',' || c == '#' || c == '"';
}

struct config_token config_scan_next(struct config_scan *scan)
{
	skip_blanks(scan);
	struct config_token token = {.line = scan->line};
	if (scan->rest.len == 0)
		return token;
	char c = scan->rest.ptr[0];
	size_t len = 1;
	switch (c) {
	case '=': token.kind = CONFIG_TOKEN_EQUALS; break;
	case '{': token.kind = CONFIG_TOKEN_OPEN; break;
	case '}': token.kind = CONFIG_TOKEN_CLOSE; break;
	case ',': token.kind = CONFIG_TOKEN_COMMA; break;
	case '"':
		scan->rest = view_from(scan->rest, 1);
		return scan_quoted(scan);
	default:
		while (len < scan->rest.len && !ends_word(scan->rest.ptr[len]))
			len++;
		token.kind = CONFIG_TOKEN_TEXT;
		token.text = view_slice(scan->rest, 0, len);
	}
	scan->rest = view_from(scan->rest, len);
	return token;
}
