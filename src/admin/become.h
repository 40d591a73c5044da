// SPDX-License-Identifier: Apache-2.0
// Giving up root's rights for those of the user who owns the mail.
#ifndef ROOST_ADMIN_BECOME_H
#define ROOST_ADMIN_BECOME_H

#include "base/rc.h"

// Makes the folder `path` with mode 0700, and the folders above it, where
// missing. When root makes it, and `user` is not NULL, it becomes that user's.
MUST_CHECK enum rc become_make_folder(
    const char *path, const char *user, struct fault *fault);

// Makes the file or folder that user's, when this process is root's.
MUST_CHECK enum rc become_give(
    const char *path, const char *user, struct fault *fault);

// When this process is root's and `user` is not NULL: becomes that user for
// good, with his groups. Before any thread is started.
MUST_CHECK enum rc become_user(const char *user, struct fault *fault);

#endif
