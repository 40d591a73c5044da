// SPDX-License-Identifier: Apache-2.0
// The threads of messages when their parents are known, and the order in which
// they are printed.
#ifndef ROOST_STORE_THREAD_TREE_H
#define ROOST_STORE_THREAD_TREE_H

#include "store/thread.h"
#include "store/thread_forest.h"

struct thread_message {
	uint32_t uid;
	uint32_t subject; // number of its base subject; 0: empty
	uint32_t node;    // in the forest
	bool is_reply;    // or a forward
	int64_t date;     // sent date
};

// A message (they come first, in the order of messages) or a dummy.
struct thread_member {
	uint32_t parent; // a member; THREAD_NONE: the root
	uint32_t first;  // first child
	uint32_t last;
	uint32_t next; // next sibling
	bool placed;   // it is in its parent's list
	bool opens;    // its step opens
};

struct thread_tree {
	const struct thread_message *messages;
	uint32_t message_count;
	uint32_t *by_date; // owned: messages in the order of sent dates
	struct thread_member *members; // owned
	size_t members_room;
	uint32_t count;
	uint32_t first; // of the root's children
	uint32_t last;
};

// Makes every message a child of the root.
void thread_tree_init(struct thread_tree *tree,
    const struct thread_message *messages, size_t count);
void thread_tree_done(struct thread_tree *tree);
uint32_t thread_tree_add_dummy(struct thread_tree *tree);

// Makes the lists of children from the members' parents, each in the order of
// sent dates (a dummy has the date of its first child). Parents may be nested
// to any depth, but without loops; a dummy has no parent. Can be called again.
void thread_tree_arrange(struct thread_tree *tree);

// Gives all members in the order of printing; the caller frees them.
struct store_thread_step *thread_tree_steps(
    struct thread_tree *tree, size_t *ret_count);

// Steps 5 and 6 of REFERENCES (RFC 5256 section 3): gathers the root's children
// by base subjects, whose numbers are below `subject_count`. The lists must be
// arranged before, and are arranged afterwards.
void thread_tree_gather(struct thread_tree *tree, uint32_t subject_count);

#endif
