// SPDX-License-Identifier: Apache-2.0
// Decodes values of MIME parameters for people: continuations are joined,
// percent encoding and charset are decoded (RFC 2231), and so are encoded
// words, which many programs put there although RFC 2047 section 5 forbids it.
#ifndef ROOST_WIRE_PARAM_VALUE_H
#define ROOST_WIRE_PARAM_VALUE_H

#include "wire/charset.h"

// One parameter of a field: for example, its name is "filename*0*"; quotes and
// escapes of its value are decoded already.
struct param {
	struct view name;
	struct view value;
};

// The maximum of segments ("name*0", "name*1" …) in one value.
#define PARAM_SEGMENTS_MAX 1000

// Adds the value of `name` ("filename") to `out`, in UTF-8. It comes from
// name*; if there is none, from name*0 and so on, in the order of their numbers
// until one is missing; if there is none of these either, from the plain name.
// Unknown charsets are read as CHARSET_GUESS. RC_NOT_FOUND when there is no
// value, RC_LIMIT when `out` is full. The time is O(count).
MUST_CHECK enum rc param_value_decode(struct charset_cache *cache,
    const struct param *params, size_t count, struct view name,
    struct buf *out);

#endif
