// SPDX-License-Identifier: Apache-2.0
// A set-associative table. A key is stored as a keyed hash; two keys with the
// same hash share a count, and nobody outside can choose such keys.
#include "base/tally.h"

#include <pthread.h>

#include "base/map.h"
#include "base/mem.h"

#define WAYS    8
#define HOUR_MS 3600000u

// A count at a time. One event is `event_ms` of the level. A fading level is
// the time in milliseconds until it is 0, seen from its last change; a level in
// a window holds from the first event until the end of the window.
struct count {
	uint64_t key;   // hash
	uint64_t level; // 0: the entry is free
	uint64_t at;
};

struct tally {
	pthread_mutex_t lock; // protects the counts
	uint64_t event_ms;
	uint64_t window_ms; // 0: counts fade
	size_t sets;        // a power of two
	struct count (*counts)[WAYS];
};

static struct tally *make(size_t keys)
{
	struct tally *tally = mem_zalloc(sizeof(*tally));
	pthread_mutex_init(&tally->lock, NULL);
	tally->event_ms = 1;
	tally->sets = 1;
	while (tally->sets < keys / WAYS && tally->sets < SIZE_MAX / 1024)
		tally->sets *= 2;
	tally->counts = mem_zalloc(tally->sets * sizeof(*tally->counts));
	return tally;
}

struct tally *tally_new(size_t keys, uint32_t per_hour)
{
	struct tally *tally = make(keys);
	if (per_hour < HOUR_MS)
		tally->event_ms = HOUR_MS / (per_hour ? per_hour : 1);
	return tally;
}

struct tally *tally_new_window(size_t keys, uint32_t window_seconds)
{
	struct tally *tally = make(keys);
	tally->window_ms = (uint64_t)window_seconds * 1000;
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

// What is left of a level at `now`.
static uint64_t left(
    const struct tally *tally, const struct count *count, uint64_t now)
{
	uint64_t passed = now > count->at ? now - count->at : 0;
	if (tally->window_ms)
		return passed < tally->window_ms ? count->level : 0;
	return passed < count->level ? count->level - passed : 0;
}

// The key's entry; NULL: it has none.
static struct count *find(struct count *set, uint64_t key)
{
	for (size_t way = 0; way < WAYS; way++)
		if (set[way].level && set[way].key == key)
			return &set[way];
	return NULL;
}

// The entry for a new key: a free one, or the one with the lowest count (of
// several, the oldest).
static struct count *choose(
    const struct tally *tally, struct count *set, uint64_t now)
{
	struct count *best = &set[0];
	for (size_t way = 1; way < WAYS; way++) {
		uint64_t one = left(tally, &set[way], now);
		uint64_t other = left(tally, best, now);
		if (one < other || (one == other && set[way].at < best->at))
			best = &set[way];
	}
	return best;
}

// Sets the key's level, which was `before`. `count` NULL: it has no entry.
static void store(const struct tally *tally, struct count *set,
    struct count *count, struct count new, uint64_t before)
{
	if (count && tally->window_ms && before > 0)
		new.at = count->at; // the window goes on
	if (!count)
		count = choose(tally, set, new.at);
	*count = new;
}

// Changes the count by `events` (1, 0 or -1) unless it would be over `max`.
static bool change(struct tally *tally, struct view key, int events,
    uint64_t max, uint64_t now, uint32_t *ret_count)
{
	uint64_t hash = map_hash(key);
	struct count *set = tally->counts[hash & (tally->sets - 1)];
	bool allowed = true;
	pthread_mutex_lock(&tally->lock);
	struct count *count = find(set, hash);
	uint64_t before = count ? left(tally, count, now) : 0;
	uint64_t level = before;
	if (events > 0)
		level += tally->event_ms;
	else if (events < 0)
		level -= level < tally->event_ms ? level : tally->event_ms;
	// 2^32 events of at most an hour: no overflow.
	if (events > 0 && level > max * tally->event_ms)
		allowed = false;
	else if (level != before)
		store(tally, set, count, (struct count){hash, level, now},
		    before);
	pthread_mutex_unlock(&tally->lock);
	uint64_t rounded = (level + tally->event_ms - 1) / tally->event_ms;
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
