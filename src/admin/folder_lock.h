// SPDX-License-Identifier: Apache-2.0
// One process at a time has a data folder. Whoever wants it takes this lock
// before the database is opened, which rotates its log before it locks.
#ifndef ROOST_ADMIN_FOLDER_LOCK_H
#define ROOST_ADMIN_FOLDER_LOCK_H

#include <stdint.h>

#include "base/rc.h"

// Waits up to `wait_ms` for another process to give it back, then RC_IN_USE.
// The descriptor is the lock: closing it, or the end of the process, gives it
// back.
MUST_CHECK enum rc folder_lock_open(const char *folder, uint64_t wait_ms,
    struct fault *fault, int *ret_fd);

#endif
