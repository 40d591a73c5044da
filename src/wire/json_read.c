// SPDX-License-Identifier: Apache-2.0
#include "wire/json_read.h"

#include <stdbool.h>

// Counts values and keys without reading them, so that a text of two bytes a
// value does not become a tree of a hundred times its size.
static enum rc count(struct view text, size_t values_max, struct fault *fault)
{
	size_t values = 1, depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
			continue;
		}
		if (c == '"')
			quoted = true;
		else if (c == ',' || c == ':')
			values++;
		else if (c == '[' || c == '{') {
			values++;
			depth++;
		} else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		if (depth > JSON_READ_DEPTH_MAX)
			return fault_set(
			    fault, RC_LIMIT, "the JSON is nested too deeply");
		if (values > values_max)
			return fault_set(
			    fault, RC_LIMIT, "the JSON has too many values");
	}
	return RC_OK;
}

enum rc json_read(
    struct view text, size_t values_max, struct fault *fault, json_t **ret_json)
{
	json_error_t error;
	enum rc rc = count(text, values_max, fault);
	if (rc != RC_OK)
		return rc;
	json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
	if (!json)
		return fault_set(fault, RC_SYNTAX, "line %d, column %d: %s",
		    error.line, error.column, error.text);
	*ret_json = json;
	return RC_OK;
}

struct view json_view(const json_t *string)
{
	return view_of(json_string_value(string), json_string_length(string));
}
