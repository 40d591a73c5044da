// SPDX-License-Identifier: Apache-2.0
// Memory that is freed together: a command's, or a parse's. Nothing in it is
// freed alone. Holds no memory until something is asked for.
#ifndef ROOST_BASE_ARENA_H
#define ROOST_BASE_ARENA_H

#include "base/view.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; // newest first
	size_t used;                // bytes handed out since the last reset
};

void arena_init(struct arena *arena);
void arena_done(struct arena *arena);
// The same for an arena that held secrets: they are overwritten first.
void arena_done_secret(struct arena *arena);
// Forgets everything; keeps one small block for the next round.
void arena_reset(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);  // aligned, not cleared
void *arena_zalloc(struct arena *arena, size_t size); // aligned, cleared
struct view arena_copy(struct arena *arena, struct view bytes);
char *arena_string(struct arena *arena, struct view bytes); // with a NUL

// As mem_grow(), for an array in the arena (the old one stays until reset).
void *arena_grow(
    struct arena *arena, void *ptr, size_t *capacity, size_t need, size_t size);

#endif
