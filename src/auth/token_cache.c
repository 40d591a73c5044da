// SPDX-License-Identifier: Apache-2.0
// A set-associative table. The hashes are SHA-256 of random tokens that this
// server made, so nobody can choose a set.
#include "auth/token_cache.h"

#include <pthread.h>

#include "auth/token_text.h"
#include "base/bytes.h"
#include "base/mem.h"

#define SETS 256
#define WAYS 4

struct auth_token_cache {
	pthread_mutex_t lock;
	struct auth_token_entry *sets[SETS]; // WAYS each, newest first, or NULL
};

struct auth_token_cache *auth_token_cache_new(void)
{
	struct auth_token_cache *cache = mem_zalloc(sizeof(*cache));
	pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

void auth_token_cache_free(struct auth_token_cache **cache)
{
	struct auth_token_cache *old = *cache;
	if (!old)
		return;
	*cache = NULL;
	for (size_t i = 0; i < SETS; i++)
		free(old->sets[i]);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

static size_t set_of(const unsigned char hash[AUTH_HASH_LEN])
{
	return get_le32(hash) % SETS;
}

// WAYS: it is not there. `user.account` is 0 in an empty entry.
static size_t find(
    const struct auth_token_entry *set, const unsigned char hash[AUTH_HASH_LEN])
{
	size_t way = 0;
	while (way < WAYS && (set[way].user.account == 0 ||
				 !auth_hash_eq(set[way].hash, hash)))
		way++;
	return way;
}

bool auth_token_cache_find(struct auth_token_cache *cache,
    const unsigned char hash[AUTH_HASH_LEN], struct auth_token_entry *ret_entry)
{
	bool found = false;
	pthread_mutex_lock(&cache->lock);
	const struct auth_token_entry *set = cache->sets[set_of(hash)];
	size_t way = set ? find(set, hash) : WAYS;
	if (way < WAYS) {
		*ret_entry = set[way];
		found = true;
	}
	pthread_mutex_unlock(&cache->lock);
	return found;
}

void auth_token_cache_put(
    struct auth_token_cache *cache, const struct auth_token_entry *entry)
{
	pthread_mutex_lock(&cache->lock);
	struct auth_token_entry **place = &cache->sets[set_of(entry->hash)];
	if (!*place)
		*place = mem_zalloc(WAYS * sizeof(**place));
	struct auth_token_entry *set = *place;
	size_t way = find(set, entry->hash);
	if (way == WAYS)
		way = WAYS - 1;
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = *entry;
	pthread_mutex_unlock(&cache->lock);
}
