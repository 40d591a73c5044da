// SPDX-License-Identifier: Apache-2.0
// Requests to every route. The first byte says which, the second what comes
// with it: a page's fields, a form's, none; a session's cookie; and whether the
// bytes are the body or the end of the path. No request makes an answer fail
// (500), and the one who asks without a cookie is never let in.
#include <stdio.h>
#include <stdlib.h>

#include "account/impl.h"
#include "account/rig.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 4000

enum {
	AS_JSON = 1,
	AS_FORM = 2,
	WITH_COOKIE = 4,
	IN_PATH = 8,
};

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

// The n-th route, and its method.
static const struct account_route *route_of(unsigned n)
{
	static const struct account_route *const tables[] = {
	    account_login_routes,
	    account_second_routes,
	    account_factor_routes,
	    account_session_routes,
	    account_password_routes,
	    account_oauth_routes,
	    account_token_routes,
	    account_page_routes,
	    account_form_routes,
	};
	for (;;)
		for (size_t i = 0; i < ARRAY_LEN(tables); i++)
			for (size_t j = 0; tables[i][j].path; j++)
				if (n-- == 0)
					return &tables[i][j];
}

static const char *method_of(const struct account_route *route)
{
	return route->method == HTTP_GET    ? "GET"
	       : route->method == HTTP_POST ? "POST"
					    : "DELETE";
}

// What of the bytes may stand in a target: the reader of HTTP has its own
// fuzzer.
static void add_path(const struct account_route *route, struct view text,
    char *what, size_t size)
{
	size_t len = (size_t)snprintf(
	    what, size, "%s %s", method_of(route), route->path);
	if (len > 0 && what[len - 1] != '/' && len + 1 < size)
		what[len++] = '?';
	for (size_t i = 0; i < text.len && len + 1 < size; i++)
		if (text.ptr[i] > ' ' && text.ptr[i] <= '~' &&
		    text.ptr[i] != '#')
			what[len++] = text.ptr[i];
	what[len] = '\0';
}

static void judge(struct account_rig *rig, unsigned flags)
{
	struct view text = buf_view(&rig->http.client.out);
	struct view head =
	    view_slice(text, 0, view_find(text, VIEW("\r\n\r\n")));
	must(!view_starts_with(text, VIEW("HTTP/1.1 500")));
	// Nobody guesses a password or a token.
	must(flags & WITH_COOKIE ||
	     view_find(head, VIEW("Set-Cookie: __Host-roost=;")) != SIZE_MAX ||
	     view_find(head, VIEW("Set-Cookie")) == SIZE_MAX);
}

static void ask(struct account_rig *rig, const struct account_route *route,
    unsigned flags, struct view text)
{
	char what[TEXT_MAX + 200], fields[600];
	bool path = flags & IN_PATH || route->method == HTTP_GET;
	add_path(route, path ? text : VIEW(""), what, sizeof(what));
	snprintf(fields, sizeof(fields), "%s%s",
	    flags & AS_JSON   ? RIG_JSON
	    : flags & AS_FORM ? RIG_FORM
			      : "",
	    flags & WITH_COOKIE ? rig->cookie : "");
	http_rig_begin(&rig->http, what, fields, path ? VIEW("") : text);
	judge(rig, flags);
	// Who would have to wait leaves.
	http_rig_leave(&rig->http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct account_rig rig;
	struct view text;
	if (!rig.account)
		account_rig_init(&rig);
	if (size < 2)
		return 0;
	text = view_of(
	    (const char *)data + 2, size - 2 < TEXT_MAX ? size - 2 : TEXT_MAX);
	unsigned flags = data[1];
	// It may have ended its own session.
	if (flags & WITH_COOKIE &&
	    account_rig_ask(&rig, "GET /account/session", "", "") != 200)
		account_rig_log_in(&rig);
	ask(&rig, route_of(data[0]), flags, text);
	return 0;
}
