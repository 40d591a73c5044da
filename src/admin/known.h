// SPDX-License-Identifier: Apache-2.0
// Which messages a mailbox had before an import: so that one that is there
// already does not come again. Two messages are the same when their bytes are;
// a message here stands for one there, so that copies are counted. Bytes are
// read, once, only of messages whose size comes in.
#ifndef ROOST_ADMIN_KNOWN_H
#define ROOST_ADMIN_KNOWN_H

#include "store/email.h"
#include "store/snapshot.h"

#define KNOWN_HASH 32 // bytes of SHA-256

struct known;

// What `mailbox` holds now; the mailbox stays open meanwhile.
struct known *known_new(struct store_mailbox *mailbox);
void known_free(struct known **known);

// True when there is such a message that stood for no other yet.
bool known_take(
    struct known *known, uint64_t size, const unsigned char hash[KNOWN_HASH]);

#endif
