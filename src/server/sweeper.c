// SPDX-License-Identifier: Apache-2.0
#include "server/sweeper.h"

#include <stdatomic.h>
#include <sys/statvfs.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/derive.h"
#include "store/kept.h"
#include "store/upload.h"

struct sweeper {
	struct sweeper_settings settings;
	uint32_t pressed; // days less, because the disk is nearly full
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	atomic_bool stopping;
};

static enum log_level level_of(enum rc rc)
{
	return rc == RC_OK ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR;
}

static void end_line(
    struct log_line *line, enum rc rc, uint64_t deleted, uint64_t begin_ms)
{
	log_add_string(line, "result", rc_name(rc));
	log_add_u64(line, "deleted", deleted);
	log_add_u64(line, "ms", clock_monotonic_ms() - begin_ms);
	log_end(line);
}

static bool is_disk_low(const struct sweeper *sweeper)
{
	struct statvfs info;
	return statvfs(sweeper->settings.folder, &info) == 0 &&
	       info.f_bavail < info.f_blocks / 100 * SWEEPER_FREE_PERCENT;
}

// Removes the expunged emails of all accounts that are older than they may be,
// and what deleted mailboxes have left.
static void expire(struct sweeper *sweeper)
{
	const struct sweeper_settings *settings = &sweeper->settings;
	uint64_t begin = clock_monotonic_ms(), deleted = 0;
	uint64_t account = AUTH_ACCOUNT_FIRST - 1;
	struct log_line line;
	if (!is_disk_low(sweeper))
		sweeper->pressed = 0;
	else if (sweeper->pressed < settings->kept_days)
		sweeper->pressed++;
	int64_t days = settings->kept_days - sweeper->pressed;
	int64_t before = clock_wall_seconds(NULL) - days * 86400;
	enum rc rc = RC_OK;
	while (rc == RC_OK && !sweeper->stopping &&
	       engine_partition_next(settings->engine, account, &account) ==
		   RC_OK &&
	       !store_derived_of(account, &(uint64_t){0})) {
		struct fault fault = {0};
		uint64_t purged = 0;
		rc = store_mailboxes_finish(settings->store, account, &fault);
		// What cannot be read does not keep the rest.
		if (rc == RC_OK || rc == RC_CORRUPT)
			rc = store_kept_expire(
			    settings->store, account, before, &fault, &purged);
		deleted += purged;
		// The account may be in use by a removal.
		if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
			rc = RC_OK;
	}
	if (rc == RC_OK && deleted == 0)
		return;
	log_begin(&line, settings->log, level_of(rc), "undelete_expired");
	end_line(&line, rc, deleted, begin);
}

static void expire_uploads(struct sweeper *sweeper)
{
	struct fault fault = {0};
	uint64_t deleted = 0, begin = clock_monotonic_ms();
	struct log_line line;
	enum rc rc =
	    store_uploads_expire(sweeper->settings.store, &fault, &deleted);
	if (rc == RC_OK && deleted == 0)
		return;
	log_begin(
	    &line, sweeper->settings.log, level_of(rc), "uploads_expired");
	end_line(&line, rc, deleted, begin);
}

static void sweep(struct sweeper *sweeper)
{
	uint64_t deleted = 0;
	uint64_t begin = clock_monotonic_ms();
	struct log_line line;
	enum rc rc = engine_content_sweep(sweeper->settings.engine,
	    clock_wall_seconds(NULL), SWEEPER_GRACE_SECONDS, &deleted);
	if (rc == RC_OK && deleted == 0)
		return;
	log_begin(&line, sweeper->settings.log, level_of(rc), "sweep");
	end_line(&line, rc, deleted, begin);
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
		expire(sweeper);
		expire_uploads(sweeper);
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

enum rc sweeper_new(const struct sweeper_settings *settings,
    struct fault *fault, struct sweeper **ret_sweeper)
{
	struct sweeper *sweeper = mem_zalloc(sizeof(*sweeper));
	sweeper->settings = *settings;
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
