// SPDX-License-Identifier: Apache-2.0
// THREAD=REFERENCES written down literally from RFC 5256 section 3 with lists,
// recursion and quadratic loops, for thread_test.c to compare with. It shares
// no code with thread*.c.
#ifndef ROOST_STORE_THREAD_NAIVE_H
#define ROOST_STORE_THREAD_NAIVE_H

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

#define NAIVE_MAX      40
#define NAIVE_MESSAGES 400 // including dummies

struct naive_message {
	unsigned id; // 0: none
	unsigned references[5];
	unsigned reference_count;
	const char *subject_text;
	unsigned subject; // the base subject's number; 0: empty
	bool is_reply;
	unsigned date;
};

struct naive_node {
	unsigned id;
	unsigned number; // sequence number; 0: a dummy
	const struct naive_message *message;
	struct naive_node *parent;
	struct naive_node *children[NAIVE_MESSAGES];
	unsigned count;
};

struct naive {
	struct naive_node nodes[NAIVE_MESSAGES];
	unsigned count;
	unsigned unique; // the next id to assign
	struct naive_node root;
};

static inline struct naive_node *naive_new(struct naive *naive, unsigned id)
{
	struct naive_node *node = &naive->nodes[naive->count++];
	node->id = id;
	return node;
}

static inline struct naive_node *naive_find(struct naive *naive, unsigned id)
{
	for (unsigned i = 0; i < naive->count; i++)
		if (naive->nodes[i].id == id)
			return &naive->nodes[i];
	return naive_new(naive, id);
}

static inline void naive_unlink(struct naive_node *node)
{
	struct naive_node *parent = node->parent;
	if (!parent)
		return;
	unsigned i = 0;
	while (parent->children[i] != node)
		i++;
	for (; i + 1 < parent->count; i++)
		parent->children[i] = parent->children[i + 1];
	parent->count--;
	node->parent = NULL;
}

static inline void naive_link(
    struct naive_node *parent, struct naive_node *node)
{
	naive_unlink(node);
	node->parent = parent;
	parent->children[parent->count++] = node;
}

static inline bool naive_is_below(
    const struct naive_node *node, const struct naive_node *top)
{
	for (; node; node = node->parent)
		if (node == top)
			return true;
	return false;
}

// Step 1.
static inline void naive_add(
    struct naive *naive, const struct naive_message *message, unsigned number)
{
	struct naive_node *last = NULL;
	for (unsigned i = 0; i < message->reference_count; i++) {
		struct naive_node *node =
		    naive_find(naive, message->references[i]);
		if (last && !node->parent && !naive_is_below(last, node))
			naive_link(last, node);
		last = node;
	}
	unsigned id = message->id ? message->id : naive->unique++;
	struct naive_node *node = naive_find(naive, id);
	if (node->number)
		node = naive_new(naive, naive->unique++);
	node->number = number;
	node->message = message;
	naive_unlink(node);
	if (last && !naive_is_below(last, node))
		naive_link(last, node);
}

// Step 3, from the leaves up.
static inline void naive_prune(struct naive *naive, struct naive_node *node)
{
	for (unsigned i = 0; i < node->count; i++) {
		struct naive_node *child = node->children[i];
		naive_prune(naive, child);
		if (child->number || (node == &naive->root && child->count > 1))
			continue;
		while (child->count)
			naive_link(node, child->children[0]);
		naive_unlink(child);
		i--; // the promoted nodes were added at the end
	}
}

static inline bool naive_is_before(
    const struct naive_node *a, const struct naive_node *b)
{
	if (!a->number)
		a = a->children[0];
	if (!b->number)
		b = b->children[0];
	if (a->message->date != b->message->date)
		return a->message->date < b->message->date;
	return a->number < b->number;
}

// Step 6, and also step 4, which does the same to fewer nodes.
static inline void naive_sort(struct naive_node *node)
{
	for (unsigned i = 0; i < node->count; i++)
		naive_sort(node->children[i]);
	for (unsigned i = 1; i < node->count; i++)
		for (unsigned k = i; k; k--) {
			struct naive_node *low = node->children[k - 1];
			struct naive_node *high = node->children[k];
			if (!naive_is_before(high, low))
				break;
			node->children[k - 1] = high;
			node->children[k] = low;
		}
}

static inline unsigned naive_subject(const struct naive_node *node)
{
	return node->number ? node->message->subject
			    : node->children[0]->message->subject;
}

// Step 5.
static inline void naive_gather(struct naive *naive)
{
	struct naive_node *table[16] = {0};
	struct naive_node *top[NAIVE_MESSAGES];
	unsigned subjects[NAIVE_MESSAGES];
	unsigned count = naive->root.count;
	for (unsigned i = 0; i < count; i++) {
		struct naive_node *node = naive->root.children[i];
		top[i] = node;
		subjects[i] = naive_subject(node);
		struct naive_node **held = &table[subjects[i]];
		if (!subjects[i])
			continue;
		if (!*held)
			*held = node;
		else if ((*held)->number &&
			 (!node->number || ((*held)->message->is_reply &&
					       !node->message->is_reply)))
			*held = node;
	}
	for (unsigned i = 0; i < count; i++) {
		struct naive_node *node = top[i];
		struct naive_node **held = &table[subjects[i]];
		if (!subjects[i] || *held == node)
			continue;
		if (!(*held)->number && !node->number) {
			while (node->count)
				naive_link(*held, node->children[0]);
			naive_unlink(node);
		} else if (!(*held)->number) {
			naive_link(*held, node);
		} else if (node->message->is_reply &&
			   !(*held)->message->is_reply) {
			naive_link(*held, node);
		} else {
			struct naive_node *dummy =
			    naive_new(naive, naive->unique++);
			naive_link(&naive->root, dummy);
			naive_link(dummy, *held);
			naive_link(dummy, node);
			*held = dummy;
		}
	}
}

// thread-members of RFC 5256 section 5.
static inline void naive_print(const struct naive_node *node, struct buf *out)
{
	if (node->number)
		buf_add_u64(out, node->number);
	if (node->number && node->count)
		buf_add_char(out, ' ');
	if (node->count == 1) {
		naive_print(node->children[0], out);
		return;
	}
	for (unsigned i = 0; i < node->count; i++) {
		buf_add_char(out, '(');
		naive_print(node->children[i], out);
		buf_add_char(out, ')');
	}
}

static inline void naive_thread(
    const struct naive_message *messages, size_t count, struct buf *out)
{
	static struct naive naive; // too large for a stack
	memset(&naive, 0, sizeof(naive));
	naive.unique = 100000;
	for (size_t i = 0; i < count; i++)
		naive_add(&naive, &messages[i], (unsigned)i + 1);
	for (unsigned i = 0; i < naive.count; i++)
		if (!naive.nodes[i].parent)
			naive_link(&naive.root, &naive.nodes[i]);
	naive_prune(&naive, &naive.root);
	naive_sort(&naive.root);
	naive_gather(&naive);
	naive_sort(&naive.root);
	for (unsigned i = 0; i < naive.root.count; i++) {
		buf_add_char(out, '(');
		naive_print(naive.root.children[i], out);
		buf_add_char(out, ')');
	}
}

#endif
