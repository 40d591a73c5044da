// SPDX-License-Identifier: Apache-2.0
// How much mail waits for the time that its sender chose, for each account
// (RFC 4865 section 6: such mail needs a quota). In memory; part of the index
// and protected by its lock. Used inside this room only. A message that waits
// for nothing costs nothing here.
#ifndef ROOST_QUEUE_LATER_H
#define ROOST_QUEUE_LATER_H

#include "base/map.h"
#include "queue/queue.h"

struct queue_later {
	struct map messages; // id -> its size and account
	struct map accounts; // account -> the sum of the sizes
};

void queue_later_init(struct queue_later *later);
void queue_later_done(struct queue_later *later);
// The message begins to wait; it must not be waiting already.
void queue_later_add(struct queue_later *later, const struct queue_id *id,
    uint64_t account, uint64_t size);
// The message waits no more, if it did.
void queue_later_end(struct queue_later *later, const struct queue_id *id);
uint64_t queue_later_sum(const struct queue_later *later, uint64_t account);

#endif
