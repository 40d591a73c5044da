// SPDX-License-Identifier: Apache-2.0
// The index: an overview of all waiting messages in memory, so that the next
// due lot is found without reading the disk; used inside this room only. A
// message has lots, one for each destination. Each destination has a heap of
// its lots that wait. The index has a heap of the destinations that have such
// lots and that nobody has claimed. Leases are kept only here, so after a
// restart all lots wait again. No change costs more than O(log n).
//
// The caller of every function must hold the index's lock. It is never held
// over a read or a commit. A message with a single lot needs 88 bytes, and 16
// to 32 more in the hash table and the heap.
#ifndef ROOST_QUEUE_INDEX_H
#define ROOST_QUEUE_INDEX_H

#include <pthread.h>

#include "base/clock.h"
#include "base/map.h"
#include "queue/heap.h"
#include "queue/later.h"
#include "queue/manage.h"
#include "queue/record.h"

struct queue_destination { // the lots of one class for one domain
	// Its lots that were not tried before, and those that were.
	struct queue_heap lots[2];
	// The times of the earliest of each. They are in the index's heaps
	// while such a lot waits and nobody has claimed the destination.
	struct queue_due due[2];
	uint32_t lots_total; // waiting, held and leased lots
	bool claimed;
	unsigned char class; // enum queue_class
	uint16_t len;
	char name[];
};

struct queue_entry {          // one lot
	struct queue_due due; // in its destination's heap while it waits
	struct queue_destination *destination;
	uint16_t first; // its recipients have the numbers first <= n < end
	uint16_t end;
	uint16_t left; // recipients not settled yet; 0: the lot has ended
	uint16_t self; // its index in the message's lots
	bool tried;    // an attempt was made; changed only while it is leased
	bool seized;   // leased by a removal, not by queue_take()
	bool parked;   // its results are known, but not committed
	bool timed;    // waits for the release that its sender chose (RFC 4865)
	enum queue_state state;
};

struct queue_waiting {               // one message
	struct queue_waiting *chain; // next in its hash bucket
	struct queue_waiting *older; // the next older one in its partition
	struct queue_waiting *newer;
	struct queue_id id;
	unsigned char flags; // bits of enum queue_flag
	uint16_t lots_left;  // lots that have not ended
	uint16_t lot_count;
	struct queue_entry lots[];
};

struct queue_index {
	pthread_mutex_t lock;
	struct queue_waiting **buckets; // their number is a power of two, or 0
	size_t bucket_count;
	struct queue_waiting *oldest[QUEUE_PARTITIONS];
	struct queue_waiting *newest[QUEUE_PARTITIONS];
	struct map destinations[QUEUE_CLASSES];
	struct queue_heap due[QUEUE_CLASSES][2];
	uint64_t messages;
	uint64_t recipients;
	uint64_t held;
	struct queue_later later; // messages with lots that are `timed`
	const struct clock *wall; // NULL: the machine's
	// When the next lot is due, as queue_claim() last returned it;
	// INT64_MIN: whoever waits for that time was woken since.
	int64_t told;
	int64_t clock;    // the time as it was last told; 0: not yet
	int64_t leapt_at; // the time after the clock last leapt; 0: never
	void (*wake)(void *context);
	void *context;
};

void queue_index_init(struct queue_index *index, const struct clock *wall);
void queue_index_done(struct queue_index *index);

// Tells the time; to be called once a minute or more often. When the clock was
// set back since the last call, each lot waits on for as long as it had left,
// instead of hours or days longer. Only a release at a time that the sender
// chose stays where it is. This costs O(queue). When the clock has leapt, that
// is noted (`leapt_at`).
void queue_index_tell_time(struct queue_index *index, int64_t now);

// ---- Messages --------------------------------------------------------------

struct queue_lot_plan {
	struct view domain;
	int64_t due;
	uint16_t first;
	uint16_t end;
	uint16_t left;
	bool tried;
	bool timed;
};

void queue_index_add(struct queue_index *index, const struct queue_id *id,
    enum queue_class class, const struct queue_lot_plan *lots, size_t count);
struct queue_waiting *queue_index_find(
    const struct queue_index *index, const struct queue_id *id); // NULL: none
// The lot to which a recipient's number belongs; NULL when that lot has ended.
struct queue_entry *queue_index_lot(
    struct queue_waiting *message, uint16_t number);
// Sets the flags. If the message becomes held, its waiting lots become held; if
// it is released, its held lots wait.
void queue_index_set_flags(
    struct queue_index *index, struct queue_waiting *message, unsigned flags);

// For the removal of a message: queue_index_seize() leases all its lots that
// are not leased. Later the caller either ends them or gives them back.
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

// When the first lot of an unclaimed destination is due, among the classes up
// to `last`; INT64_MAX when no lot waits.
int64_t queue_index_first(
    const struct queue_index *index, enum queue_class last);
// The unclaimed destination to be claimed next, as queue_claim() says; NULL
// when no lot is due.
struct queue_destination *queue_index_next(
    const struct queue_index *index, enum queue_class last, int64_t now);
struct queue_destination *queue_index_destination(
    const struct queue_index *index,
    const struct queue_claim *claim); // or NULL
// The rank of the destination's due lot that is next; INT64_MAX: none is due.
int64_t queue_index_rank(
    const struct queue_destination *destination, int64_t now);
void queue_index_claim(
    struct queue_index *index, struct queue_destination *destination);
void queue_index_unclaim(
    struct queue_index *index, struct queue_destination *destination);

// Leases the destination's due lot with the lowest rank; NULL: none is due.
struct queue_entry *queue_index_lease(struct queue_index *index,
    struct queue_destination *destination, int64_t now);
// Makes a lot wait until `due`: a leased lot that comes back, or a waiting one
// whose time changes. When its message is held, the lot becomes held.
void queue_index_wait(
    struct queue_index *index, struct queue_entry *entry, int64_t due);
// Records that this many more recipients of the lot are settled. After the last
// recipient the lot has ended. After its last lot the message is freed, and so
// is an unclaimed destination after its last lot.
void queue_index_end(
    struct queue_index *index, struct queue_entry *entry, uint16_t settled);

#endif
