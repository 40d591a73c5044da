// SPDX-License-Identifier: Apache-2.0
// The tree inside a snapshot. Its leaves are chunks of message entries, whose
// bytes in memory are the same as in their stored record; its branches hold the
// counts of what is below them. Nodes never change once they are shared: an
// edit copies the nodes on the path to what it changes. All leaves have the
// same depth.
#ifndef ROOST_STORE_NODE_H
#define ROOST_STORE_NODE_H

#include <stdatomic.h>

#include "store/snapshot.h"

// A chunk has at most NODE_CHUNK_MAX entries; one with fewer than
// NODE_CHUNK_LOW is joined to its neighbour. A branch has at most
// NODE_BRANCH_MAX children. A stored chunk has at most NODE_CHUNK_BYTES.
#define NODE_CHUNK_MAX   32
#define NODE_CHUNK_LOW   8
#define NODE_BRANCH_MAX  64
#define NODE_BRANCH_LOW  16
#define NODE_CHUNK_BYTES (16 + 2 * NODE_CHUNK_MAX * 40)

// A message as it is stored. Flags: bits 0-4 are system flags, 5-30 the
// mailbox's first 26 keywords; bit 31 is set when an `extra` holds all its
// keywords.
struct node_entry {
	uint64_t modseq;
	uint64_t email_id;
	int64_t date; // seconds * 2048 + (zone minutes + 1024)
	uint32_t uid;
	uint32_t size;
	uint32_t save_date; // seconds since 1970; sufficient until 2106
	uint32_t flags;
};

struct node_extra {
	uint64_t slot;
	struct store_keyword_set keywords;
};

struct node_sums {
	uint32_t messages;
	uint32_t unseen;
	uint32_t deleted;
	uint64_t size;
	uint64_t max_modseq;
};

struct store_node {
	_Atomic uint32_t refs;
	uint8_t height; // 0: a chunk
	uint8_t slots;  // how many entries, or children
	uint8_t extras; // of a chunk only
	uint32_t chunk; // a chunk's number: where its record is kept
	uint32_t first_uid;
	uint32_t last_uid;
	struct node_sums sums;
};

struct node_chunk {
	struct store_node node;
	// Allocated for node.slots entries and, after them, node.extras extras.
	struct node_entry entries[];
};

struct node_branch {
	struct store_node node;
	uint32_t first_uid[NODE_BRANCH_MAX];
	// For each child: how many messages the children before it have.
	uint32_t before[NODE_BRANCH_MAX];
	struct store_node *children[NODE_BRANCH_MAX]; // referenced
};

struct store_node *node_ref(struct store_node *node); // NULL gives NULL
void node_unref(struct store_node *node);

const struct node_chunk *node_as_chunk(const struct store_node *node);
const struct node_branch *node_as_branch(const struct store_node *node);

// Reads a message's entry, with its keywords, from a chunk, and writes one into
// a chunk.
void node_entry_decode(const struct node_chunk *chunk, unsigned slot,
    struct store_message *ret_message);

// Makes a chunk of 1 to NODE_CHUNK_MAX messages in UID order. The caller gets
// its one reference.

// A chunk of 1 to NODE_CHUNK_MAX messages in UID order, with one reference.
struct store_node *node_chunk_new(uint32_t chunk_number,
    const struct store_message *messages, unsigned count);
// Writes the stored form.
void node_chunk_encode(const struct store_node *chunk, struct buf *out);
// RC_CORRUPT when the record breaks a rule.
MUST_CHECK enum rc node_chunk_decode(
    uint32_t chunk_number, struct view record, struct store_node **ret_chunk);

// Is told which chunks an edit makes and drops, so that the caller can store
// the change.

// Told of the chunks that an edit makes and drops, so that it can store them.
struct node_log {
	void (*put)(void *context, const struct store_node *chunk);
	void (*drop)(void *context, uint32_t chunk_number);
	void *context;
};

// Makes a tree of `count` chunks in UID order and takes over their references.
// NULL for none.
struct store_node *node_tree_build(struct store_node **chunks, size_t count);

// Makes a new tree with `messages` at the end; their UIDs ascend and are higher
// than all in the tree. `root` may be NULL; the caller keeps its reference.
struct store_node *node_tree_append(struct store_node *root,
    const struct store_message *messages, size_t count,
    const struct node_log *log);

enum node_verdict { NODE_KEEP, NODE_CHANGED, NODE_REMOVE };

// Makes a new tree by asking `edit` about each message whose UID is in `uids`:
// it may change the message (not its UID) or have it removed. NULL when no
// message is left.
struct store_node *node_tree_edit(struct store_node *root,
    const struct rangeset *uids,
    enum node_verdict (*edit)(void *context, struct store_message *message),
    void *context, const struct node_log *log);

#endif
