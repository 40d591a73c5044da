// SPDX-License-Identifier: Apache-2.0
// Mailbox/query and Mailbox/queryChanges (RFC 8621 sections 2.3 and 2.4).
#include "jmap/mailbox_changed.h"
#include "jmap/mailbox_list.h"
#include "jmap/methods.h"
#include "jmap/object.h"

static uint64_t id_at(const struct mailbox_list *list, size_t at)
{
	return store_view_mailbox(list->view, list->items.items[at])
	    ->info.mailbox_id;
}

// Where a mailbox is among the results; SIZE_MAX: it is not.
static size_t find_id(
    struct jmap_call *call, const struct mailbox_list *list, struct view id)
{
	uint64_t number;
	if (!jmap_resolve_id(call, id, &id) ||
	    !jmap_id_read(id, JMAP_ID_MAILBOX, &number))
		return SIZE_MAX;
	for (size_t i = 0; i < list->items.count; i++)
		if (id_at(list, i) == number)
			return i;
	return SIZE_MAX;
}

// ---- Mailbox/query ---------------------------------------------------------

static void answer_query(struct jmap_call *call, const struct jmap_query *query,
    const struct mailbox_list *list)
{
	struct jmap_window window;
	size_t anchor = find_id(call, list, query->anchor);
	if (!jmap_query_window(call, query, list->items.count, anchor, &window))
		return;
	jmap_query_begin(
	    call, store_view_version(list->view), true, window.first);
	for (size_t i = 0; i < window.count; i++)
		jmap_id_add(
		    &call->out, JMAP_ID_MAILBOX, id_at(list, window.first + i));
	jmap_query_end(call, query, list->items.count);
}

static enum jmap_step mailbox_query(struct jmap_call *call)
{
	struct jmap_query query;
	struct mailbox_list list = {0};
	if (!mailbox_list_read(call, &list) || !jmap_query_read(call, &query) ||
	    !jmap_taken_all(call) || !jmap_view_open(call, &list.view))
		return JMAP_DONE;
	list.filter = query.filter;
	list.sort = query.sort;
	if (mailbox_list_make(call, &list))
		answer_query(call, &query, &list);
	mailbox_list_done(&list);
	store_view_close(&list.view);
	return JMAP_DONE;
}

// ---- Mailbox/queryChanges --------------------------------------------------

struct comparing {
	struct jmap_query_changes changes;
	struct mailbox_list list;
	struct mailbox_changed changed;
	bool *affected; // by position in the view
};

#define AFFECTING (MAILBOX_MADE | MAILBOX_GONE | MAILBOX_OTHER)

// In a tree, what becomes of a mailbox depends on those above it.
static void find_affected(struct jmap_call *call, struct comparing *comparing)
{
	const struct store_view *view = comparing->list.view;
	bool tree =
	    comparing->list.sort_as_tree || comparing->list.filter_as_tree;
	size_t count = store_view_mailbox_count(view);
	comparing->affected =
	    arena_zalloc(&call->arena, (count + 1) * sizeof(bool));
	for (size_t i = 0; i < count; i++) {
		const struct store_view_mailbox *mailbox =
		    store_view_mailbox(view, i);
		unsigned kind = mailbox_changed_kind_of(
		    &comparing->changed, mailbox->info.mailbox_id);
		comparing->affected[i] =
		    kind & AFFECTING || (tree && mailbox->parent_id &&
					    comparing->affected[store_view_find(
						view, mailbox->parent_id)]);
	}
}

static size_t count_added(const struct comparing *comparing)
{
	size_t count = 0;
	for (size_t i = 0; i < comparing->list.items.count; i++)
		count += comparing->affected[comparing->list.items.items[i]];
	return count;
}

// All that are affected, but for the new ones, and those that are gone.
static void find_removed(
    const struct comparing *comparing, struct mailbox_changed *removed)
{
	const struct store_view *view = comparing->list.view;
	*removed = (struct mailbox_changed){0};
	for (size_t i = 0; i < comparing->changed.items.count; i++)
		if (comparing->changed.items.items[i].kind & MAILBOX_GONE)
			vec_push(
			    &removed->items, comparing->changed.items.items[i]);
	for (size_t i = 0; i < store_view_mailbox_count(view); i++) {
		uint64_t id = store_view_mailbox(view, i)->info.mailbox_id;
		unsigned kind =
		    mailbox_changed_kind_of(&comparing->changed, id);
		if (comparing->affected[i] &&
		    !(kind & (MAILBOX_MADE | MAILBOX_GONE)))
			vec_push(&removed->items,
			    (struct mailbox_changed_item){id, kind});
	}
}

static void write_added(
    struct json_text *out, const struct comparing *comparing)
{
	const struct mailbox_list *list = &comparing->list;
	json_key(out, "added");
	json_begin_array(out);
	for (size_t i = 0; i < list->items.count; i++) {
		if (!comparing->affected[list->items.items[i]])
			continue;
		json_begin_object(out);
		json_key(out, "id");
		jmap_id_add(out, JMAP_ID_MAILBOX, id_at(list, i));
		json_member_u64(out, "index", i);
		json_end_object(out);
	}
	json_end_array(out);
}

static void answer_changes(
    struct jmap_call *call, const struct comparing *comparing)
{
	const struct jmap_query_changes *changes = &comparing->changes;
	struct json_text *out = &call->out;
	struct mailbox_changed removed;
	find_removed(comparing, &removed);
	if (changes->has_max &&
	    removed.items.count + count_added(comparing) > changes->max) {
		mailbox_changed_done(&removed);
		jmap_fail(call, JMAP_ERROR_TOO_MANY_CHANGES, NULL);
		return;
	}
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	json_member_string(out, "oldQueryState", changes->since_text);
	jmap_state_member(
	    out, "newQueryState", store_view_version(comparing->list.view));
	if (changes->calculate_total)
		json_member_u64(out, "total", comparing->list.items.count);
	json_key(out, "removed");
	json_begin_array(out);
	for (size_t i = 0; i < removed.items.count; i++)
		jmap_id_add(out, JMAP_ID_MAILBOX, removed.items.items[i].id);
	json_end_array(out);
	write_added(out, comparing);
	json_end_object(out);
	mailbox_changed_done(&removed);
}

static void compare(struct jmap_call *call, struct comparing *comparing)
{
	if (!jmap_view_open(call, &comparing->list.view))
		return;
	comparing->list.filter = comparing->changes.filter;
	comparing->list.sort = comparing->changes.sort;
	if (!mailbox_list_make(call, &comparing->list))
		return;
	struct store_change_position after = {comparing->changes.since, 0};
	enum rc rc = mailbox_changed_read(comparing->list.view, after,
	    STORE_MAILBOXES_MAX, &comparing->changed);
	if (rc == RC_GONE || (rc == RC_OK && comparing->changed.more)) {
		jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
		return;
	}
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, NULL);
		return;
	}
	find_affected(call, comparing);
	answer_changes(call, comparing);
}

static enum jmap_step mailbox_query_changes(struct jmap_call *call)
{
	struct comparing comparing = {0};
	if (mailbox_list_read(call, &comparing.list) &&
	    jmap_query_changes_read(call, &comparing.changes) &&
	    jmap_taken_all(call))
		compare(call, &comparing);
	mailbox_changed_done(&comparing.changed);
	mailbox_list_done(&comparing.list);
	store_view_close(&comparing.list.view);
	return JMAP_DONE;
}

const struct jmap_method jmap_mailbox_query_methods[] = {
    {"Mailbox/query", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, mailbox_query,
	NULL},
    {"Mailbox/queryChanges", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT,
	mailbox_query_changes, NULL},
    {.name = NULL},
};
