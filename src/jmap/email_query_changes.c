// SPDX-License-Identifier: Apache-2.0
// Email/queryChanges (RFC 8621 section 4.5, RFC 8620 section 5.6).
//
// The results are made as they are now. An email that changed since the old
// state may have been anywhere in the old results: so it is removed, and added
// where it is now. All others are in the same order as before. Where a change
// of one email can change what becomes of the others of its thread
// (collapseThreads, conditions and sorts by thread), all of these count as
// changed.
#include "jmap/email_list.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "store/view_changes.h"

// With more changed emails than this, the client has to read all.
#define CHANGED_MAX ((size_t)1000000)

struct comparing {
	struct jmap_query_changes changes;
	struct email_list list;
	bool has_found;
	struct store_changes found;
	uint8_t *affected; // by slot; owned
	uint8_t *is_new;   // by slot; owned
	// What is answered. Emails that the catalog does not know were gone
	// before it was made.
	VEC(uint64_t) removed;
	VEC(size_t) added; // positions in the results
};

// ---- What changed ----------------------------------------------------------

static bool by_thread(const struct comparing *comparing)
{
	return email_list_is_by_thread(&comparing->list);
}

static void affect(struct comparing *comparing, uint64_t id)
{
	const struct jmap_catalog *catalog = comparing->list.moment.catalog;
	uint32_t slot = jmap_catalog_find(catalog, id);
	if (slot == CATALOG_NONE)
		return; // it is gone
	comparing
	    ->affected[by_thread(comparing) ? catalog_email(catalog, slot)->head
					    : slot] = 1;
}

static void affect_all(struct comparing *comparing)
{
	const struct store_changes *found = &comparing->found;
	const struct jmap_catalog *catalog = comparing->list.moment.catalog;
	comparing->affected = mem_zalloc(catalog->emails.count + 1);
	comparing->is_new = mem_zalloc(catalog->emails.count + 1);
	for (size_t i = 0; i < found->made.count; i++) {
		uint32_t slot =
		    jmap_catalog_find(catalog, found->made.items[i]);
		if (slot != CATALOG_NONE)
			comparing->is_new[slot] = 1;
		affect(comparing, found->made.items[i]);
	}
	for (size_t i = 0; i < found->changed.count; i++)
		affect(comparing, found->changed.items[i]);
	for (size_t i = 0; i < found->gone.count; i++)
		affect(comparing, found->gone.items[i]);
}

// The threads that emails came to or went from. The catalog may not know an
// email that is gone, but the store knows its thread.
static enum rc affect_threads(
    struct comparing *comparing, struct store_change_position after)
{
	const struct jmap_catalog *catalog = comparing->list.moment.catalog;
	struct store_changes threads;
	enum rc rc = store_view_threads_changed(
	    comparing->list.moment.view, after, CHANGED_MAX, &threads);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < threads.changed.count; i++) {
		uint32_t head =
		    jmap_catalog_head(catalog, threads.changed.items[i]);
		if (head != CATALOG_NONE)
			comparing->affected[head] = 1;
	}
	store_changes_done(&threads);
	return RC_OK;
}

static bool is_affected(const struct comparing *comparing, uint32_t slot)
{
	const struct catalog_email *email =
	    catalog_email(comparing->list.moment.catalog, slot);
	return comparing->affected[by_thread(comparing) ? email->head : slot];
}

// False: an error was answered.
static bool read_changes(struct jmap_call *call, struct comparing *comparing)
{
	struct store_change_position after = {comparing->changes.since, 0};
	enum rc rc = store_view_emails_changed(
	    comparing->list.moment.view, after, CHANGED_MAX, &comparing->found);
	if (rc == RC_OK) {
		affect_all(comparing);
		if (by_thread(comparing))
			rc = affect_threads(comparing, after);
	}
	if (rc == RC_GONE)
		jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
	else if (rc != RC_OK)
		jmap_fail_rc(call, rc, NULL);
	else if (comparing->found.more)
		jmap_fail(call, JMAP_ERROR_TOO_MANY_CHANGES, NULL);
	return !call->failed;
}

static bool is_nothing(const struct store_changes *found)
{
	return found->made.count + found->changed.count + found->gone.count ==
	       0;
}

// ---- What is answered ------------------------------------------------------

static void find_removed(struct comparing *comparing)
{
	const struct jmap_catalog *catalog = comparing->list.moment.catalog;
	const struct store_ids *gone = &comparing->found.gone;
	for (uint32_t slot = 0; slot < catalog->emails.count; slot++)
		if (is_affected(comparing, slot) && !comparing->is_new[slot])
			vec_push(&comparing->removed,
			    catalog_email(catalog, slot)->id);
	for (size_t i = 0; i < gone->count; i++)
		if (jmap_catalog_find(catalog, gone->items[i]) == CATALOG_NONE)
			vec_push(&comparing->removed, gone->items[i]);
}

// How many of the first results the client knows. Only if nothing moves there
// the client need not be told of what is behind (RFC 8620 section 5.6).
static size_t known_count(const struct comparing *comparing)
{
	const struct email_list *list = &comparing->list;
	struct view up_to = comparing->changes.up_to_id;
	uint64_t id;
	if (up_to.len == 0 || by_thread(comparing) ||
	    !email_filter_is_constant(list->filter) ||
	    !email_sort_is_constant(list->sort) ||
	    !jmap_id_read(up_to, JMAP_ID_EMAIL, &id))
		return list->slots.count;
	uint32_t slot = jmap_catalog_find(list->moment.catalog, id);
	for (size_t i = 0; i < list->slots.count; i++)
		if (list->slots.items[i] == slot)
			return i + 1;
	return list->slots.count;
}

static void find_added(struct comparing *comparing)
{
	size_t count = known_count(comparing);
	for (size_t i = 0; i < count; i++)
		if (is_affected(comparing, comparing->list.slots.items[i]))
			vec_push(&comparing->added, i);
}

static void write_added(
    struct json_text *out, const struct email_list *list, size_t at)
{
	const struct catalog_email *email =
	    catalog_email(list->moment.catalog, list->slots.items[at]);
	json_begin_object(out);
	json_key(out, "id");
	jmap_id_add(out, JMAP_ID_EMAIL, email->id);
	json_member_u64(out, "index", at);
	json_end_object(out);
}

static void answer(struct jmap_call *call, const struct comparing *comparing)
{
	const struct jmap_query_changes *changes = &comparing->changes;
	const struct email_list *list = &comparing->list;
	struct json_text *out = &call->out;
	if (changes->has_max &&
	    comparing->removed.count + comparing->added.count > changes->max) {
		jmap_fail(call, JMAP_ERROR_TOO_MANY_CHANGES, NULL);
		return;
	}
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	json_member_string(out, "oldQueryState", changes->since_text);
	jmap_state_member(out, "newQueryState", list->moment.catalog->version);
	if (changes->calculate_total)
		json_member_u64(out, "total", list->total);
	jmap_changes_list(out, "removed", JMAP_ID_EMAIL,
	    comparing->removed.items, comparing->removed.count);
	json_key(out, "added");
	json_begin_array(out);
	for (size_t i = 0; i < comparing->added.count; i++)
		write_added(out, list, comparing->added.items[i]);
	json_end_array(out);
	json_end_object(out);
}

// ---- The method ------------------------------------------------------------

static bool read_arguments(struct jmap_call *call, struct comparing *comparing)
{
	struct email_list *list = &comparing->list;
	if (!jmap_take_bool(call, "collapseThreads", &list->collapse) ||
	    !jmap_query_changes_read(call, &comparing->changes) ||
	    !jmap_taken_all(call))
		return false;
	list->filter_json = comparing->changes.filter;
	list->sort_json = comparing->changes.sort;
	list->wants_total = comparing->changes.calculate_total;
	return true;
}

static enum jmap_step email_query_changes(struct jmap_call *call)
{
	struct comparing *comparing = call->state;
	if (!comparing) {
		comparing = call->state =
		    arena_zalloc(&call->arena, sizeof(*comparing));
		if (!read_arguments(call, comparing))
			return JMAP_DONE;
	}
	struct email_list *list = &comparing->list;
	if (email_list_begin(call, list) == JMAP_MORE)
		return JMAP_MORE;
	if (call->failed)
		return JMAP_DONE;
	if (!comparing->has_found) {
		comparing->has_found = true;
		if (!read_changes(call, comparing))
			return JMAP_DONE;
		// If nothing changed, only the total may be wanted.
		list->all =
		    !is_nothing(&comparing->found) ||
		    (comparing->changes.calculate_total && !list->has_total);
	}
	if (email_list_make(call, list) == JMAP_MORE)
		return JMAP_MORE;
	if (call->failed)
		return JMAP_DONE;
	find_removed(comparing);
	find_added(comparing);
	answer(call, comparing);
	return JMAP_DONE;
}

static void email_query_changes_end(struct jmap_call *call)
{
	struct comparing *comparing = call->state;
	if (!comparing)
		return;
	email_list_done(&comparing->list);
	store_changes_done(&comparing->found);
	free(comparing->affected);
	free(comparing->is_new);
	vec_done(&comparing->removed);
	vec_done(&comparing->added);
}

const struct jmap_method jmap_email_query_changes_methods[] = {
    {"Email/queryChanges", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT,
	email_query_changes, email_query_changes_end},
    {.name = NULL},
};
