// SPDX-License-Identifier: Apache-2.0
// What waits, in memory, so that the next thing to do is found without reading
// the disk; inside the room only. A message has lots, one for each destination;
// the lots that wait stand in a heap of their destination, the destinations
// nobody has claimed in a heap of the index. Leases are here only: after a
// restart everything waits again. Nothing costs more than O(log n).
//
// All functions want the lock held, which is never held over a read or a
// commit. A lot that waits alone takes 88 bytes with its message, and 16 to 32
// in the hash table and the heap.
#ifndef ROOST_QUEUE_INDEX_H
#define ROOST_QUEUE_INDEX_H

#include <pthread.h>

#include "base/map.h"
#include "queue/heap.h"
#include "queue/record.h"

struct queue_destination {
	// The earliest lot's; in the index's heap while one waits and nobody
	// has claimed the destination.
	struct queue_due due;
	struct queue_heap lots;
	uint32_t lots_total; // waiting, held and leased
	bool claimed;
	uint16_t len;
	char name[];
};

struct queue_entry {          // a lot
	struct queue_due due; // in its destination's heap while it waits
	struct queue_destination *destination;
	uint16_t first; // its recipients' numbers: first <= n < end
	uint16_t end;
	uint16_t left; // so many of them are not settled; 0: the lot has ended
	uint16_t self; // its place in the message
	bool seized;   // by the administrator; else a lease
	bool parked;   // its results are known, but not committed
	enum queue_state state;
};

struct queue_waiting {               // a message
	struct queue_waiting *chain; // in its bucket
	struct queue_waiting *older; // in its partition
	struct queue_waiting *newer;
	struct queue_id id;
	unsigned char flags; // of enum queue_flag
	uint16_t lots_left;  // not ended
	uint16_t lot_count;
	struct queue_entry lots[];
};

struct queue_index {
	pthread_mutex_t lock;
	struct queue_waiting **buckets; // a power of two of them, or none
	size_t bucket_count;
	struct queue_waiting *oldest[QUEUE_PARTITIONS];
	struct queue_waiting *newest[QUEUE_PARTITIONS];
	struct map destinations;
	struct queue_heap due;
	uint64_t messages;
	uint64_t recipients;
	uint64_t held;
	int64_t told; // when the next is due, as the last claimer was told
	void (*wake)(void *context);
	void *context;
};

void queue_index_init(struct queue_index *index);
void queue_index_done(struct queue_index *index);

// ---- Messages --------------------------------------------------------------

struct queue_lot_plan {
	struct view domain;
	int64_t due;
	uint16_t first;
	uint16_t end;
	uint16_t left;
};

void queue_index_add(struct queue_index *index, const struct queue_id *id,
    const struct queue_lot_plan *lots, size_t count);
struct queue_waiting *queue_index_find(
    const struct queue_index *index, const struct queue_id *id); // or NULL
// The lot that a recipient's number belongs to; NULL when it has ended.
struct queue_entry *queue_index_lot(
    struct queue_waiting *message, uint16_t number);
// Lots that wait become held, or the other way round, as the flag says.
void queue_index_set_flags(
    struct queue_index *index, struct queue_waiting *message, unsigned flags);

// What is not leased is leased to who removes it; then ended, or given back.
void queue_index_seize(
    struct queue_index *index, struct queue_waiting *message);
void queue_index_unseize(
    struct queue_index *index, struct queue_waiting *message, bool end);

static inline struct queue_waiting *queue_entry_message(
    struct queue_entry *entry)
{
	struct queue_entry *first = entry - entry->self;
	return (struct queue_waiting *)(void *)((char *)first -
						offsetof(struct queue_waiting,
						    lots));
}

// ---- Lots ------------------------------------------------------------------

// The destination whose lot is due first; NULL when none waits.
struct queue_destination *queue_index_first(const struct queue_index *index);
struct queue_destination *queue_index_destination(
    const struct queue_index *index, struct view domain); // or NULL
void queue_index_claim(
    struct queue_index *index, struct queue_destination *destination);
void queue_index_unclaim(
    struct queue_index *index, struct queue_destination *destination);

// Leases the destination's earliest lot, if it is due; else NULL.
struct queue_entry *queue_index_lease(struct queue_index *index,
    struct queue_destination *destination, int64_t now);
// A lot waits until `due`: a leased one that comes back, or one whose time
// changes. When its message is held, it is held.
void queue_index_wait(
    struct queue_index *index, struct queue_entry *entry, int64_t due);
// So many of its recipients are settled. When they were the last, the lot has
// ended, with its last lot the message, and with its last lot a destination
// that nobody claimed: they are freed.
void queue_index_end(
    struct queue_index *index, struct queue_entry *entry, uint16_t settled);

#endif
