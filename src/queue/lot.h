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
	struct arena arena;
	struct queue_copy copy;
	struct queue_lot_recipient *recipients;
};

void queue_lot_free(struct queue_lot **lot);

#endif
