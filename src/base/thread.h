// SPDX-License-Identifier: Apache-2.0
// Threads and timed waits, as every room starts and makes them.
#ifndef ROOST_BASE_THREAD_H
#define ROOST_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "base/rc.h"

// Starts a thread with all signals blocked: they are for the program's main
// thread. RC_LIMIT: the system gives none; nothing is to be joined then.
MUST_CHECK enum rc thread_start(
    pthread_t *ret_thread, void *(*run)(void *context), void *context);

// A condition whose timed waits are by the monotonic clock: a change of the
// machine's time neither ends such a wait nor makes it longer.
void thread_cond_init(pthread_cond_t *cond);
// The moment `ms` from now, for pthread_cond_timedwait() on such a condition.
struct timespec thread_deadline(uint64_t ms);

#endif
