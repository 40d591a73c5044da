// SPDX-License-Identifier: Apache-2.0
#include "queue/index.h"

#include "base/bytes.h"
#include "base/mem.h"

#define BUCKETS_FIRST 64

void queue_index_init(struct queue_index *index, const struct clock *wall)
{
	*index = (struct queue_index){.wall = wall, .told = INT64_MAX};
	pthread_mutex_init(&index->lock, NULL);
	for (size_t i = 0; i < QUEUE_CLASSES; i++)
		map_init(&index->destinations[i]);
	queue_later_init(&index->later);
}

static void heaps_done(struct queue_destination *destination)
{
	queue_heap_done(&destination->lots[0]);
	queue_heap_done(&destination->lots[1]);
}

static void class_done(struct queue_index *index, unsigned class)
{
	size_t position = 0;
	void *value;
	struct view name;
	struct map *destinations = &index->destinations[class];
	while (map_next(destinations, &position, &name, &value)) {
		heaps_done(value);
		free(value);
	}
	map_done(destinations);
	queue_heap_done(&index->due[class][0]);
	queue_heap_done(&index->due[class][1]);
}

void queue_index_done(struct queue_index *index)
{
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++)
		while (index->oldest[i]) {
			struct queue_waiting *next = index->oldest[i]->newer;
			free(index->oldest[i]);
			index->oldest[i] = next;
		}
	for (unsigned class = 0; class < QUEUE_CLASSES; class ++)
		class_done(index, class);
	free(index->buckets);
	queue_later_done(&index->later);
	pthread_mutex_destroy(&index->lock);
}

// ---- Destinations ----------------------------------------------------------

struct queue_destination *queue_index_destination(
    const struct queue_index *index, const struct queue_claim *claim)
{
	return map_get(&index->destinations[claim->class], claim->domain);
}

static struct queue_destination *destination_get(
    struct queue_index *index, enum queue_class class, struct view domain)
{
	struct map *destinations = &index->destinations[class];
	struct queue_destination *destination = map_get(destinations, domain);
	if (destination)
		return destination;
	destination = mem_zalloc(sizeof(*destination) + domain.len);
	destination->class = (unsigned char)class;
	destination->due[0].place = QUEUE_NOT_IN_HEAP;
	destination->due[1].place = QUEUE_NOT_IN_HEAP;
	destination->len = (uint16_t)domain.len;
	if (domain.len)
		memcpy(destination->name, domain.ptr, domain.len);
	map_put(destinations, domain, destination);
	return destination;
}

// ---- Ranks -----------------------------------------------------------------

// For so many seconds mail lets others pass: that of other classes, and that
// which was not tried before.
static const int64_t class_waits[QUEUE_CLASSES] = {
    [QUEUE_CLASS_USERS] = 0,
    [QUEUE_CLASS_OTHERS] = 60,
    [QUEUE_CLASS_REPORTS] = 300,
};
#define TRIED_WAITS 900

// The rank of a thing that is first in its heap; INT64_MAX: it is not due, or
// there is none.
static int64_t rank_of(
    const struct queue_due *first, unsigned class, bool tried, int64_t now)
{
	if (!first || first->due > now)
		return INT64_MAX;
	return first->due + class_waits[class] + (tried ? TRIED_WAITS : 0);
}

// The heap of the destination's due lot that is next; NULL: none is due.
static const struct queue_heap *next_of(
    const struct queue_destination *destination, int64_t now, int64_t *ret_rank)
{
	const struct queue_heap *best = NULL;
	*ret_rank = INT64_MAX;
	for (size_t tried = 0; tried < 2; tried++) {
		const struct queue_heap *heap = &destination->lots[tried];
		int64_t rank = rank_of(
		    queue_heap_first(heap), destination->class, tried, now);
		if (rank < *ret_rank) {
			best = heap;
			*ret_rank = rank;
		}
	}
	return best;
}

int64_t queue_index_rank(
    const struct queue_destination *destination, int64_t now)
{
	int64_t rank;
	next_of(destination, now, &rank);
	return rank;
}

int64_t queue_index_first(
    const struct queue_index *index, enum queue_class last)
{
	int64_t due = INT64_MAX;
	for (unsigned class = 0; class <= last; class ++)
		for (size_t tried = 0; tried < 2; tried++) {
			const struct queue_due *first =
			    queue_heap_first(&index->due[class][tried]);
			if (first && first->due < due)
				due = first->due;
		}
	return due;
}

// `due` is the destination's due[tried].
static struct queue_destination *destination_of(
    struct queue_due *due, bool tried)
{
	char *at = (char *)(due - tried);
	return (struct queue_destination *)(void
		*)(at - offsetof(struct queue_destination, due));
}

struct queue_destination *queue_index_next(
    const struct queue_index *index, enum queue_class last, int64_t now)
{
	struct queue_destination *best = NULL;
	int64_t best_rank = INT64_MAX;
	for (unsigned class = 0; class <= last; class ++)
		for (size_t tried = 0; tried < 2; tried++) {
			struct queue_due *first =
			    queue_heap_first(&index->due[class][tried]);
			int64_t rank = rank_of(first, class, tried, now);
			if (rank >= best_rank)
				continue;
			best = destination_of(first, tried);
			best_rank = rank;
		}
	return best;
}

// ---- Changes of destinations -----------------------------------------------

static void wake(struct queue_index *index)
{
	if (index->wake)
		index->wake(index->context);
}

// Wakes the thread that waits for due lots, if it could sleep longer than until
// `due`. It sleeps for an interval. When the clock was set forward, the time
// that the thread was told is over and the interval is not.
static void wake_for(struct queue_index *index, int64_t due)
{
	if (index->told == INT64_MIN ||
	    (due >= index->told &&
		index->told > clock_wall_seconds(index->wall)))
		return;
	index->told = INT64_MIN;
	wake(index);
}

// Takes the destination out of the index's heaps.
static void unlist(
    struct queue_index *index, struct queue_destination *destination)
{
	for (size_t tried = 0; tried < 2; tried++)
		queue_heap_remove(&index->due[destination->class][tried],
		    &destination->due[tried]);
}

// Notes when its earliest lots are due, and returns the earlier of both.
static int64_t note_due(struct queue_destination *destination)
{
	int64_t earliest = INT64_MAX;
	for (size_t tried = 0; tried < 2; tried++) {
		const struct queue_due *first =
		    queue_heap_first(&destination->lots[tried]);
		int64_t due = first ? first->due : INT64_MAX;
		destination->due[tried].due = due;
		if (due < earliest)
			earliest = due;
	}
	return earliest;
}

static void list(
    struct queue_index *index, struct queue_destination *destination)
{
	for (size_t tried = 0; tried < 2; tried++)
		if (destination->due[tried].due < INT64_MAX)
			queue_heap_push(&index->due[destination->class][tried],
			    &destination->due[tried]);
}

// Updates the destination after a change of its lots: moves it in the index's
// heap, wakes the thread that waits for due lots if that is needed, and frees
// the destination when it has no lots left.
static void destination_update(
    struct queue_index *index, struct queue_destination *destination)
{
	int64_t before = destination->due[0].due < destination->due[1].due
			     ? destination->due[0].due
			     : destination->due[1].due;
	if (!destination->claimed)
		unlist(index, destination);
	int64_t due = note_due(destination);
	if (destination->claimed) {
		if (due < before)
			wake(index);
		return;
	}
	list(index, destination);
	wake_for(index, due);
	if (destination->lots_total > 0)
		return;
	map_remove(&index->destinations[destination->class],
	    view_of(destination->name, destination->len));
	heaps_done(destination);
	free(destination);
}

void queue_index_claim(
    struct queue_index *index, struct queue_destination *destination)
{
	unlist(index, destination);
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
	queue_later_end(&index->later, &message->id);
	if (message->flags & QUEUE_FLAG_HELD)
		index->held--;
	free(message);
}

void queue_index_add(struct queue_index *index, const struct queue_id *id,
    enum queue_class class, const struct queue_lot_plan *lots, size_t count)
{
	struct queue_waiting *message =
	    mem_zalloc(sizeof(*message) + count * sizeof(struct queue_entry));
	message->id = *id;
	message->lot_count = (uint16_t)count;
	message->lots_left = (uint16_t)count;
	message_link(index, message);
	for (size_t i = 0; i < count; i++) {
		struct queue_destination *destination =
		    destination_get(index, class, lots[i].domain);
		message->lots[i] = (struct queue_entry){
		    .due = {.due = lots[i].due, .place = QUEUE_NOT_IN_HEAP},
		    .destination = destination,
		    .first = lots[i].first,
		    .end = lots[i].end,
		    .left = lots[i].left,
		    .self = (uint16_t)i,
		    .tried = lots[i].tried,
		    .timed = lots[i].timed,
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

// The heap in which the lot waits.
static struct queue_heap *heap_of(const struct queue_entry *entry)
{
	return &entry->destination->lots[entry->tried];
}

void queue_index_seize(struct queue_index *index, struct queue_waiting *message)
{
	for (size_t i = 0; i < message->lot_count; i++) {
		struct queue_entry *entry = &message->lots[i];
		if (!entry->left || entry->state == QUEUE_STATE_SENDING)
			continue;
		entry->seized = true;
		entry->state = QUEUE_STATE_SENDING;
		queue_heap_remove(heap_of(entry), &entry->due);
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
	queue_heap_remove(heap_of(entry), &entry->due);
	entry->due.due = due;
	if (queue_entry_message(entry)->flags & QUEUE_FLAG_HELD) {
		entry->state = QUEUE_STATE_HELD;
	} else {
		entry->state = QUEUE_STATE_WAITING;
		queue_heap_push(heap_of(entry), &entry->due);
	}
	destination_update(index, destination);
}

struct queue_entry *queue_index_lease(struct queue_index *index,
    struct queue_destination *destination, int64_t now)
{
	int64_t rank;
	const struct queue_heap *heap = next_of(destination, now, &rank);
	if (!heap)
		return NULL;
	struct queue_due *first = queue_heap_first(heap);
	struct queue_entry *entry = (struct queue_entry *)(void *)first;
	queue_heap_remove(heap_of(entry), first);
	entry->state = QUEUE_STATE_SENDING;
	entry->timed = false; // it was released
	queue_later_end(&index->later, &queue_entry_message(entry)->id);
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
	queue_heap_remove(heap_of(entry), &entry->due);
	entry->destination = NULL;
	destination->lots_total--;
	destination_update(index, destination);
	if (--message->lots_left == 0)
		message_free(index, message);
}

// ---- The clock -------------------------------------------------------------

// A clock that is set back by less is not noticed: such waits are not long.
#define SET_BACK_MIN 60
// A leap: the clock was set forward, or the machine slept. No sleep of the
// scheduler is that long.
#define LEAP_MIN 3600

static void set_back(struct queue_index *index, struct queue_waiting *message,
    int64_t now, int64_t seconds)
{
	for (size_t i = 0; i < message->lot_count; i++) {
		struct queue_entry *entry = &message->lots[i];
		int64_t due = entry->due.due;
		if (!entry->left || entry->state == QUEUE_STATE_SENDING ||
		    entry->timed || due <= now)
			continue;
		due = due - seconds > now ? due - seconds : now;
		queue_index_wait(index, entry, due);
	}
}

void queue_index_tell_time(struct queue_index *index, int64_t now)
{
	int64_t seconds = index->clock - now;
	if (index->clock && -seconds > LEAP_MIN)
		index->leapt_at = now;
	index->clock = now;
	if (seconds < SET_BACK_MIN)
		return;
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++)
		for (struct queue_waiting *at = index->oldest[i]; at;
		     at = at->newer)
			set_back(index, at, now, seconds);
}
