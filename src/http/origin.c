// SPDX-License-Identifier: Apache-2.0
#include "http/origin.h"

#include "base/buf.h"

#define ORIGIN_MAX 300 // bytes

// ---- Who asks --------------------------------------------------------------

void http_add_own_origin(const struct http_request *request, struct buf *out)
{
	buf_printf(out, "https://%.*s", VIEW_FMT(request->host));
	if (request->port != 0 && request->port != 443)
		buf_printf(out, ":%u", request->port);
}

static bool is_own_origin(
    const struct http_request *request, struct view origin)
{
	struct buf own;
	buf_init(&own, ORIGIN_MAX);
	http_add_own_origin(request, &own);
	bool same =
	    buf_status(&own) == RC_OK && view_eq(origin, buf_view(&own));
	buf_done(&own);
	return same;
}

bool http_is_same_origin(const struct http_request *request)
{
	struct view site = http_field(request, "sec-fetch-site");
	if (site.len > 0)
		return view_eq(site, VIEW("same-origin"));
	return is_own_origin(request, http_field(request, "origin"));
}

bool http_is_foreign(const struct http_request *request)
{
	struct view site = http_field(request, "sec-fetch-site");
	struct view origin = http_field(request, "origin");
	if (site.len > 0)
		return !view_eq(site, VIEW("same-origin")) &&
		       !view_eq(site, VIEW("none"));
	return origin.len > 0 && !is_own_origin(request, origin);
}

bool http_has_type(const struct http_request *request, const char *type)
{
	struct view value = http_field(request, "content-type"), kind;
	return view_split(&value, ';', &kind) &&
	       view_eq_nocase(view_trim(kind), view_of_string(type));
}

unsigned http_cookie_refusal(
    const struct http_request *request, const char *type)
{
	if (request->method == HTTP_GET)
		return http_is_foreign(request) ? 403 : 0;
	if (!http_is_same_origin(request) ||
	    !view_eq(http_field(request, "x-roost"), VIEW("1")))
		return 403;
	return type && !http_has_type(request, type) ? 415 : 0;
}

// ---- Cookies ---------------------------------------------------------------

// Counts the cookies of this name in a field, and keeps the last value.
static unsigned find_cookie(
    struct view field, struct view name, struct view *value)
{
	struct view pair;
	unsigned found = 0;
	while (view_split(&field, ';', &pair)) {
		pair = view_trim(pair);
		size_t equals = view_find_char(pair, '=');
		if (equals == SIZE_MAX ||
		    !view_eq(view_slice(pair, 0, equals), name))
			continue;
		*value = view_from(pair, equals + 1);
		found++;
	}
	return found;
}

// HTTP/2 may split the cookies into several fields (RFC 9113 section 8.2.3).
bool http_cookie(const struct http_request *request, const char *name,
    struct view *ret_value)
{
	struct view value = VIEW("");
	unsigned found = 0;
	for (size_t i = 0; i < request->field_count; i++)
		if (view_eq_nocase(request->fields[i].name, VIEW("cookie")))
			found += find_cookie(request->fields[i].value,
			    view_of_string(name), &value);
	if (found != 1)
		return false;
	*ret_value = value;
	return true;
}
