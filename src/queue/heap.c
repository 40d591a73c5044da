// SPDX-License-Identifier: Apache-2.0
#include "queue/heap.h"

#include "base/mem.h"
#include "base/vec.h"

// When a heap uses only a quarter of its memory, half of the memory is freed.
#define HEAP_KEEP 64

void queue_heap_done(struct queue_heap *heap)
{
	free(heap->items);
	*heap = (struct queue_heap){0};
}

struct queue_due *queue_heap_first(const struct queue_heap *heap)
{
	return heap->count ? heap->items[0] : NULL;
}

static void put_at(
    struct queue_heap *heap, struct queue_due *item, uint32_t place)
{
	heap->items[place] = item;
	item->place = place;
}

static void sift_up(
    struct queue_heap *heap, struct queue_due *item, uint32_t place)
{
	while (place > 0) {
		uint32_t above = (place - 1) / 2;
		if (heap->items[above]->due <= item->due)
			break;
		put_at(heap, heap->items[above], place);
		place = above;
	}
	put_at(heap, item, place);
}

static void sift_down(
    struct queue_heap *heap, struct queue_due *item, uint32_t place)
{
	for (;;) {
		uint32_t below = place * 2 + 1;
		if (below >= heap->count)
			break;
		if (below + 1 < heap->count &&
		    heap->items[below + 1]->due < heap->items[below]->due)
			below++;
		if (heap->items[below]->due >= item->due)
			break;
		put_at(heap, heap->items[below], place);
		place = below;
	}
	put_at(heap, item, place);
}

void queue_heap_push(struct queue_heap *heap, struct queue_due *item)
{
	vec_reserve(heap, 1);
	heap->count++;
	sift_up(heap, item, heap->count - 1);
}

static void shrink(struct queue_heap *heap)
{
	if (heap->capacity <= HEAP_KEEP || heap->count > heap->capacity / 4)
		return;
	heap->capacity /= 2;
	heap->items = mem_realloc(
	    heap->items, heap->capacity * sizeof(struct queue_due *));
}

void queue_heap_remove(struct queue_heap *heap, struct queue_due *item)
{
	if (item->place == QUEUE_NOT_IN_HEAP)
		return;
	uint32_t place = item->place;
	struct queue_due *last = heap->items[--heap->count];
	item->place = QUEUE_NOT_IN_HEAP;
	if (last != item) {
		if (place > 0 && heap->items[(place - 1) / 2]->due > last->due)
			sift_up(heap, last, place);
		else
			sift_down(heap, last, place);
	}
	shrink(heap);
}
