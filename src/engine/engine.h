// SPDX-License-Identifier: Apache-2.0
// The engine contract: everything Roost keeps goes through these calls, and
// every engine passes the same conformance suite (engine_conformance.c).
//
// A *partition* holds ordered keys and has a version. A partition that was
// never written has version 0; each commit raises it by exactly one. Partitions
// are numbered from 1 to UINT64_MAX - 1; others get RC_INVALID. *Content*
// is immutable bytes under an id, owned by partitions and shared among them.
// An engine knows nothing of mail. All calls are thread-safe, except that one
// snapshot, cursor, batch or writer belongs to one thread at a time.
#ifndef ROOST_ENGINE_ENGINE_H
#define ROOST_ENGINE_ENGINE_H

#include "base/buf.h"
#include "base/log.h"

struct engine;
struct engine_snapshot;
struct engine_cursor;
struct engine_batch;
struct engine_writer;
struct engine_watch;

#define ENGINE_KEY_MAX   2048                // bytes in a key
#define ENGINE_VALUE_MAX ((size_t)32 << 20)  // bytes in a value
#define ENGINE_BATCH_MAX ((size_t)256 << 20) // bytes in one batch
#define ENGINE_CHUNK     ((size_t)64 << 10)  // content is read in such pieces

// ---- Opening ---------------------------------------------------------------

// Everything in memory, gone at close: for tests, and a server without a disk.
struct engine *engine_memory_new(void);

struct engine_rocksdb_options {
	size_t cache_bytes;  // block cache; 0: 64 MiB
	size_t buffer_bytes; // write buffer (memtable); 0: 32 MiB
	bool read_only;
	struct log *log; // may be NULL; outlives the engine
};

// Opens, or creates, the database in the folder `path`. RC_IN_USE when another
// process has it, RC_CORRUPT, RC_IO.
MUST_CHECK enum rc engine_rocksdb_open(const char *path,
    const struct engine_rocksdb_options *options, struct fault *fault,
    struct engine **ret_engine);

// All snapshots, cursors, batches, writers and watches are gone before.
void engine_close(struct engine **engine);

// ---- Reading ---------------------------------------------------------------

// The version now (0: never written). Cheap: no disk once the partition is
// known.
MUST_CHECK enum rc engine_version(
    struct engine *engine, uint64_t partition, uint64_t *ret_version);

// The newest committed value, appended to `ret_value`; RC_NOT_FOUND.
MUST_CHECK enum rc engine_get(struct engine *engine, uint64_t partition,
    struct view key, struct buf *ret_value);

// A consistent state of one partition: reads through it see one version.
MUST_CHECK enum rc engine_snapshot_open(struct engine *engine,
    uint64_t partition, struct engine_snapshot **ret_snapshot);
void engine_snapshot_close(struct engine_snapshot **snapshot);
uint64_t engine_snapshot_version(const struct engine_snapshot *snapshot);
MUST_CHECK enum rc engine_snapshot_get(
    struct engine_snapshot *snapshot, struct view key, struct buf *ret_value);

// Walks the keys that begin with `prefix`, in byte order; at first it stands
// before the first one. The snapshot stays open as long.
MUST_CHECK enum rc engine_cursor_open(struct engine_snapshot *snapshot,
    struct view prefix, struct engine_cursor **ret_cursor);
void engine_cursor_close(struct engine_cursor **cursor);
// Stands before the first key >= `key` (which begins with the prefix). Cheap
// when that is the next one or near it.
void engine_cursor_seek(struct engine_cursor *cursor, struct view key);
// The next key and value, valid until the next call on the cursor; RC_END
// after the last.
MUST_CHECK enum rc engine_cursor_next(
    struct engine_cursor *cursor, struct view *ret_key, struct view *ret_value);

// Calls `each` for the keys that begin with `prefix`, in byte order; when
// `from` is not empty, for the first key >= `from` (which begins with the
// prefix) and those behind it. Key and value are valid until `each` returns.
// When `each` gives RC_END the scan stops early and gives RC_OK; when it gives
// anything else but RC_OK, it stops and gives that.
typedef enum rc engine_each(void *context, struct view key, struct view value);
MUST_CHECK enum rc engine_snapshot_scan(struct engine_snapshot *snapshot,
    struct view prefix, struct view from, engine_each *each, void *context);
// The same through a snapshot of its own.
MUST_CHECK enum rc engine_scan(struct engine *engine, uint64_t partition,
    struct view prefix, struct view from, engine_each *each, void *context);

// All partitions with a version > 0, ascending: the first one > `after`;
// RC_END.
MUST_CHECK enum rc engine_partition_next(
    struct engine *engine, uint64_t after, uint64_t *ret_partition);

// ---- Writing ---------------------------------------------------------------

struct engine_batch *engine_batch_new(struct engine *engine);
void engine_batch_free(struct engine_batch **batch);
void engine_batch_reset(struct engine_batch *batch);
// What a batch is given is copied. Too long a key or value, or too much in
// all, makes the commit fail with RC_LIMIT; an empty key, with RC_INVALID.
void engine_batch_put(
    struct engine_batch *batch, struct view key, struct view value);
void engine_batch_delete(struct engine_batch *batch, struct view key);
// Deletes first <= key < end.
void engine_batch_delete_range(
    struct engine_batch *batch, struct view first, struct view end);

// Carries out the batch, all or nothing, if and only if the partition's
// version is `expected_version`; RC_CONFLICT otherwise, with nothing changed.
// When it returns RC_OK the change is durable, survives kill -9 and a power
// cut, and the version is expected_version + 1. Operations take effect in the
// order given. Commits from several threads share a sync. The batch stays as it
// is, so that after a conflict it may be committed again. RC_IO: whether it is
// on the disk shows when the engine is opened again.
MUST_CHECK enum rc engine_commit(struct engine *engine, uint64_t partition,
    uint64_t expected_version, struct engine_batch *batch, struct fault *fault);

// A change that depends on what is there: `make` reads `from` and fills `batch`
// (empty at first), which is committed if the partition is still as `from` was.
// When another commit came between, `make` is called again with a newer
// snapshot, so it begins anew each time and keeps nothing of the call before.
// When `make` gives anything but RC_OK, nothing is committed and that is the
// result; when it leaves the batch empty, there is nothing to commit: RC_OK.
// RC_CONFLICT after many calls.
typedef enum rc engine_make(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault);
MUST_CHECK enum rc engine_change(struct engine *engine, uint64_t partition,
    engine_make *make, void *context, struct fault *fault);

// Deletes a partition: its keys, its version (0 again), its ownership of
// content. Durable when it returns.
MUST_CHECK enum rc engine_partition_drop(
    struct engine *engine, uint64_t partition, struct fault *fault);

// ---- Content ---------------------------------------------------------------

struct engine_content_id {
	unsigned char bytes[16]; // 6 of time (ms, big-endian), 10 random
};

// Begins new content; `ret_id` is its name. Whole chunks are written as they
// come (memory stays at one chunk), the rest rides in the batch.
struct engine_writer *engine_writer_new(
    struct engine *engine, struct engine_content_id *ret_id);
MUST_CHECK enum rc engine_writer_append(
    struct engine_writer *writer, struct view bytes);
// Completes the content inside `batch`: it is durable, and owned by the
// batch's partition, if and only if the batch gets committed. The same writer
// may be finished into several batches (one a partition), each of which then
// is enough by itself.
MUST_CHECK enum rc engine_writer_finish(
    struct engine_writer *writer, struct engine_batch *batch);
// Bytes offset .. offset+len of what was appended so far, clipped to it, added
// to `ret_bytes`. Not after engine_writer_finish(): RC_INVALID.
MUST_CHECK enum rc engine_writer_read(struct engine_writer *writer,
    uint64_t offset, size_t len, struct buf *ret_bytes);
// Frees the writer; content that no commit named goes with a sweep after its
// grace, and a batch it was finished into then fails with RC_GONE. Until it is
// freed no sweep takes it: free it after the commit.
void engine_writer_free(struct engine_writer **writer);

// Ownership rides in a batch too, and is counted: a partition owns content as
// often as it was told to. To own content that is not there, or disown what the
// partition does not own, makes the commit fail with RC_NOT_FOUND.
void engine_batch_own(
    struct engine_batch *batch, const struct engine_content_id *id);
void engine_batch_disown(
    struct engine_batch *batch, const struct engine_content_id *id);

// Bytes offset .. offset+len, clipped to what there is, appended to
// `ret_bytes`. Reads only the chunks it needs. RC_NOT_FOUND, RC_CORRUPT.
MUST_CHECK enum rc engine_content_read(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes);
MUST_CHECK enum rc engine_content_size(struct engine *engine,
    const struct engine_content_id *id, uint64_t *ret_bytes);
// How often a partition owns content, now; 0 when it does not.
MUST_CHECK enum rc engine_content_owned(struct engine *engine,
    uint64_t partition, const struct engine_content_id *id,
    uint64_t *ret_count);

// Deletes content without owners that was written, or lost its last owner,
// `grace_seconds` or longer before `now` (wall-clock seconds).
MUST_CHECK enum rc engine_content_sweep(struct engine *engine, int64_t now,
    int64_t grace_seconds, uint64_t *ret_deleted);

// For checking: one call for each content and partition that owns it, or for an
// orphan, in no order; an unfinished upload has size 0. Stops when `each` gives
// anything but RC_OK, and gives that back.
struct engine_content_info {
	struct engine_content_id id;
	uint64_t size;
	uint64_t partition; // one owner; 0 with count 0: an orphan
	uint64_t count;
};
MUST_CHECK enum rc engine_content_each(struct engine *engine,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context);

// ---- Watching --------------------------------------------------------------

// `moved` is called after each commit to the partition, with its new version,
// in the order of versions, from the committing thread (or, in an engine with
// several nodes, from one of its own); and with 0 when the partition has been
// dropped. It may not call the engine.
struct engine_watch *engine_watch_new(struct engine *engine, uint64_t partition,
    void (*moved)(void *context, uint64_t version), void *context);
// No call is running, and none comes, once this returned.
void engine_watch_free(struct engine_watch **watch);

// ---- Care ------------------------------------------------------------------

// Verifies every checksum and the engine's own invariants; each problem is one
// call of `problem` with a sentence. RC_OK also when there were problems.
MUST_CHECK enum rc engine_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

#endif
