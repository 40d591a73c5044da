// SPDX-License-Identifier: Apache-2.0
// The beginning and the end of a user: a name in the directory and an account
// in the store, which are changed by several commits. Wherever these are cut
// off, there is either no user, or one with a whole account (see "loose" in
// auth/directory.h).
#ifndef ROOST_ADMIN_USER_LIFE_H
#define ROOST_ADMIN_USER_LIFE_H

#include "admin/control.h"

// Adds the user, and gives the number of the new account; that in `user` is not
// looked at. RC_EXISTS, RC_INVALID, ….
MUST_CHECK enum rc user_life_add(const struct control_host *host,
    const struct auth_new_user *user, struct fault *fault,
    uint64_t *ret_account);
// Removes the user, and then the account. If the account is in use, it stays
// until the next start, and the result is RC_OK.
MUST_CHECK enum rc user_life_remove(const struct control_host *host,
    const struct auth_user *user, struct fault *fault);
// Removes what a cut left over. For the start, before there are any requests.
void user_life_resume(const struct control_host *host);

#endif
