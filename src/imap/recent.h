// SPDX-License-Identifier: Apache-2.0
// Which session was the first to be told of a message: the \Recent flag of RFC
// 3501 section 2.3.2, which RFC 9051 has removed. It is kept in memory only, in
// one table for each server, which its sessions share (thread-safe). A message
// is \Recent to the first session that selects its mailbox after it came
// (EXAMINE does not count). Messages that came before the server started are
// \Recent to nobody. Nothing else depends on it.
#ifndef ROOST_IMAP_RECENT_H
#define ROOST_IMAP_RECENT_H

#include "base/clock.h"
#include "store/snapshot.h"

struct imap_recent;

// `clock` is the store's; NULL: the machine's.
struct imap_recent *imap_recent_new(const struct clock *clock);
void imap_recent_free(struct imap_recent **recent);

// Gives the first UID of `snapshot` that no session has claimed, or its UIDNEXT
// when all are claimed. With `claim`, all of the unclaimed messages now belong
// to the caller.
uint32_t imap_recent_first(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot,
    bool claim);

// How many messages of `snapshot` nobody has claimed, for STATUS (RECENT).
uint32_t imap_recent_count(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot);

#endif
