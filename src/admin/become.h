// SPDX-License-Identifier: Apache-2.0
// Giving up root's rights and becoming the user who owns the mail. The program
// does this before it uses the data folder, so root owns no file in it.
#ifndef ROOST_ADMIN_BECOME_H
#define ROOST_ADMIN_BECOME_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/rc.h"

// Who the process will be. Everything is false and 0 when the process does not
// run as root.
struct become {
	bool from_root;  // the process runs as root and gives that up
	bool is_root;    // it stays root, since the data folder belongs to root
	bool is_exposed; // others than root may write in the data folder, or
			 // put another folder into its place
	uid_t user;
	gid_t group;
};

// Decides who the process will be: the system's user `user`, or, if that is
// NULL, the owner of the data folder `data`. RC_NOT_FOUND when the system has
// no such user. RC_DENIED when the user is root, or when no user is named and
// there is no data folder yet.
MUST_CHECK enum rc become_find(const char *user, const char *data,
    struct fault *fault, struct become *ret_become);

// Decides that root becomes somebody who owns nothing: the user of
// become_find() if there is one who is not root, otherwise "nobody", and then
// returns false. For commands that talk to strangers.
bool become_find_weak(
    const char *user, const char *data, struct become *ret_become);

// Creates the data folder, with mode 0700 and for the user decided on, and the
// folders above it, if they do not exist.
MUST_CHECK enum rc become_make_folder(
    const char *path, const struct become *become, struct fault *fault);

// Changes to that user for good, with the user's groups and no capability. With
// `ports`, the process may still bind ports below 1024, until
// become_powerless(). Must be called before any thread is started.
MUST_CHECK enum rc become_user(
    const struct become *become, bool ports, struct fault *fault);
void become_powerless(void);

#endif
