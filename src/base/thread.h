// SPDX-License-Identifier: Apache-2.0
// Starting threads, and timed waits. Every room uses these functions.
#ifndef ROOST_BASE_THREAD_H
#define ROOST_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "base/rc.h"

// Starts a thread in which all signals are blocked, because the program's main
// thread handles them. RC_LIMIT: the system can start no more threads; there is
// nothing to join then.
MUST_CHECK enum rc thread_start(
    pthread_t *ret_thread, void *(*run)(void *context), void *context);

// Initialises a condition whose timed waits use the monotonic clock: a change
// of the machine's time makes such a wait neither shorter nor longer.
void thread_cond_init(pthread_cond_t *cond);
// The moment `ms` from now, for pthread_cond_timedwait() on such a condition.
struct timespec thread_deadline(uint64_t ms);

#endif
