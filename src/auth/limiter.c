// SPDX-License-Identifier: Apache-2.0
// A set-associative table of counters. A key is stored as a keyed hash. Two
// keys with the same hash share a counter; nobody outside can choose such keys.
#include "auth/limiter.h"

#include <arpa/inet.h>
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

// ---- Addresses -------------------------------------------------------------

// The address as four or sixteen bytes; an IPv4 address mapped into IPv6 as
// four. 0: it is not an address.
static size_t parse_address(struct view address, unsigned char ret_bytes[16])
{
	char text[INET6_ADDRSTRLEN + 1];
	// The interface of a link-local address follows after '%'.
	address = view_slice(address, 0, view_find_char(address, '%'));
	if (address.len == 0 || address.len >= sizeof(text))
		return 0;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, ret_bytes) == 1)
		return 4;
	if (inet_pton(AF_INET6, text, ret_bytes) != 1)
		return 0;
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (memcmp(ret_bytes, mapped, sizeof(mapped)) != 0)
		return 16;
	memmove(ret_bytes, ret_bytes + 12, 4);
	return 4;
}

size_t auth_address_key(struct view address, char ret_key[64])
{
	unsigned char bytes[16];
	size_t len = parse_address(address, bytes);
	if (len == 0) {
		len = address.len < 64 ? address.len : 64;
		if (len)
			memcpy(ret_key, address.ptr, len);
		return len;
	}
	len = len == 4 ? 4 : 8;
	memcpy(ret_key, bytes, len);
	return len;
}

bool auth_address_is_loopback(struct view address)
{
	unsigned char bytes[16];
	size_t len = parse_address(address, bytes);
	static const unsigned char loopback[16] = {[15] = 1};
	return (len == 4 && bytes[0] == 127) ||
	       (len == 16 && memcmp(bytes, loopback, 16) == 0);
}
