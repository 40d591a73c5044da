// SPDX-License-Identifier: Apache-2.0
#include "auth/keeper.h"

#include "auth/impl.h"
#include "auth/standing.h"
#include "base/mem.h"
#include "base/thread.h"

struct auth_keeper {
	struct auth *auth;
	pthread_t thread;
	struct engine_watch *watch;
	pthread_mutex_t lock; // guards what follows
	pthread_cond_t news;
	bool moved; // the directory has changed
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

static void *keep(void *context)
{
	struct auth_keeper *keeper = context;
	pthread_mutex_lock(&keeper->lock);
	while (!keeper->stop) {
		if (!keeper->moved) {
			pthread_cond_wait(&keeper->news, &keeper->lock);
			continue;
		}
		keeper->moved = false;
		pthread_mutex_unlock(&keeper->lock);
		auth_epoch_read(keeper->auth);
		pthread_mutex_lock(&keeper->lock);
	}
	pthread_mutex_unlock(&keeper->lock);
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
