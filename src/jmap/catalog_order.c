// SPDX-License-Identifier: Apache-2.0
// Emails in the order of dates.
#include "jmap/catalog_impl.h"
#include "store/sort_order.h"

static bool is_before(
    const struct jmap_catalog *catalog, uint32_t left, uint32_t right)
{
	int64_t a = catalog->emails.items[left].received_at;
	int64_t b = catalog->emails.items[right].received_at;
	return a != b ? a < b : left < right;
}

static size_t find(const struct jmap_catalog *catalog,
    const struct catalog_order *order, uint32_t slot)
{
	size_t at;
	LOWER_BOUND(
	    at, order->count, is_before(catalog, order->slots[at], slot));
	return at;
}

void catalog_order_add(
    struct jmap_catalog *catalog, struct catalog_order *order, uint32_t slot)
{
	if (!order->slots)
		return;
	size_t at = find(catalog, order, slot);
	order->slots = mem_grow(order->slots, &order->capacity,
	    order->count + 1, sizeof(*order->slots));
	memmove(order->slots + at + 1, order->slots + at,
	    (order->count - at) * sizeof(*order->slots));
	order->slots[at] = slot;
	order->count++;
}

void catalog_order_remove(
    struct jmap_catalog *catalog, struct catalog_order *order, uint32_t slot)
{
	if (!order->slots)
		return;
	size_t at = find(catalog, order, slot);
	if (at == order->count || order->slots[at] != slot)
		return;
	order->count--;
	memmove(order->slots + at, order->slots + at + 1,
	    (order->count - at) * sizeof(*order->slots));
}

void catalog_order_drop(struct catalog_order *order)
{
	free(order->slots);
	*order = (struct catalog_order){0};
}

// The slots of a box, each once, in the order of ids.
static size_t collect_box(const struct jmap_catalog *catalog,
    const struct store_snapshot *snapshot, struct sort_item *items)
{
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	size_t count = 0;
	uint32_t slot = 0;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		if (message.flags & STORE_FLAG_DELETED)
			continue;
		// Mostly, the next message is the next email.
		if (slot + 1 < catalog->emails.count &&
		    catalog->emails.items[slot + 1].id == message.email_id)
			slot++;
		else
			slot = jmap_catalog_find(catalog, message.email_id);
		if (slot == CATALOG_NONE) {
			slot = 0;
			continue;
		}
		items[count++] = (struct sort_item){slot, slot};
	}
	sort_items(items, count);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || items[kept - 1].index != items[i].index)
			items[kept++] = items[i];
	return kept;
}

static size_t collect_all(
    const struct jmap_catalog *catalog, struct sort_item *items)
{
	size_t count = 0;
	for (size_t i = 0; i < catalog->emails.count; i++)
		if (catalog_is_visible(&catalog->emails.items[i]))
			items[count++].index = i;
	return count;
}

static void make(
    struct jmap_catalog *catalog, uint32_t box, struct catalog_order *order)
{
	const struct store_snapshot *snapshot =
	    box == CATALOG_NONE ? NULL : catalog->boxes.items[box].snapshot;
	size_t most = box == CATALOG_NONE ? catalog->emails.count
		      : snapshot          ? store_snapshot_count(snapshot)
					  : 0;
	struct sort_item *items = mem_alloc((most + 1) * sizeof(*items));
	size_t count = 0;
	if (box == CATALOG_NONE)
		count = collect_all(catalog, items);
	else if (snapshot)
		count = collect_box(catalog, snapshot, items);
	for (size_t i = 0; i < count; i++)
		items[i].key = sort_key_of(
		    catalog->emails.items[items[i].index].received_at);
	sort_items(items, count);
	order->capacity = count + 1;
	uint32_t *slots = mem_alloc(order->capacity * sizeof(*slots));
	for (size_t i = 0; i < count; i++)
		slots[i] = (uint32_t)items[i].index;
	free(items);
	order->count = count;
	order->slots = slots;
}

const struct catalog_order *jmap_catalog_order(
    struct jmap_catalog *catalog, uint32_t box)
{
	struct catalog_order *order = box == CATALOG_NONE
					  ? &catalog->order
					  : &catalog->boxes.items[box].order;
	pthread_mutex_lock(&catalog->inside->lock);
	if (!order->slots)
		make(catalog, box, order);
	pthread_mutex_unlock(&catalog->inside->lock);
	return order;
}
