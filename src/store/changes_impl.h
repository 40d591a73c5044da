// SPDX-License-Identifier: Apache-2.0
// The change log for whoever reads an account without opening it.
#ifndef ROOST_STORE_CHANGES_IMPL_H
#define ROOST_STORE_CHANGES_IMPL_H

#include "store/changes.h"

// As store_change_walk_open(), of all mailboxes.
MUST_CHECK enum rc change_walk_open(struct engine *engine, uint64_t account_id,
    struct store_change_position after, struct store_change_walk **ret_walk);
// The same, through a snapshot that stays the caller's.
MUST_CHECK enum rc change_walk_open_on(struct engine_snapshot *from,
    struct store_change_position after, struct store_change_walk **ret_walk);
// What it walks through; the walk's.
struct engine_snapshot *change_walk_snapshot(struct store_change_walk *walk);

#endif
