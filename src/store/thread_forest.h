// SPDX-License-Identifier: Apache-2.0
// Parents and children while references are read (RFC 5256 section 3, step 1).
// Links are made and broken, and no link may close a loop. Walking up to the
// root for each link would take quadratic time on the deep chains that mail
// has, and on chains that somebody sends on purpose. So every node is also in a
// link-cut tree (Sleator and Tarjan, 1983), which is used only when simpler
// tests do not answer the question.
#ifndef ROOST_STORE_THREAD_FOREST_H
#define ROOST_STORE_THREAD_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREAD_NONE UINT32_MAX

struct thread_node {
	uint32_t parent;
	uint32_t children; // how many it has
	// The link-cut tree: the node's place in the splay tree of its path,
	// ordered by depth. The topmost node's `up` leads to the path above.
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
uint32_t thread_forest_add(
    struct thread_forest *forest); // makes a node without links

// Makes `child`, which has no parent, a child of `parent`; returns false, and
// does nothing, if that would close a loop. O(log n), amortised.
bool thread_forest_link(
    struct thread_forest *forest, uint32_t parent, uint32_t child);
// Removes the link of `child` to its parent, if it has one. O(log n),
// amortised.
void thread_forest_cut(struct thread_forest *forest, uint32_t child);

#endif
