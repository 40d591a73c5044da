// SPDX-License-Identifier: Apache-2.0
// Sorting and threading without a mailbox. The input is lines: as strings they
// come in the order that a simple insertion gives. As pairs of numbers they
// link and cut a forest, which is compared with one that walks to the root.
#include <stdlib.h>

#include "base/mem.h"
#include "store/sort_order.h"
#include "store/thread_forest.h"

#define ITEMS_MAX 512
#define NODES     64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

// ---- Strings and numbers ---------------------------------------------------

struct lines {
	struct sort_string strings[ITEMS_MAX];
	struct sort_item items[ITEMS_MAX];
	size_t count;
};

static void split(struct view text, struct lines *lines)
{
	struct view rest = text, line;
	lines->count = 0;
	while (lines->count < ITEMS_MAX && view_split(&rest, '\n', &line)) {
		size_t at = lines->count++;
		lines->strings[at] = (struct sort_string){
		    (size_t)(line.ptr - text.ptr), (uint32_t)line.len};
		lines->items[at] = (struct sort_item){0, at};
	}
}

static struct view line_of(
    struct view text, const struct lines *lines, size_t place)
{
	const struct sort_string *string =
	    &lines->strings[lines->items[place].index];
	return view_slice(text, string->offset, string->len);
}

static void sort_strings(struct view text, struct lines *lines)
{
	sort_items_by_string(lines->items, lines->count, text, lines->strings);
	for (size_t i = 1; i < lines->count; i++) {
		const struct sort_item *a = &lines->items[i - 1], *b = a + 1;
		int order = view_compare(
		    line_of(text, lines, i - 1), line_of(text, lines, i));
		require(order <= 0);
		require(order == 0 ? a->key == b->key && a->index < b->index
				   : a->key < b->key);
	}
}

static void sort_numbers(struct view text, struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct sort_string *string = &lines->strings[i];
		lines->items[i] = (struct sort_item){
		    string->len ? (unsigned char)text.ptr[string->offset] : 0,
		    i};
	}
	sort_items(lines->items, lines->count);
	for (size_t i = 1; i < lines->count; i++) {
		const struct sort_item *a = &lines->items[i - 1], *b = a + 1;
		require(a->key < b->key ||
			(a->key == b->key && a->index < b->index));
	}
}

// ---- The forest ------------------------------------------------------------

static bool is_below(const uint32_t *parents, uint32_t node, uint32_t top)
{
	for (; node != THREAD_NONE; node = parents[node])
		if (node == top)
			return true;
	return false;
}

static void link_and_cut(struct view bytes)
{
	uint32_t parents[NODES];
	struct thread_forest forest;
	thread_forest_init(&forest);
	for (uint32_t i = 0; i < NODES; i++) {
		require(thread_forest_add(&forest) == i);
		parents[i] = THREAD_NONE;
	}
	for (size_t i = 0; i + 1 < bytes.len; i += 2) {
		uint32_t parent = (unsigned char)bytes.ptr[i] % NODES;
		uint32_t child = (unsigned char)bytes.ptr[i + 1] % NODES;
		if (parents[child] != THREAD_NONE) {
			thread_forest_cut(&forest, child);
			parents[child] = THREAD_NONE;
			continue;
		}
		bool loop = is_below(parents, parent, child);
		require(thread_forest_link(&forest, parent, child) == !loop);
		if (!loop)
			parents[child] = parent;
	}
	uint32_t children[NODES] = {0};
	for (uint32_t i = 0; i < NODES; i++) {
		require(forest.nodes[i].parent == parents[i]);
		if (parents[i] != THREAD_NONE)
			children[parents[i]]++;
	}
	for (uint32_t i = 0; i < NODES; i++)
		require(forest.nodes[i].children == children[i]);
	thread_forest_done(&forest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	struct lines *lines = mem_alloc(sizeof(*lines));
	split(text, lines);
	sort_strings(text, lines);
	sort_numbers(text, lines);
	free(lines);
	link_and_cut(text);
	return 0;
}
