// SPDX-License-Identifier: Apache-2.0
// An ordered map from bytes to bytes that never changes under a reader: a treap
// whose writer copies the path that it changes. A root with a reference is a
// snapshot; to make one costs O(1). Nodes that nobody else can reach are
// changed in place, so that filling a tree does not copy.
//
// Only one writer at a time may use a root. Several threads may at once use and
// release trees that share nodes.
#ifndef ROOST_ENGINE_MEMORY_TREE_H
#define ROOST_ENGINE_MEMORY_TREE_H

#include "base/view.h"

struct tree_node; // NULL is the empty tree

struct tree_node *tree_ref(struct tree_node *root);
void tree_unref(struct tree_node *root);

// These consume the reference to `root` and return the new root.
struct tree_node *tree_put(
    struct tree_node *root, struct view key, struct view value);
struct tree_node *tree_delete(struct tree_node *root, struct view key);
// Deletes first <= key < end.
struct tree_node *tree_delete_range(
    struct tree_node *root, struct view first, struct view end);

// The value is valid as long as the caller has its reference to the root.
bool tree_get(
    const struct tree_node *root, struct view key, struct view *ret_value);

// Reads a tree in the order of keys. `root` must stay referenced.
struct tree_walk {
	const struct tree_node *root;
	const struct tree_node **path; // the nodes to come, the next one last
	size_t depth;
	size_t capacity;
};

void tree_walk_init(struct tree_walk *walk, const struct tree_node *root);
void tree_walk_done(struct tree_walk *walk);
// Moves before the first key >= `key`.
void tree_walk_seek(struct tree_walk *walk, struct view key);
bool tree_walk_next(
    struct tree_walk *walk, struct view *ret_key, struct view *ret_value);

#endif
