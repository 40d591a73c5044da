// SPDX-License-Identifier: Apache-2.0
// A set-associative table. A key is stored as a keyed hash; two keys with the
// same hash share a count, and nobody outside can choose such keys. A count is
// kept as the time that it needs to fade away, in milliseconds: one event is
// `event_ms` of it.
#include "base/tally.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

#define WAYS    8
#define HOUR_MS 3600000u

struct count {
	uint64_t key;   // hash
	uint64_t until; // when the count will be 0; 0: the entry is free
	uint64_t seen;  // the time of its last change
};

struct tally {
	pthread_mutex_t lock; // protects the counts
	uint64_t event_ms;
	size_t sets; // a power of two
	struct count (*counts)[WAYS];
};

struct tally *tally_new(size_t keys, uint32_t per_hour)
{
	struct tally *tally = mem_zalloc(sizeof(*tally));
	pthread_mutex_init(&tally->lock, NULL);
	tally->event_ms = per_hour ? HOUR_MS / per_hour : HOUR_MS;
	if (tally->event_ms == 0)
		tally->event_ms = 1;
	tally->sets = 1;
	while (tally->sets < keys / WAYS && tally->sets < SIZE_MAX / 1024)
		tally->sets *= 2;
	tally->counts = mem_zalloc(tally->sets * sizeof(*tally->counts));
	return tally;
}

void tally_free(struct tally **tally)
{
	struct tally *old = *tally;
	if (!old)
		return;
	*tally = NULL;
	pthread_mutex_destroy(&old->lock);
	free(old->counts);
	free(old);
}

static uint64_t left(const struct count *count, uint64_t now)
{
	return count->until > now ? count->until - now : 0;
}

// The key's entry; NULL: it has none.
static struct count *find(struct count *set, uint64_t key)
{
	for (size_t way = 0; way < WAYS; way++)
		if (set[way].until && set[way].key == key)
			return &set[way];
	return NULL;
}

// The entry for a new key: a free one, or the one with the lowest count (of
// several, the one that was not used for the longest time).
static struct count *choose(struct count *set, uint64_t now)
{
	struct count *best = &set[0];
	for (size_t way = 1; way < WAYS; way++) {
		uint64_t one = left(&set[way], now);
		uint64_t other = left(best, now);
		if (one < other || (one == other && set[way].seen < best->seen))
			best = &set[way];
	}
	return best;
}

// Changes the count by `events` (1 or -1) unless it would be over `max`.
static bool change(struct tally *tally, struct view key, int events,
    uint64_t max, uint64_t now, uint32_t *ret_count)
{
	uint64_t hash = map_hash(key);
	struct count *set = tally->counts[hash & (tally->sets - 1)];
	bool allowed = true;
	pthread_mutex_lock(&tally->lock);
	struct count *count = find(set, hash);
	uint64_t ms = count ? left(count, now) : 0;
	if (events > 0)
		ms += tally->event_ms;
	else if (events < 0)
		ms = ms > tally->event_ms ? ms - tally->event_ms : 0;
	// 2^32 events of at most an hour: no overflow.
	if (events > 0 && ms > max * tally->event_ms)
		allowed = false;
	else if (events != 0 && (count || events > 0)) {
		if (!count)
			count = choose(set, now);
		*count =
		    (struct count){.key = hash, .until = now + ms, .seen = now};
	}
	pthread_mutex_unlock(&tally->lock);
	uint64_t rounded = (ms + tally->event_ms - 1) / tally->event_ms;
	*ret_count = rounded < UINT32_MAX ? (uint32_t)rounded : UINT32_MAX;
	return allowed;
}

uint32_t tally_count(struct tally *tally, struct view key, uint64_t now)
{
	uint32_t count;
	(void)change(tally, key, 0, UINT32_MAX, now, &count);
	return count;
}

uint32_t tally_add(struct tally *tally, struct view key, uint64_t now)
{
	uint32_t count;
	(void)change(tally, key, 1, UINT32_MAX, now, &count);
	return count;
}

void tally_forgive(struct tally *tally, struct view key, uint64_t now)
{
	uint32_t count;
	(void)change(tally, key, -1, UINT32_MAX, now, &count);
}

bool tally_allow(
    struct tally *tally, struct view key, uint32_t max, uint64_t now)
{
	uint32_t count;
	return change(tally, key, 1, max, now, &count);
}
