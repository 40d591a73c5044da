// SPDX-License-Identifier: Apache-2.0
// The threads of messages once their parents are known, and how they come out.
#ifndef ROOST_STORE_THREAD_TREE_H
#define ROOST_STORE_THREAD_TREE_H

#include "store/thread.h"
#include "store/thread_forest.h"

struct thread_message {
	uint32_t uid;
	uint32_t subject; // number of its base subject; 0: empty
	uint32_t node;    // in the forest
	bool is_reply;    // or forward
	int64_t date;     // sent date
};

// A message (they come first, in the order of messages) or a dummy.
struct thread_member {
	uint32_t parent; // member; THREAD_NONE: of the root
	uint32_t first;  // child
	uint32_t last;
	uint32_t next; // sibling
	bool placed;   // is among its siblings
	bool opens;    // its step does
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

// Every message a child of the root.
void thread_tree_init(struct thread_tree *tree,
    const struct thread_message *messages, size_t count);
void thread_tree_done(struct thread_tree *tree);
uint32_t thread_tree_add_dummy(struct thread_tree *tree);

// Makes the lists of children from the members' parents, each in the order of
// sent dates (a dummy's is its first child's). Parents have parents of their
// own to any depth, but no loops; a dummy has none. Can be done again.
void thread_tree_arrange(struct thread_tree *tree);

// All members in print order, for the caller to free.
struct store_thread_step *thread_tree_steps(
    struct thread_tree *tree, size_t *ret_count);

// Steps 5 and 6 of REFERENCES (RFC 5256 section 3): gathers what the root has
// by base subjects, numbered below `subject_count`. Arranged before and after.
void thread_tree_gather(struct thread_tree *tree, uint32_t subject_count);

#endif
