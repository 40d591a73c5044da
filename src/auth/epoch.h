// SPDX-License-Identifier: Apache-2.0
// The directory's epoch (directory.h) inside a change. Only this room includes
// it.
#ifndef ROOST_AUTH_EPOCH_H
#define ROOST_AUTH_EPOCH_H

#include "auth/directory.h"

#define AUTH_EPOCH_KEY AUTH_KEY_PREFIX "epoch"

// Begins the next epoch, because the user is shut out of something: adds it to
// the batch. A batch may have it more than once; it is the same epoch.
MUST_CHECK enum rc auth_epoch_raise(struct engine_snapshot *from,
    const struct auth_name *user, struct engine_batch *batch,
    uint64_t *ret_epoch);

#endif
