// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probing. A removal moves later entries back, so
// there are no tombstones.
#include "base/map.h"

#include <pthread.h>
#include <sys/random.h>

#include "base/mem.h"

struct map_slot {
	char *key; // NULL: the slot is free
	size_t len;
	uint64_t hash;
	void *value;
};

static uint64_t hash_key[2];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;

static void make_hash_key(void)
{
	if (getrandom(hash_key, sizeof(hash_key), 0) != sizeof(hash_key))
		abort();
}

static uint64_t rotate(uint64_t n, int bits)
{
	return (n << bits) | (n >> (64 - bits));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

uint64_t map_hash(struct view key)
{
	pthread_once(&hash_key_once, make_hash_key);
	uint64_t v[4] = {
	    hash_key[0] ^ 0x736f6d6570736575,
	    hash_key[1] ^ 0x646f72616e646f6d,
	    hash_key[0] ^ 0x6c7967656e657261,
	    hash_key[1] ^ 0x7465646279746573,
	};
	size_t at = 0;
	for (; key.len - at >= 8; at += 8) {
		uint64_t word;
		memcpy(&word, key.ptr + at, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	uint64_t last = (uint64_t)key.len << 56;
	for (size_t i = 0; at + i < key.len; i++)
		last |= (uint64_t)(unsigned char)key.ptr[at + i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map)
{
	*map = (struct map){0};
}

void map_done(struct map *map)
{
	for (size_t i = 0; i < map->capacity; i++)
		free(map->slots[i].key);
	free(map->slots);
	map_init(map);
}

// The slot of `key`, or the free slot where it would go.
static size_t find(const struct map *map, struct view key, uint64_t hash)
{
	size_t at = hash & (map->capacity - 1);
	while (map->slots[at].key) {
		const struct map_slot *slot = &map->slots[at];
		if (slot->hash == hash &&
		    view_eq(view_of(slot->key, slot->len), key))
			break;
		at = (at + 1) & (map->capacity - 1);
	}
	return at;
}

static void enlarge(struct map *map)
{
	struct map old = *map;
	map->capacity = old.capacity ? old.capacity * 2 : 8;
	map->slots = mem_zalloc(map->capacity * sizeof(*map->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		struct map_slot *slot = &old.slots[i];
		if (!slot->key)
			continue;
		struct view key = view_of(slot->key, slot->len);
		map->slots[find(map, key, slot->hash)] = *slot;
	}
	free(old.slots);
}

void *map_get(const struct map *map, struct view key)
{
	if (!map->capacity)
		return NULL;
	return map->slots[find(map, key, map_hash(key))].value;
}

void *map_put(struct map *map, struct view key, void *value)
{
	if (map->count + 1 > map->capacity / 4 * 3)
		enlarge(map);
	uint64_t hash = map_hash(key);
	struct map_slot *slot = &map->slots[find(map, key, hash)];
	void *old = slot->value;
	if (!slot->key) {
		slot->key = mem_strndup(key.ptr, key.len);
		slot->len = key.len;
		slot->hash = hash;
		map->count++;
	}
	slot->value = value;
	return old;
}

void *map_remove(struct map *map, struct view key)
{
	if (!map->capacity)
		return NULL;
	size_t mask = map->capacity - 1;
	size_t hole = find(map, key, map_hash(key));
	if (!map->slots[hole].key)
		return NULL;
	void *value = map->slots[hole].value;
	free(map->slots[hole].key);
	map->count--;
	// Moves each entry after the hole back into it, unless that would put
	// the entry before the slot where a search for it begins.
	for (size_t at = (hole + 1) & mask; map->slots[at].key;
	     at = (at + 1) & mask) {
		size_t home = map->slots[at].hash & mask;
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		map->slots[hole] = map->slots[at];
		hole = at;
	}
	map->slots[hole] = (struct map_slot){0};
	return value;
}

bool map_next(const struct map *map, size_t *position, struct view *ret_key,
    void **ret_value)
{
	for (; *position < map->capacity; ++*position) {
		const struct map_slot *slot = &map->slots[*position];
		if (!slot->key)
			continue;
		*ret_key = view_of(slot->key, slot->len);
		*ret_value = slot->value;
		++*position;
		return true;
	}
	return false;
}
