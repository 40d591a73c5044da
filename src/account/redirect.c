// SPDX-License-Identifier: Apache-2.0
#include "account/redirect.h"

#include "auth/oauth.h"
#include "base/ascii.h"
#include "base/mem.h"
#include "http/text.h"

static const struct view loopbacks[] = {
    {"http://127.0.0.1", 16},
    {"http://[::1]", 12},
};

// The number of bytes of the loopback address that the URI begins with; 0:
// none.
static size_t loopback_len(struct view uri)
{
	for (size_t i = 0; i < ARRAY_LEN(loopbacks); i++)
		if (view_starts_with(uri, loopbacks[i]))
			return loopbacks[i].len;
	return 0;
}

// Characters of a URI but "#" (RFC 3986 section 2).
static bool is_uri_char(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' &&
		   view_find_char(VIEW("-._~:/?@!$&'()*+,;=%"), c) != SIZE_MAX);
}

static bool has_uri_chars(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_uri_char(text.ptr[i]))
			return false;
		if (text.ptr[i] == '%' &&
		    (i + 2 >= text.len ||
			ascii_hex_value(text.ptr[i + 1]) < 0 ||
			ascii_hex_value(text.ptr[i + 2]) < 0))
			return false;
	}
	return true;
}

// The length of a scheme in reverse notation of a domain: labels with dots
// between them, in lower case. 0: it is none. (No scheme that a browser knows
// has a dot: "javascript", "data", "https".)
static size_t private_scheme_len(struct view uri)
{
	bool dot = false;
	size_t i = 0;
	if (uri.len == 0 || !ascii_is_lower(uri.ptr[0]))
		return 0;
	for (; i < uri.len && uri.ptr[i] != ':'; i++) {
		char c = uri.ptr[i];
		bool last = i + 1 < uri.len &&
			    (uri.ptr[i + 1] == '.' || uri.ptr[i + 1] == ':');
		if (c == '.' && last)
			return 0;
		dot = dot || c == '.';
		if (!ascii_is_lower(c) && !ascii_is_digit(c) && c != '.' &&
		    c != '-' && c != '+')
			return 0;
	}
	return dot && i < uri.len ? i : 0;
}

bool account_redirect_is_allowed(struct view uri)
{
	size_t len = loopback_len(uri);
	if (len == 0)
		len = private_scheme_len(uri);
	return len > 0 && auth_redirect_is_allowed(uri) &&
	       has_uri_chars(view_from(uri, len));
}

// Takes a port, with its colon.
static bool take_port(struct view *text)
{
	size_t len = 0;
	uint32_t port;
	if (text->len == 0 || text->ptr[0] != ':')
		return false;
	while (len + 1 < text->len && ascii_is_digit(text->ptr[len + 1]))
		len++;
	struct view digits = view_slice(*text, 1, len);
	if (len == 0 || digits.ptr[0] == '0' || !view_to_u32(digits, &port) ||
	    port > 65535)
		return false;
	*text = view_from(*text, len + 1);
	return true;
}

void account_redirect_source(struct view uri, struct buf *out)
{
	size_t len = loopback_len(uri);
	if (view_starts_with(uri, loopbacks[1])) {
		buf_add_literal(out, "http:"); // no source can name IPv6
		return;
	}
	if (len > 0) {
		struct view rest = view_from(uri, len);
		buf_add(out, view_slice(uri, 0, len));
		if (take_port(&rest))
			buf_add(out,
			    view_slice(uri, len, uri.len - len - rest.len));
		return;
	}
	len = private_scheme_len(uri);
	if (len > 0)
		buf_add(out, view_slice(uri, 0, len + 1));
}

void account_redirect_begin(struct view uri, bool *ret_first, struct buf *out)
{
	buf_add(out, uri);
	*ret_first = view_find_char(uri, '?') == SIZE_MAX;
}

void account_redirect_add(
    struct buf *out, bool *first, const char *name, struct view value)
{
	if (value.len == 0)
		return;
	buf_printf(out, "%c%s=", *first ? '?' : '&', name);
	http_add_percent(out, value);
	*first = false;
}
