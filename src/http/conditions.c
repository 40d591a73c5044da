// SPDX-License-Identifier: Apache-2.0
// Conditional requests (RFC 9110 section 13).
#include "http/impl.h"

#include "wire/date.h"

// An answer that is compressed has a tag of its own (RFC 9110 section 8.8.3.3).
// Both name the same state of the same thing.
#define COMPRESSED VIEW("-gzip\"")

static bool is_tag(struct view given, struct view tag)
{
	if (view_eq(given, tag))
		return true;
	struct view stem = view_slice(tag, 0, tag.len - 1);
	return given.len == stem.len + COMPRESSED.len &&
	       view_starts_with(given, stem) &&
	       view_ends_with(given, COMPRESSED);
}

// Whether `list` names `tag`. RFC 9110 section 8.8.3.2: in a strong comparison
// a weak tag is like none.
static bool names_tag(struct view list, struct view tag, bool strong)
{
	struct view given;
	while (http_list_next(&list, &given)) {
		if (view_eq(given, VIEW("*")) && tag.len > 0)
			return true;
		if (view_starts_with(given, VIEW("W/"))) {
			if (strong)
				continue;
			given = view_from(given, 2);
		}
		if (tag.len > 0 && is_tag(given, tag))
			return true;
	}
	return false;
}

// Whether what is there is newer than `text` says. A field that is no date is
// ignored: false for *ret_valid.
static bool is_newer(struct view text, int64_t modified, bool *ret_valid)
{
	struct date date;
	*ret_valid = modified != INT64_MIN && text.len > 0 &&
		     date_parse_rfc5322(text, &date) == RC_OK;
	return *ret_valid && modified > date.seconds;
}

unsigned http_conditions(
    const struct http_request *request, struct view tag, int64_t modified)
{
	struct view match = http_field(request, "If-Match");
	struct view none = http_field(request, "If-None-Match");
	bool get = request->method == HTTP_GET, valid;
	if (match.len > 0) {
		if (!names_tag(match, tag, true))
			return 412;
	} else if (is_newer(http_field(request, "If-Unmodified-Since"),
		       modified, &valid)) {
		return 412;
	}
	if (none.len > 0)
		return !names_tag(none, tag, false) ? 0 : get ? 304 : 412;
	bool newer = is_newer(
	    http_field(request, "If-Modified-Since"), modified, &valid);
	return get && valid && !newer ? 304 : 0;
}

// RFC 9110 section 13.1.5.
bool http_if_range(
    const struct http_request *request, struct view tag, int64_t modified)
{
	struct view given = http_field(request, "If-Range");
	struct date date;
	if (given.len == 0)
		return true;
	if (given.ptr[0] == '"')
		return tag.len > 0 && view_eq(given, tag);
	return modified != INT64_MIN &&
	       date_parse_rfc5322(given, &date) == RC_OK &&
	       date.seconds == modified;
}
