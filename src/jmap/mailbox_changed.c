// SPDX-License-Identifier: Apache-2.0
#include "jmap/mailbox_changed.h"

#include "jmap/mailbox_order.h"

// With more changed emails than this, all counts may have changed.
#define EMAILS_MAX ((size_t)100000)

static size_t find(const struct mailbox_changed *changed, uint64_t id)
{
	size_t at;
	LOWER_BOUND(at, changed->items.count, changed->items.items[at].id < id);
	return at;
}

static void add(struct mailbox_changed *changed, uint64_t id,
    enum mailbox_changed_kind kind)
{
	size_t at = find(changed, id);
	if (at == changed->items.count || changed->items.items[at].id != id)
		vec_insert(&changed->items, at,
		    (struct mailbox_changed_item){.id = id});
	changed->items.items[at].kind |= kind;
}

unsigned mailbox_changed_kind_of(
    const struct mailbox_changed *changed, uint64_t id)
{
	size_t at = find(changed, id);
	return at < changed->items.count && changed->items.items[at].id == id
		   ? changed->items.items[at].kind
		   : 0;
}

void mailbox_changed_done(struct mailbox_changed *changed)
{
	vec_done(&changed->items);
}

// ---- What follows from a mailbox -------------------------------------------

// What a mailbox that is gone, made or renamed meant for others.
struct following {
	bool gone; // some mailbox is gone, or its old name is
	bool uses; // special uses were changed
	// Of mailboxes with the same use the oldest has the role: only a
	// mailbox that is younger than one that is gone can get its role.
	uint64_t oldest_gone;
};

static void add_children(
    struct mailbox_changed *changed, const struct store_view *view, uint64_t id)
{
	for (size_t i = 0; i < store_view_mailbox_count(view); i++) {
		const struct store_view_mailbox *mailbox =
		    store_view_mailbox(view, i);
		if (mailbox->parent_id == id)
			add(changed, mailbox->info.mailbox_id, MAILBOX_OTHER);
	}
}

static void add_all(
    struct mailbox_changed *changed, const struct store_view *view)
{
	for (size_t i = 0; i < store_view_mailbox_count(view); i++)
		add(changed, store_view_mailbox(view, i)->info.mailbox_id,
		    MAILBOX_COUNTS);
}

static void add_following(struct mailbox_changed *changed,
    const struct store_view *view, struct following following)
{
	bool roles = following.uses;
	for (size_t i = 0; i < store_view_mailbox_count(view); i++) {
		const struct store_view_mailbox *mailbox =
		    store_view_mailbox(view, i);
		const struct store_mailbox_info *info = &mailbox->info;
		// A mailbox whose own name has several levels lacks a parent:
		// perhaps the one that is gone.
		bool orphan =
		    view_find_char(mailbox->own_name, '/') != SIZE_MAX;
		bool other_role = info->special_use &&
				  (following.uses ||
				      info->mailbox_id > following.oldest_gone);
		if ((following.gone && orphan) || other_role)
			add(changed, info->mailbox_id, MAILBOX_OTHER);
		roles |= other_role;
	}
	// What is the trash has to do with all counts of unread threads.
	if (roles)
		add_all(changed, view);
}

static void add_found(struct mailbox_changed *changed,
    const struct store_view *view, const struct store_changes *found)
{
	struct following following = {.gone = found->gone.count > 0,
	    .oldest_gone =
		found->gone.count ? found->gone.items[0] : UINT64_MAX};
	for (size_t i = 0; i < found->made.count; i++) {
		add(changed, found->made.items[i], MAILBOX_MADE);
		add_children(changed, view, found->made.items[i]);
	}
	for (size_t i = 0; i < found->gone.count; i++)
		add(changed, found->gone.items[i], MAILBOX_GONE);
	for (size_t i = 0; i < found->changed.count; i++) {
		uint64_t id = found->changed.items[i];
		unsigned what = found->what[i];
		if (what & STORE_CHANGED_MESSAGES)
			add(changed, id, MAILBOX_COUNTS);
		if (what & ~(unsigned)STORE_CHANGED_MESSAGES)
			add(changed, id, MAILBOX_OTHER);
		// The old name may have been somebody's parent, too.
		if (what & STORE_CHANGED_NAME) {
			add_children(changed, view, id);
			following.gone = true;
		}
		if (what & STORE_CHANGED_SPECIAL_USE)
			following.uses = true;
	}
	if (following.gone || following.uses)
		add_following(changed, view, following);
}

// ---- What follows from objects ---------------------------------------------

static enum rc add_orders(struct jmap_moment *moment,
    struct store_change_position after, struct mailbox_changed *changed)
{
	struct store_changes found;
	struct mailbox_orders orders;
	enum rc rc = store_objects_changed(store_view_account(moment->view),
	    STORE_OBJECT_MAILBOX, after, STORE_MAILBOXES_MAX, &found);
	if (rc != RC_OK)
		return rc;
	rc = mailbox_orders_read(moment->view, &orders);
	for (size_t i = 0; rc == RC_OK && i < orders.items.count; i++) {
		const struct mailbox_order *order = &orders.items.items[i];
		const struct store_ids *lists[] = {&found.made, &found.changed};
		for (size_t l = 0; l < ARRAY_LEN(lists); l++)
			for (size_t n = 0; n < lists[l]->count; n++)
				if (lists[l]->items[n] == order->object_id)
					add(changed, order->mailbox_id,
					    MAILBOX_OTHER);
	}
	mailbox_orders_done(&orders);
	store_changes_done(&found);
	return rc;
}

// ---- What follows from emails ----------------------------------------------

static void add_boxes(const struct jmap_catalog *catalog,
    const struct catalog_email *email, struct mailbox_changed *changed)
{
	struct catalog_place place = email->place;
	uint32_t more = email->more;
	if (!catalog_is_visible(email))
		return;
	do
		add(changed, catalog->boxes.items[place.box].id,
		    MAILBOX_COUNTS);
	while (catalog_next_place(catalog, &more, &place));
}

// The boxes of all emails in the thread. False: the thread is not known.
static bool add_thread(const struct jmap_catalog *catalog, uint64_t id,
    struct mailbox_changed *changed)
{
	uint32_t slot = jmap_catalog_find(catalog, id);
	if (slot == CATALOG_NONE ||
	    catalog_email(catalog, slot)->thread_id == 0)
		return false;
	for (uint32_t at = catalog_email(catalog, slot)->head;
	     at != CATALOG_NONE; at = catalog_email(catalog, at)->next)
		add_boxes(catalog, catalog_email(catalog, at), changed);
	return true;
}

static enum rc add_threads(struct jmap_moment *moment,
    struct store_change_position after, struct mailbox_changed *changed)
{
	struct store_changes found;
	enum rc rc = store_emails_changed(
	    store_view_account(moment->view), after, EMAILS_MAX, &found);
	if (rc != RC_OK)
		return rc;
	const struct store_ids *lists[] = {
	    &found.made, &found.changed, &found.gone};
	bool known = !found.more;
	for (size_t l = 0; known && l < ARRAY_LEN(lists); l++)
		for (size_t i = 0; known && i < lists[l]->count; i++)
			known = add_thread(
			    moment->catalog, lists[l]->items[i], changed);
	if (!known)
		add_all(changed, moment->view);
	store_changes_done(&found);
	return RC_OK;
}

// ---- All -------------------------------------------------------------------

static bool has_counts(const struct store_changes *found)
{
	for (size_t i = 0; i < found->changed.count; i++)
		if (found->what[i] & STORE_CHANGED_MESSAGES)
			return true;
	return found->gone.count > 0 || found->made.count > 0;
}

enum rc mailbox_changed_read(struct jmap_moment *moment,
    struct store_change_position after, size_t limit,
    struct mailbox_changed *ret_changed)
{
	struct store_changes found;
	*ret_changed = (struct mailbox_changed){0};
	enum rc rc = store_mailboxes_changed(
	    store_view_account(moment->view), after, limit, &found);
	if (rc != RC_OK)
		return rc;
	ret_changed->next = found.next;
	ret_changed->more = found.more;
	add_found(ret_changed, moment->view, &found);
	rc = add_orders(moment, after, ret_changed);
	if (rc == RC_OK && moment->catalog && has_counts(&found))
		rc = add_threads(moment, after, ret_changed);
	store_changes_done(&found);
	return rc;
}
