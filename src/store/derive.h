// SPDX-License-Identifier: Apache-2.0
// Derived data: what is computed from an account's records to make something
// faster. It is kept in partitions beside the account's, can be dropped at any
// time, and every answer can be given without it. One background worker builds
// it, a little at a time, and follows the account's changes by its change log.
//
// There are two kinds, each made for an account when somebody needs it there:
// the sort columns, which SORT reads instead of each email's description, and
// the threads of emails, which view.h reads instead.
#ifndef ROOST_STORE_DERIVE_H
#define ROOST_STORE_DERIVE_H

#include "store/store.h"

// The worker: one thread, which works at most half of the time. Without it,
// nothing is built. A store has at most one. RC_LIMIT: no thread can be
// started.
struct store_deriver;
MUST_CHECK enum rc store_deriver_new(struct store *store, struct fault *fault,
    struct store_deriver **ret_deriver);
// Ends the worker after its current piece of work. Must be called before the
// store is freed.
void store_deriver_free(struct store_deriver **deriver);

// Does one piece of that work for an account, in the caller's thread; with
// `make`, also if the account has no derived data yet. *ret_more: there is more
// to do.
MUST_CHECK enum rc store_derive_step(
    struct store *store, uint64_t account_id, bool make, bool *ret_more);

// Drops all derived data. It is made again for each account when it is wanted.
// *ret_dropped: how many accounts had some.
MUST_CHECK enum rc store_derived_drop_all(
    struct store *store, struct fault *fault, uint64_t *ret_dropped);
// The same for one account, which need not exist.
MUST_CHECK enum rc store_derived_drop(
    struct store *store, uint64_t account_id, struct fault *fault);

// Whether a partition of the engine holds derived data, and of which account.
bool store_derived_of(uint64_t partition, uint64_t *ret_account_id);

#endif
