// SPDX-License-Identifier: Apache-2.0
// The room's one thread. It does what no log-in should wait for: it reads the
// directory's epoch when somebody else has changed the directory, and writes
// the places that were noted. Only this room includes it.
#ifndef ROOST_AUTH_KEEPER_H
#define ROOST_AUTH_KEEPER_H

#include "auth/auth.h"

struct auth_keeper;

MUST_CHECK enum rc auth_keeper_new(
    struct auth *auth, struct fault *fault, struct auth_keeper **ret_keeper);
// There are places to write. `keeper` may be NULL.
void auth_keeper_wake(struct auth_keeper *keeper);
// Waits until the thread has ended, which writes what was noted.
void auth_keeper_free(struct auth_keeper **keeper);

#endif
