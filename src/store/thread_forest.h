// SPDX-License-Identifier: Apache-2.0
// Parents and children while references are read (RFC 5256 section 3, step 1):
// links are made and broken, and none may close a loop. A walk up to the root
// at each link would take quadratic time on the deep chains that mail has, and
// on those that somebody makes up; so every node is also in a link-cut tree
// (Sleator and Tarjan, 1983), asked only when nothing simpler tells.
#ifndef ROOST_STORE_THREAD_FOREST_H
#define ROOST_STORE_THREAD_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREAD_NONE UINT32_MAX

struct thread_node {
	uint32_t parent;
	uint32_t children; // how many
	// The link-cut tree: the node's place in the splay tree of its path,
	// in the order of depth; the path above hangs on the topmost `up`.
	uint32_t left;
	uint32_t right;
	uint32_t up;
};

struct thread_forest {
	struct thread_node *nodes; // owned
	size_t room;
	uint32_t count;
};

void thread_forest_init(struct thread_forest *forest);
void thread_forest_done(struct thread_forest *forest);
uint32_t thread_forest_add(struct thread_forest *forest); // a node by itself

// Makes `child`, which has no parent, a child of `parent`, unless that would
// close a loop: then false. O(log n), amortised.
bool thread_forest_link(
    struct thread_forest *forest, uint32_t parent, uint32_t child);
// Takes `child` from its parent, if it has one. O(log n), amortised.
void thread_forest_cut(struct thread_forest *forest, uint32_t child);

#endif
