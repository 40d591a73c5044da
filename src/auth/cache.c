// SPDX-License-Identifier: Apache-2.0
// A set-associative table of tags: the first bytes of a tag choose its set, and
// in a full set the tag that was used longest ago is replaced. Because the key
// is random, nobody outside can choose a set.
#include "auth/cache.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "auth/password.h"
#include "base/bytes.h"
#include "base/mem.h"

#define WAYS 8

struct auth_cache {
	pthread_mutex_t lock;                // guards the sets
	size_t sets;                         // a power of two, or 0
	struct auth_cache_tag (*tags)[WAYS]; // newest first; all zero: empty
	unsigned char key[AUTH_CACHE_TAG];
};

struct auth_cache *auth_cache_new(size_t entries)
{
	struct auth_cache *cache = mem_zalloc(sizeof(*cache));
	pthread_mutex_init(&cache->lock, NULL);
	// Without random bytes there is no key, and the cache remembers
	// nothing.
	if (entries == 0 || RAND_bytes(cache->key, sizeof(cache->key)) != 1)
		return cache;
	cache->sets = 1;
	while (cache->sets < entries / WAYS && cache->sets < SIZE_MAX / 1024)
		cache->sets *= 2;
	cache->tags = mem_zalloc(cache->sets * sizeof(*cache->tags));
	return cache;
}

void auth_cache_free(struct auth_cache **cache)
{
	struct auth_cache *old = *cache;
	if (!old)
		return;
	*cache = NULL;
	pthread_mutex_destroy(&old->lock);
	OPENSSL_cleanse(old->key, sizeof(old->key));
	free(old->tags);
	free(old);
}

// The input has the length of each text before the text, so that two different
// triples are never the same bytes.
#define TAG_INPUT_MAX (8 + AUTH_NAME_MAX + AUTH_HASH_MAX + AUTH_PASSWORD_MAX)

bool auth_cache_tag(const struct auth_cache *cache, struct view user,
    struct view hash, struct view password, struct auth_cache_tag *ret_tag)
{
	if (cache->sets == 0 || user.len > AUTH_NAME_MAX ||
	    hash.len > AUTH_HASH_MAX || password.len > AUTH_PASSWORD_MAX)
		return false;
	unsigned char input[TAG_INPUT_MAX];
	size_t len = 8;
	put_le32(input, (uint32_t)user.len);
	put_le32(input + 4, (uint32_t)hash.len);
	const struct view parts[] = {user, hash, password};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].len)
			memcpy(input + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	bool done = HMAC(EVP_sha256(), cache->key, sizeof(cache->key), input,
	    len, ret_tag->bytes, NULL);
	OPENSSL_cleanse(input, sizeof(input));
	return done;
}

static struct auth_cache_tag *set_of(
    struct auth_cache *cache, const struct auth_cache_tag *tag)
{
	return cache->tags[get_le64(tag->bytes) & (cache->sets - 1)];
}

// The tag's index in its set; WAYS: it is not there.
static size_t find(
    const struct auth_cache_tag *set, const struct auth_cache_tag *tag)
{
	size_t way = 0;
	while (way < WAYS &&
	       CRYPTO_memcmp(set[way].bytes, tag->bytes, AUTH_CACHE_TAG) != 0)
		way++;
	return way;
}

// Makes the tag the newest of its set, and drops the one at `way`.
static void put_first(
    struct auth_cache_tag *set, size_t way, const struct auth_cache_tag *tag)
{
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = *tag;
}

bool auth_cache_has(struct auth_cache *cache, const struct auth_cache_tag *tag)
{
	if (cache->sets == 0)
		return false;
	struct auth_cache_tag *set = set_of(cache, tag);
	pthread_mutex_lock(&cache->lock);
	size_t way = find(set, tag);
	if (way < WAYS)
		put_first(set, way, tag);
	pthread_mutex_unlock(&cache->lock);
	return way < WAYS;
}

bool auth_cache_add_new(
    struct auth_cache *cache, const struct auth_cache_tag *tag)
{
	if (cache->sets == 0)
		return false;
	struct auth_cache_tag *set = set_of(cache, tag);
	pthread_mutex_lock(&cache->lock);
	size_t way = find(set, tag);
	put_first(set, way < WAYS ? way : WAYS - 1, tag);
	pthread_mutex_unlock(&cache->lock);
	return way == WAYS;
}

void auth_cache_add(struct auth_cache *cache, const struct auth_cache_tag *tag)
{
	(void)!auth_cache_add_new(cache, tag);
}
