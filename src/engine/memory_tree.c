// SPDX-License-Identifier: Apache-2.0
// The treap: a search tree by key that is a heap by priority. The priority is a
// keyed hash of the key, so the shape depends on the keys alone and the depth
// is O(log n), whoever chose the keys. This limits the recursion here.
#include "engine/memory_tree.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

// A key with its value. Copies of a node share it.
struct tree_item {
	atomic_size_t refs;
	uint64_t priority;
	size_t key_len;
	size_t value_len;
	char bytes[];
};

struct tree_node {
	atomic_size_t refs;
	struct tree_node *left;
	struct tree_node *right;
	struct tree_item *item;
};

static struct view item_key(const struct tree_item *item)
{
	return view_of(item->bytes, item->key_len);
}

static struct view item_value(const struct tree_item *item)
{
	return view_of(item->bytes + item->key_len, item->value_len);
}

static struct tree_item *item_new(struct view key, struct view value)
{
	struct tree_item *item = mem_alloc(sizeof(*item) + key.len + value.len);
	atomic_init(&item->refs, 1);
	item->priority = map_hash(key);
	item->key_len = key.len;
	item->value_len = value.len;
	if (key.len)
		memcpy(item->bytes, key.ptr, key.len);
	if (value.len)
		memcpy(item->bytes + key.len, value.ptr, value.len);
	return item;
}

static void item_unref(struct tree_item *item)
{
	if (atomic_fetch_sub(&item->refs, 1) == 1)
		free(item);
}

static struct tree_node *node_new(
    struct tree_item *item, struct tree_node *left, struct tree_node *right)
{
	struct tree_node *node = mem_alloc(sizeof(*node));
	atomic_init(&node->refs, 1);
	node->left = left;
	node->right = right;
	node->item = item;
	return node;
}

struct tree_node *tree_ref(struct tree_node *root)
{
	if (root)
		atomic_fetch_add(&root->refs, 1);
	return root;
}

void tree_unref(struct tree_node *root)
{
	while (root && atomic_fetch_sub(&root->refs, 1) == 1) {
		struct tree_node *right = root->right;
		tree_unref(root->left);
		item_unref(root->item);
		free(root);
		root = right;
	}
}

// Returns a node with the same content that only the caller can reach. The
// caller came to `node` through such nodes, so if the count is one, nobody else
// can reach `node` and it is returned itself.
static struct tree_node *make_own(struct tree_node *node)
{
	if (atomic_load(&node->refs) == 1)
		return node;
	atomic_fetch_add(&node->item->refs, 1);
	struct tree_node *copy =
	    node_new(node->item, tree_ref(node->left), tree_ref(node->right));
	tree_unref(node);
	return copy;
}

// Keys < `key` go to the left tree, the others to the right one. Consumes
// `node`.
static void split(struct tree_node *node, struct view key,
    struct tree_node **ret_left, struct tree_node **ret_right)
{
	if (!node) {
		*ret_left = NULL;
		*ret_right = NULL;
		return;
	}
	node = make_own(node);
	if (view_compare(item_key(node->item), key) < 0) {
		split(node->right, key, &node->right, ret_right);
		*ret_left = node;
	} else {
		split(node->left, key, ret_left, &node->left);
		*ret_right = node;
	}
}

// All keys in `left` must be less than those in `right`. Consumes both.
static struct tree_node *merge(struct tree_node *left, struct tree_node *right)
{
	if (!left)
		return right;
	if (!right)
		return left;
	if (left->item->priority >= right->item->priority) {
		left = make_own(left);
		left->right = merge(left->right, right);
		return left;
	}
	right = make_own(right);
	right->left = merge(left, right->left);
	return right;
}

// Equal keys have equal priorities. So the descent meets an older item of the
// same key before any node of lower priority.
static struct tree_node *put_item(
    struct tree_node *node, struct tree_item *item)
{
	if (!node)
		return node_new(item, NULL, NULL);
	if (item->priority > node->item->priority) {
		struct tree_node *left;
		struct tree_node *right;
		split(node, item_key(item), &left, &right);
		return node_new(item, left, right);
	}
	node = make_own(node);
	int order = view_compare(item_key(item), item_key(node->item));
	if (order < 0) {
		node->left = put_item(node->left, item);
	} else if (order > 0) {
		node->right = put_item(node->right, item);
	} else {
		item_unref(node->item);
		node->item = item;
	}
	return node;
}

struct tree_node *tree_put(
    struct tree_node *root, struct view key, struct view value)
{
	return put_item(root, item_new(key, value));
}

// Deletes the key, which must be there.
static struct tree_node *delete_key(struct tree_node *node, struct view key)
{
	node = make_own(node);
	int order = view_compare(key, item_key(node->item));
	if (order < 0) {
		node->left = delete_key(node->left, key);
		return node;
	}
	if (order > 0) {
		node->right = delete_key(node->right, key);
		return node;
	}
	struct tree_node *rest = merge(node->left, node->right);
	item_unref(node->item);
	free(node);
	return rest;
}

struct tree_node *tree_delete(struct tree_node *root, struct view key)
{
	struct view value;
	return tree_get(root, key, &value) ? delete_key(root, key) : root;
}

struct tree_node *tree_delete_range(
    struct tree_node *root, struct view first, struct view end)
{
	struct tree_node *before;
	struct tree_node *within;
	struct tree_node *after;
	split(root, first, &before, &within);
	split(within, end, &within, &after);
	tree_unref(within);
	return merge(before, after);
}

bool tree_get(
    const struct tree_node *root, struct view key, struct view *ret_value)
{
	while (root) {
		int order = view_compare(key, item_key(root->item));
		if (order == 0) {
			*ret_value = item_value(root->item);
			return true;
		}
		root = order < 0 ? root->left : root->right;
	}
	return false;
}

// ---- Walking ---------------------------------------------------------------

static void walk_push(struct tree_walk *walk, const struct tree_node *node)
{
	walk->path = mem_grow(walk->path, &walk->capacity, walk->depth + 1,
	    sizeof(struct tree_node *));
	walk->path[walk->depth++] = node;
}

void tree_walk_init(struct tree_walk *walk, const struct tree_node *root)
{
	*walk = (struct tree_walk){.root = root};
	tree_walk_seek(walk, view_of(NULL, 0));
}

void tree_walk_done(struct tree_walk *walk)
{
	free(walk->path);
	*walk = (struct tree_walk){0};
}

void tree_walk_seek(struct tree_walk *walk, struct view key)
{
	walk->depth = 0;
	for (const struct tree_node *node = walk->root; node;) {
		if (view_compare(item_key(node->item), key) >= 0) {
			walk_push(walk, node);
			node = node->left;
		} else {
			node = node->right;
		}
	}
}

bool tree_walk_next(
    struct tree_walk *walk, struct view *ret_key, struct view *ret_value)
{
	if (walk->depth == 0)
		return false;
	const struct tree_node *node = walk->path[--walk->depth];
	*ret_key = item_key(node->item);
	*ret_value = item_value(node->item);
	for (node = node->right; node; node = node->left)
		walk_push(walk, node);
	return true;
}
