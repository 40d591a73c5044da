// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdalign.h>

#include "base/mem.h"

#define BLOCK_BYTES                                                            \
	2000 // the first block; each later one is twice the last, up to 64 KiB

struct arena_block {
	struct arena_block *next;
	size_t capacity;
	size_t len;
	alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena){0};
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
}

void arena_done(struct arena *arena)
{
	free_blocks(arena->blocks);
	arena_init(arena);
}

void arena_done_secret(struct arena *arena)
{
	for (struct arena_block *b = arena->blocks; b; b = b->next)
		explicit_bzero(b->bytes, b->len);
	arena_done(arena);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = NULL;
	struct arena_block *block = arena->blocks;
	while (block) {
		struct arena_block *next = block->next;
		if (!keep && block->capacity == BLOCK_BYTES)
			keep = block;
		else
			free(block);
		block = next;
	}
	*arena = (struct arena){.blocks = keep};
	if (keep) {
		keep->next = NULL;
		keep->len = 0;
		arena->held = sizeof(*keep) + keep->capacity;
	}
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t unit = alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		abort();
	size = (size + unit - 1) / unit * unit;
	struct arena_block *block = arena->blocks;
	if (!block || block->capacity - block->len < size) {
		size_t capacity = block ? block->capacity * 2 : BLOCK_BYTES;
		if (capacity > 65536)
			capacity = 65536;
		if (capacity < size)
			capacity = size;
		block = mem_alloc(sizeof(*block) + capacity);
		block->capacity = capacity;
		block->len = 0;
		block->next = arena->blocks;
		arena->blocks = block;
		arena->held += sizeof(*block) + capacity;
	}
	void *room = block->bytes + block->len;
	block->len += size;
	arena->used += size;
	return room;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	return memset(arena_alloc(arena, size), 0, size);
}

struct view arena_copy(struct arena *arena, struct view bytes)
{
	return view_of(arena_string(arena, bytes), bytes.len);
}

char *arena_string(struct arena *arena, struct view bytes)
{
	char *copy = arena_alloc(arena, bytes.len + 1);
	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	copy[bytes.len] = '\0';
	return copy;
}

void *arena_grow(
    struct arena *arena, void *ptr, size_t *capacity, size_t need, size_t size)
{
	if (need <= *capacity)
		return ptr;
	size_t wanted = *capacity ? *capacity : 8;
	while (wanted < need) {
		if (wanted > SIZE_MAX / 4 / size)
			abort();
		wanted *= 2;
	}
	void *grown = arena_alloc(arena, wanted * size);
	if (*capacity)
		memcpy(grown, ptr, *capacity * size);
	*capacity = wanted;
	return grown;
}
