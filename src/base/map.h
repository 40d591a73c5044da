// SPDX-License-Identifier: Apache-2.0
// A hash table from bytes to a pointer. Keys are copied; values belong to the
// caller. The hash has a random key, so that nobody outside can choose names
// that collide. Not thread-safe.
#ifndef ROOST_BASE_MAP_H
#define ROOST_BASE_MAP_H

#include "base/view.h"

struct map_slot;

struct map {
	struct map_slot *slots; // owned; NULL while empty
	size_t capacity;        // a power of two, or 0
	size_t count;
};

void map_init(struct map *map);
void map_done(struct map *map); // frees the keys, not the values

void *map_get(const struct map *map, struct view key); // NULL when absent
// Sets the value (not NULL) of `key`. Returns the value that it replaced, or
// NULL.
void *map_put(struct map *map, struct view key, void *value);
void *map_remove(
    struct map *map, struct view key); // returns the value, or NULL

// Walks over all entries, in no particular order. Start with `*position` 0;
// returns false at the end. The map must not change during the walk.
bool map_next(const struct map *map, size_t *position, struct view *ret_key,
    void **ret_value);

// SipHash-1-3 (Aumasson and Bernstein, 2012) with a random key, which is drawn
// once for each process.
uint64_t map_hash(struct view key);

#endif
