// SPDX-License-Identifier: Apache-2.0
// A look-up for callers that may wait.
#include <pthread.h>

#include "dns/dns.h"

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t ready;
	bool done;
	struct arena *arena;
	struct dns_answer *answer;
};

static void copy(void *context, const struct dns_answer *from)
{
	struct waiter *waiter = context;
	pthread_mutex_lock(&waiter->lock);
	struct dns_answer *to = waiter->answer;
	*to = *from;
	if (from->reason)
		to->reason =
		    arena_string(waiter->arena, view_of_string(from->reason));
	to->records = arena_zalloc(
	    waiter->arena, (from->count + 1) * sizeof(*to->records));
	for (size_t i = 0; i < from->count; i++) {
		to->records[i] = from->records[i];
		to->records[i].value =
		    arena_copy(waiter->arena, from->records[i].value);
	}
	waiter->done = true;
	pthread_cond_signal(&waiter->ready);
	pthread_mutex_unlock(&waiter->lock);
}

void dns_lookup_wait(struct dns *dns, struct arena *arena, struct view name,
    enum dns_type type, struct dns_answer *ret_answer)
{
	struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER,
	    .ready = PTHREAD_COND_INITIALIZER,
	    .arena = arena,
	    .answer = ret_answer};
	dns_lookup(dns, name, type, copy, &waiter);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.ready, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	pthread_mutex_destroy(&waiter.lock);
	pthread_cond_destroy(&waiter.ready);
}
