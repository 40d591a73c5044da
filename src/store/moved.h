// SPDX-License-Identifier: Apache-2.0
// What a MOVE from a mailbox of another account has copied: noted in the commit
// that makes the copies, before the source is expunged by a commit of its own.
// When a crash or a failure comes between the two, the MOVE that is given again
// finds here which copies are there already.
//
// A note is kept under the mailbox moved to and the one moved from, and names
// UIDs of both, which are never given out again. It is replaced by the next
// MOVE between the two, and goes with the mailbox moved to.
#ifndef ROOST_STORE_MOVED_H
#define ROOST_STORE_MOVED_H

#include "base/buf.h"

// `count` messages with consecutive UIDs, and their copies.
struct moved_run {
	uint32_t source;
	uint32_t target;
	uint32_t count;
};

struct moved {
	struct moved_run *runs; // owned; ascending sources
	size_t count;
	size_t capacity;
};

void moved_done(struct moved *moved);
// Adds the copy of a message. In any order.
void moved_add(struct moved *moved, uint32_t source, uint32_t target);
// The UID of the copy of `source`; 0: none is noted.
uint32_t moved_find(const struct moved *moved, uint32_t source);

// The record: three numbers a run.
void moved_put(const struct moved *moved, struct buf *out);
MUST_CHECK enum rc moved_get(struct view record, struct moved *ret_moved);

#endif
