// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: who may log in. Making one hashes passwords, which
// takes its time: rigs can share one.
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

// Ends the process with words, unless `rc` is RC_OK.
void rig_must(enum rc rc, const char *what);

#endif
