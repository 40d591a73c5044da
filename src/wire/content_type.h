// SPDX-License-Identifier: Apache-2.0
// Parses Content-Type (RFC 2045 section 5), Content-Disposition (RFC 2183) and
// Content-Language (RFC 3282), leniently. Linear in time.
#ifndef ROOST_WIRE_CONTENT_TYPE_H
#define ROOST_WIRE_CONTENT_TYPE_H

#include "base/arena.h"
#include "wire/param_value.h"

// Further parameters and languages are left out.
#define CONTENT_PARAMS_MAX    100
#define CONTENT_LANGUAGES_MAX 64

// A value and its parameters as they stand in the field. Names may have the
// stars of RFC 2231. Values are unquoted, and otherwise not decoded.
struct content_value {
	struct view type;    // "text", or the disposition
	struct view subtype; // "plain"; empty for a disposition
	const struct param *params;
	size_t param_count;
};

// Parses a Content-Type. Returns false when there is no type/subtype;
// `*ret_type` is then text/plain without parameters (RFC 2045 section 5.2).
// Views point into `value` or the arena.
bool content_type_parse(
    struct arena *arena, struct view value, struct content_value *ret_type);

// Parses a Content-Disposition. Returns false when there is no disposition
// word.
bool content_disposition_parse(
    struct arena *arena, struct view value, struct content_value *ret_value);

// Parses a Content-Language into an array in the arena. Returns the number of
// tags.
size_t content_language_parse(
    struct arena *arena, struct view value, struct view **ret_tags);

// Finds the bytes of the parameter `name` (lower case): its first plain form,
// otherwise its continuations, joined and with percent encoding decoded (RFC
// 2231). This is for charset and boundary, whose characters are ASCII;
// param_value.h is for texts that people read. Views point as above. Returns
// false when there is no such parameter.
bool content_param_find(struct arena *arena, const struct content_value *value,
    struct view name, struct view *ret);

// Joins the continuations of RFC 2231, as BODYSTRUCTURE sends them: name*0,
// name*1 … become one "name", or one "name*" with a percent-encoded value when
// any segment is percent-encoded. Makes a new array in the arena.
size_t content_params_join(struct arena *arena,
    const struct content_value *value, struct param **ret_params);

#endif
