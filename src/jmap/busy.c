// SPDX-License-Identifier: Apache-2.0
#include "jmap/busy.h"

#include <pthread.h>

#include "base/vec.h"

struct busy_user {
	uint64_t account;
	uint32_t count;
};

struct jmap_busy {
	pthread_mutex_t lock;
	uint32_t max;
	// Only of users who do something now: as many as there are threads and
	// waiting requests, so they are looked through.
	VEC(struct busy_user) users;
};

struct jmap_busy *jmap_busy_new(uint32_t max)
{
	struct jmap_busy *busy = mem_zalloc(sizeof(*busy));
	pthread_mutex_init(&busy->lock, NULL);
	busy->max = max;
	return busy;
}

void jmap_busy_free(struct jmap_busy **ret_busy)
{
	struct jmap_busy *busy = *ret_busy;
	pthread_mutex_destroy(&busy->lock);
	vec_done(&busy->users);
	free(busy);
	*ret_busy = NULL;
}

static struct busy_user *find(struct jmap_busy *busy, uint64_t account)
{
	for (size_t i = 0; i < busy->users.count; i++)
		if (busy->users.items[i].account == account)
			return &busy->users.items[i];
	return NULL;
}

bool jmap_busy_begin(struct jmap_busy *busy, uint64_t account)
{
	pthread_mutex_lock(&busy->lock);
	struct busy_user *user = find(busy, account);
	if (!user) {
		vec_push(&busy->users, (struct busy_user){account, 0});
		user = &busy->users.items[busy->users.count - 1];
	}
	bool may = user->count < busy->max;
	user->count += may;
	pthread_mutex_unlock(&busy->lock);
	return may;
}

void jmap_busy_end(struct jmap_busy *busy, uint64_t account)
{
	pthread_mutex_lock(&busy->lock);
	struct busy_user *user = find(busy, account);
	if (user && --user->count == 0)
		vec_remove(&busy->users, (size_t)(user - busy->users.items));
	pthread_mutex_unlock(&busy->lock);
}
