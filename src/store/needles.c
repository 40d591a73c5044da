// SPDX-License-Identifier: Apache-2.0
// The strings are the paths of a tree of states. In each state the text that
// was read last ends with the state's path, and with no longer path of the
// tree. `fallback` leads to the longest path that is a proper suffix of the
// state's; `shorter` leads to the next suffix at which a string ends.
//
// Most states have one child, which is found without a look-up; further
// children are in a hash table.
#include "store/needles.h"

#include "base/mem.h"
#include "base/vec.h"

#define ROOT 0u // as a child: there is none

struct state {
	uint32_t child; // the first one
	uint32_t parent;
	uint32_t fallback;
	uint32_t shorter; // ROOT: none
	uint32_t string;  // the first that ends here, plus 1; 0: none
	uint32_t seen;    // the search in which it was last reached
	uint8_t byte;     // on the way from the parent
	uint8_t child_byte;
	bool has_more; // children in the table
};

struct string {
	uint32_t number;
	uint32_t next; // of those that end in the same state, plus 1; 0: none
};

struct needles {
	VEC(struct state) states;
	VEC(struct string) strings;
	uint32_t *table;   // of states; ROOT: empty
	size_t table_size; // a power of two, or 0
	size_t table_count;
	uint32_t from_root[256];
	uint32_t search;
};

struct needles *needles_new(void)
{
	struct needles *needles = mem_zalloc(sizeof(*needles));
	vec_push(&needles->states, (struct state){0});
	return needles;
}

void needles_free(struct needles **needles)
{
	struct needles *gone = *needles;
	*needles = NULL;
	if (!gone)
		return;
	vec_done(&gone->states);
	vec_done(&gone->strings);
	free(gone->table);
	free(gone);
}

// ---- The tree --------------------------------------------------------------

static size_t slot_of(
    const struct needles *needles, uint32_t parent, uint8_t byte)
{
	uint64_t key = (uint64_t)parent << 8 | byte;
	key *= UINT64_C(0x9E3779B97F4A7C15);
	return (size_t)(key >> 32) & (needles->table_size - 1);
}

static void table_put(struct needles *needles, uint32_t child)
{
	const struct state *state = &needles->states.items[child];
	size_t at = slot_of(needles, state->parent, state->byte);
	while (needles->table[at] != ROOT)
		at = (at + 1) & (needles->table_size - 1);
	needles->table[at] = child;
}

static void table_add(struct needles *needles, uint32_t child)
{
	if (2 * (needles->table_count + 1) > needles->table_size) {
		uint32_t *old = needles->table;
		size_t old_size = needles->table_size;
		needles->table_size = old_size ? 2 * old_size : 64;
		needles->table =
		    mem_zalloc(needles->table_size * sizeof(needles->table[0]));
		for (size_t i = 0; i < old_size; i++)
			if (old[i] != ROOT)
				table_put(needles, old[i]);
		free(old);
	}
	needles->table_count++;
	table_put(needles, child);
}

static uint32_t table_find(
    const struct needles *needles, uint32_t parent, uint8_t byte)
{
	size_t at = slot_of(needles, parent, byte);
	for (;;) {
		uint32_t child = needles->table[at];
		if (child == ROOT)
			return ROOT;
		const struct state *state = &needles->states.items[child];
		if (state->parent == parent && state->byte == byte)
			return child;
		at = (at + 1) & (needles->table_size - 1);
	}
}

static uint32_t child_of(
    const struct needles *needles, uint32_t state, uint8_t byte)
{
	if (state == ROOT)
		return needles->from_root[byte];
	const struct state *at = &needles->states.items[state];
	if (at->child != ROOT && at->child_byte == byte)
		return at->child;
	return at->has_more ? table_find(needles, state, byte) : ROOT;
}

static uint32_t child_add(
    struct needles *needles, uint32_t parent, uint8_t byte)
{
	uint32_t child = (uint32_t)needles->states.count;
	vec_push(
	    &needles->states, (struct state){.parent = parent, .byte = byte});
	struct state *above = &needles->states.items[parent];
	if (parent == ROOT) {
		needles->from_root[byte] = child;
	} else if (above->child == ROOT) {
		above->child = child;
		above->child_byte = byte;
	} else {
		above->has_more = true;
		table_add(needles, child);
	}
	return child;
}

void needles_add(struct needles *needles, struct view needle, uint32_t number)
{
	uint32_t at = ROOT;
	for (size_t i = 0; i < needle.len; i++) {
		uint8_t byte = (uint8_t)needle.ptr[i];
		uint32_t child = child_of(needles, at, byte);
		at = child != ROOT ? child : child_add(needles, at, byte);
	}
	struct state *end = &needles->states.items[at];
	vec_push(&needles->strings,
	    (struct string){.number = number, .next = end->string});
	end->string = (uint32_t)needles->strings.count;
}

// ---- Fallbacks -------------------------------------------------------------

static uint32_t next_state(
    const struct needles *needles, uint32_t state, uint8_t byte)
{
	for (;;) {
		uint32_t child = child_of(needles, state, byte);
		if (child != ROOT || state == ROOT)
			return child;
		state = needles->states.items[state].fallback;
	}
}

static void set_fallback(struct needles *needles, uint32_t at)
{
	struct state *state = &needles->states.items[at];
	if (state->parent == ROOT)
		return;
	uint32_t above = needles->states.items[state->parent].fallback;
	state->fallback = next_state(needles, above, state->byte);
	const struct state *suffix = &needles->states.items[state->fallback];
	state->shorter = suffix->string ? state->fallback : suffix->shorter;
}

// A fallback is shorter than its state. So the states are taken by the lengths
// of their paths, which are counted first.
void needles_prepare(struct needles *needles)
{
	size_t count = needles->states.count;
	uint32_t *lens = mem_zalloc(count * sizeof(*lens));
	uint32_t *order = mem_alloc(count * sizeof(*order));
	uint32_t *begins = mem_zalloc((count + 1) * sizeof(*begins));
	for (size_t i = 1; i < count; i++) {
		lens[i] = lens[needles->states.items[i].parent] + 1;
		begins[lens[i] + 1]++;
	}
	for (size_t i = 1; i <= count; i++)
		begins[i] += begins[i - 1];
	for (uint32_t i = 1; i < count; i++)
		order[begins[lens[i]]++] = i;
	for (size_t i = 0; i + 1 < count; i++)
		set_fallback(needles, order[i]);
	free(lens);
	free(order);
	free(begins);
}

// ---- The search ------------------------------------------------------------

// Tells the strings that end here. When a state has been reached before in the
// same search, so have all that it leads to.
static void tell(struct needles *needles, uint32_t at,
    void (*found)(void *context, uint32_t number), void *context)
{
	struct state *states = needles->states.items;
	for (; at != ROOT && states[at].seen != needles->search;
	     at = states[at].shorter) {
		states[at].seen = needles->search;
		for (uint32_t s = states[at].string; s;
		     s = needles->strings.items[s - 1].next)
			found(context, needles->strings.items[s - 1].number);
	}
}

static void forget_searches(struct needles *needles)
{
	for (size_t i = 0; i < needles->states.count; i++)
		needles->states.items[i].seen = 0;
	needles->search = 0;
}

void needles_find(struct needles *needles, struct view text,
    void (*found)(void *context, uint32_t number), void *context)
{
	if (needles->search == UINT32_MAX)
		forget_searches(needles);
	needles->search++;
	uint32_t at = ROOT;
	for (size_t i = 0; i < text.len; i++) {
		at = next_state(needles, at, (uint8_t)text.ptr[i]);
		const struct state *state = &needles->states.items[at];
		if (state->string || state->shorter != ROOT)
			tell(needles, at, found, context);
	}
}
