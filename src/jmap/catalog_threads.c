// SPDX-License-Identifier: Apache-2.0
// The threads in a catalog, and how many of them each box has.
#include "jmap/catalog_impl.h"

#include "base/clock.h"
#include "net/session.h"

// ---- Which emails are a thread ---------------------------------------------

// The first email of a thread has its number; if that is not known, another
// email stands for it.
static uint32_t head_of(
    struct jmap_catalog *catalog, uint64_t thread_id, uint32_t slot)
{
	struct map *heads = &catalog->inside->heads;
	uint32_t first = jmap_catalog_find(catalog, thread_id);
	if (first != CATALOG_NONE)
		return first;
	struct view key = view_of(&thread_id, sizeof(thread_id));
	uintptr_t known = (uintptr_t)map_get(heads, key);
	if (known)
		return (uint32_t)(known - 1);
	map_put(heads, key, (void *)((uintptr_t)slot + 1));
	return slot;
}

static void join(
    struct jmap_catalog *catalog, uint32_t slot, uint64_t thread_id)
{
	struct catalog_email *email = &catalog->emails.items[slot];
	uint32_t head = head_of(catalog, thread_id, slot);
	email->thread_id = thread_id;
	email->head = head;
	if (head == slot)
		return;
	email->next = catalog->emails.items[head].next;
	catalog->emails.items[head].next = slot;
}

#define PIECE ((size_t)1024)

// Gives the emails of these slots their threads.
static enum rc read_piece(struct jmap_catalog *catalog, struct store_view *view,
    size_t first, size_t count)
{
	uint64_t ids[PIECE] = {0};
	uint64_t threads[PIECE];
	if (count == 0)
		return RC_OK;
	for (size_t i = 0; i < count; i++)
		ids[i] = catalog->emails.items[first + i].id;
	enum rc rc = store_view_threads_of(view, ids, count, threads);
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		if (threads[i])
			join(catalog, (uint32_t)(first + i), threads[i]);
	return rc;
}

static size_t piece_after(const struct jmap_catalog *catalog, size_t first)
{
	size_t rest = catalog->emails.count - first;
	return rest < PIECE ? rest : PIECE;
}

enum rc jmap_catalog_threads(struct jmap_moment *moment)
{
	struct jmap_catalog *catalog = moment->catalog;
	struct catalog_inside *inside = catalog->inside;
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	enum rc rc = RC_OK;
	pthread_mutex_lock(&inside->lock);
	while (rc == RC_OK && !inside->threads_known) {
		size_t count = piece_after(catalog, inside->threads_read);
		rc = read_piece(
		    catalog, moment->view, inside->threads_read, count);
		if (rc == RC_OK)
			inside->threads_read += count;
		if (rc == RC_OK &&
		    inside->threads_read == catalog->emails.count) {
			catalog_threads_recount(catalog);
			inside->threads_known = true;
		} else if (rc == RC_OK && clock_monotonic_ms() >= until) {
			rc = RC_MORE;
		}
	}
	pthread_mutex_unlock(&inside->lock);
	return rc;
}

enum rc catalog_threads_new(
    struct jmap_catalog *catalog, struct store_view *view, size_t first)
{
	enum rc rc = RC_OK;
	while (rc == RC_OK && first < catalog->emails.count) {
		size_t count = piece_after(catalog, first);
		rc = read_piece(catalog, view, first, count);
		first += count;
	}
	return rc;
}

// ---- Counting --------------------------------------------------------------

// Whether an unread email is among those that this box's count looks at: the
// trash is a world of its own (RFC 8621 section 2, "unreadThreads").
struct unread {
	bool in_trash;
	bool elsewhere;
};

// Collects the boxes of an email, each once.
static void collect(struct jmap_catalog *catalog,
    const struct catalog_email *email, struct unread *unread)
{
	struct catalog_inside *inside = catalog->inside;
	struct catalog_place place = email->place;
	uint32_t more = email->more;
	bool is_unread = catalog_is_unread(email);
	do {
		size_t i = 0;
		while (i < inside->scratch.count &&
		       inside->scratch.items[i].box != place.box)
			i++;
		if (i == inside->scratch.count)
			vec_push(&inside->scratch, place);
		if (catalog->boxes.items[place.box].trash)
			unread->in_trash |= is_unread;
		else
			unread->elsewhere |= is_unread;
	} while (catalog_next_place(catalog, &more, &place));
}

void catalog_threads_count(
    struct jmap_catalog *catalog, uint32_t head, bool add)
{
	struct catalog_inside *inside = catalog->inside;
	struct unread unread = {0};
	uint32_t by = add ? 1 : UINT32_MAX; // modulo 2^32
	inside->scratch.count = 0;
	for (uint32_t slot = head; slot != CATALOG_NONE;
	     slot = catalog->emails.items[slot].next)
		if (catalog_is_visible(&catalog->emails.items[slot]))
			collect(catalog, &catalog->emails.items[slot], &unread);
	if (inside->scratch.count > 0)
		catalog->threads += by;
	for (size_t i = 0; i < inside->scratch.count; i++) {
		struct catalog_box *box =
		    &catalog->boxes.items[inside->scratch.items[i].box];
		box->threads += by;
		if (box->trash ? unread.in_trash : unread.elsewhere)
			box->unread_threads += by;
	}
}

void catalog_threads_recount(struct jmap_catalog *catalog)
{
	catalog->threads = 0;
	for (size_t i = 0; i < catalog->boxes.count; i++) {
		catalog->boxes.items[i].threads = 0;
		catalog->boxes.items[i].unread_threads = 0;
	}
	for (size_t i = 0; i < catalog->emails.count; i++)
		if (catalog->emails.items[i].head == i)
			catalog_threads_count(catalog, (uint32_t)i, true);
}
