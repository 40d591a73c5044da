// SPDX-License-Identifier: Apache-2.0
// Which mailboxes changed since a position in the change log: what the store
// tells (store/view_changes.h), and the sortOrder.
#ifndef ROOST_JMAP_MAILBOX_CHANGED_H
#define ROOST_JMAP_MAILBOX_CHANGED_H

#include "base/vec.h"
#include "store/view_changes.h"

enum mailbox_changed_kind {
	MAILBOX_MADE = 1 << 0,
	MAILBOX_GONE = 1 << 1,
	MAILBOX_COUNTS = 1 << 2, // what it has of emails and threads
	MAILBOX_OTHER = 1 << 3,  // any other property
};

struct mailbox_changed_item {
	uint64_t id;
	unsigned kind; // of enum mailbox_changed_kind
};

struct mailbox_changed {
	VEC(struct mailbox_changed_item) items; // by id
	struct store_change_position next;
	bool more;
};

// Gives up to about `limit` mailboxes. RC_GONE: the log does not reach back. In
// any case mailbox_changed_done() has to be called.
MUST_CHECK enum rc mailbox_changed_read(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct mailbox_changed *ret_changed);
void mailbox_changed_done(struct mailbox_changed *changed);
// What is known of a mailbox; 0: it has not changed.
unsigned mailbox_changed_kind_of(
    const struct mailbox_changed *changed, uint64_t id);

#endif
