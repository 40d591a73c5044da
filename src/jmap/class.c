// SPDX-License-Identifier: Apache-2.0
// The properties of a type, and which JSON is a value of them.
#include <string.h>

#include "jmap/object.h"
#include "wire/date.h"
#include "wire/json_read.h"

#define INT_MAX_EXACT (((int64_t)1 << 53) - 1)

int jmap_property_find(const struct jmap_class *class, struct view name)
{
	for (size_t i = 0; i < class->count; i++)
		if (view_eq(name, view_of_string(class->properties[i].name)))
			return (int)i;
	return -1;
}

static bool is_date(const json_t *value, bool utc)
{
	struct date date;
	struct view text = json_view(value);
	if (!json_is_string(value) || date_parse_rfc3339(text, &date) != RC_OK)
		return false;
	// Letters in capitals (RFC 8620 section 1.4).
	if (view_find_char(text, 't') != SIZE_MAX ||
	    view_find_char(text, 'z') != SIZE_MAX)
		return false;
	return !utc || view_ends_with(text, VIEW("Z"));
}

static bool is_int(const json_t *value, int64_t min)
{
	json_int_t number = json_integer_value(value);
	return json_is_integer(value) && number >= min &&
	       number <= INT_MAX_EXACT;
}

static bool is_set(json_t *value, bool of_ids)
{
	const char *key;
	json_t *member;
	if (!json_is_object(value))
		return false;
	json_object_foreach(value, key, member)
	{
		struct view id = view_of_string(key);
		// "#key" is an id that is made in this request.
		if (id.len > 1 && id.ptr[0] == '#')
			id = view_from(id, 1);
		if (!json_is_true(member) || (of_ids && !jmap_id_is_valid(id)))
			return false;
	}
	return true;
}

static bool is_strings(const json_t *value)
{
	size_t i;
	const json_t *item;
	if (!json_is_array(value))
		return false;
	json_array_foreach(
	    value, i, item) if (!json_is_string(item)) return false;
	return true;
}

bool jmap_property_fits(const struct jmap_property *property, json_t *value)
{
	if (json_is_null(value))
		return property->flags & JMAP_NULLABLE;
	switch (property->kind) {
	case JMAP_KIND_ID: {
		struct view id = json_view(value);
		if (json_is_string(value) && id.len > 1 && id.ptr[0] == '#')
			id = view_from(id, 1);
		return json_is_string(value) && jmap_id_is_valid(id);
	}
	case JMAP_KIND_STRING: return json_is_string(value);
	case JMAP_KIND_U64: return is_int(value, 0);
	case JMAP_KIND_INT: return is_int(value, -INT_MAX_EXACT);
	case JMAP_KIND_BOOL: return json_is_boolean(value);
	case JMAP_KIND_DATE: return is_date(value, false);
	case JMAP_KIND_UTC_DATE: return is_date(value, true);
	case JMAP_KIND_OBJECT: return json_is_object(value);
	case JMAP_KIND_ARRAY: return json_is_array(value);
	case JMAP_KIND_STRINGS: return is_strings(value);
	case JMAP_KIND_ID_SET: return is_set(value, true);
	case JMAP_KIND_STRING_SET: return is_set(value, false);
	}
	return false;
}
