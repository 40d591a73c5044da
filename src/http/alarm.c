// SPDX-License-Identifier: Apache-2.0
#include "http/alarm.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

struct alarms {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	pthread_t thread;
	bool started, stopping;
	struct alarm *first; // in no order: there are few
};

struct alarms *alarms_new(void)
{
	struct alarms *alarms = mem_zalloc(sizeof(*alarms));
	pthread_mutex_init(&alarms->lock, NULL);
	thread_cond_init(&alarms->cond);
	return alarms;
}

void alarms_free(struct alarms **ret_alarms)
{
	struct alarms *alarms = *ret_alarms;
	pthread_mutex_lock(&alarms->lock);
	alarms->stopping = true;
	pthread_cond_signal(&alarms->cond);
	pthread_mutex_unlock(&alarms->lock);
	if (alarms->started)
		pthread_join(alarms->thread, NULL);
	pthread_cond_destroy(&alarms->cond);
	pthread_mutex_destroy(&alarms->lock);
	free(alarms);
	*ret_alarms = NULL;
}

// Rings what is due, and removes it; returns when the next one is due,
// UINT64_MAX: there is none.
static uint64_t ring(struct alarms *alarms, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	struct alarm **at = &alarms->first;
	while (*at) {
		struct alarm *alarm = *at;
		if (alarm->due_ms <= now) {
			*at = alarm->next;
			alarm->waker.wake(alarm->waker.context);
			continue;
		}
		if (alarm->due_ms < next)
			next = alarm->due_ms;
		at = &alarm->next;
	}
	return next;
}

static void *run(void *context)
{
	struct alarms *alarms = context;
	pthread_mutex_lock(&alarms->lock);
	while (!alarms->stopping) {
		uint64_t now = clock_monotonic_ms();
		uint64_t next = ring(alarms, now);
		if (next == UINT64_MAX) {
			pthread_cond_wait(&alarms->cond, &alarms->lock);
			continue;
		}
		struct timespec until = thread_deadline(next - now);
		pthread_cond_timedwait(&alarms->cond, &alarms->lock, &until);
	}
	pthread_mutex_unlock(&alarms->lock);
	return NULL;
}

static void take_out(struct alarms *alarms, const struct alarm *alarm)
{
	for (struct alarm **at = &alarms->first; *at; at = &(*at)->next)
		if (*at == alarm) {
			*at = alarm->next;
			return;
		}
}

enum rc alarm_set(struct alarms *alarms, struct alarm *alarm,
    struct net_waker waker, uint32_t ms)
{
	enum rc rc = RC_OK;
	pthread_mutex_lock(&alarms->lock);
	take_out(alarms, alarm);
	if (!alarms->started) {
		rc = thread_start(&alarms->thread, run, alarms);
		alarms->started = rc == RC_OK;
	}
	if (rc == RC_OK) {
		*alarm = (struct alarm){.next = alarms->first,
		    .waker = waker,
		    .due_ms = clock_monotonic_ms() + ms};
		alarms->first = alarm;
		pthread_cond_signal(&alarms->cond);
	}
	pthread_mutex_unlock(&alarms->lock);
	return rc;
}

void alarm_cancel(struct alarms *alarms, struct alarm *alarm)
{
	pthread_mutex_lock(&alarms->lock);
	take_out(alarms, alarm);
	pthread_mutex_unlock(&alarms->lock);
}
