// SPDX-License-Identifier: Apache-2.0
// Values of MIME parameters as people see them: continuations joined, percent
// encoding and charset undone (RFC 2231), or the encoded words that many put
// there against RFC 2047 section 5.
#ifndef ROOST_WIRE_PARAM_VALUE_H
#define ROOST_WIRE_PARAM_VALUE_H

#include "wire/charset.h"

// One parameter as it stands in the field: name "filename*0*", value with its
// quotes and escapes already undone.
struct param {
	struct view name;
	struct view value;
};

// Segments ("name*0", "name*1" …) counted for one value.
#define PARAM_SEGMENTS_MAX 1000

// Adds the value of `name` ("filename") in UTF-8 to `out`, from name*, else
// name*0… in order of number until one is missing, else plain name. Unknown
// charsets are read as CHARSET_GUESS. RC_NOT_FOUND when there is none, RC_LIMIT
// when `out` is full. The time is O(count).
MUST_CHECK enum rc param_value_decode(struct charset_cache *cache,
    const struct param *params, size_t count, struct view name,
    struct buf *out);

#endif
