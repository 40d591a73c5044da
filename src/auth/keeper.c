// SPDX-License-Identifier: Apache-2.0
#include "auth/keeper.h"

#include "auth/credential.h"
#include "auth/impl.h"
#include "auth/standing.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

// How long noted places wait for others.
#define WRITE_MS 1000
// How often the rounds of all users' keys are counted.
#define COUNT_MS (10u * 60 * 1000)
// How often expired credentials are removed.
#define SWEEP_MS (60u * 60 * 1000)

struct auth_keeper {
	struct auth *auth;
	pthread_t thread;
	struct engine_watch *watch;
	uint64_t counted_ms; // the thread's own, as the next
	uint64_t swept_ms;
	pthread_mutex_t lock; // guards what follows
	pthread_cond_t news;
	bool moved; // the directory has changed
	bool noted; // there are places to write
	bool stop;
};

// Called by the engine, whose calls are not allowed here.
static void directory_moved(void *context, uint64_t version)
{
	struct auth_keeper *keeper = context;
	(void)version;
	pthread_mutex_lock(&keeper->lock);
	keeper->moved = true;
	pthread_cond_signal(&keeper->news);
	pthread_mutex_unlock(&keeper->lock);
}

void auth_keeper_wake(struct auth_keeper *keeper)
{
	if (!keeper)
		return;
	pthread_mutex_lock(&keeper->lock);
	bool first = !keeper->noted;
	keeper->noted = true;
	if (first)
		pthread_cond_signal(&keeper->news);
	pthread_mutex_unlock(&keeper->lock);
}

// A place that cannot be written is noted again at the next log-in from there.
static void write_places(struct auth *auth)
{
	struct fault fault = {0};
	enum rc rc = auth_places_write(auth->places, &fault);
	if (rc == RC_OK)
		rc = auth_uses_write(auth->uses, &fault);
	if (rc != RC_OK)
		log_text(auth->log, LOG_LEVEL_WARN, "places",
		    "the places of log-ins cannot be written: %s",
		    fault.text[0] ? fault.text : rc_text(rc));
}

// Waits for news. If places were noted, waits a little longer, so that the next
// ones are written with them.
static void wait_for_news(struct auth_keeper *keeper)
{
	struct timespec end = thread_deadline(WRITE_MS);
	int waited = 0;
	struct timespec sweep = thread_deadline(SWEEP_MS);
	while (!keeper->stop && !keeper->moved && !keeper->noted && waited == 0)
		waited = pthread_cond_timedwait(
		    &keeper->news, &keeper->lock, &sweep);
	waited = 0;
	if (keeper->noted)
		end = thread_deadline(WRITE_MS);
	while (!keeper->stop && !keeper->moved && keeper->noted && waited == 0)
		waited =
		    pthread_cond_timedwait(&keeper->news, &keeper->lock, &end);
}

// Reads all users, so not at each change.
static void count_rounds(struct auth_keeper *keeper)
{
	uint64_t now = clock_monotonic_ms();
	if (keeper->counted_ms != 0 && now - keeper->counted_ms < COUNT_MS)
		return;
	auth_rounds_count(keeper->auth->rounds, keeper->auth->engine);
	keeper->counted_ms = clock_monotonic_ms();
}

// Removes credentials that have expired.
static void sweep(struct auth_keeper *keeper)
{
	struct auth *auth = keeper->auth;
	struct fault fault = {0};
	uint64_t now = clock_monotonic_ms();
	if (now - keeper->swept_ms < SWEEP_MS)
		return;
	keeper->swept_ms = now;
	enum rc rc = auth_credentials_sweep(auth, &fault);
	if (rc != RC_OK)
		log_text(auth->log, LOG_LEVEL_WARN, "credentials",
		    "credentials that have expired cannot be removed: %s",
		    fault.text[0] ? fault.text : rc_text(rc));
}

static void *keep(void *context)
{
	struct auth_keeper *keeper = context;
	bool stop = false;
	while (!stop) {
		pthread_mutex_lock(&keeper->lock);
		wait_for_news(keeper);
		bool moved = keeper->moved, noted = keeper->noted;
		keeper->moved = keeper->noted = false;
		stop = keeper->stop;
		pthread_mutex_unlock(&keeper->lock);
		if (moved) {
			auth_epoch_read(keeper->auth);
			count_rounds(keeper);
		}
		if (noted)
			write_places(keeper->auth);
		sweep(keeper);
	}
	return NULL;
}

static void destroy(struct auth_keeper *keeper)
{
	engine_watch_free(&keeper->watch);
	pthread_cond_destroy(&keeper->news);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

enum rc auth_keeper_new(
    struct auth *auth, struct fault *fault, struct auth_keeper **ret_keeper)
{
	struct auth_keeper *keeper = mem_zalloc(sizeof(*keeper));
	keeper->auth = auth;
	keeper->swept_ms = clock_monotonic_ms();
	pthread_mutex_init(&keeper->lock, NULL);
	thread_cond_init(&keeper->news);
	// What changed before the watch began is read first.
	keeper->moved = true;
	keeper->watch = engine_watch_new(
	    auth->engine, AUTH_PARTITION, directory_moved, keeper);
	if (thread_start(&keeper->thread, keep, keeper) != RC_OK) {
		destroy(keeper);
		return fault_set(
		    fault, RC_LIMIT, "no thread can be started for the users");
	}
	*ret_keeper = keeper;
	return RC_OK;
}

void auth_keeper_free(struct auth_keeper **keeper)
{
	struct auth_keeper *old = *keeper;
	if (!old)
		return;
	*keeper = NULL;
	pthread_mutex_lock(&old->lock);
	old->stop = true;
	pthread_cond_signal(&old->news);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	destroy(old);
}
