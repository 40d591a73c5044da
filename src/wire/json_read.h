// SPDX-License-Identifier: Apache-2.0
// Reads JSON from strangers, by Jansson: I-JSON (RFC 7493) with limits on what
// it costs. What is read is a tree of json_t.
#ifndef ROOST_WIRE_JSON_READ_H
#define ROOST_WIRE_JSON_READ_H

#include <jansson.h>

#include "base/rc.h"
#include "base/view.h"

#define JSON_READ_DEPTH_MAX 100

// The tree takes at most about 150 bytes for each value, and the text's length.
// RC_SYNTAX: no I-JSON (not UTF-8, a key twice in an object, a number out of
// range …); `fault` says where. RC_LIMIT: it has more than `values_max` values
// and keys, or is nested too deeply.
MUST_CHECK enum rc json_read(struct view text, size_t values_max,
    struct fault *fault, json_t **ret_json);

// A string's bytes; they live as long as the value.
struct view json_view(const json_t *string);

#endif
