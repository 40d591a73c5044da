// SPDX-License-Identifier: Apache-2.0
#include "store/thread_forest.h"

#include "base/mem.h"

void thread_forest_init(struct thread_forest *forest)
{
	*forest = (struct thread_forest){0};
}

void thread_forest_done(struct thread_forest *forest)
{
	free(forest->nodes);
}

uint32_t thread_forest_add(struct thread_forest *forest)
{
	forest->nodes = mem_grow(forest->nodes, &forest->room,
	    forest->count + (size_t)1, sizeof(forest->nodes[0]));
	forest->nodes[forest->count] = (struct thread_node){
	    .parent = THREAD_NONE,
	    .left = THREAD_NONE,
	    .right = THREAD_NONE,
	    .up = THREAD_NONE,
	};
	return forest->count++;
}

// Whether `at` is the top of its splay tree. Its `up` then leads to a node of
// another tree.

// The top of its splay tree; `up` then leads to another one's node.
static bool is_top(const struct thread_node *nodes, uint32_t at)
{
	uint32_t up = nodes[at].up;
	return up == THREAD_NONE ||
	       (nodes[up].left != at && nodes[up].right != at);
}

// Exchanges `at` and the node above it.
static void rotate(struct thread_node *nodes, uint32_t at)
{
	uint32_t up = nodes[at].up;
	uint32_t above = nodes[up].up;
	if (!is_top(nodes, up)) {
		if (nodes[above].left == up)
			nodes[above].left = at;
		else
			nodes[above].right = at;
	}
	uint32_t moved;
	if (nodes[up].left == at) {
		moved = nodes[at].right;
		nodes[up].left = moved;
		nodes[at].right = up;
	} else {
		moved = nodes[at].left;
		nodes[up].right = moved;
		nodes[at].left = up;
	}
	if (moved != THREAD_NONE)
		nodes[moved].up = up;
	nodes[up].up = at;
	nodes[at].up = above;
}

static void splay(struct thread_node *nodes, uint32_t at)
{
	while (!is_top(nodes, at)) {
		uint32_t up = nodes[at].up;
		if (!is_top(nodes, up)) {
			uint32_t above = nodes[up].up;
			bool straight =
			    (nodes[above].left == up) == (nodes[up].left == at);
			rotate(nodes, straight ? up : at);
		}
		rotate(nodes, at);
	}
}

// Makes the path from the root to `at` one splay tree, with `at` as its top and
// its last node.
static void expose(struct thread_node *nodes, uint32_t at)
{
	uint32_t below = THREAD_NONE;
	for (uint32_t top = at; top != THREAD_NONE; top = nodes[top].up) {
		splay(nodes, top);
		nodes[top].right = below;
		below = top;
	}
	splay(nodes, at);
}

static uint32_t root_of(struct thread_node *nodes, uint32_t at)
{
	expose(nodes, at);
	while (nodes[at].left != THREAD_NONE)
		at = nodes[at].left;
	splay(nodes, at);
	return at;
}

// ---- Links -----------------------------------------------------------------

bool thread_forest_link(
    struct thread_forest *forest, uint32_t parent, uint32_t child)
{
	struct thread_node *nodes = forest->nodes;
	if (parent == child)
		return false;
	// `child` is a root, so a loop means that `parent` is below it. If
	// `child` has no children, or `parent` has no parent, that cannot be.
	if (nodes[child].children && nodes[parent].parent != THREAD_NONE &&
	    root_of(nodes, parent) == child)
		return false;
	expose(nodes, child);
	nodes[child].up = parent;
	nodes[child].parent = parent;
	nodes[parent].children++;
	return true;
}

void thread_forest_cut(struct thread_forest *forest, uint32_t child)
{
	struct thread_node *nodes = forest->nodes;
	uint32_t parent = nodes[child].parent;
	if (parent == THREAD_NONE)
		return;
	expose(nodes, child);
	nodes[nodes[child].left].up = THREAD_NONE;
	nodes[child].left = THREAD_NONE;
	nodes[child].parent = THREAD_NONE;
	nodes[parent].children--;
}
