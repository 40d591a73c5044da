// SPDX-License-Identifier: Apache-2.0
// A heap of things that are due, the earliest first; used inside this room
// only. A thing embeds a struct queue_due, which records its place in the heap,
// so that it can be removed from anywhere. Each change costs O(log n).
#ifndef ROOST_QUEUE_HEAP_H
#define ROOST_QUEUE_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define QUEUE_NOT_IN_HEAP UINT32_MAX

struct queue_due {
	int64_t due;    // seconds since 1970
	uint32_t place; // QUEUE_NOT_IN_HEAP when in none
};

struct queue_heap {
	struct queue_due **items; // the array is owned, the things are not
	uint32_t count;
	size_t capacity;
};

void queue_heap_done(struct queue_heap *heap);
struct queue_due *queue_heap_first(
    const struct queue_heap *heap); // NULL when empty
// Adds `item`, which must be in no heap and have its `due` set.
void queue_heap_push(struct queue_heap *heap, struct queue_due *item);
// Removes `item` if it is in this heap. If it is in no heap, nothing happens.
// It must not be in another heap.
void queue_heap_remove(struct queue_heap *heap, struct queue_due *item);

#endif
