// SPDX-License-Identifier: Apache-2.0
#include "server/sweeper.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"

struct sweeper {
	struct engine *engine;
	struct log *log;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
};

static void sweep(struct sweeper *sweeper)
{
	uint64_t deleted = 0;
	uint64_t begin = clock_monotonic_ms();
	struct log_line line;
	enum rc rc = engine_content_sweep(sweeper->engine,
	    clock_wall_seconds(NULL), SWEEPER_GRACE_SECONDS, &deleted);
	if (rc == RC_OK && deleted == 0)
		return;
	log_begin(&line, sweeper->log,
	    rc == RC_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "sweep");
	log_add_string(&line, "result", rc_name(rc));
	log_add_u64(&line, "deleted", deleted);
	log_add_u64(&line, "ms", clock_monotonic_ms() - begin);
	log_end(&line);
}

static void *run(void *context)
{
	struct sweeper *sweeper = context;
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&sweeper->lock);
	while (!sweeper->stopping) {
		next.tv_sec += SWEEPER_PERIOD_SECONDS;
		int woken = 0;
		while (!sweeper->stopping && woken == 0)
			woken = pthread_cond_timedwait(
			    &sweeper->stop, &sweeper->lock, &next);
		if (sweeper->stopping)
			break;
		pthread_mutex_unlock(&sweeper->lock);
		sweep(sweeper);
		pthread_mutex_lock(&sweeper->lock);
	}
	pthread_mutex_unlock(&sweeper->lock);
	return NULL;
}

struct sweeper *sweeper_new(struct engine *engine, struct log *log)
{
	struct sweeper *sweeper = mem_zalloc(sizeof(*sweeper));
	pthread_condattr_t attr;
	sweeper->engine = engine;
	sweeper->log = log;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&sweeper->lock, NULL);
	pthread_cond_init(&sweeper->stop, &attr);
	pthread_condattr_destroy(&attr);
	pthread_create(&sweeper->thread, NULL, run, sweeper);
	return sweeper;
}

void sweeper_free(struct sweeper **sweeper)
{
	if (!*sweeper)
		return;
	pthread_mutex_lock(&(*sweeper)->lock);
	(*sweeper)->stopping = true;
	pthread_cond_signal(&(*sweeper)->stop);
	pthread_mutex_unlock(&(*sweeper)->lock);
	pthread_join((*sweeper)->thread, NULL);
	pthread_cond_destroy(&(*sweeper)->stop);
	pthread_mutex_destroy(&(*sweeper)->lock);
	free(*sweeper);
	*sweeper = NULL;
}
