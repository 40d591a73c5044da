// SPDX-License-Identifier: Apache-2.0
#include "probe/lookup.h"

#include "base/clock.h"
#include "base/thread.h"

void probe_lookups_init(struct probe_lookups *lookups, struct dns *dns)
{
	*lookups = (struct probe_lookups){.dns = dns};
	pthread_mutex_init(&lookups->lock, NULL);
	thread_cond_init(&lookups->cond);
	arena_init(&lookups->arena);
}

void probe_lookups_done(struct probe_lookups *lookups)
{
	pthread_mutex_destroy(&lookups->lock);
	pthread_cond_destroy(&lookups->cond);
	arena_done(&lookups->arena);
}

static void on_answer(void *context, const struct dns_answer *answer)
{
	struct probe_lookup *lookup = context;
	struct probe_lookups *all = lookup->all;
	pthread_mutex_lock(&all->lock);
	lookup->status = answer->status;
	lookup->secure = answer->secure;
	snprintf(lookup->reason, sizeof(lookup->reason), "%s",
	    answer->reason ? answer->reason : "no answer");
	for (size_t i = 0; i < answer->count && i < PROBE_RECORDS_MAX; i++) {
		struct dns_record *record = &lookup->records[lookup->count++];
		*record = answer->records[i];
		record->value.ptr =
		    arena_string(&all->arena, answer->records[i].value);
	}
	lookup->done = true;
	all->pending--;
	pthread_cond_broadcast(&all->cond);
	pthread_mutex_unlock(&all->lock);
}

struct probe_lookup *probe_lookup(
    struct probe_lookups *lookups, const char *name, enum dns_type type)
{
	struct probe_lookup *lookup;
	struct view wanted = view_of_string(name);
	for (lookup = lookups->first; lookup; lookup = lookup->next)
		if (lookup->type == type &&
		    view_eq(view_of_string(lookup->name), wanted))
			return lookup;
	pthread_mutex_lock(&lookups->lock);
	lookup = arena_zalloc(&lookups->arena, sizeof(*lookup));
	lookup->all = lookups;
	lookup->name = arena_string(&lookups->arena, wanted);
	lookup->type = type;
	lookup->next = lookups->first;
	lookups->first = lookup;
	lookups->pending++;
	pthread_mutex_unlock(&lookups->lock);
	dns_lookup(lookups->dns, wanted, type, on_answer, lookup);
	return lookup;
}

void probe_lookups_wait(struct probe_lookups *lookups, uint64_t end_ms)
{
	uint64_t now = clock_monotonic_ms();
	struct timespec until =
	    thread_deadline(end_ms > now ? end_ms - now : 0);
	pthread_mutex_lock(&lookups->lock);
	while (lookups->pending > 0)
		if (pthread_cond_timedwait(
			&lookups->cond, &lookups->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&lookups->lock);
}

bool probe_lookup_done(struct probe_lookup *lookup)
{
	pthread_mutex_lock(&lookup->all->lock);
	bool done = lookup->done;
	pthread_mutex_unlock(&lookup->all->lock);
	return done;
}
