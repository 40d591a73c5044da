// SPDX-License-Identifier: Apache-2.0
// Result references (RFC 8620 section 3.7).
#include "jmap/impl.h"
#include "wire/json_read.h"

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
	json_array_foreach (array, i, item) {
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

// The text of the first response with this call id; empty: there is none.
static struct view find_response(
    const struct jmap_request *request, struct view id)
{
	for (size_t i = 0; i < request->responses.count; i++) {
		const struct jmap_response *one = &request->responses.items[i];
		if (view_eq(one->id, id))
			return view_slice(
			    buf_view(&request->response), one->start, one->len);
	}
	return VIEW("");
}

// The value of one reference, or NULL. Only the response that it names is read,
// with the limit of values that a request has.
static json_t *resolve(
    const struct jmap_request *request, const json_t *reference)
{
	const json_t *id = json_object_get(reference, "resultOf");
	const json_t *name = json_object_get(reference, "name");
	const json_t *path = json_object_get(reference, "path");
	json_t *response;
	struct fault fault;
	if (!json_is_string(id) || !json_is_string(name) ||
	    !json_is_string(path))
		return NULL;
	struct view text = find_response(request, json_view(id));
	if (text.len == 0 ||
	    json_read(text, request->jmap->options.limits.request_values,
		&fault, &response) != RC_OK)
		return NULL;
	json_t *found = NULL;
	if (json_equal(json_array_get(response, 0), name))
		found = follow(json_array_get(response, 1), json_view(path));
	json_decref(response);
	return found;
}

static bool has_references(json_t *arguments)
{
	const char *key;
	const json_t *value;
	json_object_foreach (arguments, key, value)
		if (key[0] == '#')
			return true;
	return false;
}

static bool replace(struct jmap_call *call, json_t *arguments, json_t *resolved)
{
	const char *key;
	json_t *value;
	json_object_foreach (arguments, key, value) {
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
		json_t *found = resolve(call->request, value);
		if (!found) {
			jmap_fail(call, JMAP_ERROR_INVALID_RESULT_REFERENCE,
			    "%s", key + 1);
			return false;
		}
		json_object_set_new(resolved, key + 1, found);
	}
	return true;
}

bool jmap_references_resolve(
    struct jmap_call *call, json_t *arguments, json_t **ret_arguments)
{
	if (!has_references(arguments)) {
		*ret_arguments = json_incref(arguments);
		return true;
	}
	json_t *resolved = json_object();
	bool good = replace(call, arguments, resolved);
	if (good)
		*ret_arguments = resolved;
	else
		json_decref(resolved);
	return good;
}
