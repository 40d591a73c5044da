// SPDX-License-Identifier: Apache-2.0
// Gives names (message ids, subjects) the numbers 0, 1, 2 … in the order in
// which they are first seen. They are hashed with a random key, so that nobody
// outside can choose names that collide.
#ifndef ROOST_STORE_THREAD_NAMES_H
#define ROOST_STORE_THREAD_NAMES_H

#include "base/buf.h"

struct thread_name;

struct thread_names {
	struct buf bytes;          // of all names
	struct thread_name *names; // owned
	size_t names_room;
	uint32_t count;
	uint32_t *heads; // owned: 1 + the first name of each chain; 0: none
	size_t head_count;
};

void thread_names_init(struct thread_names *names);
void thread_names_done(struct thread_names *names);

// Gives the number of `name`. If the name is new, its number is the old
// `count`. RC_LIMIT.
MUST_CHECK enum rc thread_names_number(
    struct thread_names *names, struct view name, uint32_t *ret_number);

#endif
