// SPDX-License-Identifier: Apache-2.0
#include "http/origin.h"

#include "base/mem.h"

#define HOST_MAX 300 // bytes of an origin

// ---- Who asks --------------------------------------------------------------

// Whether this is the origin of the host that the request is for (RFC 6454
// section 6.2).
static bool is_own_origin(
    const struct http_request *request, struct view origin)
{
	char own[HOST_MAX];
	int len;
	if (request->port == 0 || request->port == 443)
		len = snprintf(
		    own, sizeof(own), "https://%.*s", VIEW_FMT(request->host));
	else
		len = snprintf(own, sizeof(own), "https://%.*s:%u",
		    VIEW_FMT(request->host), request->port);
	return len > 0 && (size_t)len < sizeof(own) &&
	       view_eq(origin, view_of(own, (size_t)len));
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
