// SPDX-License-Identifier: Apache-2.0
// Content-Type (RFC 2045 section 5), Content-Disposition (RFC 2183) and
// Content-Language (RFC 3282), leniently. Linear in time.
#ifndef ROOST_WIRE_CONTENT_TYPE_H
#define ROOST_WIRE_CONTENT_TYPE_H

#include "base/arena.h"
#include "wire/param_value.h"

// Parameters and languages beyond these counts are left out.
#define CONTENT_PARAMS_MAX    100
#define CONTENT_LANGUAGES_MAX 64

// A value and its parameters as they stand in the field: names may carry RFC
// 2231's stars, values are unquoted and otherwise raw.
struct content_value {
	struct view type;    // "text", or the disposition
	struct view subtype; // "plain"; empty for a disposition
	const struct param *params;
	size_t param_count;
};

// Parses a Content-Type. False when there is no type/subtype (`*ret_type` is
// then text/plain without parameters, RFC 2045 section 5.2). Views point into
// `value` or the arena.
bool content_type_parse(
    struct arena *arena, struct view value, struct content_value *ret_type);

// Parses a Content-Disposition. False when there is no disposition word.
bool content_disposition_parse(
    struct arena *arena, struct view value, struct content_value *ret_value);

// Parses Content-Language into an array in the arena; the number of tags.
size_t content_language_parse(
    struct arena *arena, struct view value, struct view **ret_tags);

// The bytes of the parameter `name` (lower case), good for charset and boundary,
// whose characters are ASCII (what people read: param_value.h): the first one in
// plain form, else continuations joined and percent encoding undone (RFC 2231).
// Views as above. False when there is none.
bool content_param_find(struct arena *arena, const struct content_value *value,
    struct view name, struct view *ret);

// The parameters with RFC 2231 continuations joined, as BODYSTRUCTURE sends
// them: name*0, name*1 … become one "name", or "name*" with a percent-encoded
// value when any segment is extended. A new array in the arena.
size_t content_params_join(struct arena *arena,
    const struct content_value *value, struct param **ret_params);

#endif
