// SPDX-License-Identifier: Apache-2.0
// Derived data: what is worked out of an account's records to make something
// faster. It lies in partitions of its own beside the account's, can be dropped
// at any time, and is never needed for a right answer. One background worker
// builds it, a little at a time, and follows the account by its change log.
//
// Today there is one kind: the sort columns, which SORT reads in place of each
// email's description. They are made for an account when somebody sorts there.
#ifndef ROOST_STORE_DERIVE_H
#define ROOST_STORE_DERIVE_H

#include "store/store.h"

// The worker: one thread, which never takes more than half of its time. Without
// one nothing is built. At most one a store; RC_LIMIT: there are no threads.
struct store_deriver;
MUST_CHECK enum rc store_deriver_new(struct store *store, struct fault *fault,
    struct store_deriver **ret_deriver);
// Ends it after the piece of work at hand; the store lives longer.
void store_deriver_free(struct store_deriver **deriver);

// One piece of that work for an account, in the caller's thread: with `make`
// also if the account has no derived data yet. *ret_more: there is more to do.
MUST_CHECK enum rc store_derive_step(
    struct store *store, uint64_t account_id, bool make, bool *ret_more);

// Drops all derived data; of each account it is made anew when it is wanted.
MUST_CHECK enum rc store_derived_drop_all(
    struct store *store, struct fault *fault, uint64_t *ret_dropped);
// The same for one account, which need not exist.
MUST_CHECK enum rc store_derived_drop(
    struct store *store, uint64_t account_id, struct fault *fault);

// Whether a partition of the engine holds derived data, and of which account.
bool store_derived_of(uint64_t partition, uint64_t *ret_account_id);

#endif
