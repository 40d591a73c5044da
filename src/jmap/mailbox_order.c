// SPDX-License-Identifier: Apache-2.0
#include "jmap/mailbox_order.h"

#include "base/bytes.h"

#define OBJECT_BYTES 12 // mailbox id, sortOrder; little-endian

// The mailbox that an object is about; false: it is damaged.
static bool parse(
    const struct store_object *object, struct mailbox_order *ret_order)
{
	if (object->bytes.len != OBJECT_BYTES)
		return false;
	*ret_order = (struct mailbox_order){
	    .mailbox_id = get_le64(object->bytes.ptr),
	    .object_id = object->id,
	    .sort_order = get_le32(object->bytes.ptr + 8),
	};
	return true;
}

static size_t find(const struct mailbox_orders *orders, uint64_t mailbox_id)
{
	size_t at;
	LOWER_BOUND(at, orders->items.count,
	    orders->items.items[at].mailbox_id < mailbox_id);
	return at;
}

static bool is_at(
    const struct mailbox_orders *orders, size_t at, uint64_t mailbox_id)
{
	return at < orders->items.count &&
	       orders->items.items[at].mailbox_id == mailbox_id;
}

// Of two that are about the same mailbox, the later one counts.
static enum rc take(void *context, const struct store_object *object)
{
	struct mailbox_orders *orders = context;
	struct mailbox_order order;
	if (!parse(object, &order)) {
		vec_push(&orders->spare, object->id);
		return RC_OK;
	}
	size_t at = find(orders, order.mailbox_id);
	if (is_at(orders, at, order.mailbox_id)) {
		vec_push(&orders->spare, orders->items.items[at].object_id);
		orders->items.items[at] = order;
	} else {
		vec_insert(&orders->items, at, order);
	}
	return RC_OK;
}

enum rc mailbox_orders_read(
    struct store_view *view, struct mailbox_orders *ret_orders)
{
	*ret_orders = (struct mailbox_orders){0};
	enum rc rc =
	    store_view_objects(view, STORE_OBJECT_MAILBOX, 0, take, ret_orders);
	// Who shares the mailboxes of others sees the order by roles.
	return rc == RC_DENIED ? RC_OK : rc;
}

void mailbox_orders_done(struct mailbox_orders *orders)
{
	vec_done(&orders->items);
	vec_done(&orders->spare);
}

uint32_t mailbox_order_of(const struct mailbox_orders *orders,
    const struct store_view_mailbox *mailbox)
{
	size_t at = find(orders, mailbox->info.mailbox_id);
	return is_at(orders, at, mailbox->info.mailbox_id)
		   ? orders->items.items[at].sort_order
		   : mailbox_sort_order(mailbox);
}

static void add_removals(const struct store_view *view,
    const struct mailbox_orders *orders, struct store_object_change *changes,
    size_t *count)
{
	for (size_t i = 0; i < orders->spare.count; i++)
		changes[(*count)++] =
		    (struct store_object_change){.kind = STORE_OBJECT_MAILBOX,
			.id = orders->spare.items[i],
			.remove = true};
	for (size_t i = 0; i < orders->items.count; i++)
		if (store_view_find(view, orders->items.items[i].mailbox_id) ==
		    store_view_mailbox_count(view))
			changes[(*count)++] = (struct store_object_change){
			    .kind = STORE_OBJECT_MAILBOX,
			    .id = orders->items.items[i].object_id,
			    .remove = true};
}

enum rc mailbox_order_set(const struct store_asker *asker,
    struct store_view *view, uint64_t mailbox_id, uint32_t sort_order,
    struct fault *fault)
{
	struct mailbox_orders orders;
	char bytes[OBJECT_BYTES];
	enum rc rc = mailbox_orders_read(view, &orders);
	if (rc != RC_OK) {
		mailbox_orders_done(&orders);
		return fault_set(fault, rc, "the order cannot be read");
	}
	size_t at = find(&orders, mailbox_id);
	struct store_object_change *changes = mem_zalloc(
	    (orders.items.count + orders.spare.count + 1) * sizeof(*changes));
	struct store_objects_set set = {.changes = changes, .count = 1};
	put_le64(bytes, mailbox_id);
	put_le32(bytes + 8, sort_order);
	changes[0] = (struct store_object_change){
	    .kind = STORE_OBJECT_MAILBOX,
	    .id = is_at(&orders, at, mailbox_id)
		      ? orders.items.items[at].object_id
		      : 0,
	    .bytes = view_of(bytes, sizeof(bytes)),
	};
	add_removals(view, &orders, changes, &set.count);
	rc = store_objects_set(asker, store_view_account(view), &set, fault);
	if (rc == RC_OK && changes[0].result != RC_OK)
		rc = fault_set(
		    fault, changes[0].result, "the order cannot be kept");
	free(changes);
	mailbox_orders_done(&orders);
	return rc;
}
