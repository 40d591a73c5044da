// SPDX-License-Identifier: Apache-2.0
// The accounts that wait for the worker of derived data.
#ifndef ROOST_STORE_DERIVE_QUEUE_H
#define ROOST_STORE_DERIVE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

// Accounts that may have something to do, each once. When there are too many,
// the worker looks at all derived data.
#define DERIVE_QUEUE_MAX 256

struct derive_queue {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct derive_wish {
		uint64_t account_id;
		unsigned make;      // kinds that are wanted, see derive_want()
	} wishes[DERIVE_QUEUE_MAX]; // a ring
	unsigned first;
	unsigned count;
	bool look_at_all;
	bool stopping;
};

void derive_queue_init(struct derive_queue *queue);
void derive_queue_done(struct derive_queue *queue);
void derive_queue_add(
    struct derive_queue *queue, uint64_t account_id, unsigned make);

#endif
