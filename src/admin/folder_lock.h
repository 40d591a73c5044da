// SPDX-License-Identifier: Apache-2.0
// Only one process at a time may use a data folder. A process gets this lock
// before it opens the database: opening alone rotates the database's log before
// the database's own lock is tried.
#ifndef ROOST_ADMIN_FOLDER_LOCK_H
#define ROOST_ADMIN_FOLDER_LOCK_H

#include <stdint.h>

#include "base/rc.h"

// Waits up to `wait_ms` for another process to release the lock, then
// RC_IN_USE. The descriptor is the lock: it is released when the descriptor is
// closed, or when the process ends.
MUST_CHECK enum rc folder_lock_open(
    const char *folder, uint64_t wait_ms, struct fault *fault, int *ret_fd);

#endif
