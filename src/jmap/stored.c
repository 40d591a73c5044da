// SPDX-License-Identifier: Apache-2.0
#include "jmap/stored.h"

#include "jmap/impl.h"
#include "wire/json_read.h"

// ---- JSON ------------------------------------------------------------------

static int add(const char *bytes, size_t len, void *context)
{
	buf_add(context, view_of(bytes, len));
	return 0;
}

void jmap_add_json(struct json_text *out, const json_t *json)
{
	if (!json) {
		json_add_null(out);
		return;
	}
	json_add_raw(out, VIEW("")); // it comes in pieces
	(void)json_dump_callback(
	    json, add, out->out, JSON_COMPACT | JSON_ENCODE_ANY);
}

struct view jmap_json_text(struct arena *arena, const json_t *json)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	(void)json_dump_callback(
	    json, add, &text, JSON_COMPACT | JSON_ENCODE_ANY);
	struct view copy = arena_copy(arena, buf_view(&text));
	buf_done(&text);
	return copy;
}

// A client's strings may have NUL.
json_t *jmap_json_load(struct view text)
{
	return json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
}

// ---- /get ------------------------------------------------------------------

struct getting {
	struct jmap_call *call;
	struct jmap_get *get;
	const struct jmap_stored *type;
	size_t left; // objects that the answer may still have
	bool too_many;
};

static enum rc write_one(void *context, const struct store_object *object)
{
	struct getting *getting = context;
	const struct jmap_class *class = getting->type->class;
	struct json_text *out = &getting->call->out;
	json_t *json = getting->type->load(object);
	if (!json) {
		log_text(getting->call->request->jmap->options.log,
		    LOG_LEVEL_ERROR, "jmap", "%s %llu is damaged", class->name,
		    (unsigned long long)object->id);
		return RC_OK;
	}
	if (getting->left == 0) {
		getting->too_many = true;
		json_decref(json);
		return RC_END;
	}
	getting->left--;
	json_begin_object(out);
	json_key(out, "id");
	jmap_id_add(out, getting->type->id_kind, object->id);
	for (unsigned i = 1; i < class->count; i++) {
		if (!jmap_get_wants(getting->get, i))
			continue;
		json_key(out, class->properties[i].name);
		jmap_add_json(
		    out, json_object_get(json, class->properties[i].name));
	}
	json_end_object(out);
	json_decref(json);
	// An answer that is too long already need not get longer.
	return buf_status(out->out) == RC_OK ? RC_OK : RC_END;
}

static enum rc write_all(struct getting *getting, struct store_view *view)
{
	struct jmap_get *get = getting->get;
	if (get->all)
		return store_view_objects(
		    view, getting->type->kind, 0, write_one, getting);
	for (size_t i = 0; i < get->id_count; i++) {
		struct store_object object;
		enum rc rc = jmap_stored_find(
		    getting->call, view, getting->type, get->ids[i], &object);
		if (rc == RC_OK)
			(void)write_one(getting, &object);
		else if (rc == RC_NOT_FOUND)
			jmap_get_not_found(get, get->ids[i]);
		else
			return rc;
	}
	return RC_OK;
}

static enum jmap_step get_from(struct getting *getting, struct store_view *view)
{
	struct jmap_call *call = getting->call;
	jmap_get_begin(call, store_view_version(view));
	enum rc rc = write_all(getting, view);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	if (getting->too_many) // RFC 8620 section 5.1
		return jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
		    "more objects than maxObjectsInGet");
	jmap_get_end(call, getting->get);
	return JMAP_DONE;
}

enum jmap_step jmap_stored_get(
    struct jmap_call *call, const struct jmap_stored *type)
{
	struct jmap_get get;
	struct getting getting = {
	    .call = call,
	    .get = &get,
	    .type = type,
	    .left = call->request->jmap->options.limits.objects_get,
	};
	struct store_view *view = NULL;
	enum jmap_step step = JMAP_DONE;
	if (jmap_get_read(call, type->class, NULL, &get) &&
	    jmap_taken_all(call) && jmap_view_open(call, &view))
		step = get_from(&getting, view);
	store_view_close(&view);
	jmap_get_done(&get);
	return step;
}

enum rc jmap_stored_find(struct jmap_call *call, struct store_view *view,
    const struct jmap_stored *type, struct view id,
    struct store_object *ret_object)
{
	uint64_t number;
	struct view real;
	if (!jmap_resolve_id(call, id, &real) ||
	    !jmap_id_read(real, type->id_kind, &number))
		return RC_NOT_FOUND;
	return store_view_object(
	    view, type->kind, number, &call->arena, ret_object);
}

// ---- /changes --------------------------------------------------------------

enum jmap_step jmap_stored_changes(
    struct jmap_call *call, const struct jmap_stored *type)
{
	struct jmap_changes asked;
	struct store_changes changes;
	if (!jmap_changes_read(call, &asked) || !jmap_taken_all(call))
		return JMAP_DONE;
	enum rc rc = store_objects_changed(call->account, type->kind,
	    asked.after, (size_t)asked.max, &changes);
	return jmap_changes_answer(call, &asked, type->id_kind, rc, &changes);
}

// ---- /set ------------------------------------------------------------------

void jmap_set_wrong_property(struct jmap_set *set, enum jmap_set_part part,
    struct view id, const char *property, const char *description)
{
	const struct view properties[] = {view_of_string(property), VIEW("")};
	jmap_set_failed(set, part, id, JMAP_ERROR_INVALID_PROPERTIES,
	    description, properties);
}

// Whether the id is among those to destroy; then its update is refused, and
// that was noted.
static bool will_destroy(struct jmap_set *set, struct view id)
{
	size_t i;
	const json_t *item;
	json_array_foreach(set->parts[JMAP_SET_DESTROY], i,
	    item) if (view_eq(json_view(item), id))
	{
		jmap_set_failed(set, JMAP_SET_UPDATE, id,
		    JMAP_ERROR_WILL_DESTROY, NULL, NULL);
		return true;
	}
	return false;
}

// The id may be in the patch, if it is the same.
bool jmap_stored_set_apply(
    struct jmap_set *set, struct view id, json_t *patch, json_t *json)
{
	json_object_set_new(json, "id", json_stringn(id.ptr, id.len));
	bool good = jmap_set_check_update(set, id, patch, json);
	(void)json_object_del(json, "id");
	return good;
}

bool jmap_stored_set_patch(struct jmap_call *call, struct jmap_set *set,
    struct store_view *view, const struct jmap_stored *type, struct view id,
    json_t *patch, struct store_object *ret_object, json_t **ret_json)
{
	if (will_destroy(set, id))
		return false;
	enum rc rc = jmap_stored_find(call, view, type, id, ret_object);
	json_t *json = rc == RC_OK ? type->load(ret_object) : NULL;
	if (!json) {
		jmap_set_failed(set, JMAP_SET_UPDATE, id,
		    rc == RC_NOT_FOUND ? JMAP_ERROR_NOT_FOUND
				       : jmap_error_of(call, RC_CORRUPT, NULL),
		    NULL, NULL);
		return false;
	}
	if (!jmap_stored_set_apply(set, id, patch, json)) {
		json_decref(json);
		return false;
	}
	*ret_json = json;
	return true;
}

bool jmap_stored_set_read(struct jmap_call *call,
    const struct jmap_stored *type, struct jmap_stored_set *ret_set)
{
	*ret_set = (struct jmap_stored_set){.type = type};
	if (!jmap_set_read(call, type->class, &ret_set->set) ||
	    !jmap_taken_all(call) || !jmap_view_open(call, &ret_set->view))
		return false;
	return jmap_set_in_state(
	    call, &ret_set->set, store_view_version(ret_set->view));
}

void jmap_stored_set_done(struct jmap_stored_set *set)
{
	for (size_t i = 0; i < set->objects.count; i++)
		json_decref(set->objects.items[i]);
	vec_done(&set->changes);
	vec_done(&set->ids);
	vec_done(&set->objects);
	vec_done(&set->parts);
	if (set->view)
		store_view_close(&set->view);
	jmap_set_done(&set->set);
}

void jmap_stored_set_note(struct jmap_call *call, struct jmap_stored_set *set,
    enum jmap_set_part part, struct view id, const struct store_object *object,
    json_t *json)
{
	struct store_object_change change = {
	    .kind = set->type->kind,
	    .id = object ? object->id : 0,
	    .if_version = object ? object->version : 0,
	    .remove = !json,
	};
	if (json)
		change.bytes = jmap_json_text(&call->arena, json);
	if (change.bytes.len > store_object_limits(change.kind).bytes) {
		json_decref(json);
		jmap_set_failed(
		    &set->set, part, id, JMAP_ERROR_TOO_LARGE, NULL, NULL);
		return;
	}
	vec_push(&set->changes, change);
	vec_push(&set->ids, id);
	vec_push(&set->objects, json);
	vec_push(&set->parts, part);
}

static enum jmap_error error_of(struct jmap_call *call, enum rc rc)
{
	switch ((int)rc) {
	case RC_NOT_FOUND: return JMAP_ERROR_NOT_FOUND;
	case RC_LIMIT: return JMAP_ERROR_OVER_QUOTA;
	// Somebody else changed it meanwhile: the client may try again.
	case RC_GONE: return JMAP_ERROR_SERVER_UNAVAILABLE;
	case RC_INVALID: return JMAP_ERROR_NOT_FOUND; // destroyed twice
	default: return jmap_error_of(call, rc, NULL);
	}
}

void jmap_add_unknown(struct json_text *out, const struct jmap_class *class,
    json_t *given, json_t *object)
{
	for (size_t i = 1; i < class->count; i++) {
		const char *name = class->properties[i].name;
		json_t *value = json_object_get(object, name);
		json_t *known = json_object_get(given, name);
		if (known && (json_equal(known, value) ||
				 (json_is_null(known) && !value)))
			continue;
		json_key(out, name);
		jmap_add_json(out, value);
	}
}

static void tell(struct jmap_call *call, struct jmap_stored_set *set, size_t i)
{
	const struct store_object_change *change = &set->changes.items[i];
	enum jmap_set_part part = set->parts.items[i];
	struct view id = set->ids.items[i];
	char text[JMAP_ID_TEXT];
	if (change->result != RC_OK) {
		jmap_set_failed(&set->set, part, id,
		    error_of(call, change->result), NULL, NULL);
		return;
	}
	switch (part) {
	case JMAP_SET_CREATE: {
		struct json_text *out = jmap_set_created(call, &set->set, id,
		    jmap_id_text(text, set->type->id_kind, change->id));
		json_t *given = json_object_getn(
		    set->set.parts[JMAP_SET_CREATE], id.ptr, id.len);
		jmap_add_unknown(
		    out, set->type->class, given, set->objects.items[i]);
		json_end_object(out);
		break;
	}
	case JMAP_SET_UPDATE: jmap_set_updated(&set->set, id); break;
	case JMAP_SET_DESTROY: jmap_set_destroyed(&set->set, id); break;
	case JMAP_SET_PARTS: break;
	}
}

enum jmap_step jmap_stored_set_end(
    struct jmap_call *call, struct jmap_stored_set *set)
{
	struct fault fault = {.text = ""};
	uint64_t version = store_view_version(set->view);
	struct store_objects_set all = {
	    .changes = set->changes.items,
	    .count = set->changes.count,
	    .if_version = set->set.has_if_in_state ? version : 0,
	    .before = version,
	    .after = version,
	};
	if (all.count > 0) {
		enum rc rc = store_objects_set(
		    &call->asker, call->account, &all, &fault);
		if (rc == RC_GONE)
			return jmap_fail(call, JMAP_ERROR_STATE_MISMATCH, NULL);
		if (rc != RC_OK)
			return jmap_fail_rc(call, rc, &fault);
	}
	for (size_t i = 0; i < all.count; i++)
		tell(call, set, i);
	jmap_set_end(call, &set->set, all.before, all.after);
	return JMAP_DONE;
}
