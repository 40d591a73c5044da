// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: two users who may log in. Making them hashes
// passwords, which takes time, so tests should share them.
#ifndef ROOST_AUTH_RIG_USERS_H
#define ROOST_AUTH_RIG_USERS_H

#include "auth/auth.h"

#define RIG_USER     "demo"
#define RIG_FRIEND   "friend" // another, with the same password
#define RIG_PASSWORD "demo pass"

struct rig_users {
	struct engine *engine;
	struct auth *auth;
	struct auth_user user; // RIG_USER
};

void rig_users_init(struct rig_users *users);
void rig_users_done(struct rig_users *users);

// The user with this name, which must exist.
struct auth_user rig_users_find(
    const struct rig_users *users, struct view name);

// Unless `rc` is RC_OK, prints `what` and ends the process.
void rig_must(enum rc rc, const char *what);

#endif
