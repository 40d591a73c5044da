// SPDX-License-Identifier: Apache-2.0
#include "jmap/mailbox_changed.h"

#include "jmap/mailbox_order.h"

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

static enum rc add_orders(struct store_view *view,
    struct store_change_position after, struct mailbox_changed *changed)
{
	struct store_changes found;
	struct mailbox_orders orders;
	enum rc rc = store_objects_changed(store_view_account(view),
	    STORE_OBJECT_MAILBOX, after, STORE_MAILBOXES_MAX, &found);
	if (rc != RC_OK)
		return rc;
	const struct store_ids *lists[] = {&found.made, &found.changed};
	rc = mailbox_orders_read(view, &orders);
	for (size_t i = 0; rc == RC_OK && i < orders.items.count; i++) {
		const struct mailbox_order *order = &orders.items.items[i];
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

enum rc mailbox_changed_read(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct mailbox_changed *ret_changed)
{
	struct store_changes found;
	*ret_changed = (struct mailbox_changed){0};
	enum rc rc = store_view_mailboxes_changed(view, after, limit, &found);
	if (rc != RC_OK)
		return rc;
	ret_changed->next = found.next;
	ret_changed->more = found.more;
	for (size_t i = 0; i < found.made.count; i++)
		add(ret_changed, found.made.items[i], MAILBOX_MADE);
	for (size_t i = 0; i < found.gone.count; i++)
		add(ret_changed, found.gone.items[i], MAILBOX_GONE);
	for (size_t i = 0; i < found.changed.count; i++) {
		if (found.what[i] & STORE_CHANGED_MESSAGES)
			add(ret_changed, found.changed.items[i],
			    MAILBOX_COUNTS);
		if (found.what[i] & ~(unsigned)STORE_CHANGED_MESSAGES)
			add(ret_changed, found.changed.items[i], MAILBOX_OTHER);
	}
	store_changes_done(&found);
	return add_orders(view, after, ret_changed);
}
