// SPDX-License-Identifier: Apache-2.0
// A note of what a MOVE from a mailbox of another account has copied. It is
// written in the commit that makes the copies; another commit then expunges the
// messages in the source. If a crash or a failure comes between the two, and
// the MOVE is given again, the note tells which copies are already there.
//
// The key of a note names the mailbox with the copies and the source mailbox.
// The note lists UIDs of both, which are never given out again. The next MOVE
// between the two replaces it, and it is deleted with the mailbox that has the
// copies.
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
	struct moved_run *items; // owned; ascending sources
	size_t count;
	size_t capacity;
};

void moved_done(struct moved *moved);
// Adds a message and its copy. The order of calls does not matter.
void moved_add(struct moved *moved, uint32_t source, uint32_t target);
// The UID of the copy of `source`; 0 when none is noted.
uint32_t moved_find(const struct moved *moved, uint32_t source);

// Writes the record: three numbers for each run.
void moved_put(const struct moved *moved, struct buf *out);
MUST_CHECK enum rc moved_get(struct view record, struct moved *ret_moved);

#endif
