// SPDX-License-Identifier: Apache-2.0
// What copying within an account (copy.c) and between two accounts
// (copy_across.c) have in common.
#ifndef ROOST_STORE_COPY_IMPL_H
#define ROOST_STORE_COPY_IMPL_H

#include "base/vec.h"
#include "store/change.h"
#include "store/transaction.h"

// Messages to be copied or moved, in the order of their UIDs.
struct taken {
	bool move;
	struct store_message *items; // owned
	size_t count;
	size_t capacity;
};

void taken_add(struct taken *taken, const struct store_message *message);
// Gives the messages' keywords the numbers that they have in `target`.
MUST_CHECK enum rc taken_translate_keywords(struct taken *taken,
    const struct store_keywords *from, struct transaction_mailbox *target,
    struct fault *fault);
// Removes the flags that the asker may not set in the target (RFC 4314 section
// 4).
void taken_leave_out_flags(struct taken *taken, unsigned rights);

// store_copy() for mailboxes of two accounts.
MUST_CHECK enum rc copy_across(struct store_mailbox *from,
    const struct rangeset *uids, struct store_mailbox *to, bool move,
    struct fault *fault, struct store_copied *ret_copied);

#endif
