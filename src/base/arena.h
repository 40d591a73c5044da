// SPDX-License-Identifier: Apache-2.0
// An arena: memory that is freed together, for one command or one parse.
// Nothing in it can be freed alone. An arena holds no memory until the first
// allocation.
#ifndef ROOST_BASE_ARENA_H
#define ROOST_BASE_ARENA_H

#include "base/view.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; // newest first
	size_t used;                // bytes handed out since the last reset
	size_t held;                // bytes of all blocks
};

void arena_init(struct arena *arena);
void arena_done(struct arena *arena);
// Like arena_done(), but overwrites the memory first. For secrets.
void arena_done_secret(struct arena *arena);
// Makes the arena empty; keeps one small block for the next use.
void arena_reset(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);  // aligned, not cleared
void *arena_zalloc(struct arena *arena, size_t size); // aligned, all zero
struct view arena_copy(struct arena *arena, struct view bytes);
char *arena_string(struct arena *arena, struct view bytes); // with a NUL

// Like mem_grow(), for an array in the arena. The old array stays until the
// arena is reset.
void *arena_grow(
    struct arena *arena, void *ptr, size_t *capacity, size_t need, size_t size);

#endif
