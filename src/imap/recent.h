// SPDX-License-Identifier: Apache-2.0
// Who was told first of a message: the \Recent flag of RFC 3501 section 2.3.2,
// which RFC 9051 did away with. Kept in memory only, one table a server, shared
// by its sessions (thread-safe). A message is \Recent to the first session that
// selects its mailbox, not by EXAMINE, after it came; what came before the
// server started is \Recent to nobody. Nothing else depends on it.
#ifndef ROOST_IMAP_RECENT_H
#define ROOST_IMAP_RECENT_H

#include "base/clock.h"
#include "store/snapshot.h"

struct imap_recent;

// `clock` is the store's (NULL: the machine's).
struct imap_recent *imap_recent_new(const struct clock *clock);
void imap_recent_free(struct imap_recent **recent);

// The first UID of `snapshot` that no session has claimed; its UIDNEXT when
// there is none. With `claim`, all of them become the caller's.
uint32_t imap_recent_first(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot,
    bool claim);

// How many messages of `snapshot` nobody has claimed: STATUS (RECENT).
uint32_t imap_recent_count(struct imap_recent *recent,
    struct store_mailbox *mailbox, const struct store_snapshot *snapshot);

#endif
