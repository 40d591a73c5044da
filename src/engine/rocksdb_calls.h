// SPDX-License-Identifier: Apache-2.0
// Private to the RocksDB engine: what its table of calls (struct engine_ops)
// consists of, by file. engine/impl.h says what each does.
#ifndef ROOST_ENGINE_ROCKSDB_CALLS_H
#define ROOST_ENGINE_ROCKSDB_CALLS_H

#include "engine/impl.h"

// rocksdb_keeper.c
void rocks_health(struct engine *engine, struct engine_health *ret_health);
enum rc rocks_room(struct engine *engine);
void rocks_settle(struct engine *engine);

// rocksdb_read.c
enum rc rocks_load_version(
    struct engine *engine, uint64_t partition, uint64_t *ret_version);
enum rc rocks_get_key(struct engine *engine, struct engine_partition *part,
    struct view key, struct buf *ret_value);
enum rc rocks_partition_next(
    struct engine *engine, uint64_t after, uint64_t *ret_partition);
enum rc rocks_snapshot_open(struct engine *engine,
    struct engine_partition *part, struct engine_snapshot **ret_snapshot);
void rocks_snapshot_close(struct engine_snapshot *snapshot);
enum rc rocks_snapshot_get(
    struct engine_snapshot *snapshot, struct view key, struct buf *ret_value);
enum rc rocks_cursor_open(struct engine_snapshot *snapshot, struct view prefix,
    struct engine_cursor **ret_cursor);
void rocks_cursor_close(struct engine_cursor *cursor);
void rocks_cursor_seek(struct engine_cursor *cursor, struct view key);
enum rc rocks_cursor_next(
    struct engine_cursor *cursor, struct view *ret_key, struct view *ret_value);

// rocksdb_commit.c
enum rc rocks_commit(struct engine *engine, struct engine_partition *part,
    uint64_t version, struct engine_batch *batch, struct fault *fault);
enum rc rocks_drop(
    struct engine *engine, struct engine_partition *part, struct fault *fault);

// rocksdb_content.c
enum rc rocks_content_spill(struct engine *engine,
    const struct engine_content_id *id, uint32_t number, struct view chunk);
enum rc rocks_content_spilled(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes);
enum rc rocks_content_read(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes);
enum rc rocks_content_size(struct engine *engine,
    const struct engine_content_id *id, uint64_t *ret_bytes);
enum rc rocks_content_sweep(
    struct engine *engine, int64_t before, uint64_t *ret_deleted);
enum rc rocks_content_each(struct engine *engine,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context);

// rocksdb_owners.c
enum rc rocks_content_owned(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id, uint64_t *ret_count);

// rocksdb_sizes.c
void rocks_sizes(struct engine *engine, struct engine_stats *stats);

// rocksdb_checkpoint.c
enum rc rocks_checkpoint(
    struct engine *engine, const char *path, struct fault *fault);

// rocksdb_check.c
enum rc rocks_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

#endif
