// SPDX-License-Identifier: Apache-2.0
// Follows what becomes of the messages that users have sent: a thread reads the
// queue's notes (queue/notes.h), writes them into the EmailSubmission objects
// of the accounts, and drops them. Each commit raises the account's version, so
// clients that wait for changes hear of it.
#ifndef ROOST_JMAP_FOLLOW_H
#define ROOST_JMAP_FOLLOW_H

#include "jmap/jmap.h"

struct jmap_follower;

// Starts the thread. NULL: the system has no thread for it; that is logged.
struct jmap_follower *jmap_follower_new(const struct jmap_options *options);
void jmap_follower_free(struct jmap_follower **follower); // ends it

// A submission was stored: this object has the message of that id.
void jmap_follower_tell(struct jmap_follower *follower,
    const struct queue_id *track, uint64_t object_id);

// Reads the notes now, in the caller's thread: for tests.
void jmap_follower_run(struct jmap_follower *follower);

#endif
