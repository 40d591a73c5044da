// SPDX-License-Identifier: Apache-2.0
// Giving up root's rights for those of the user who owns the mail. Nothing
// touches the data folder before that, so nothing in it becomes root's.
#ifndef ROOST_ADMIN_BECOME_H
#define ROOST_ADMIN_BECOME_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/rc.h"

// Who the process becomes. Everything is false and 0 when it is not root's.
struct become {
	bool from_root; // the process has root's rights to give up
	bool is_root;   // it stays root's, as the data folder is
	uid_t user;
	gid_t group;
};

// Decides: the system's user that is named `user`; without a name (NULL), the
// owner of the data folder `data`. RC_NOT_FOUND when the system has no such
// user; RC_DENIED when root is named, and when nobody is named and there is no
// data folder yet.
MUST_CHECK enum rc become_find(const char *user, const char *data,
    struct fault *fault, struct become *ret_become);

// Makes the data folder with mode 0700 for the user decided on, and the folders
// above it, where they are missing.
MUST_CHECK enum rc become_make_folder(
    const char *path, const struct become *become, struct fault *fault);

// Becomes that user for good, with the user's groups and no capability. With
// `ports` the process may still bind ports below 1024, until
// become_powerless(). Before any thread is started.
MUST_CHECK enum rc become_user(
    const struct become *become, bool ports, struct fault *fault);
void become_powerless(void);

#endif
