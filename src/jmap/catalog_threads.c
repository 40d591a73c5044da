// SPDX-License-Identifier: Apache-2.0
// The threads in a catalog.
#include "jmap/catalog_impl.h"

#include "base/clock.h"
#include "net/session.h"

// The first email of a thread has its number; if that is not known, another
// email stands for it.
uint32_t jmap_catalog_head(
    const struct jmap_catalog *catalog, uint64_t thread_id)
{
	uint32_t first = jmap_catalog_find(catalog, thread_id);
	if (first != CATALOG_NONE)
		return first;
	uintptr_t known = (uintptr_t)map_get(
	    &catalog->inside->heads, view_of(&thread_id, sizeof(thread_id)));
	return known ? (uint32_t)(known - 1) : CATALOG_NONE;
}

static uint32_t head_of(
    struct jmap_catalog *catalog, uint64_t thread_id, uint32_t slot)
{
	uint32_t head = jmap_catalog_head(catalog, thread_id);
	if (head != CATALOG_NONE)
		return head;
	map_put(&catalog->inside->heads, view_of(&thread_id, sizeof(thread_id)),
	    (void *)((uintptr_t)slot + 1));
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
