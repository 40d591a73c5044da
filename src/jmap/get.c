// SPDX-License-Identifier: Apache-2.0
// The arguments and the answers of /get and /changes (RFC 8620 sections 5.1 and
// 5.2).
#include "base/clock.h"
#include "base/map.h"
#include "jmap/impl.h"
#include "jmap/object.h"

bool jmap_view_open(struct jmap_call *call, struct store_view **ret_view)
{
	struct fault fault = {.text = ""};
	enum rc rc =
	    store_view_open(&call->asker, call->account, &fault, ret_view);
	if (rc != RC_OK)
		jmap_fail_rc(call, rc, &fault);
	return rc == RC_OK;
}

static uint64_t default_properties(const struct jmap_class *class)
{
	uint64_t wanted = 0;
	for (size_t i = 0; i < class->count; i++)
		if (!(class->properties[i].flags & JMAP_ON_REQUEST))
			wanted |= (uint64_t)1 << i;
	return wanted;
}

static bool read_properties(struct jmap_call *call,
    const struct jmap_class *class, bool (*takes)(struct view name),
    struct jmap_get *get)
{
	struct view *names = NULL;
	size_t count = 0;
	if (!jmap_take_strings(call, "properties", &names, &count))
		return false;
	if (!names) {
		get->wanted = default_properties(class);
		return true;
	}
	// "id" is always given.
	get->wanted = 1;
	get->others = names; // the list is no longer needed: its room is
	for (size_t i = 0; i < count; i++) {
		int number = jmap_property_find(class, names[i]);
		if (number >= 0) {
			get->wanted |= (uint64_t)1 << number;
		} else if (takes && takes(names[i])) {
			get->others[get->other_count++] = names[i];
		} else {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "%s has no property '%.*s'", class->name,
			    (int)(names[i].len < 100 ? names[i].len : 100),
			    names[i].ptr);
			return false;
		}
	}
	return true;
}

// An id that is there twice is answered once. "#key" becomes the real id.
static void clean_ids(struct jmap_call *call, struct jmap_get *get)
{
	struct map seen;
	size_t count = 0;
	map_init(&seen);
	for (size_t i = 0; i < get->id_count; i++) {
		struct view id;
		if (map_put(&seen, get->ids[i], get))
			continue;
		if (jmap_resolve_id(call, get->ids[i], &id))
			get->ids[count++] = id;
		else
			jmap_get_not_found(get, get->ids[i]);
	}
	map_done(&seen);
	get->id_count = count;
}

bool jmap_get_may_have(struct jmap_call *call, size_t count)
{
	if (count <= call->request->jmap->options.limits.objects_get)
		return true;
	jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
	    "more objects than maxObjectsInGet");
	return false;
}

bool jmap_get_read(struct jmap_call *call, const struct jmap_class *class,
    bool (*takes)(struct view name), struct jmap_get *ret_get)
{
	*ret_get = (struct jmap_get){0};
	if (!jmap_take_strings(
		call, "ids", &ret_get->ids, &ret_get->id_count) ||
	    !read_properties(call, class, takes, ret_get))
		return false;
	ret_get->all = !ret_get->ids;
	if (!jmap_get_may_have(call, ret_get->id_count))
		return false;
	clean_ids(call, ret_get);
	return true;
}

void jmap_get_done(struct jmap_get *get)
{
	vec_done(&get->not_found);
}

void jmap_get_begin(struct jmap_call *call, uint64_t version)
{
	struct json_text *out = &call->out;
	json_begin_object(out);
	// A type that is in no account has no state, either.
	if (call->account_id.len > 0) {
		json_member_string(out, "accountId", call->account_id);
		jmap_state_member(out, "state", version);
	}
	json_key(out, "list");
	json_begin_array(out);
}

void jmap_get_not_found(struct jmap_get *get, struct view id)
{
	vec_push(&get->not_found, id);
}

void jmap_get_end(struct jmap_call *call, const struct jmap_get *get)
{
	struct json_text *out = &call->out;
	json_end_array(out);
	json_key(out, "notFound");
	json_begin_array(out);
	for (size_t i = 0; i < get->not_found.count; i++)
		json_add_string(out, get->not_found.items[i]);
	json_end_array(out);
	json_end_object(out);
}

enum jmap_step jmap_get_each(struct jmap_call *call, struct jmap_get *get,
    enum rc (*get_one)(struct jmap_call *call))
{
	uint64_t end = clock_monotonic_ms() + NET_SLICE_MS;
	while (get->at < get->id_count) {
		enum rc rc = get_one(call);
		if (rc == RC_OK)
			get->at++;
		else if (rc != RC_MORE)
			return jmap_fail_rc(call, rc, NULL);
		if (buf_status(call->out.out) != RC_OK)
			return JMAP_DONE;
		if (clock_monotonic_ms() >= end)
			return JMAP_MORE;
	}
	jmap_get_end(call, get);
	return JMAP_DONE;
}

// "12", or "12.3": a part of the commit after version 12.
static bool read_position(
    struct view state, struct store_change_position *ret_position)
{
	struct view version;
	*ret_position = (struct store_change_position){0};
	size_t dot = view_find_char(state, '.');
	if (dot == SIZE_MAX)
		return jmap_state_read(state, &ret_position->version);
	version = view_slice(state, 0, dot);
	return jmap_state_read(version, &ret_position->version) &&
	       view_to_u64(view_from(state, dot + 1), &ret_position->done);
}

bool jmap_changes_read(struct jmap_call *call, struct jmap_changes *ret_changes)
{
	const struct jmap_limits *limits = &call->request->jmap->options.limits;
	bool has_max;
	uint64_t max;
	*ret_changes = (struct jmap_changes){.max = limits->objects_get};
	if (!jmap_take_string(call, "sinceState", &ret_changes->since) ||
	    !jmap_take_u64(call, "maxChanges", &has_max, &max))
		return false;
	if (!ret_changes->since.ptr || (has_max && max == 0)) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "sinceState is missing, or maxChanges is 0");
		return false;
	}
	if (has_max && max < ret_changes->max)
		ret_changes->max = max;
	if (!read_position(ret_changes->since, &ret_changes->after)) {
		jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
		return false;
	}
	return true;
}

void jmap_changes_begin(struct jmap_call *call,
    const struct jmap_changes *changes, struct store_change_position until,
    bool more)
{
	struct json_text *out = &call->out;
	char text[48];
	int len = snprintf(text, sizeof(text), "%llu.%llu",
	    (unsigned long long)until.version, (unsigned long long)until.done);
	if (until.done == 0)
		len = (int)strcspn(text, ".");
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	json_member_string(out, "oldState", changes->since);
	json_member_string(out, "newState", view_of(text, (size_t)len));
	json_member_bool(out, "hasMoreChanges", more);
}

void jmap_changes_list(struct json_text *out, const char *name,
    enum jmap_id_kind kind, const uint64_t *ids, size_t count)
{
	json_key(out, name);
	json_begin_array(out);
	for (size_t i = 0; i < count; i++)
		jmap_id_add(out, kind, ids[i]);
	json_end_array(out);
}

enum jmap_step jmap_changes_answer(struct jmap_call *call,
    const struct jmap_changes *changes, enum jmap_id_kind kind, enum rc rc,
    struct store_changes *found)
{
	struct json_text *out = &call->out;
	if (rc == RC_GONE)
		return jmap_fail(
		    call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	jmap_changes_begin(call, changes, found->next, found->more);
	jmap_changes_list(
	    out, "created", kind, found->made.items, found->made.count);
	jmap_changes_list(
	    out, "updated", kind, found->changed.items, found->changed.count);
	jmap_changes_list(
	    out, "destroyed", kind, found->gone.items, found->gone.count);
	json_end_object(out);
	store_changes_done(found);
	return JMAP_DONE;
}
