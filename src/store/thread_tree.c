// SPDX-License-Identifier: Apache-2.0
// All siblings are in the order of sent dates. So the messages are sorted once,
// and each in turn goes to the end of its parent's list.
#include "store/thread_tree.h"

#include "base/mem.h"
#include "store/sort_order.h"

void thread_tree_init(struct thread_tree *tree,
    const struct thread_message *messages, size_t count)
{
	*tree = (struct thread_tree){
	    .messages = messages,
	    .message_count = (uint32_t)count,
	    .count = (uint32_t)count,
	    .first = THREAD_NONE,
	    .last = THREAD_NONE,
	};
	tree->members = mem_grow(
	    NULL, &tree->members_room, count + 1, sizeof(tree->members[0]));
	tree->by_date = mem_alloc((count + 1) * sizeof(tree->by_date[0]));
	struct sort_item *items = mem_alloc((count + 1) * sizeof(items[0]));
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct sort_item){
		    .key = sort_key_of(messages[i].date), .index = i};
		tree->members[i] =
		    (struct thread_member){.parent = THREAD_NONE};
	}
	sort_items(items, count);
	for (size_t i = 0; i < count; i++)
		tree->by_date[i] = (uint32_t)items[i].index;
	free(items);
}

void thread_tree_done(struct thread_tree *tree)
{
	free(tree->members);
	free(tree->by_date);
}

uint32_t thread_tree_add_dummy(struct thread_tree *tree)
{
	tree->members = mem_grow(tree->members, &tree->members_room,
	    tree->count + (size_t)1, sizeof(tree->members[0]));
	tree->members[tree->count] =
	    (struct thread_member){.parent = THREAD_NONE};
	return tree->count++;
}

// Adds a member to the end of its parent's list.
static void place(struct thread_tree *tree, uint32_t at)
{
	struct thread_member *member = &tree->members[at];
	uint32_t *first = &tree->first;
	uint32_t *last = &tree->last;
	if (member->parent != THREAD_NONE) {
		first = &tree->members[member->parent].first;
		last = &tree->members[member->parent].last;
	}
	if (*first == THREAD_NONE)
		*first = at;
	else
		tree->members[*last].next = at;
	*last = at;
	member->placed = true;
}

void thread_tree_arrange(struct thread_tree *tree)
{
	tree->first = THREAD_NONE;
	tree->last = THREAD_NONE;
	for (uint32_t i = 0; i < tree->count; i++) {
		struct thread_member *member = &tree->members[i];
		member->first = THREAD_NONE;
		member->last = THREAD_NONE;
		member->next = THREAD_NONE;
		member->placed = false;
	}
	for (uint32_t i = 0; i < tree->message_count; i++) {
		uint32_t at = tree->by_date[i];
		uint32_t parent = tree->members[at].parent;
		// A dummy is placed where the first of its children would be.
		if (parent != THREAD_NONE && parent >= tree->message_count &&
		    !tree->members[parent].placed)
			place(tree, parent);
		place(tree, at);
	}
}

// ---- Coming out ------------------------------------------------------------

static void step_add(
    struct thread_tree *tree, uint32_t at, struct store_thread_step *ret_step)
{
	struct thread_member *member = &tree->members[at];
	uint32_t parent = member->parent;
	// A top member opens, and so does each of several siblings.
	member->opens = parent == THREAD_NONE || tree->members[parent].first !=
						     tree->members[parent].last;
	*ret_step = (struct store_thread_step){
	    .uid = at < tree->message_count ? tree->messages[at].uid : 0,
	    .opens = member->opens,
	};
}

struct store_thread_step *thread_tree_steps(
    struct thread_tree *tree, size_t *ret_count)
{
	struct store_thread_step *steps =
	    mem_alloc((tree->count + (size_t)1) * sizeof(steps[0]));
	size_t count = 0;
	uint32_t at = tree->first;
	while (at != THREAD_NONE) {
		step_add(tree, at, &steps[count++]);
		const struct thread_member *member = &tree->members[at];
		if (member->first != THREAD_NONE) {
			at = member->first;
			continue;
		}
		// Go up from each member whose last descendant this one is.
		for (;;) {
			steps[count - 1].closes += member->opens;
			at = member->next;
			if (at != THREAD_NONE || member->parent == THREAD_NONE)
				break;
			member = &tree->members[member->parent];
		}
	}
	*ret_count = count;
	return steps;
}

// ---- Gathering by subject --------------------------------------------------

static bool is_dummy(const struct thread_tree *tree, uint32_t at)
{
	return at >= tree->message_count;
}

// Step 5.B.i: the subject of a thread is its own, or for a dummy that of its
// first child.
static uint32_t subject_of(const struct thread_tree *tree, uint32_t at)
{
	if (is_dummy(tree, at))
		at = tree->members[at].first;
	return at == THREAD_NONE ? 0 : tree->messages[at].subject;
}

// Step 5.B.iv: whether `at` replaces `held` in the subject table.
static bool is_better(
    const struct thread_tree *tree, uint32_t held, uint32_t at)
{
	if (is_dummy(tree, held))
		return false;
	return is_dummy(tree, at) ||
	       (tree->messages[held].is_reply && !tree->messages[at].is_reply);
}

// Step 5.C.iv. `*held` is the member in the subject table.
static void merge(struct thread_tree *tree, uint32_t *held, uint32_t at)
{
	if (is_dummy(tree, *held) && is_dummy(tree, at)) {
		for (uint32_t child = tree->members[at].first;
		     child != THREAD_NONE; child = tree->members[child].next)
			tree->members[child].parent = *held;
	} else if (is_dummy(tree, *held) ||
		   (tree->messages[at].is_reply &&
		       !tree->messages[*held].is_reply)) {
		tree->members[at].parent = *held;
	} else {
		uint32_t dummy = thread_tree_add_dummy(tree);
		tree->members[at].parent = dummy;
		tree->members[*held].parent = dummy;
		*held = dummy;
	}
}

void thread_tree_gather(struct thread_tree *tree, uint32_t subject_count)
{
	uint32_t *table =
	    mem_alloc((subject_count + (size_t)1) * sizeof(table[0]));
	for (uint32_t i = 0; i < subject_count; i++)
		table[i] = THREAD_NONE;
	for (uint32_t at = tree->first; at != THREAD_NONE;
	     at = tree->members[at].next) {
		uint32_t subject = subject_of(tree, at);
		if (subject && (table[subject] == THREAD_NONE ||
				   is_better(tree, table[subject], at)))
			table[subject] = at;
	}
	// Only parents change here; the lists stay as they are.
	for (uint32_t at = tree->first; at != THREAD_NONE;
	     at = tree->members[at].next) {
		uint32_t subject = subject_of(tree, at);
		if (subject && table[subject] != at)
			merge(tree, &table[subject], at);
	}
	free(table);
	thread_tree_arrange(tree);
}
