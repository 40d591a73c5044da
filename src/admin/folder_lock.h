// SPDX-License-Identifier: Apache-2.0
// One process at a time has a data folder. Whoever wants it takes this lock
// before the database is opened, which rotates its log before it locks.
#ifndef ROOST_ADMIN_FOLDER_LOCK_H
#define ROOST_ADMIN_FOLDER_LOCK_H

#include "base/rc.h"

// Several commands that each have the folder for a moment take turns.
#define FOLDER_LOCK_WAIT_MS 5000

// RC_IN_USE when another process still has it after that time. The descriptor
// is the lock: closing it, or the end of the process, gives it back.
MUST_CHECK enum rc folder_lock_open(
    const char *folder, struct fault *fault, int *ret_fd);

#endif
