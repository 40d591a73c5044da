// SPDX-License-Identifier: Apache-2.0
// Deleting a mailbox that has very many messages. While one commit is written,
// all users of the server wait. So one small commit takes the mailbox away: its
// name is free, its messages do not count any more, and nobody finds them. It
// writes a RECORD_LEAVING, which says what the mailbox was, and leaves the
// chunks of messages. Further commits remove these, part by part; the last one
// deletes the RECORD_LEAVING. If a crash comes between them, the server's
// sweeper goes on (store_mailboxes_finish()).
#ifndef ROOST_STORE_REMOVAL_H
#define ROOST_STORE_REMOVAL_H

#include "store/transaction.h"

// Writes the RECORD_LEAVING of a mailbox that the transaction takes away.
void removal_begin(struct transaction_mailbox *mailbox);
// Removes the messages of a mailbox that has been taken away. RC_CORRUPT: some
// cannot be read, and stay.
MUST_CHECK enum rc removal_finish(
    struct store_account *account, uint64_t mailbox_id, struct fault *fault);

#endif
