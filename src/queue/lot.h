// SPDX-License-Identifier: Apache-2.0
// A leased lot; inside the room only. Its entry in the index stays as long as
// the lease does.
#ifndef ROOST_QUEUE_LOT_H
#define ROOST_QUEUE_LOT_H

#include "queue/internal.h"

struct queue_lot {
	struct queue *queue;
	struct queue_waiting *waiting;
	struct queue_entry *entry;
	unsigned flags; // of enum queue_flag, when it was taken
	bool untried;   // settled by the queue itself
	uint32_t put_off;
	// Parked: results that are still to be committed, in the arena.
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

// Keeps the lot with its results, which could not be committed; it waits.
void queue_park(
    struct queue_lot **lot, const struct queue_result *results, int64_t due);
// The lot that was parked for the entry, which has just been leased. Index
// locked.
struct queue_lot *queue_unpark(struct queue *queue, struct queue_entry *entry);
// Frees what is parked of the message; NULL: all. Index locked.
void queue_parked_free(struct queue *queue, const struct queue_id *id);

#endif
