// SPDX-License-Identifier: Apache-2.0
// A set-associative table of counters. A key is stored as a keyed hash. Two
// keys with the same hash share a counter; nobody outside can choose such keys.
#include "auth/limiter.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

#define WAYS 8

struct counter {
	uint64_t key;   // hash
	uint64_t start; // of the window
	uint32_t count; // 0: free
};

struct auth_limiter {
	pthread_mutex_t lock; // guards the counters
	uint64_t window_ms;
	size_t sets; // a power of two
	struct counter (*counters)[WAYS];
};

struct auth_limiter *auth_limiter_new(size_t keys, uint32_t window_seconds)
{
	struct auth_limiter *limiter = mem_zalloc(sizeof(*limiter));
	pthread_mutex_init(&limiter->lock, NULL);
	limiter->window_ms = (uint64_t)window_seconds * 1000;
	limiter->sets = 1;
	while (limiter->sets < keys / WAYS && limiter->sets < SIZE_MAX / 1024)
		limiter->sets *= 2;
	limiter->counters =
	    mem_zalloc(limiter->sets * sizeof(*limiter->counters));
	return limiter;
}

void auth_limiter_free(struct auth_limiter **limiter)
{
	struct auth_limiter *old = *limiter;
	if (!old)
		return;
	*limiter = NULL;
	pthread_mutex_destroy(&old->lock);
	free(old->counters);
	free(old);
}

static struct counter *set_of(struct auth_limiter *limiter, uint64_t hash)
{
	return limiter->counters[hash & (limiter->sets - 1)];
}

// The counter's value at `now`: 0 after the end of its window.
static uint32_t count_at(const struct auth_limiter *limiter,
    const struct counter *counter, uint64_t now)
{
	bool over =
	    now > counter->start && now - counter->start >= limiter->window_ms;
	return over ? 0 : counter->count;
}

uint32_t auth_limiter_count(
    struct auth_limiter *limiter, struct view key, uint64_t now)
{
	uint64_t hash = map_hash(key);
	const struct counter *set = set_of(limiter, hash);
	uint32_t count = 0;
	pthread_mutex_lock(&limiter->lock);
	for (size_t way = 0; way < WAYS; way++)
		if (set[way].count && set[way].key == hash)
			count = count_at(limiter, &set[way], now);
	pthread_mutex_unlock(&limiter->lock);
	return count;
}

// Finds the key's counter, or the one to reuse for it: a free one, or one whose
// window is over, or the one with the lowest count (of several, the oldest).
static struct counter *choose(struct auth_limiter *limiter, struct counter *set,
    uint64_t hash, uint64_t now)
{
	struct counter *best = NULL;
	uint32_t best_count = 0;
	for (size_t way = 0; way < WAYS; way++) {
		struct counter *counter = &set[way];
		if (counter->count && counter->key == hash)
			return counter;
		uint32_t count = count_at(limiter, counter, now);
		if (!best || count < best_count ||
		    (count == best_count && counter->start < best->start)) {
			best = counter;
			best_count = count;
		}
	}
	return best;
}

uint32_t auth_limiter_add(
    struct auth_limiter *limiter, struct view key, uint64_t now)
{
	uint64_t hash = map_hash(key);
	struct counter *set = set_of(limiter, hash);
	pthread_mutex_lock(&limiter->lock);
	struct counter *counter = choose(limiter, set, hash, now);
	if (counter->key != hash || count_at(limiter, counter, now) == 0)
		*counter = (struct counter){.key = hash, .start = now};
	if (counter->count < UINT32_MAX)
		counter->count++;
	uint32_t count = counter->count;
	pthread_mutex_unlock(&limiter->lock);
	return count;
}
