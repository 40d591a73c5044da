// SPDX-License-Identifier: Apache-2.0
// The engine contract. Everything that Roost stores goes through these calls,
// and every engine passes the same conformance suite (engine_conformance.c).
//
// A *partition* holds ordered keys and has a version. A partition that was
// never written has version 0; each commit raises it by exactly one. Partitions
// are numbered from 1 to UINT64_MAX - 1; other numbers get RC_INVALID.
// *Content* is immutable bytes under an id. Partitions own it; several may own
// the same content. An engine knows nothing of mail. All calls are thread-safe,
// except that only one thread at a time may use a snapshot, cursor, batch or
// writer.
#ifndef ROOST_ENGINE_ENGINE_H
#define ROOST_ENGINE_ENGINE_H

#include "base/buf.h"
#include "base/counter.h"
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
#define ENGINE_CHUNK     ((size_t)64 << 10)  // content has such pieces

// ---- Opening ---------------------------------------------------------------

// An engine in memory, whose data is gone at close: for tests, and for a server
// without a disk.
struct engine *engine_memory_new(void);

struct engine_rocksdb_options {
	size_t cache_bytes;  // block cache; 0: 64 MiB
	size_t buffer_bytes; // write buffer (memtable); 0: 32 MiB
	bool read_only;
	// Disk space to keep back, see engine_room(); 0: none.
	uint64_t reserve_bytes;
	uint32_t format; // the newest that the caller knows; 0: the present one
	struct log *log; // may be NULL; must outlive the engine
};

// Opens the database in the folder `path`, or creates it. If the disk cannot be
// written, the engine can be read, and becomes writable when the disk is.
// RC_IN_USE: another process has it open. RC_UNSUPPORTED: a newer version of
// Roost has used it; nothing was changed. RC_CORRUPT: its files are damaged so
// that opening it would lose what was acknowledged; `fault` names the file, and
// nothing was changed. RC_IO.
MUST_CHECK enum rc engine_rocksdb_open(const char *path,
    const struct engine_rocksdb_options *options, struct fault *fault,
    struct engine **ret_engine);

// All snapshots, cursors, batches, writers and watches must be closed or freed
// before.
void engine_close(struct engine **engine);

// ---- Reading ---------------------------------------------------------------

// The version now (0: never written). Cheap: after the first use of the
// partition it reads nothing from the disk.
MUST_CHECK enum rc engine_version(
    struct engine *engine, uint64_t partition, uint64_t *ret_version);

// Appends the newest committed value to `ret_value`. RC_NOT_FOUND: there is no
// such key.
MUST_CHECK enum rc engine_get(struct engine *engine, uint64_t partition,
    struct view key, struct buf *ret_value);

// A consistent state of one partition: all reads through it see the same
// version.
MUST_CHECK enum rc engine_snapshot_open(struct engine *engine,
    uint64_t partition, struct engine_snapshot **ret_snapshot);
void engine_snapshot_close(struct engine_snapshot **snapshot);
uint64_t engine_snapshot_version(const struct engine_snapshot *snapshot);
MUST_CHECK enum rc engine_snapshot_get(
    struct engine_snapshot *snapshot, struct view key, struct buf *ret_value);

// Reads the keys that begin with `prefix`, in byte order. At first the cursor
// is before the first one. The snapshot must stay open as long as the cursor.
MUST_CHECK enum rc engine_cursor_open(struct engine_snapshot *snapshot,
    struct view prefix, struct engine_cursor **ret_cursor);
void engine_cursor_close(struct engine_cursor **cursor);
// Moves before the first key >= `key`, which must begin with the prefix. Cheap
// if that key is the next one or near it.
void engine_cursor_seek(struct engine_cursor *cursor, struct view key);
// Gets the next key and value, which are valid until the next call on the
// cursor. RC_END: there are no more.
MUST_CHECK enum rc engine_cursor_next(
    struct engine_cursor *cursor, struct view *ret_key, struct view *ret_value);

// Calls `each` for the keys that begin with `prefix`, in byte order. If `from`
// is not empty, it begins with the first key >= `from`, which must begin with
// the prefix. Key and value are valid until `each` returns. If `each` returns
// RC_END, the scan stops and returns RC_OK. If it returns anything else but
// RC_OK, the scan stops and returns that.
typedef enum rc engine_each(void *context, struct view key, struct view value);
MUST_CHECK enum rc engine_snapshot_scan(struct engine_snapshot *snapshot,
    struct view prefix, struct view from, engine_each *each, void *context);
// The same, through a snapshot that it opens itself.
MUST_CHECK enum rc engine_scan(struct engine *engine, uint64_t partition,
    struct view prefix, struct view from, engine_each *each, void *context);

// Gets the first partition > `after` whose version is > 0. RC_END: there are no
// more.
MUST_CHECK enum rc engine_partition_next(
    struct engine *engine, uint64_t after, uint64_t *ret_partition);

// ---- Writing ---------------------------------------------------------------

struct engine_batch *engine_batch_new(struct engine *engine);
void engine_batch_free(struct engine_batch **batch);
void engine_batch_reset(struct engine_batch *batch);
// A batch copies what it is given. A key or value that is too long, or too many
// bytes in all, makes the commit fail with RC_LIMIT; an empty key makes it fail
// with RC_INVALID.
void engine_batch_put(
    struct engine_batch *batch, struct view key, struct view value);
void engine_batch_delete(struct engine_batch *batch, struct view key);
// Deletes first <= key < end.
void engine_batch_delete_range(
    struct engine_batch *batch, struct view first, struct view end);

// Applies the batch, all or nothing, if and only if the partition's version is
// `expected_version`. RC_CONFLICT: it is not, and nothing was changed. RC_OK:
// the change is durable, survives kill -9 and a power cut, and the version is
// expected_version + 1. The operations take effect in the order in which they
// were added. Commits of several threads share a sync. The batch is not
// changed, so that it may be committed again after a conflict. RC_IO: the disk
// failed, and the change is not there. The engine found that out before it
// returned; only when the disk could not be written for many seconds, a power
// cut in these seconds can leave the change there.
MUST_CHECK enum rc engine_commit(struct engine *engine, uint64_t partition,
    uint64_t expected_version, struct engine_batch *batch, struct fault *fault);

// Makes a change that depends on stored data. `make` reads from `from` and
// fills `batch`, which is empty at first. The batch is committed if the
// partition has not changed since `from`. If another commit came first, `make`
// is called again with a newer snapshot; so it must begin anew in each call and
// keep nothing of the call before. If `make` returns anything but RC_OK,
// nothing is committed, and that is the result. If it leaves the batch empty,
// nothing is committed, and the result is RC_OK. RC_CONFLICT: it failed after
// many attempts.
typedef enum rc engine_make(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault);
MUST_CHECK enum rc engine_change(struct engine *engine, uint64_t partition,
    engine_make *make, void *context, struct fault *fault);

// Deletes a partition: its keys, its version (which is 0 again), and its
// ownership of content. It is durable when the call returns.
MUST_CHECK enum rc engine_partition_drop(
    struct engine *engine, uint64_t partition, struct fault *fault);

// ---- Content ---------------------------------------------------------------

struct engine_content_id {
	unsigned char bytes[16]; // 6 of time (ms, big-endian), 10 random
};

// Begins new content, whose name is `ret_id`. Whole chunks are written when
// they are full, so that memory holds one chunk; the last chunk is stored by
// the batch.
struct engine_writer *engine_writer_new(
    struct engine *engine, struct engine_content_id *ret_id);
MUST_CHECK enum rc engine_writer_append(
    struct engine_writer *writer, struct view bytes);
// Completes the content inside `batch`: it is durable, and owned by the batch's
// partition, if and only if the batch is committed. The same writer may be
// finished into several batches (one for each partition); each commit alone is
// then enough to store the content.
MUST_CHECK enum rc engine_writer_finish(
    struct engine_writer *writer, struct engine_batch *batch);
// Appends the bytes offset .. offset+len of what was appended so far to
// `ret_bytes`, or fewer at its end. RC_INVALID after engine_writer_finish().
MUST_CHECK enum rc engine_writer_read(struct engine_writer *writer,
    uint64_t offset, size_t len, struct buf *ret_bytes);
// Frees the writer. Free it after the commit: no sweep deletes the content of a
// writer that is not freed. Content that no commit named is deleted by a sweep
// after the grace time, and a batch that the writer was finished into then
// fails with RC_GONE.
void engine_writer_free(struct engine_writer **writer);

// Ownership changes in a batch too, and is counted: a partition owns content as
// often as it was told to. The commit fails with RC_NOT_FOUND if the content to
// own does not exist, or if the partition does not own the content to disown.
void engine_batch_own(
    struct engine_batch *batch, const struct engine_content_id *id);
void engine_batch_disown(
    struct engine_batch *batch, const struct engine_content_id *id);

// Appends the bytes offset .. offset+len to `ret_bytes`, or fewer at the end of
// the content. Reads only the chunks that are needed. RC_NOT_FOUND, RC_CORRUPT.
MUST_CHECK enum rc engine_content_read(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes);
MUST_CHECK enum rc engine_content_size(struct engine *engine,
    const struct engine_content_id *id, uint64_t *ret_bytes);
// How often the partition owns the content now; 0 if it does not.
MUST_CHECK enum rc engine_content_owned(struct engine *engine,
    uint64_t partition, const struct engine_content_id *id,
    uint64_t *ret_count);

// Deletes content that has had no owner since `now` - `grace_seconds` or longer
// (wall-clock seconds): content whose writer never came to a commit, or which
// lost its last owner.
MUST_CHECK enum rc engine_content_sweep(struct engine *engine, int64_t now,
    int64_t grace_seconds, uint64_t *ret_deleted);

// For checks: calls `each` once for each content and partition that owns it,
// and once for each orphan, in no particular order. An unfinished upload has
// size 0. If `each` returns anything but RC_OK, it stops and returns that.
struct engine_content_info {
	struct engine_content_id id;
	uint64_t size;
	uint64_t partition; // one of its owners; 0 if it is an orphan (then
			    // `count` is 0)
	uint64_t count;
};
MUST_CHECK enum rc engine_content_each(struct engine *engine,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context);

// ---- Watching --------------------------------------------------------------

// Calls `moved` after each commit to the partition, with the new version, in
// the order of versions, and with 0 when the partition has been dropped. The
// call comes from the committing thread, or, in an engine with several nodes,
// from a thread of the engine. It may not call the engine.
struct engine_watch *engine_watch_new(struct engine *engine, uint64_t partition,
    void (*moved)(void *context, uint64_t version), void *context);
// After it returns, no call is running and none will come.
void engine_watch_free(struct engine_watch **watch);

// ---- Checkpoints -----------------------------------------------------------

// Makes a folder that engine_rocksdb_open() opens, with the state of this
// moment, while the engine works on. What is at the path is removed first. It
// needs no space at first, because it shares its files with the engine; both
// must be on one file system. RC_IN_USE: there is an open checkpoint.
// RC_UNSUPPORTED: the engine has no files.
MUST_CHECK enum rc engine_checkpoint_open(
    struct engine *engine, const char *path, struct fault *fault);
// Removes it.
void engine_checkpoint_close(struct engine *engine, const char *path);
// Removes what a process left that was cut off, if there is anything.
MUST_CHECK enum rc engine_checkpoint_remove(
    const char *path, struct fault *fault);

// ---- A full or failing disk ------------------------------------------------

enum engine_state {
	ENGINE_WELL,
	ENGINE_FULL,    // less disk space is free than the reserve
	ENGINE_READING, // nothing can be written; the engine tries again
	ENGINE_STATES,
};

struct engine_health {
	enum engine_state state;
	uint64_t free_bytes; // on the disk; 0 without a reserve
	uint64_t reserve_bytes;
};

struct engine_health engine_health(struct engine *engine);
// Whether there is room for new mail. Cheap. RC_FULL, RC_IO: as the state says.
// The engine refuses no commit because of the reserve, which is there so that
// mail can be deleted, moved and marked. It refuses only to begin content of
// more than one chunk.
MUST_CHECK enum rc engine_room(struct engine *engine, struct fault *fault);

// ---- Measurements ----------------------------------------------------------

struct engine_stats {
	// Of commits that succeeded, since the engine was opened: from the call
	// to the answer, with the wait for others that commit to the same
	// partition.
	const struct counter_times *commits;
	uint64_t commits_failed; // the disk's fault, not a conflict
	// On the disk; 0: the engine has no files, or none is open.
	uint64_t table_bytes;
	uint64_t content_bytes;
	// Of the engine's memory.
	uint64_t buffer_bytes;
	uint64_t cache_bytes;
};

// Valid as long as the engine is open.
struct engine_stats engine_stats(struct engine *engine);

// ---- Care ------------------------------------------------------------------

// Verifies every checksum and the engine's own invariants, and calls `problem`
// with a sentence for each problem. RC_OK also if there were problems.
MUST_CHECK enum rc engine_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

#endif
