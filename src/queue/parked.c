// SPDX-License-Identifier: Apache-2.0
// Lots whose results could not be committed. Mail that was sent must not be
// sent again because the disk was full. So the results stay in memory until a
// commit succeeds. They are lost only if the process ends before that.
#include "base/mem.h"
#include "queue/lot.h"

static void keep_recipients(struct arena *arena, struct queue_result *result)
{
	size_t count = result->expanded_count;
	struct queue_recipient *copies =
	    arena_alloc(arena, (count + 1) * sizeof(*copies));
	for (size_t i = 0; i < count; i++) {
		copies[i] = result->expanded[i];
		copies[i].address = arena_copy(arena, copies[i].address);
		copies[i].original = arena_copy(arena, copies[i].original);
		copies[i].head = arena_copy(arena, copies[i].head);
	}
	result->expanded = copies;
}

static struct queue_result *keep(
    struct queue_lot *lot, const struct queue_result *results)
{
	size_t count = lot->copy.count;
	struct queue_result *kept =
	    arena_alloc(&lot->arena, count * sizeof(*kept));
	for (size_t i = 0; i < count; i++) {
		kept[i] = results[i];
		kept[i].diagnostic =
		    arena_copy(&lot->arena, results[i].diagnostic);
		kept[i].remote = arena_copy(&lot->arena, results[i].remote);
		keep_recipients(&lot->arena, &kept[i]);
	}
	return kept;
}

void queue_park(
    struct queue_lot **lot_at, const struct queue_result *results, int64_t due)
{
	struct queue_lot *lot = *lot_at;
	struct queue *queue = lot->queue;
	*lot_at = NULL;
	if (!lot->kept)
		lot->kept = keep(lot, results);
	pthread_mutex_lock(&queue->index.lock);
	lot->entry->parked = true;
	lot->next_parked = queue->parked;
	queue->parked = lot;
	queue_index_wait(&queue->index, lot->entry, due);
	pthread_mutex_unlock(&queue->index.lock);
}

// While a lot is parked, its message stays at the same address. When the
// message is freed, queue_parked_free() is called first.
struct queue_lot *queue_unpark(struct queue *queue, struct queue_entry *entry)
{
	struct queue_lot **at = &queue->parked;
	while (*at && (*at)->entry != entry)
		at = &(*at)->next_parked;
	struct queue_lot *lot = *at;
	entry->parked = false;
	if (!lot)
		return NULL;
	*at = lot->next_parked;
	lot->next_parked = NULL;
	lot->flags = lot->waiting->flags;
	return lot;
}

void queue_parked_free(struct queue *queue, const struct queue_id *id)
{
	struct queue_lot **at = &queue->parked;
	while (*at) {
		struct queue_lot *lot = *at;
		if (id && !queue_id_eq(&lot->copy.id, id)) {
			at = &lot->next_parked;
			continue;
		}
		*at = lot->next_parked;
		queue_lot_free(&lot);
	}
}
