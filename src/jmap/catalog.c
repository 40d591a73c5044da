// SPDX-License-Identifier: Apache-2.0
// Making, copying and freeing a catalog, and looking things up in it.
#include "jmap/catalog.h"

#include "base/ascii.h"
#include "jmap/catalog_impl.h"

struct jmap_catalog *catalog_new(uint64_t account_id)
{
	struct jmap_catalog *catalog = mem_zalloc(sizeof(*catalog));
	catalog->account_id = account_id;
	catalog->inside = mem_zalloc(sizeof(*catalog->inside));
	catalog->inside->free_more = CATALOG_NONE;
	pthread_mutex_init(&catalog->inside->lock, NULL);
	map_init(&catalog->inside->heads);
	return catalog;
}

void catalog_free(struct jmap_catalog *catalog)
{
	if (!catalog)
		return;
	struct catalog_inside *inside = catalog->inside;
	for (size_t i = 0; i < catalog->boxes.count; i++) {
		store_snapshot_unref(&catalog->boxes.items[i].snapshot);
		catalog_order_drop(&catalog->boxes.items[i].order);
	}
	catalog_order_drop(&catalog->order);
	vec_done(&catalog->emails);
	vec_done(&catalog->more);
	vec_done(&catalog->boxes);
	vec_done(&inside->events);
	vec_done(&inside->touched);
	map_done(&inside->heads);
	pthread_mutex_destroy(&inside->lock);
	free(inside);
	free(catalog);
}

static void copy_order(
    const struct catalog_order *from, struct catalog_order *to)
{
	*to = (struct catalog_order){0};
	if (!from->slots)
		return;
	to->slots = mem_alloc((from->count + 1) * sizeof(*to->slots));
	memcpy(to->slots, from->slots, from->count * sizeof(*to->slots));
	to->count = from->count;
	to->capacity = from->count + 1;
}

// Copies all items of one VEC to another one that is empty.
#define COPY_ITEMS(to, from)                                                   \
	do {                                                                   \
		vec_reserve(to, (from)->count + 1);                            \
		if ((from)->count)                                             \
			memcpy((to)->items, (from)->items,                     \
			    (from)->count * sizeof(*(from)->items));           \
		(to)->count = (from)->count;                                   \
	} while (0)

static void copy_inside(
    const struct catalog_inside *from, struct catalog_inside *to)
{
	size_t position = 0;
	struct view key;
	void *value;
	to->threads_known = from->threads_known;
	to->threads_read = from->threads_read;
	to->free_more = from->free_more;
	while (map_next(&from->heads, &position, &key, &value))
		map_put(&to->heads, key, value);
}

struct jmap_catalog *catalog_clone(struct jmap_catalog *from)
{
	struct jmap_catalog *to = catalog_new(from->account_id);
	// Others may be adding to it.
	pthread_mutex_lock(&from->inside->lock);
	to->version = from->version;
	to->visible = from->visible;
	COPY_ITEMS(&to->emails, &from->emails);
	COPY_ITEMS(&to->more, &from->more);
	COPY_ITEMS(&to->boxes, &from->boxes);
	copy_order(&from->order, &to->order);
	for (size_t i = 0; i < to->boxes.count; i++) {
		struct catalog_box *box = &to->boxes.items[i];
		if (box->snapshot)
			box->snapshot = store_snapshot_ref(box->snapshot);
		copy_order(&from->boxes.items[i].order, &box->order);
	}
	copy_inside(from->inside, to->inside);
	pthread_mutex_unlock(&from->inside->lock);
	return to;
}

size_t catalog_bytes(const struct jmap_catalog *catalog)
{
	size_t bytes = sizeof(*catalog) + sizeof(*catalog->inside) +
		       catalog->emails.capacity * sizeof(struct catalog_email) +
		       catalog->more.capacity * sizeof(struct catalog_more) +
		       catalog->boxes.capacity * sizeof(struct catalog_box) +
		       catalog->order.capacity * sizeof(uint32_t) +
		       catalog->inside->heads.capacity * 32;
	for (size_t i = 0; i < catalog->boxes.count; i++) {
		const struct catalog_box *box = &catalog->boxes.items[i];
		bytes += box->order.capacity * sizeof(uint32_t);
		// What the snapshot holds may be shared with the store.
		if (box->snapshot)
			bytes +=
			    (size_t)store_snapshot_count(box->snapshot) * 45;
	}
	return bytes;
}

// ---- Looking up ------------------------------------------------------------

uint32_t jmap_catalog_find(const struct jmap_catalog *catalog, uint64_t id)
{
	size_t at;
	LOWER_BOUND(
	    at, catalog->emails.count, catalog->emails.items[at].id < id);
	return at < catalog->emails.count && catalog->emails.items[at].id == id
		   ? (uint32_t)at
		   : CATALOG_NONE;
}

uint32_t jmap_catalog_box(
    const struct jmap_catalog *catalog, uint64_t mailbox_id)
{
	size_t at;
	LOWER_BOUND(
	    at, catalog->boxes.count, catalog->boxes.items[at].id < mailbox_id);
	return at < catalog->boxes.count &&
		       catalog->boxes.items[at].id == mailbox_id
		   ? (uint32_t)at
		   : CATALOG_NONE;
}

bool jmap_catalog_in_box(const struct jmap_catalog *catalog,
    const struct catalog_email *email, uint32_t box)
{
	struct catalog_place place = email->place;
	uint32_t more = email->more;
	do {
		if (place.box == box)
			return true;
	} while (catalog_next_place(catalog, &more, &place));
	return false;
}

// ---- Keywords --------------------------------------------------------------

void jmap_catalog_keyword(const struct jmap_catalog *catalog,
    struct arena *arena, struct view name, struct catalog_keyword *ret_keyword)
{
	static const struct {
		const char *name;
		unsigned flag;
	} system[] = {
	    {"$seen", STORE_FLAG_SEEN},
	    {"$answered", STORE_FLAG_ANSWERED},
	    {"$flagged", STORE_FLAG_FLAGGED},
	    {"$draft", STORE_FLAG_DRAFT},
	};
	*ret_keyword = (struct catalog_keyword){.name = name};
	for (size_t i = 0; i < ARRAY_LEN(system); i++)
		if (view_eq_nocase(name, view_of_string(system[i].name)))
			ret_keyword->flag = system[i].flag;
	ret_keyword->numbers =
	    arena_zalloc(arena, (catalog->boxes.count + 1) * sizeof(uint16_t));
}

static bool place_has(const struct jmap_catalog *catalog,
    struct catalog_place place, struct catalog_keyword *keyword)
{
	const struct store_snapshot *snapshot =
	    catalog->boxes.items[place.box].snapshot;
	uint16_t *number = &keyword->numbers[place.box];
	struct store_message message;
	unsigned found;
	uint32_t index;
	if (*number == 0)
		*number = store_snapshot_keyword_find(
			      snapshot, keyword->name, &found) == RC_OK
			      ? (uint16_t)(found + 1)
			      : UINT16_MAX;
	if (*number == UINT16_MAX ||
	    store_snapshot_find(snapshot, place.uid, &index) != RC_OK)
		return false;
	store_snapshot_get(snapshot, index, &message);
	return message.has_keywords &&
	       store_keyword_set_has(&message.keywords, *number - 1u);
}

bool jmap_catalog_has_keyword(const struct jmap_catalog *catalog,
    const struct catalog_email *email, struct catalog_keyword *keyword)
{
	if (keyword->flag)
		return email->flags & keyword->flag;
	if (!(email->flags & CATALOG_KEYWORDS))
		return false;
	struct catalog_place place = email->place;
	uint32_t more = email->more;
	do {
		if (place_has(catalog, place, keyword))
			return true;
	} while (catalog_next_place(catalog, &more, &place));
	return false;
}
