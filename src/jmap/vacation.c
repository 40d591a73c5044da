// SPDX-License-Identifier: Apache-2.0
// VacationResponse/get and /set (RFC 8621 section 8). It is only kept: nothing
// answers mail by it yet.
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/stored.h"
#include "wire/json_read.h"

#define SINGLETON VIEW("singleton")

static const struct jmap_property properties[] = {
    {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"isEnabled", JMAP_KIND_BOOL, 0},
    {"fromDate", JMAP_KIND_UTC_DATE, JMAP_NULLABLE},
    {"toDate", JMAP_KIND_UTC_DATE, JMAP_NULLABLE},
    {"subject", JMAP_KIND_STRING, JMAP_NULLABLE},
    {"textBody", JMAP_KIND_STRING, JMAP_NULLABLE},
    {"htmlBody", JMAP_KIND_STRING, JMAP_NULLABLE},
};

static const struct jmap_class class = {
    "VacationResponse", properties, ARRAY_LEN(properties)};

// What is stored; there is at most one.
struct kept {
	struct arena *arena;
	struct store_object object; // its id is 0: none
};

static enum rc keep(void *context, const struct store_object *object)
{
	struct kept *kept = context;
	kept->object = *object;
	kept->object.bytes = arena_copy(kept->arena, object->bytes);
	return RC_END;
}

// The object as JSON, without "id" (a new reference). RC_CORRUPT.
MUST_CHECK static enum rc load(struct jmap_call *call, struct store_view *view,
    struct kept *ret_kept, json_t **ret_json)
{
	*ret_kept = (struct kept){.arena = &call->arena};
	enum rc rc =
	    store_view_objects(view, STORE_OBJECT_VACATION, 0, keep, ret_kept);
	if (rc != RC_OK)
		return rc;
	const struct view bytes = ret_kept->object.bytes;
	*ret_json =
	    ret_kept->object.id == 0
		? json_pack("{s:b, s:n, s:n, s:n, s:n, s:n}", "isEnabled", 0,
		      "fromDate", "toDate", "subject", "textBody", "htmlBody")
		: jmap_json_load(bytes);
	return *ret_json ? RC_OK : RC_CORRUPT;
}

static void write(
    struct jmap_call *call, const struct jmap_get *get, json_t *json)
{
	struct json_text *out = &call->out;
	json_begin_object(out);
	json_member_string(out, "id", SINGLETON);
	for (unsigned i = 1; i < class.count; i++) {
		if (!jmap_get_wants(get, i))
			continue;
		json_key(out, properties[i].name);
		jmap_add_json(out, json_object_get(json, properties[i].name));
	}
	json_end_object(out);
}

static enum jmap_step get_from(
    struct jmap_call *call, struct jmap_get *get, struct store_view *view)
{
	struct kept kept;
	json_t *json;
	enum rc rc = load(call, view, &kept, &json);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	jmap_get_begin(call, store_view_version(view));
	if (get->all)
		write(call, get, json);
	for (size_t i = 0; i < get->id_count; i++) {
		if (view_eq(get->ids[i], SINGLETON))
			write(call, get, json);
		else
			jmap_get_not_found(get, get->ids[i]);
	}
	jmap_get_end(call, get);
	json_decref(json);
	return JMAP_DONE;
}

static enum jmap_step vacation_get(struct jmap_call *call)
{
	struct jmap_get get;
	struct store_view *view = NULL;
	enum jmap_step step = JMAP_DONE;
	if (jmap_get_read(call, &class, NULL, &get) && jmap_taken_all(call) &&
	    jmap_view_open(call, &view))
		step = get_from(call, &get, view);
	store_view_close(&view);
	jmap_get_done(&get);
	return step;
}

// ---- /set ------------------------------------------------------------------

static const struct jmap_stored type = {
    .class = &class,
    .kind = STORE_OBJECT_VACATION,
};

MUST_CHECK static enum rc update(
    struct jmap_call *call, struct jmap_stored_set *all, json_t *patch)
{
	struct kept kept;
	json_t *json;
	enum rc rc = load(call, all->view, &kept, &json);
	if (rc != RC_OK)
		return rc;
	if (!jmap_stored_set_apply(&all->set, SINGLETON, patch, json)) {
		json_decref(json);
		return RC_OK;
	}
	jmap_stored_set_note(call, all, JMAP_SET_UPDATE, SINGLETON,
	    kept.object.id ? &kept.object : NULL, json);
	return RC_OK;
}

static void refuse_others(struct jmap_set *set)
{
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(set->parts[JMAP_SET_CREATE], key, value)
	    jmap_set_failed(set, JMAP_SET_CREATE, view_of_string(key),
		JMAP_ERROR_SINGLETON, NULL, NULL);
	json_array_foreach(set->parts[JMAP_SET_DESTROY], i, value)
	    jmap_set_failed(set, JMAP_SET_DESTROY, json_view(value),
		view_eq(json_view(value), SINGLETON) ? JMAP_ERROR_SINGLETON
						     : JMAP_ERROR_NOT_FOUND,
		NULL, NULL);
}

static enum jmap_step set_from(
    struct jmap_call *call, struct jmap_stored_set *all)
{
	const char *key;
	json_t *patch;
	refuse_others(&all->set);
	json_object_foreach(all->set.parts[JMAP_SET_UPDATE], key, patch)
	{
		enum rc rc = RC_OK;
		if (view_eq(view_of_string(key), SINGLETON))
			rc = update(call, all, patch);
		else
			jmap_set_failed(&all->set, JMAP_SET_UPDATE,
			    view_of_string(key), JMAP_ERROR_NOT_FOUND, NULL,
			    NULL);
		if (rc != RC_OK)
			return jmap_fail_rc(call, rc, NULL);
	}
	return jmap_stored_set_end(call, all);
}

static enum jmap_step vacation_set(struct jmap_call *call)
{
	struct jmap_stored_set all;
	enum jmap_step step = JMAP_DONE;
	if (jmap_stored_set_read(call, &type, &all))
		step = set_from(call, &all);
	jmap_stored_set_done(&all);
	return step;
}

const struct jmap_method jmap_vacation_methods[] = {
    {"VacationResponse/get", JMAP_CAPABILITY_VACATION, JMAP_NEEDS_ACCOUNT,
	vacation_get, NULL},
    {"VacationResponse/set", JMAP_CAPABILITY_VACATION,
	JMAP_NEEDS_ACCOUNT | JMAP_CHANGES, vacation_set, NULL},
    {.name = NULL},
};
