// SPDX-License-Identifier: Apache-2.0
// Names (message ids, subjects) as numbers: 0, 1, 2 … in the order in which
// they were first seen. Hashed with a random key, so that nobody outside can
// choose names that collide.
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

// The number of `name`, new if it is `count` as it was before. RC_LIMIT.
MUST_CHECK enum rc thread_names_number(
    struct thread_names *names, struct view name, uint32_t *ret_number);

#endif
