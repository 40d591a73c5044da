// SPDX-License-Identifier: Apache-2.0
// A heap of things that are due, the earliest first; inside the room only. A
// thing embeds a struct queue_due and knows its place, so that it can be taken
// out from anywhere. Each change costs O(log n).
#ifndef ROOST_QUEUE_HEAP_H
#define ROOST_QUEUE_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define QUEUE_NOT_IN_HEAP UINT32_MAX

struct queue_due {
	int64_t due;    // seconds since 1970
	uint32_t place; // QUEUE_NOT_IN_HEAP
};

struct queue_heap {
	struct queue_due **items; // owned, what they point to is not
	uint32_t count;
	size_t capacity;
};

void queue_heap_done(struct queue_heap *heap);
struct queue_due *queue_heap_first(const struct queue_heap *heap); // or NULL
// `item` is in no heap; its `due` is set.
void queue_heap_push(struct queue_heap *heap, struct queue_due *item);
// Nothing happens when it is in none; else it is in this one.
void queue_heap_remove(struct queue_heap *heap, struct queue_due *item);

#endif
