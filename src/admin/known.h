// SPDX-License-Identifier: Apache-2.0
// Which messages a mailbox had before an import, so that a message that is
// already there is not imported again. Two messages are the same when their
// bytes are. Each message in the mailbox matches only one of the import, so
// that copies are counted. A message's bytes are read only when a message of
// the same size is imported, and only once.
#ifndef ROOST_ADMIN_KNOWN_H
#define ROOST_ADMIN_KNOWN_H

#include "store/email.h"
#include "store/snapshot.h"

#define KNOWN_HASH 32 // bytes of SHA-256

struct known;

// Reads what `mailbox` has now; the mailbox must stay open.
struct known *known_new(struct store_mailbox *mailbox);
void known_free(struct known **known);

// True when there is such a message that has not matched another one yet.
bool known_take(
    struct known *known, uint64_t size, const unsigned char hash[KNOWN_HASH]);

#endif
