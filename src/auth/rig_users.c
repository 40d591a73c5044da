// SPDX-License-Identifier: Apache-2.0
#include "auth/rig_users.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/directory.h"
#include "auth/standing.h"

void rig_must(enum rc rc, const char *what)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "rig: %s: %s\n", what, rc_name(rc));
	abort();
}

void rig_users_init(struct rig_users *users)
{
	const struct view names[] = {VIEW(RIG_USER), VIEW(RIG_FRIEND)};
	struct fault fault;
	uint64_t account;
	// Cheap hashes: they are not what is tested here.
	struct auth_settings settings = {
	    .hashing = {.cost = 1, .scram_iterations = 1},
	};
	users->engine = engine_memory_new();
	rig_must(auth_new(users->engine, &settings, NULL, NULL, &fault,
		     &users->auth),
	    "auth_new");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		rig_must(auth_user_add(users->auth, names[i],
			     VIEW(RIG_PASSWORD), &fault, &account),
		    "auth_user_add");
	users->user = rig_users_find(users, VIEW(RIG_USER));
}

struct auth_user rig_users_find(const struct rig_users *users, struct view name)
{
	struct auth_user user = {.seen = auth_epoch(users->auth)};
	struct auth_record record;
	rig_must(
	    auth_directory_lookup(users->engine, name, &user.name, &record),
	    "auth_directory_lookup");
	user.account = record.account;
	user.epoch = record.epoch;
	return user;
}

void rig_users_done(struct rig_users *users)
{
	auth_free(&users->auth);
	engine_close(&users->engine);
}
