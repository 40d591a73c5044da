// SPDX-License-Identifier: Apache-2.0
// The arguments and the answer of /set (RFC 8620 section 5.3).
#include "jmap/impl.h"
#include "jmap/object.h"
#include "wire/json_read.h"

static const char *const done_names[JMAP_SET_PARTS] = {
    "created", "updated", "destroyed"};
static const char *const failed_names[JMAP_SET_PARTS] = {
    "notCreated", "notUpdated", "notDestroyed"};

static void init_lists(struct jmap_set *set, size_t max)
{
	for (int i = 0; i < JMAP_SET_PARTS; i++) {
		buf_init(&set->done_text[i], max);
		buf_init(&set->failed_text[i], max);
		json_text_init(&set->done[i], &set->done_text[i]);
		json_text_init(&set->failed[i], &set->failed_text[i]);
		if (i == JMAP_SET_DESTROY)
			json_begin_array(&set->done[i]);
		else
			json_begin_object(&set->done[i]);
		json_begin_object(&set->failed[i]);
	}
}

static size_t size_of(const json_t *part)
{
	return json_is_array(part) ? json_array_size(part)
				   : json_object_size(part);
}

static bool read_if_in_state(struct jmap_call *call, struct jmap_set *set)
{
	struct view state = {0};
	if (!jmap_take_string(call, "ifInState", &state))
		return false;
	set->has_if_in_state = state.ptr != NULL;
	if (set->has_if_in_state && !jmap_state_read(state, &set->if_in_state))
		set->if_in_state = UINT64_MAX;
	return true;
}

// Each new object and each patch is an object, each id to destroy a string.
static bool check_parts(struct jmap_call *call, const struct jmap_set *set)
{
	const char *key;
	json_t *value;
	size_t i;
	for (int part = JMAP_SET_CREATE; part <= JMAP_SET_UPDATE; part++)
		json_object_foreach (set->parts[part], key, value)
			if (!json_is_object(value))
				goto wrong;
	json_array_foreach (set->parts[JMAP_SET_DESTROY], i, value)
		if (!json_is_string(value))
			goto wrong;
	return true;
wrong:
	jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
	    "what is to be set is not an object, or destroyed not an id");
	return false;
}

void jmap_set_init(struct jmap_call *call, const struct jmap_class *class,
    struct jmap_set *set)
{
	*set = (struct jmap_set){.class = class};
	init_lists(set, call->request->response.max);
}

bool jmap_set_read(struct jmap_call *call, const struct jmap_class *class,
    struct jmap_set *ret_set)
{
	const struct jmap_limits *limits = &call->request->jmap->options.limits;
	jmap_set_init(call, class, ret_set);
	if (!read_if_in_state(call, ret_set) ||
	    !jmap_take_object(
		call, "create", &ret_set->parts[JMAP_SET_CREATE]) ||
	    !jmap_take_object(
		call, "update", &ret_set->parts[JMAP_SET_UPDATE]) ||
	    !jmap_take_array(
		call, "destroy", &ret_set->parts[JMAP_SET_DESTROY]) ||
	    !check_parts(call, ret_set))
		return false;
	size_t count = 0;
	for (int i = 0; i < JMAP_SET_PARTS; i++)
		count += size_of(ret_set->parts[i]);
	if (count <= limits->objects_set)
		return true;
	jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
	    "more objects than maxObjectsInSet");
	return false;
}

void jmap_set_done(struct jmap_set *set)
{
	for (int i = 0; i < JMAP_SET_PARTS; i++) {
		buf_done(&set->done_text[i]);
		buf_done(&set->failed_text[i]);
	}
}

bool jmap_set_in_state(
    struct jmap_call *call, const struct jmap_set *set, uint64_t version)
{
	if (!set->has_if_in_state || set->if_in_state == version)
		return true;
	jmap_fail(call, JMAP_ERROR_STATE_MISMATCH, NULL);
	return false;
}

// ---- Results ---------------------------------------------------------------

struct json_text *jmap_set_created(struct jmap_call *call, struct jmap_set *set,
    struct view creation_id, struct view id)
{
	struct json_text *out = &set->done[JMAP_SET_CREATE];
	set->done_count[JMAP_SET_CREATE]++;
	jmap_created(call->request, creation_id, id);
	json_key_view(out, creation_id);
	json_begin_object(out);
	json_member_string(out, "id", id);
	return out;
}

void jmap_set_updated(struct jmap_set *set, struct view id)
{
	struct json_text *out = &set->done[JMAP_SET_UPDATE];
	set->done_count[JMAP_SET_UPDATE]++;
	json_key_view(out, id);
	json_add_null(out);
}

struct json_text *jmap_set_updated_more(struct jmap_set *set, struct view id)
{
	struct json_text *out = &set->done[JMAP_SET_UPDATE];
	set->done_count[JMAP_SET_UPDATE]++;
	json_key_view(out, id);
	json_begin_object(out);
	return out;
}

void jmap_set_destroyed(struct jmap_set *set, struct view id)
{
	set->done_count[JMAP_SET_DESTROY]++;
	json_add_string(&set->done[JMAP_SET_DESTROY], id);
}

struct json_text *jmap_set_failed_more(struct jmap_set *set,
    enum jmap_set_part part, struct view id, enum jmap_error error)
{
	struct json_text *out = &set->failed[part];
	set->failed_count[part]++;
	json_key_view(out, id);
	json_begin_object(out);
	json_member_string(out, "type", view_of_string(jmap_error_word(error)));
	return out;
}

void jmap_set_failed(struct jmap_set *set, enum jmap_set_part part,
    struct view id, enum jmap_error error, const char *description,
    const struct view *properties)
{
	struct json_text *out = jmap_set_failed_more(set, part, id, error);
	if (description)
		json_member_string(
		    out, "description", view_of_string(description));
	if (properties) {
		json_key(out, "properties");
		json_begin_array(out);
		for (; properties->len > 0; properties++)
			json_add_string(out, *properties);
		json_end_array(out);
	}
	json_end_object(out);
}

void jmap_set_add_list(struct json_text *out, const char *name, size_t count,
    const struct buf *text)
{
	json_key(out, name);
	// What did not fit is missing in the middle of the list.
	if (text->overflowed)
		out->out->overflowed = true;
	if (count > 0 && !text->overflowed)
		json_add_raw(out, buf_view(text));
	else
		json_add_null(out);
}

void jmap_set_end(struct jmap_call *call, struct jmap_set *set,
    uint64_t old_version, uint64_t new_version)
{
	struct json_text *out = &call->out;
	json_begin_object(out);
	// A type that is in no account has no state, either.
	if (call->account_id.len > 0) {
		json_member_string(out, "accountId", call->account_id);
		jmap_state_member(out, "oldState", old_version);
		jmap_state_member(out, "newState", new_version);
	}
	for (int i = 0; i < JMAP_SET_PARTS; i++) {
		if (i == JMAP_SET_DESTROY)
			json_end_array(&set->done[i]);
		else
			json_end_object(&set->done[i]);
		json_end_object(&set->failed[i]);
		jmap_set_add_list(
		    out, done_names[i], set->done_count[i], &set->done_text[i]);
		jmap_set_add_list(out, failed_names[i], set->failed_count[i],
		    &set->failed_text[i]);
	}
	json_end_object(out);
}

// ---- Checks ----------------------------------------------------------------

// The properties of an object that are wrong, for invalidProperties.
struct wrong {
	VEC(struct view) names;
};

static void add_wrong(struct wrong *wrong, struct view name)
{
	vec_push(&wrong->names, name);
}

// Notes the error if there is a wrong property, and frees the list.
static bool judge(struct jmap_set *set, enum jmap_set_part part, struct view id,
    struct wrong *wrong)
{
	bool good = wrong->names.count == 0;
	if (!good) {
		add_wrong(wrong, VIEW(""));
		jmap_set_failed(set, part, id, JMAP_ERROR_INVALID_PROPERTIES,
		    NULL, wrong->names.items);
	}
	vec_done(&wrong->names);
	return good;
}

bool jmap_set_check_create(
    struct jmap_set *set, struct view creation_id, json_t *object)
{
	const struct jmap_class *class = set->class;
	struct wrong wrong = {0};
	const char *key;
	json_t *value;
	json_object_foreach (object, key, value) {
		int number = jmap_property_find(class, view_of_string(key));
		if (number < 0 ||
		    class->properties[number].flags & JMAP_SERVER_SET ||
		    !jmap_property_fits(&class->properties[number], value))
			add_wrong(&wrong, view_of_string(key));
	}
	for (size_t i = 0; i < class->count; i++)
		if (class->properties[i].flags & JMAP_REQUIRED &&
		    !json_object_get(object, class->properties[i].name))
			add_wrong(
			    &wrong, view_of_string(class->properties[i].name));
	return judge(set, JMAP_SET_CREATE, creation_id, &wrong);
}

// A property that the client may not change must be as it was.
static bool may_become(
    const struct jmap_property *property, json_t *before, json_t *after)
{
	if (property->flags & (JMAP_SERVER_SET | JMAP_IMMUTABLE))
		return json_equal(before, after) ||
		       (!before && json_is_null(after));
	return jmap_property_fits(property, after);
}

// A patch sets a property to null.
static bool may_go(const struct jmap_property *property, json_t *before)
{
	if (property->flags & (JMAP_SERVER_SET | JMAP_IMMUTABLE))
		return json_is_null(before);
	return property->flags & JMAP_NULLABLE;
}

bool jmap_set_check_update(
    struct jmap_set *set, struct view id, json_t *patch, json_t *object)
{
	const struct jmap_class *class = set->class;
	struct wrong wrong = {0};
	const char *key;
	json_t *value;
	json_t *before = json_deep_copy(object);
	if (jmap_patch_apply(patch, object) != RC_OK) {
		json_decref(before);
		jmap_set_failed(set, JMAP_SET_UPDATE, id,
		    JMAP_ERROR_INVALID_PATCH, NULL, NULL);
		return false;
	}
	json_object_foreach (object, key, value) {
		int number = jmap_property_find(class, view_of_string(key));
		if (number < 0 || !may_become(&class->properties[number],
				      json_object_get(before, key), value))
			add_wrong(&wrong, view_of_string(key));
	}
	// What a patch removed.
	json_object_foreach (before, key, value)
		if (!json_object_get(object, key)) {
			int number =
			    jmap_property_find(class, view_of_string(key));
			if (number >= 0 &&
			    !may_go(&class->properties[number], value))
				add_wrong(&wrong, view_of_string(key));
		}
	bool good = judge(set, JMAP_SET_UPDATE, id, &wrong);
	json_decref(before);
	return good;
}
