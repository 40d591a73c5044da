// SPDX-License-Identifier: Apache-2.0
// Reading the arguments of a call, ids and states.
#include <string.h>

#include "base/ascii.h"
#include "jmap/impl.h"
#include "wire/json_read.h"

// Numbers that every JSON reader keeps exactly (RFC 8620 section 1.3).
#define INT_MAX_EXACT (((int64_t)1 << 53) - 1)

// The argument, or NULL: it is absent or null.
static json_t *take(struct jmap_call *call, const char *name)
{
	json_t *value = json_object_get(call->arguments, name);
	if (value)
		call->taken++;
	return json_is_null(value) ? NULL : value;
}

static bool wrong(struct jmap_call *call, const char *name, const char *what)
{
	jmap_fail(
	    call, JMAP_ERROR_INVALID_ARGUMENTS, "%s is not %s", name, what);
	return false;
}

bool jmap_take_bool(struct jmap_call *call, const char *name, bool *ret_value)
{
	const json_t *value = take(call, name);
	if (!value)
		return true;
	if (!json_is_boolean(value))
		return wrong(call, name, "a Boolean");
	*ret_value = json_is_true(value);
	return true;
}

bool jmap_take_i64(struct jmap_call *call, const char *name, int64_t *ret_value)
{
	const json_t *value = take(call, name);
	if (!value)
		return true;
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number > INT_MAX_EXACT ||
	    number < -INT_MAX_EXACT)
		return wrong(call, name, "an Int");
	*ret_value = number;
	return true;
}

bool jmap_take_u64(struct jmap_call *call, const char *name, bool *ret_has,
    uint64_t *ret_value)
{
	const json_t *value = take(call, name);
	if (ret_has)
		*ret_has = value != NULL;
	if (!value)
		return true;
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number > INT_MAX_EXACT || number < 0)
		return wrong(call, name, "an UnsignedInt");
	*ret_value = (uint64_t)number;
	return true;
}

bool jmap_take_string(
    struct jmap_call *call, const char *name, struct view *ret_value)
{
	const json_t *value = take(call, name);
	if (!value)
		return true;
	if (!json_is_string(value))
		return wrong(call, name, "a String");
	*ret_value = json_view(value);
	return true;
}

bool jmap_take_id(
    struct jmap_call *call, const char *name, struct view *ret_value)
{
	struct view value = {0};
	if (!jmap_take_string(call, name, &value))
		return false;
	if (!value.ptr)
		return true;
	if (!jmap_id_is_valid(value) &&
	    !(value.len > 1 && value.ptr[0] == '#' &&
		jmap_id_is_valid(view_from(value, 1))))
		return wrong(call, name, "an Id");
	*ret_value = value;
	return true;
}

bool jmap_take_object(
    struct jmap_call *call, const char *name, json_t **ret_value)
{
	json_t *value = take(call, name);
	if (!value)
		return true;
	if (!json_is_object(value))
		return wrong(call, name, "an object");
	*ret_value = value;
	return true;
}

bool jmap_take_array(
    struct jmap_call *call, const char *name, json_t **ret_value)
{
	json_t *value = take(call, name);
	if (!value)
		return true;
	if (!json_is_array(value))
		return wrong(call, name, "an array");
	*ret_value = value;
	return true;
}

bool jmap_take_strings(struct jmap_call *call, const char *name,
    struct view **ret_values, size_t *ret_count)
{
	json_t *array = NULL;
	const json_t *item;
	size_t i;
	if (!jmap_take_array(call, name, &array))
		return false;
	if (!array)
		return true;
	size_t count = json_array_size(array);
	struct view *values =
	    arena_alloc(&call->arena, (count + 1) * sizeof(*values));
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item))
			return wrong(call, name, "a list of strings");
		values[i] = json_view(item);
	}
	*ret_values = values;
	*ret_count = count;
	return true;
}

bool jmap_taken_all(struct jmap_call *call)
{
	if (call->taken >= json_object_size(call->arguments))
		return true;
	jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
	    "an argument is unknown to %s", call->method->name);
	return false;
}

// ---- Ids -------------------------------------------------------------------

bool jmap_id_is_valid(struct view id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!ascii_is_alnum(id.ptr[i]) && id.ptr[i] != '-' &&
		    id.ptr[i] != '_')
			return false;
	return id.len > 0 && id.len <= JMAP_ID_MAX;
}

static bool is_decimal(enum jmap_id_kind kind)
{
	return kind == JMAP_ID_EMAIL || kind == JMAP_ID_THREAD ||
	       kind == JMAP_ID_BLOB;
}

static bool read_hexadecimal(struct view text, uint64_t *ret_number)
{
	uint64_t number = 0;
	if (text.len > 16)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c >= '0' && c <= '9')
			number = number << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			number = number << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret_number = number;
	return text.len <= 16;
}

// Only the spelling that we write, so that an object has one id.
bool jmap_id_read(struct view id, enum jmap_id_kind kind, uint64_t *ret_number)
{
	struct view text = view_from(id, 1);
	if (id.len < 2 || id.ptr[0] != (char)kind || id.ptr[1] == '0')
		return false;
	return is_decimal(kind) ? view_to_u64(text, ret_number)
				: read_hexadecimal(text, ret_number);
}

struct view jmap_id_text(
    char ret_text[JMAP_ID_TEXT], enum jmap_id_kind kind, uint64_t number)
{
	int len = snprintf(ret_text, JMAP_ID_TEXT,
	    is_decimal(kind) ? "%c%llu" : "%c%llx", (int)kind,
	    (unsigned long long)number);
	return view_of(ret_text, (size_t)len);
}

void jmap_id_add(struct json_text *out, enum jmap_id_kind kind, uint64_t number)
{
	char text[JMAP_ID_TEXT];
	json_add_string(out, jmap_id_text(text, kind, number));
}

void jmap_id_key(struct json_text *out, enum jmap_id_kind kind, uint64_t number)
{
	char text[JMAP_ID_TEXT];
	json_key_view(out, jmap_id_text(text, kind, number));
}

bool jmap_resolve_id(
    const struct jmap_call *call, struct view id, struct view *ret_id)
{
	if (id.len == 0 || id.ptr[0] != '#') {
		*ret_id = id;
		return true;
	}
	const char *real = map_get(&call->request->created, view_from(id, 1));
	if (!real)
		return false;
	*ret_id = view_of_string(real);
	return true;
}

// ---- States ----------------------------------------------------------------

void jmap_state_member(
    struct json_text *out, const char *name, uint64_t version)
{
	json_key(out, name);
	char text[24];
	int len =
	    snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	json_add_string(out, view_of(text, (size_t)len));
}

bool jmap_state_read(struct view state, uint64_t *ret_version)
{
	if (state.len == 0 || (state.len > 1 && state.ptr[0] == '0'))
		return false;
	return view_to_u64(state, ret_version);
}
