// SPDX-License-Identifier: Apache-2.0
// A merge sort from the bottom up, without recursion. Mail is often nearly in
// order: two runs that are already in order are not merged.
#include "store/sort_order.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

#define RUN 16 // longer runs are merged, shorter ones sorted by insertion

// Compares strings whose first bytes, in `key`, are equal.
struct strings {
	struct view bytes;
	const struct sort_string *strings; // NULL: only keys are compared
};

static int compare_rest(const struct strings *strings,
    const struct sort_item *a, const struct sort_item *b)
{
	const struct sort_string *x = &strings->strings[a->index];
	const struct sort_string *y = &strings->strings[b->index];
	return view_compare(view_slice(strings->bytes, x->offset, x->len),
	    view_slice(strings->bytes, y->offset, y->len));
}

static inline bool is_before(const struct strings *strings,
    const struct sort_item *a, const struct sort_item *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return strings->strings && compare_rest(strings, a, b) < 0;
}

static void insertion_sort(
    struct sort_item *items, size_t count, const struct strings *strings)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_item item = items[i];
		size_t at = i;
		for (; at && is_before(strings, &item, &items[at - 1]); at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

// Merges items[0 .. middle) and items[middle .. count); `room` is for the copy.
static void merge(struct sort_item *items, size_t middle, size_t count,
    struct sort_item *room, const struct strings *strings)
{
	if (!is_before(strings, &items[middle], &items[middle - 1]))
		return;
	memcpy(room, items, middle * sizeof(*room));
	size_t left = 0;
	size_t right = middle;
	size_t to = 0;
	while (left < middle && right < count) {
		if (is_before(strings, &items[right], &room[left]))
			items[to++] = items[right++];
		else
			items[to++] = room[left++];
	}
	memcpy(items + to, room + left, (middle - left) * sizeof(*room));
}

static void merge_sort(
    struct sort_item *items, size_t count, const struct strings *strings)
{
	for (size_t at = 0; at < count; at += RUN)
		insertion_sort(
		    items + at, count - at < RUN ? count - at : RUN, strings);
	if (count <= RUN)
		return;
	struct sort_item *room = mem_alloc(count * sizeof(*room));
	for (size_t width = RUN; width < count; width *= 2) {
		for (size_t at = 0; at + width < count; at += 2 * width) {
			size_t both =
			    count - at < 2 * width ? count - at : 2 * width;
			merge(items + at, width, both, room, strings);
		}
	}
	free(room);
}

void sort_items(struct sort_item *items, size_t count)
{
	struct strings none = {.strings = NULL};
	merge_sort(items, count, &none);
}

// Gives the first eight bytes as a number that sorts in the same order; a
// shorter string ends with zeros.
static uint64_t prefix_of(struct view text)
{
	char first[8] = {0};
	if (text.len)
		memcpy(first, text.ptr, text.len < 8 ? text.len : 8);
	return get_be64(first);
}

void sort_items_by_string(struct sort_item *items, size_t count,
    struct view bytes, const struct sort_string *strings)
{
	struct strings all = {.bytes = bytes, .strings = strings};
	for (size_t i = 0; i < count; i++) {
		const struct sort_string *string = &strings[items[i].index];
		items[i].key =
		    prefix_of(view_slice(bytes, string->offset, string->len));
	}
	merge_sort(items, count, &all);
	uint64_t rank = 0;
	struct sort_item before = {0};
	for (size_t i = 0; i < count; i++) {
		if (i && is_before(&all, &before, &items[i]))
			rank++;
		before = items[i];
		items[i].key = rank;
	}
}
