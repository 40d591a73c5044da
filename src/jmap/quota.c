// SPDX-License-Identifier: Apache-2.0
// Quota (RFC 9425): how much mail the account has, and may have. There is one
// for each limit that the server has; without limits there is none.
#include "base/ascii.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "jmap/stored.h"
#include "store/changes.h"
#include "wire/json_read.h"

#define KINDS 2

static const struct jmap_property properties[] = {
    {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"resourceType", JMAP_KIND_STRING, JMAP_SERVER_SET},
    {"used", JMAP_KIND_U64, JMAP_SERVER_SET},
    {"hardLimit", JMAP_KIND_U64, JMAP_SERVER_SET},
    {"scope", JMAP_KIND_STRING, JMAP_SERVER_SET},
    {"name", JMAP_KIND_STRING, JMAP_SERVER_SET},
    {"types", JMAP_KIND_STRINGS, JMAP_SERVER_SET},
    {"warnLimit", JMAP_KIND_U64, JMAP_SERVER_SET | JMAP_NULLABLE},
    {"softLimit", JMAP_KIND_U64, JMAP_SERVER_SET | JMAP_NULLABLE},
    {"description", JMAP_KIND_STRING, JMAP_SERVER_SET | JMAP_NULLABLE},
};

static const struct jmap_class class = {
    "Quota", properties, ARRAY_LEN(properties)};

struct quota {
	const char *id;
	const char *resource;
	uint64_t used;
	uint64_t limit;
};

struct quotas {
	struct quota items[KINDS];
	size_t count;
	uint64_t version;
};

// RFC 9425 section 4.1: a client that did not name the capability of the type
// sees no quota of it.
static bool knows_mail(const struct jmap_call *call)
{
	return call->request->using & (uint64_t)1 << JMAP_CAPABILITY_MAIL;
}

// What is used is at least as new as the version.
MUST_CHECK static enum rc read_quotas(
    struct jmap_call *call, struct quotas *ret_quotas)
{
	const struct store *store = call->request->jmap->options.store;
	struct quotas quotas = {.count = 0};
	enum rc rc = store_account_version(call->account, &quotas.version);
	if (rc != RC_OK)
		return rc;
	struct store_usage usage = store_account_usage(call->account);
	const struct quota all[KINDS] = {
	    {"messages", "count", usage.messages, store_quota_messages(store)},
	    {"storage", "octets", usage.bytes, store_quota_bytes(store)},
	};
	for (size_t i = 0; i < KINDS; i++)
		if (all[i].limit > 0 && knows_mail(call))
			quotas.items[quotas.count++] = all[i];
	*ret_quotas = quotas;
	return RC_OK;
}

static json_t *load(const struct quota *quota)
{
	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:[s]}", "resourceType",
	    quota->resource, "used", (json_int_t)quota->used, "hardLimit",
	    (json_int_t)quota->limit, "scope", "account", "name", quota->id,
	    "types", "Email");
}

// ---- /get ------------------------------------------------------------------

static void write(struct jmap_call *call, const struct jmap_get *get,
    const struct quota *quota)
{
	struct json_text *out = &call->out;
	json_t *json = load(quota);
	json_begin_object(out);
	json_member_string(out, "id", view_of_string(quota->id));
	for (unsigned i = 1; i < class.count; i++) {
		if (!jmap_get_wants(get, i))
			continue;
		json_key(out, properties[i].name);
		jmap_add_json(out, json_object_get(json, properties[i].name));
	}
	json_end_object(out);
	json_decref(json);
}

static const struct quota *find(const struct quotas *quotas, struct view id)
{
	for (size_t i = 0; i < quotas->count; i++)
		if (view_eq(view_of_string(quotas->items[i].id), id))
			return &quotas->items[i];
	return NULL;
}

static enum jmap_step get_all(struct jmap_call *call, struct jmap_get *get)
{
	struct quotas quotas;
	enum rc rc = read_quotas(call, &quotas);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	jmap_get_begin(call, quotas.version);
	for (size_t i = 0; get->all && i < quotas.count; i++)
		write(call, get, &quotas.items[i]);
	for (size_t i = 0; i < get->id_count; i++) {
		const struct quota *quota = find(&quotas, get->ids[i]);
		if (quota)
			write(call, get, quota);
		else
			jmap_get_not_found(get, get->ids[i]);
	}
	jmap_get_end(call, get);
	return JMAP_DONE;
}

static enum jmap_step quota_get(struct jmap_call *call)
{
	struct jmap_get get;
	enum jmap_step step = JMAP_DONE;
	if (jmap_get_read(call, &class, NULL, &get) && jmap_taken_all(call))
		step = get_all(call, &get);
	jmap_get_done(&get);
	return step;
}

// ---- /changes --------------------------------------------------------------

// Whether mail came or went after a version.
MUST_CHECK static enum rc has_changed(
    struct store_change_walk *walk, bool *ret_changed)
{
	struct store_change change;
	enum rc rc;
	*ret_changed = false;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK)
		switch ((int)change.kind) {
		case STORE_CHANGE_EMAIL_MADE:
		case STORE_CHANGE_PLACE_MADE:
		case STORE_CHANGE_PLACE_GONE:
		case STORE_CHANGE_EMAIL_GONE:
		case STORE_CHANGE_MAILBOX_GONE: *ret_changed = true; break;
		default: break;
		}
	return rc == RC_END ? RC_OK : rc;
}

static void write_changes(struct jmap_call *call,
    const struct jmap_changes *asked, uint64_t version, bool changed)
{
	struct quotas quotas;
	struct json_text *out = &call->out;
	enum rc rc = read_quotas(call, &quotas);
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, NULL);
		return;
	}
	jmap_changes_begin(call, asked,
	    (struct store_change_position){.version = version}, false);
	jmap_changes_list(out, "created", JMAP_ID_EMAIL, NULL, 0);
	json_key(out, "updated");
	json_begin_array(out);
	for (size_t i = 0; changed && i < quotas.count; i++)
		json_add_string(out, view_of_string(quotas.items[i].id));
	json_end_array(out);
	jmap_changes_list(out, "destroyed", JMAP_ID_EMAIL, NULL, 0);
	// The limits are settings of the server, which may change when it is
	// started; so nobody can tell that only "used" changed.
	json_member_null(out, "updatedProperties");
	json_end_object(out);
}

static enum jmap_step quota_changes(struct jmap_call *call)
{
	struct jmap_changes asked;
	struct store_change_walk *walk;
	bool changed = false;
	if (!jmap_changes_read(call, &asked) || !jmap_taken_all(call))
		return JMAP_DONE;
	enum rc rc =
	    store_change_walk_open(call->account, asked.after, 0, &walk);
	if (rc == RC_OK) {
		uint64_t version = store_change_walk_version(walk);
		rc = has_changed(walk, &changed);
		store_change_walk_close(&walk);
		if (rc == RC_OK)
			write_changes(call, &asked, version, changed);
	}
	if (rc == RC_GONE)
		return jmap_fail(
		    call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
	return rc == RC_OK ? JMAP_DONE : jmap_fail_rc(call, rc, NULL);
}

// ---- /query ----------------------------------------------------------------

static const char *const conditions[] = {
    "name", "scope", "resourceType", "type"};

// False: an error was answered.
static bool check_filter(struct jmap_call *call, json_t *filter)
{
	const char *key;
	json_t *value;
	json_object_foreach(filter, key, value)
	{
		size_t i = 0;
		while (i < ARRAY_LEN(conditions) &&
		       strcmp(key, conditions[i]) != 0)
			i++;
		if (i == ARRAY_LEN(conditions)) {
			jmap_fail(call, JMAP_ERROR_UNSUPPORTED_FILTER, NULL);
			return false;
		}
		if (!json_is_string(value)) {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "the condition '%.60s' is no string", key);
			return false;
		}
	}
	return true;
}

static bool has_value(const json_t *filter, const char *name, const char *value)
{
	const json_t *wanted = json_object_get(filter, name);
	return !wanted || view_eq(json_view(wanted), view_of_string(value));
}

static bool meets(const json_t *filter, const struct quota *quota)
{
	const json_t *name = json_object_get(filter, "name");
	return has_value(filter, "scope", "account") &&
	       has_value(filter, "resourceType", quota->resource) &&
	       has_value(filter, "type", "Email") &&
	       (!name || view_find(view_of_string(quota->id),
			     json_view(name)) != SIZE_MAX);
}

// The items come in the order of their names.
static bool sort(
    struct jmap_call *call, const json_t *list, struct quotas *quotas)
{
	bool swap = false;
	bool decided = false;
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		struct jmap_comparator comparator;
		if (!jmap_comparator_read(call, item, &comparator))
			return false;
		bool by_name = view_eq(comparator.property, VIEW("name"));
		if (!by_name && !view_eq(comparator.property, VIEW("used"))) {
			jmap_fail(call, JMAP_ERROR_UNSUPPORTED_SORT, NULL);
			return false;
		}
		if (quotas->count < 2 || decided)
			continue;
		uint64_t first = by_name ? 0 : quotas->items[0].used;
		uint64_t second = by_name ? 1 : quotas->items[1].used;
		decided = first != second;
		swap = decided && (first > second) != comparator.descending;
	}
	if (swap) {
		struct quota first = quotas->items[0];
		quotas->items[0] = quotas->items[1];
		quotas->items[1] = first;
	}
	return true;
}

static void answer(struct jmap_call *call, const struct jmap_query *query,
    const struct quotas *quotas)
{
	struct jmap_window window;
	size_t anchor = SIZE_MAX;
	for (size_t i = 0; i < quotas->count; i++)
		if (view_eq(view_of_string(quotas->items[i].id), query->anchor))
			anchor = i;
	if (!jmap_query_window(call, query, quotas->count, anchor, &window))
		return;
	jmap_query_begin(call, quotas->version, false, window.first);
	for (size_t i = 0; i < window.count; i++)
		json_add_string(&call->out,
		    view_of_string(quotas->items[window.first + i].id));
	jmap_query_end(call, query, quotas->count);
}

static enum jmap_step quota_query(struct jmap_call *call)
{
	struct jmap_query query;
	struct quotas all;
	if (!jmap_query_read(call, &query) || !jmap_taken_all(call) ||
	    !check_filter(call, query.filter))
		return JMAP_DONE;
	enum rc rc = read_quotas(call, &all);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	struct quotas found = {.version = all.version};
	for (size_t i = 0; i < all.count; i++)
		if (meets(query.filter, &all.items[i]))
			found.items[found.count++] = all.items[i];
	if (sort(call, query.sort, &found))
		answer(call, &query, &found);
	return JMAP_DONE;
}

// There are so few that a client may as well ask for all.
static enum jmap_step quota_query_changes(struct jmap_call *call)
{
	struct jmap_query_changes asked;
	if (!jmap_query_changes_read(call, &asked) || !jmap_taken_all(call))
		return JMAP_DONE;
	return jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
}

const struct jmap_method jmap_quota_methods[] = {
    {"Quota/get", JMAP_CAPABILITY_QUOTA, JMAP_NEEDS_ACCOUNT, quota_get, NULL},
    {"Quota/changes", JMAP_CAPABILITY_QUOTA, JMAP_NEEDS_ACCOUNT, quota_changes,
	NULL},
    {"Quota/query", JMAP_CAPABILITY_QUOTA, JMAP_NEEDS_ACCOUNT, quota_query,
	NULL},
    {"Quota/queryChanges", JMAP_CAPABILITY_QUOTA, JMAP_NEEDS_ACCOUNT,
	quota_query_changes, NULL},
    {.name = NULL},
};
