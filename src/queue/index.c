// SPDX-License-Identifier: Apache-2.0
#include "queue/index.h"

#include "base/bytes.h"
#include "base/mem.h"

#define BUCKETS_FIRST 64

void queue_index_init(struct queue_index *index)
{
	*index = (struct queue_index){.told = INT64_MAX};
	pthread_mutex_init(&index->lock, NULL);
	map_init(&index->destinations);
}

void queue_index_done(struct queue_index *index)
{
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++)
		while (index->oldest[i]) {
			struct queue_waiting *next = index->oldest[i]->newer;
			free(index->oldest[i]);
			index->oldest[i] = next;
		}
	size_t position = 0;
	void *value;
	struct view name;
	while (map_next(&index->destinations, &position, &name, &value)) {
		struct queue_destination *destination = value;
		queue_heap_done(&destination->lots);
		free(destination);
	}
	map_done(&index->destinations);
	queue_heap_done(&index->due);
	free(index->buckets);
	pthread_mutex_destroy(&index->lock);
}

// ---- Destinations ----------------------------------------------------------

struct queue_destination *queue_index_first(const struct queue_index *index)
{
	return (struct queue_destination *)(void *)queue_heap_first(
	    &index->due);
}

struct queue_destination *queue_index_destination(
    const struct queue_index *index, struct view domain)
{
	return map_get(&index->destinations, domain);
}

static struct queue_destination *destination_get(
    struct queue_index *index, struct view domain)
{
	struct queue_destination *destination =
	    map_get(&index->destinations, domain);
	if (destination)
		return destination;
	destination = mem_zalloc(sizeof(*destination) + domain.len);
	destination->due.place = QUEUE_NOT_IN_HEAP;
	destination->len = (uint16_t)domain.len;
	if (domain.len)
		memcpy(destination->name, domain.ptr, domain.len);
	map_put(&index->destinations, domain, destination);
	return destination;
}

static void wake(struct queue_index *index)
{
	if (index->wake)
		index->wake(index->context);
}

// Updates the destination after a change of its lots: moves it in the index's
// heap, wakes the thread that waits for due lots if that is needed, and frees
// the destination when it has no lots left.
static void destination_update(
    struct queue_index *index, struct queue_destination *destination)
{
	struct queue_due *first = queue_heap_first(&destination->lots);
	int64_t before = destination->due.due;
	int64_t due = first ? first->due : INT64_MAX;
	if (destination->claimed) {
		destination->due.due = due;
		if (due < before)
			wake(index);
		return;
	}
	queue_heap_remove(&index->due, &destination->due);
	destination->due.due = due;
	if (first)
		queue_heap_push(&index->due, &destination->due);
	if (due < index->told) {
		index->told = due;
		wake(index);
	}
	if (destination->lots_total > 0)
		return;
	map_remove(
	    &index->destinations, view_of(destination->name, destination->len));
	queue_heap_done(&destination->lots);
	free(destination);
}

void queue_index_claim(
    struct queue_index *index, struct queue_destination *destination)
{
	queue_heap_remove(&index->due, &destination->due);
	destination->claimed = true;
}

void queue_index_unclaim(
    struct queue_index *index, struct queue_destination *destination)
{
	destination->claimed = false;
	destination_update(index, destination);
}

// ---- Messages --------------------------------------------------------------

static size_t bucket_of(
    const struct queue_index *index, const struct queue_id *id)
{
	// The end of an id is random, so it needs no further hash.
	return get_le32(id->bytes + 6) & (index->bucket_count - 1);
}

static void enlarge(struct queue_index *index)
{
	struct queue_waiting **old = index->buckets;
	size_t old_count = index->bucket_count;
	index->bucket_count = old_count ? old_count * 2 : BUCKETS_FIRST;
	index->buckets =
	    mem_zalloc(index->bucket_count * sizeof(struct queue_waiting *));
	for (size_t i = 0; i < old_count; i++)
		while (old[i]) {
			struct queue_waiting *message = old[i];
			old[i] = message->chain;
			size_t bucket = bucket_of(index, &message->id);
			message->chain = index->buckets[bucket];
			index->buckets[bucket] = message;
		}
	free(old);
}

struct queue_waiting *queue_index_find(
    const struct queue_index *index, const struct queue_id *id)
{
	if (!index->bucket_count)
		return NULL;
	struct queue_waiting *message = index->buckets[bucket_of(index, id)];
	while (message && !queue_id_eq(&message->id, id))
		message = message->chain;
	return message;
}

static void message_link(
    struct queue_index *index, struct queue_waiting *message)
{
	if (index->messages >= index->bucket_count)
		enlarge(index);
	size_t bucket = bucket_of(index, &message->id);
	message->chain = index->buckets[bucket];
	index->buckets[bucket] = message;
	unsigned partition = queue_id_partition(&message->id);
	message->older = index->newest[partition];
	if (message->older)
		message->older->newer = message;
	else
		index->oldest[partition] = message;
	index->newest[partition] = message;
	index->messages++;
}

static void message_free(
    struct queue_index *index, struct queue_waiting *message)
{
	struct queue_waiting **at =
	    &index->buckets[bucket_of(index, &message->id)];
	while (*at != message)
		at = &(*at)->chain;
	*at = message->chain;
	unsigned partition = queue_id_partition(&message->id);
	if (message->older)
		message->older->newer = message->newer;
	else
		index->oldest[partition] = message->newer;
	if (message->newer)
		message->newer->older = message->older;
	else
		index->newest[partition] = message->older;
	index->messages--;
	if (message->flags & QUEUE_FLAG_HELD)
		index->held--;
	free(message);
}

void queue_index_add(struct queue_index *index, const struct queue_id *id,
    const struct queue_lot_plan *lots, size_t count)
{
	struct queue_waiting *message =
	    mem_zalloc(sizeof(*message) + count * sizeof(struct queue_entry));
	message->id = *id;
	message->lot_count = (uint16_t)count;
	message->lots_left = (uint16_t)count;
	message_link(index, message);
	for (size_t i = 0; i < count; i++) {
		struct queue_destination *destination =
		    destination_get(index, lots[i].domain);
		message->lots[i] = (struct queue_entry){
		    .due = {.due = lots[i].due, .place = QUEUE_NOT_IN_HEAP},
		    .destination = destination,
		    .first = lots[i].first,
		    .end = lots[i].end,
		    .left = lots[i].left,
		    .self = (uint16_t)i,
		    .state = QUEUE_STATE_SENDING,
		};
		destination->lots_total++;
		index->recipients += lots[i].left;
		queue_index_wait(index, &message->lots[i], lots[i].due);
	}
}

struct queue_entry *queue_index_lot(
    struct queue_waiting *message, uint16_t number)
{
	size_t low = 0;
	size_t high = message->lot_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		struct queue_entry *entry = &message->lots[middle];
		if (number < entry->first)
			high = middle;
		else if (number >= entry->end)
			low = middle + 1;
		else
			return entry->left ? entry : NULL;
	}
	return NULL;
}

void queue_index_set_flags(
    struct queue_index *index, struct queue_waiting *message, unsigned flags)
{
	bool was_held = message->flags & QUEUE_FLAG_HELD;
	bool held = flags & QUEUE_FLAG_HELD;
	message->flags = (unsigned char)flags;
	index->held += (uint64_t)held;
	index->held -= (uint64_t)was_held;
	for (size_t i = 0; i < message->lot_count; i++) {
		struct queue_entry *entry = &message->lots[i];
		if (entry->left && entry->state != QUEUE_STATE_SENDING)
			queue_index_wait(index, entry, entry->due.due);
	}
}

void queue_index_seize(struct queue_index *index, struct queue_waiting *message)
{
	for (size_t i = 0; i < message->lot_count; i++) {
		struct queue_entry *entry = &message->lots[i];
		if (!entry->left || entry->state == QUEUE_STATE_SENDING)
			continue;
		entry->seized = true;
		entry->state = QUEUE_STATE_SENDING;
		queue_heap_remove(&entry->destination->lots, &entry->due);
		destination_update(index, entry->destination);
	}
}

void queue_index_unseize(
    struct queue_index *index, struct queue_waiting *message, bool end)
{
	size_t count = message->lot_count;
	for (size_t i = 0; i < count; i++) {
		struct queue_entry *entry = &message->lots[i];
		if (!entry->seized)
			continue;
		entry->seized = false;
		if (!end) {
			queue_index_wait(index, entry, entry->due.due);
			continue;
		}
		bool last = message->lots_left == 1;
		queue_index_end(index, entry, entry->left);
		if (last)
			return; // the message is freed
	}
}

// ---- Lots ------------------------------------------------------------------

void queue_index_wait(
    struct queue_index *index, struct queue_entry *entry, int64_t due)
{
	struct queue_destination *destination = entry->destination;
	queue_heap_remove(&destination->lots, &entry->due);
	entry->due.due = due;
	if (queue_entry_message(entry)->flags & QUEUE_FLAG_HELD) {
		entry->state = QUEUE_STATE_HELD;
	} else {
		entry->state = QUEUE_STATE_WAITING;
		queue_heap_push(&destination->lots, &entry->due);
	}
	destination_update(index, destination);
}

struct queue_entry *queue_index_lease(struct queue_index *index,
    struct queue_destination *destination, int64_t now)
{
	struct queue_due *first = queue_heap_first(&destination->lots);
	if (!first || first->due > now)
		return NULL;
	struct queue_entry *entry = (struct queue_entry *)(void *)first;
	queue_heap_remove(&destination->lots, first);
	entry->state = QUEUE_STATE_SENDING;
	destination_update(index, destination);
	return entry;
}

void queue_index_end(
    struct queue_index *index, struct queue_entry *entry, uint16_t settled)
{
	struct queue_waiting *message = queue_entry_message(entry);
	struct queue_destination *destination = entry->destination;
	index->recipients -= settled;
	entry->left = (uint16_t)(entry->left - settled);
	if (entry->left > 0)
		return;
	queue_heap_remove(&destination->lots, &entry->due);
	entry->destination = NULL;
	destination->lots_total--;
	destination_update(index, destination);
	if (--message->lots_left == 0)
		message_free(index, message);
}
