// SPDX-License-Identifier: Apache-2.0
#include "server/sweeper.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

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
	pthread_mutex_lock(&sweeper->lock);
	while (!sweeper->stopping) {
		struct timespec next =
		    thread_deadline(SWEEPER_PERIOD_SECONDS * 1000u);
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

static void destroy(struct sweeper *sweeper)
{
	pthread_cond_destroy(&sweeper->stop);
	pthread_mutex_destroy(&sweeper->lock);
	free(sweeper);
}

enum rc sweeper_new(struct engine *engine, struct log *log, struct fault *fault,
    struct sweeper **ret_sweeper)
{
	struct sweeper *sweeper = mem_zalloc(sizeof(*sweeper));
	sweeper->engine = engine;
	sweeper->log = log;
	pthread_mutex_init(&sweeper->lock, NULL);
	thread_cond_init(&sweeper->stop);
	if (thread_start(&sweeper->thread, run, sweeper) != RC_OK) {
		destroy(sweeper);
		return fault_set(
		    fault, RC_LIMIT, "no thread can be started that sweeps");
	}
	*ret_sweeper = sweeper;
	return RC_OK;
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
	destroy(*sweeper);
	*sweeper = NULL;
}
