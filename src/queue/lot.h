// SPDX-License-Identifier: Apache-2.0
// A leased lot; used inside this room only. Its entry in the index stays as
// long as the lease.
#ifndef ROOST_QUEUE_LOT_H
#define ROOST_QUEUE_LOT_H

#include "queue/impl.h"

struct queue_lot {
	struct queue *queue;
	struct queue_waiting *waiting;
	struct queue_entry *entry;
	unsigned flags; // bits of enum queue_flag, as they were when the lot
			// was taken
	bool untried;   // the results come from the queue itself, not from an
			// attempt
	uint32_t put_off;
	// For a parked lot: the results that have to be committed, in the
	// arena.
	struct queue_lot *next_parked;
	struct queue_result *kept;
	struct arena arena;
	struct queue_copy copy;
	struct queue_lot_recipient *recipients;
};

void queue_lot_free(struct queue_lot **lot);

// ---- settle.c --------------------------------------------------------------

// Another server has settled the lot: it waits for nothing here any more. Frees
// it.
void queue_forget(struct queue *queue, struct queue_lot **lot);

// ---- parked.c --------------------------------------------------------------

// Keeps the lot and its results, whose commit failed. The lot waits until
// `due`.
void queue_park(
    struct queue_lot **lot, const struct queue_result *results, int64_t due);
// The parked lot of this entry, which the caller has just leased. The caller
// holds the index's lock.
struct queue_lot *queue_unpark(struct queue *queue, struct queue_entry *entry);
// Frees the parked lots of the message; with NULL, of all messages. The caller
// holds the index's lock.
void queue_parked_free(struct queue *queue, const struct queue_id *id);

#endif
