// SPDX-License-Identifier: Apache-2.0
// What the sender of pushes needs besides the push subscriptions themselves,
// which are objects of accounts (object.h): which accounts have some, to be
// told when such an account changes, and one secret of its own. All but the
// watches is in one partition of the engine.
#ifndef ROOST_STORE_PUSH_LIST_H
#define ROOST_STORE_PUSH_LIST_H

#include "store/store.h"

#define STORE_PUSH_PARTITION 9 // of the engine

// Notes that the account has, or no longer has, push subscriptions.
MUST_CHECK enum rc store_push_note(
    struct store *store, uint64_t account, bool has, struct fault *fault);
// Calls `each` for the accounts that were noted.
MUST_CHECK enum rc store_push_each(struct store *store,
    void (*each)(void *context, uint64_t account), void *context);

// Gives the secret. If there is none yet, `first` becomes it; of several who
// try that at the same time, all get the same. At most 100 bytes.
MUST_CHECK enum rc store_push_secret(struct store *store, struct view first,
    struct fault *fault, struct buf *ret_secret);

// Calls `moved` after each commit of the account, and when it is removed. The
// account need not be open, or exist. `moved` comes on any thread and may only
// wake somebody; the account in memory may be a moment behind.
struct store_push_watch;
struct store_push_watch *store_push_watch_new(struct store *store,
    uint64_t account, void (*moved)(void *context), void *context);
// After it returns, no call is running and none will come.
void store_push_watch_free(struct store_push_watch **watch);

#endif
