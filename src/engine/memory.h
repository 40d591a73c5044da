// SPDX-License-Identifier: Apache-2.0
// Private to the memory engine: its store of content, separate from its keys.
#ifndef ROOST_ENGINE_MEMORY_H
#define ROOST_ENGINE_MEMORY_H

#include "engine/impl.h"

struct memory_contents {
	pthread_rwlock_t lock;
	struct map map; // id to struct memory_content
};

void memory_contents_init(struct memory_contents *contents);
void memory_contents_done(struct memory_contents *contents);

// Applies all content operations of a batch, or none.
MUST_CHECK enum rc memory_contents_apply(struct memory_contents *contents,
    uint64_t partition, const struct engine_batch *batch, struct fault *fault);
void memory_contents_drop(struct memory_contents *contents, uint64_t partition);

void memory_contents_spill(struct memory_contents *contents,
    const struct engine_content_id *id, uint32_t number, struct view chunk);
MUST_CHECK enum rc memory_contents_spilled(struct memory_contents *contents,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes);
MUST_CHECK enum rc memory_contents_read(struct memory_contents *contents,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes);
MUST_CHECK enum rc memory_contents_size(struct memory_contents *contents,
    const struct engine_content_id *id, uint64_t *ret_bytes);
uint64_t memory_contents_owned(struct memory_contents *contents,
    uint64_t partition, const struct engine_content_id *id);
void memory_contents_sweep(struct engine *engine,
    struct memory_contents *contents, int64_t before, uint64_t *ret_deleted);
MUST_CHECK enum rc memory_contents_each(struct memory_contents *contents,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context);

#endif
