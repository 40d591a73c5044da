// SPDX-License-Identifier: Apache-2.0
// Private to the room: what engine.c shares with the engines. The shared part
// holds the partitions' locks, versions and watches, encodes batches and cuts
// content into chunks. An engine stores and finds data.
#ifndef ROOST_ENGINE_IMPL_H
#define ROOST_ENGINE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "engine/format.h"
#include "engine/gate.h"

// ---- Partitions ------------------------------------------------------------

#define ENGINE_VERSION_UNKNOWN UINT64_MAX

// The state of a partition while the engine is open. It is made at first use
// and freed at close, so a pointer to it stays valid.
//
// Lock order: partition lock, then the engine's content locks, then watch_lock.
struct engine_partition {
	uint64_t id;
	pthread_mutex_t lock;     // held from version check to end of write
	_Atomic uint64_t version; // written under `lock`
	pthread_mutex_t watch_lock;
	struct engine_watch *watches; // under watch_lock
	void *data;                   // the engine's own; under `lock`
};

// ---- Batches ---------------------------------------------------------------

enum batch_kind {
	BATCH_PUT,
	BATCH_DELETE,
	BATCH_DELETE_RANGE,
};

// One operation on keys. For a range, `key` is its first key and `value` its
// end.
struct batch_op {
	enum batch_kind kind;
	struct view key;
	struct view value;
};

enum batch_content_kind {
	BATCH_OWN,
	BATCH_DISOWN,
	BATCH_FINISH, // completes content and owns it
};

struct batch_content {
	struct engine_content_id id;
	enum batch_content_kind kind;
	uint32_t sequence;   // position in the batch
	uint64_t size;       // FINISH: of the whole content
	size_t tail_offset;  // FINISH: the last chunk, in batch->tails
	size_t tail_len;     // 0 .. ENGINE_CHUNK
	uint32_t tail_chunk; // FINISH: its number; 0: it is the only one
	unsigned opening;    // FINISH: engine->opening when it was begun
};

struct engine_batch {
	struct buf ops;   // kind, two le32 lengths, the bytes
	struct buf tails; // last chunks of finished content
	struct batch_content *contents;
	size_t content_count;
	size_t content_capacity;
	size_t ranges; // BATCH_DELETE_RANGE among the ops
	enum rc rc;    // why the batch cannot be committed
};

static inline bool batch_is_empty(const struct engine_batch *batch)
{
	return batch->rc == RC_OK && batch->ops.len == 0 &&
	       batch->content_count == 0;
}
// RC_OK: the batch is within every limit.
MUST_CHECK enum rc batch_status(const struct engine_batch *batch);
// Steps through the operations: begin with `*position` 0; false at the end.
bool batch_next(const struct engine_batch *batch, size_t *position,
    struct batch_op *ret_op);
void batch_finish_content(struct engine_batch *batch,
    const struct engine_content_id *id, uint64_t size, uint32_t tail_chunk,
    struct view tail, unsigned opening);
// Sorts the content operations by id, and those on one id in the order in which
// they were added, so that an engine gets all operations on one content
// together.
void batch_sort_contents(struct engine_batch *batch);
static inline struct view batch_tail(
    const struct engine_batch *batch, const struct batch_content *content)
{
	return view_slice(
	    buf_view(&batch->tails), content->tail_offset, content->tail_len);
}

// ---- The engines -----------------------------------------------------------

struct engine_ops {
	void (*close)(struct engine *engine); // also frees `engine`

	enum rc (*load_version)(
	    struct engine *engine, uint64_t partition, uint64_t *ret_version);
	enum rc (*get)(struct engine *engine, struct engine_partition *part,
	    struct view key, struct buf *ret_value);
	enum rc (*partition_next)(
	    struct engine *engine, uint64_t after, uint64_t *ret_partition);

	enum rc (*snapshot_open)(struct engine *engine,
	    struct engine_partition *part,
	    struct engine_snapshot **ret_snapshot);
	void (*snapshot_close)(struct engine_snapshot *snapshot);
	enum rc (*snapshot_get)(struct engine_snapshot *snapshot,
	    struct view key, struct buf *ret_value);

	enum rc (*cursor_open)(struct engine_snapshot *snapshot,
	    struct view prefix, struct engine_cursor **ret_cursor);
	void (*cursor_close)(struct engine_cursor *cursor);
	void (*cursor_seek)(struct engine_cursor *cursor, struct view key);
	enum rc (*cursor_next)(struct engine_cursor *cursor,
	    struct view *ret_key, struct view *ret_value);

	// Both are called with the partition locked and its version checked.
	enum rc (*commit)(struct engine *engine, struct engine_partition *part,
	    uint64_t version, struct engine_batch *batch, struct fault *fault);
	enum rc (*drop)(struct engine *engine, struct engine_partition *part,
	    struct fault *fault);

	// Stores a whole chunk of content that is not complete yet. With number
	// 0, the engine first records the content as an orphan.
	enum rc (*content_spill)(struct engine *engine,
	    const struct engine_content_id *id, uint32_t number,
	    struct view chunk);
	// Reads chunks that were spilled; offset + len is within them.
	enum rc (*content_spilled)(struct engine *engine,
	    const struct engine_content_id *id, uint64_t offset, size_t len,
	    struct buf *ret_bytes);
	enum rc (*content_read)(struct engine *engine,
	    const struct engine_content_id *id, uint64_t offset, size_t len,
	    struct buf *ret_bytes);
	enum rc (*content_size)(struct engine *engine,
	    const struct engine_content_id *id, uint64_t *ret_bytes);
	enum rc (*content_owned)(struct engine *engine, uint64_t partition,
	    const struct engine_content_id *id, uint64_t *ret_count);
	enum rc (*content_sweep)(
	    struct engine *engine, int64_t before, uint64_t *ret_deleted);
	enum rc (*content_each)(struct engine *engine,
	    enum rc (*each)(
		void *context, const struct engine_content_info *info),
	    void *context);
	// NULL: the engine has no files.
	enum rc (*checkpoint)(
	    struct engine *engine, const char *path, struct fault *fault);
	// Writes the format down. NULL: the engine has no files.
	enum rc (*format_set)(struct engine *engine,
	    const struct engine_format *format, struct fault *fault);
	enum rc (*check)(struct engine *engine,
	    void (*problem)(void *context, const char *text), void *context);

	// NULL: the engine is always well. Called outside the gate.
	void (*health)(struct engine *engine, struct engine_health *ret_health);
	enum rc (*room)(struct engine *engine);
	// Fills in the sizes. NULL: the engine has no files.
	void (*sizes)(struct engine *engine, struct engine_stats *stats);
	// After a write failed: waits until it is certain that what was refused
	// is not there, or until that takes too long.
	void (*settle)(struct engine *engine);
};

// The first member of each engine's own structure. Snapshots and cursors begin
// in the same way with the two structures below.
struct engine {
	const struct engine_ops *ops;
	struct log *log;
	bool read_only;
	struct engine_format format; // set before anybody uses the engine
	atomic_bool has_checkpoint;
	struct gate gate;         // closed while the database is opened anew
	bool gone;                // no database is open; under the gate
	_Atomic unsigned opening; // how often it was opened anew
	struct counter_times commits; // that succeeded
	struct counter commits_failed;
	pthread_rwlock_t partitions_lock;
	struct map partitions; // be64 id to struct engine_partition
	pthread_mutex_t writers_lock;
	struct map writers; // ids of content being written
};

struct engine_snapshot {
	struct engine *engine;
	struct engine_partition *partition;
	uint64_t version;
};

struct engine_cursor {
	struct engine_snapshot *snapshot;
};

void engine_base_init(struct engine *engine, const struct engine_ops *ops);
void engine_base_done(struct engine *engine);

// Every call that needs the database passes the gate. RC_IO: there is none
// open; the caller is not inside.
MUST_CHECK enum rc engine_enter(struct engine *engine);
void engine_leave(struct engine *engine);

// Partitions are numbered from 1; 0 and UINT64_MAX are reserved for the
// engines.
static inline bool engine_partition_valid(uint64_t partition)
{
	return partition != 0 && partition != UINT64_MAX;
}
struct engine_partition *engine_partition_state(
    struct engine *engine, uint64_t partition);
// Called with the partition locked.
MUST_CHECK enum rc engine_partition_load(
    struct engine *engine, struct engine_partition *part);
// Tells the watches. Called with the partition locked, so that they hear of
// commits in order.
void engine_partition_moved(struct engine_partition *part, uint64_t version);
void engine_partition_free(struct engine_partition *part);

// Whether a writer in this process still writes the content.
bool engine_writer_is_live(
    struct engine *engine, const struct engine_content_id *id);

static inline struct view content_id_view(const struct engine_content_id *id)
{
	return view_of(id->bytes, sizeof(id->bytes));
}

// The number of chunks of content of this size; empty content has one.
static inline uint64_t content_chunks(uint64_t size)
{
	return size ? (size - 1) / ENGINE_CHUNK + 1 : 1;
}

#endif
