// SPDX-License-Identifier: Apache-2.0
// Removing very many messages by several commits. While one commit is written,
// all users of the server wait, so a large one is cut into parts.
#ifndef ROOST_STORE_PARTS_H
#define ROOST_STORE_PARTS_H

#include "base/rangeset.h"
#include "store/account_impl.h"

struct parts {
	struct rangeset part; // UIDs for the present commit
	struct rangeset uids; // all; the caller adds them
	uint32_t most;        // UIDs in a part
	size_t at;            // in `uids`
	uint32_t next;
};

void parts_init(struct parts *parts, const struct store_account *account);
void parts_done(struct parts *parts);
// Whether one commit is enough.
bool parts_is_small(const struct parts *parts);
// Sets `part` to the next UIDs, in ascending order; false: there are no more.
bool parts_next(struct parts *parts);

// Adds those of `uids` that the mailbox has now. Each is added once and before
// the first commit, so what comes into the mailbox meanwhile is left alone.
void parts_add_existing(struct parts *parts, struct store_mailbox *mailbox,
    const struct rangeset *uids);

// The newest snapshot of a mailbox, referenced; NULL: it is deleted, or not in
// memory.
struct store_snapshot *mailbox_newest(struct store_mailbox *mailbox);

#endif
