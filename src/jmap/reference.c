// SPDX-License-Identifier: Apache-2.0
// Result references (RFC 8620 section 3.7).
#include <string.h>

#include "jmap/impl.h"
#include "wire/json_read.h"

// A tree of a response that is referred to costs more than its text; this is
// more than any list of ids that a method would take.
#define VALUES_MAX ((size_t)2000000)

// ---- The path: JSON Pointer (RFC 6901), and "*" ----------------------------

// Removes the next token from the front of `path`, and decodes it into `token`
// ("~1" is "/", "~0" is "~"). False: it is not a token.
static bool next_token(struct view *path, struct buf *token)
{
	buf_reset(token);
	if (path->len == 0 || path->ptr[0] != '/')
		return false;
	size_t i = 1;
	for (; i < path->len && path->ptr[i] != '/'; i++) {
		if (path->ptr[i] != '~') {
			buf_add_char(token, path->ptr[i]);
			continue;
		}
		if (++i == path->len ||
		    (path->ptr[i] != '0' && path->ptr[i] != '1'))
			return false;
		buf_add_char(token, path->ptr[i] == '0' ? '~' : '/');
	}
	*path = view_from(*path, i);
	return true;
}

// An index without leading zeros (RFC 6901 section 4).
static json_t *at_index(const json_t *array, struct view token)
{
	uint32_t index;
	if ((token.len > 1 && token.ptr[0] == '0') ||
	    !view_to_u32(token, &index))
		return NULL;
	return json_array_get(array, index);
}

static json_t *follow(json_t *value, struct view path);

// "*": the rest of the path is applied to every item. The results are one
// array; those which are arrays are joined.
static json_t *follow_all(const json_t *array, struct view path)
{
	json_t *all = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
	{
		json_t *found = follow(item, path);
		if (!found) {
			json_decref(all);
			return NULL;
		}
		if (json_is_array(found))
			json_array_extend(all, found);
		else
			json_array_append(all, found);
		json_decref(found);
	}
	return all;
}

// Gives a new reference; NULL: the path leads nowhere.
static json_t *follow(json_t *value, struct view path)
{
	struct buf token;
	if (path.len == 0)
		return json_incref(value);
	buf_init(&token, 1024);
	json_t *found = NULL;
	bool good = next_token(&path, &token) && buf_status(&token) == RC_OK;
	struct view name = buf_view(&token);
	if (good && json_is_array(value) && view_eq(name, VIEW("*"))) {
		found = follow_all(value, path);
	} else if (good) {
		json_t *next = json_is_array(value)
				   ? at_index(value, name)
				   : json_object_getn(value,
					 name.ptr ? name.ptr : "", name.len);
		found = next ? follow(next, path) : NULL;
	}
	buf_done(&token);
	return found;
}

// ---- The response that is referred to --------------------------------------

// The first response with this call id, or NULL.
static const json_t *find_response(const json_t *responses, const json_t *id)
{
	size_t i;
	const json_t *response;
	json_array_foreach(
	    responses, i, response) if (json_equal(json_array_get(response, 2),
					    id)) return response;
	return NULL;
}

// The value of one reference, or NULL.
static json_t *resolve(const json_t *responses, const json_t *reference)
{
	const json_t *id = json_object_get(reference, "resultOf");
	const json_t *name = json_object_get(reference, "name");
	const json_t *path = json_object_get(reference, "path");
	if (!json_is_string(id) || !json_is_string(name) ||
	    !json_is_string(path))
		return NULL;
	const json_t *response = find_response(responses, id);
	if (!response || !json_equal(json_array_get(response, 0), name))
		return NULL;
	return follow(json_array_get(response, 1), json_view(path));
}

static bool has_references(json_t *arguments)
{
	const char *key;
	const json_t *value;
	json_object_foreach(
	    arguments, key, value) if (key[0] == '#') return true;
	return false;
}

// Reads the responses so far. They are our own text, which lacks its end.
static json_t *read_responses(struct jmap_call *call, struct view text)
{
	struct buf whole;
	struct fault fault;
	json_t *json = NULL;
	buf_init(&whole, text.len + 1);
	buf_add(&whole, text);
	buf_add_char(&whole, ']');
	if (json_read(buf_view(&whole), VALUES_MAX, &fault, &json) != RC_OK)
		jmap_fail(call, JMAP_ERROR_INVALID_RESULT_REFERENCE, "%s",
		    fault.text);
	buf_done(&whole);
	return json;
}

static bool replace(struct jmap_call *call, json_t *arguments,
    const json_t *responses, json_t *resolved)
{
	const char *key;
	json_t *value;
	json_object_foreach(arguments, key, value)
	{
		if (key[0] != '#') {
			json_object_set(resolved, key, value);
			continue;
		}
		if (json_object_get(arguments, key + 1)) {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "%s is there twice, as a value and as a reference",
			    key + 1);
			return false;
		}
		json_t *found = resolve(responses, value);
		if (!found) {
			jmap_fail(call, JMAP_ERROR_INVALID_RESULT_REFERENCE,
			    "%s", key + 1);
			return false;
		}
		json_object_set_new(resolved, key + 1, found);
	}
	return true;
}

bool jmap_references_resolve(struct jmap_call *call, json_t *arguments,
    struct view responses, json_t **ret_arguments)
{
	if (!has_references(arguments)) {
		*ret_arguments = json_incref(arguments);
		return true;
	}
	json_t *read = read_responses(call, responses);
	if (!read)
		return false;
	json_t *resolved = json_object();
	bool good = replace(call, arguments, read, resolved);
	json_decref(read);
	if (good)
		*ret_arguments = resolved;
	else
		json_decref(resolved);
	return good;
}
