// SPDX-License-Identifier: Apache-2.0
// The contract's calls, which are passed to the engine. What all engines have
// in common is done here: the guard of a commit (lock, compare the version,
// write, tell the watches, unlock), and the refusal of invalid arguments.
#include "engine/impl.h"

#include "base/clock.h"

void engine_base_init(struct engine *engine, const struct engine_ops *ops)
{
	engine->ops = ops;
	gate_init(&engine->gate);
	engine->format.number = ENGINE_FORMAT;
	pthread_rwlock_init(&engine->partitions_lock, NULL);
	map_init(&engine->partitions);
	pthread_mutex_init(&engine->writers_lock, NULL);
	map_init(&engine->writers);
}

void engine_base_done(struct engine *engine)
{
	size_t position = 0;
	struct view key;
	void *part;
	while (map_next(&engine->partitions, &position, &key, &part))
		engine_partition_free(part);
	map_done(&engine->partitions);
	pthread_rwlock_destroy(&engine->partitions_lock);
	map_done(&engine->writers);
	pthread_mutex_destroy(&engine->writers_lock);
	gate_done(&engine->gate);
}

enum rc engine_enter(struct engine *engine)
{
	gate_enter(&engine->gate);
	if (!engine->gone)
		return RC_OK;
	gate_leave(&engine->gate);
	return RC_IO;
}

void engine_leave(struct engine *engine)
{
	gate_leave(&engine->gate);
}

void engine_close(struct engine **engine)
{
	if (!*engine)
		return;
	(*engine)->ops->close(*engine);
	*engine = NULL;
}

struct engine_format engine_format(const struct engine *engine)
{
	return engine->format;
}

enum rc engine_format_set(struct engine *engine,
    const struct engine_format *format, struct fault *fault)
{
	enum rc rc = RC_OK;
	if (engine->read_only)
		return fault_set(fault, RC_DENIED, "opened for reading only");
	if (engine->ops->format_set)
		rc = engine->ops->format_set(engine, format, fault);
	if (rc == RC_OK)
		engine->format = *format;
	return rc;
}

// ---- Reading ---------------------------------------------------------------

enum rc engine_version(
    struct engine *engine, uint64_t partition, uint64_t *ret_version)
{
	if (!engine_partition_valid(partition))
		return RC_INVALID;
	struct engine_partition *part =
	    engine_partition_state(engine, partition);
	enum rc rc = RC_OK;
	if (atomic_load(&part->version) == ENGINE_VERSION_UNKNOWN) {
		rc = engine_enter(engine);
		if (rc != RC_OK)
			return rc;
		pthread_mutex_lock(&part->lock);
		rc = engine_partition_load(engine, part);
		pthread_mutex_unlock(&part->lock);
		engine_leave(engine);
	}
	if (rc == RC_OK)
		*ret_version = atomic_load(&part->version);
	return rc;
}

enum rc engine_get(struct engine *engine, uint64_t partition, struct view key,
    struct buf *ret_value)
{
	if (!engine_partition_valid(partition))
		return RC_INVALID;
	if (key.len == 0 || key.len > ENGINE_KEY_MAX)
		return RC_NOT_FOUND;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->get(
	    engine, engine_partition_state(engine, partition), key, ret_value);
	engine_leave(engine);
	return rc;
}

enum rc engine_snapshot_open(struct engine *engine, uint64_t partition,
    struct engine_snapshot **ret_snapshot)
{
	if (!engine_partition_valid(partition))
		return RC_INVALID;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->snapshot_open(
	    engine, engine_partition_state(engine, partition), ret_snapshot);
	engine_leave(engine);
	return rc;
}

void engine_snapshot_close(struct engine_snapshot **snapshot)
{
	if (!*snapshot)
		return;
	// Also with no database open: the snapshot was given up then, and only
	// its memory is freed.
	struct engine *engine = (*snapshot)->engine;
	gate_enter(&engine->gate);
	engine->ops->snapshot_close(*snapshot);
	gate_leave(&engine->gate);
	*snapshot = NULL;
}

uint64_t engine_snapshot_version(const struct engine_snapshot *snapshot)
{
	return snapshot->version;
}

enum rc engine_snapshot_get(
    struct engine_snapshot *snapshot, struct view key, struct buf *ret_value)
{
	if (key.len == 0 || key.len > ENGINE_KEY_MAX)
		return RC_NOT_FOUND;
	struct engine *engine = snapshot->engine;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->snapshot_get(snapshot, key, ret_value);
	engine_leave(engine);
	return rc;
}

enum rc engine_cursor_open(struct engine_snapshot *snapshot, struct view prefix,
    struct engine_cursor **ret_cursor)
{
	if (prefix.len > ENGINE_KEY_MAX)
		return RC_LIMIT;
	struct engine *engine = snapshot->engine;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->cursor_open(snapshot, prefix, ret_cursor);
	engine_leave(engine);
	return rc;
}

void engine_cursor_close(struct engine_cursor **cursor)
{
	if (!*cursor)
		return;
	struct engine *engine = (*cursor)->snapshot->engine;
	gate_enter(&engine->gate);
	engine->ops->cursor_close(*cursor);
	gate_leave(&engine->gate);
	*cursor = NULL;
}

void engine_cursor_seek(struct engine_cursor *cursor, struct view key)
{
	struct engine *engine = cursor->snapshot->engine;
	if (engine_enter(engine) != RC_OK)
		return; // engine_cursor_next() says so
	engine->ops->cursor_seek(cursor, key);
	engine_leave(engine);
}

enum rc engine_cursor_next(
    struct engine_cursor *cursor, struct view *ret_key, struct view *ret_value)
{
	struct engine *engine = cursor->snapshot->engine;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->cursor_next(cursor, ret_key, ret_value);
	engine_leave(engine);
	return rc;
}

enum rc engine_partition_next(
    struct engine *engine, uint64_t after, uint64_t *ret_partition)
{
	if (after >= UINT64_MAX - 1)
		return RC_END;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->partition_next(engine, after, ret_partition);
	engine_leave(engine);
	return rc;
}

// ---- Writing ---------------------------------------------------------------

static enum rc refuse(struct engine *engine, uint64_t partition,
    const struct engine_batch *batch, struct fault *fault)
{
	if (engine->read_only)
		return fault_set(fault, RC_DENIED,
		    "the database was opened for reading only");
	if (!engine_partition_valid(partition))
		return fault_set(
		    fault, RC_INVALID, "this is not a valid partition number");
	enum rc rc = batch ? batch_status(batch) : RC_OK;
	if (rc != RC_OK)
		return fault_set(fault, rc,
		    "the change has a key, a value or a total size %s",
		    rc_text(rc));
	return RC_OK;
}

static enum rc commit_locked(struct engine *engine,
    struct engine_partition *part, uint64_t expected_version,
    struct engine_batch *batch, struct fault *fault)
{
	enum rc rc = engine_partition_load(engine, part);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the version: %s", rc_text(rc));
	if (atomic_load(&part->version) != expected_version)
		return fault_set(fault, RC_CONFLICT, "changed meanwhile");
	rc = engine->ops->commit(
	    engine, part, expected_version + 1, batch, fault);
	if (rc != RC_OK)
		return rc;
	atomic_store(&part->version, expected_version + 1);
	engine_partition_moved(part, expected_version + 1);
	return RC_OK;
}

// While the disk cannot be written, nobody waits for a change that was never
// begun.
static enum rc enter_to_write(struct engine *engine, struct fault *fault)
{
	if (engine_room(engine, fault) == RC_IO)
		return RC_IO;
	enum rc rc = engine_enter(engine);
	return rc == RC_OK ? RC_OK
			   : fault_set(fault, rc, "the storage is not open");
}

// A change that failed is answered when it is certain that it is not there.
// Nobody waits for that inside the gate.
static enum rc leave_written(struct engine *engine, enum rc rc)
{
	engine_leave(engine);
	if (rc == RC_IO && engine->ops->settle)
		engine->ops->settle(engine);
	return rc;
}

enum rc engine_commit(struct engine *engine, uint64_t partition,
    uint64_t expected_version, struct engine_batch *batch, struct fault *fault)
{
	enum rc rc = refuse(engine, partition, batch, fault);
	if (rc != RC_OK)
		return rc;
	batch_sort_contents(batch);
	struct engine_partition *part =
	    engine_partition_state(engine, partition);
	rc = enter_to_write(engine, fault);
	if (rc != RC_OK)
		return rc;
	uint64_t began_ns = clock_monotonic_ns();
	pthread_mutex_lock(&part->lock);
	rc = commit_locked(engine, part, expected_version, batch, fault);
	pthread_mutex_unlock(&part->lock);
	if (rc == RC_OK)
		counter_times_add(
		    &engine->commits, (clock_monotonic_ns() - began_ns) / 1000);
	else if (rc == RC_IO || rc == RC_FULL)
		counter_add(&engine->commits_failed, 1);
	return leave_written(engine, rc);
}

enum rc engine_partition_drop(
    struct engine *engine, uint64_t partition, struct fault *fault)
{
	enum rc rc = refuse(engine, partition, NULL, fault);
	if (rc != RC_OK)
		return rc;
	struct engine_partition *part =
	    engine_partition_state(engine, partition);
	rc = enter_to_write(engine, fault);
	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&part->lock);
	rc = engine->ops->drop(engine, part, fault);
	// After a failure, the version on the disk is unknown here and is read
	// again.
	atomic_store(&part->version, rc == RC_OK ? 0 : ENGINE_VERSION_UNKNOWN);
	if (rc == RC_OK)
		engine_partition_moved(part, 0);
	pthread_mutex_unlock(&part->lock);
	return leave_written(engine, rc);
}

// ---- Measurements ----------------------------------------------------------

struct engine_stats engine_stats(struct engine *engine)
{
	struct engine_stats stats = {
	    .commits = &engine->commits,
	    .commits_failed = counter_value(&engine->commits_failed),
	};
	if (engine->ops->sizes && engine_enter(engine) == RC_OK) {
		engine->ops->sizes(engine, &stats);
		engine_leave(engine);
	}
	return stats;
}

// ---- Content and care ------------------------------------------------------

enum rc engine_content_read(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->content_read(engine, id, offset, len, ret_bytes);
	engine_leave(engine);
	return rc;
}

enum rc engine_content_size(struct engine *engine,
    const struct engine_content_id *id, uint64_t *ret_bytes)
{
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->content_size(engine, id, ret_bytes);
	engine_leave(engine);
	return rc;
}

enum rc engine_content_owned(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id, uint64_t *ret_count)
{
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->content_owned(engine, partition, id, ret_count);
	engine_leave(engine);
	return rc;
}

enum rc engine_content_sweep(struct engine *engine, int64_t now,
    int64_t grace_seconds, uint64_t *ret_deleted)
{
	if (engine->read_only)
		return RC_DENIED;
	int64_t before;
	if (__builtin_sub_overflow(now, grace_seconds, &before))
		return RC_INVALID;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->content_sweep(engine, before, ret_deleted);
	engine_leave(engine);
	return rc;
}

enum rc engine_content_each(struct engine *engine,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context)
{
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->content_each(engine, each, context);
	engine_leave(engine);
	return rc;
}

enum rc engine_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context)
{
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->check(engine, problem, context);
	engine_leave(engine);
	return rc;
}

// ---- A full or failing disk ------------------------------------------------

struct engine_health engine_health(struct engine *engine)
{
	struct engine_health health = {.state = ENGINE_WELL};
	if (engine->ops->health)
		engine->ops->health(engine, &health);
	return health;
}

enum rc engine_room(struct engine *engine, struct fault *fault)
{
	enum rc rc = engine->ops->room ? engine->ops->room(engine) : RC_OK;
	if (rc == RC_FULL)
		return fault_set(fault, rc,
		    "the server's disk is full: it takes no new mail until "
		    "there is space again");
	if (rc != RC_OK)
		return fault_set(fault, rc, "the server's disk fails");
	return RC_OK;
}

// ---- Checkpoints -----------------------------------------------------------

enum rc engine_checkpoint_open(
    struct engine *engine, const char *path, struct fault *fault)
{
	if (!engine->ops->checkpoint)
		return fault_set(fault, RC_UNSUPPORTED,
		    "what is only in memory cannot be backed up");
	if (atomic_exchange(&engine->has_checkpoint, true))
		return fault_set(fault, RC_IN_USE,
		    "another backup is being made at the moment");
	enum rc rc = engine_checkpoint_remove(path, fault);
	if (rc == RC_OK)
		rc = engine_enter(engine);
	if (rc == RC_OK) {
		rc = engine->ops->checkpoint(engine, path, fault);
		engine_leave(engine);
	}
	if (rc != RC_OK)
		engine_checkpoint_close(engine, path);
	return rc;
}

void engine_checkpoint_close(struct engine *engine, const char *path)
{
	struct fault fault = {0};
	if (engine_checkpoint_remove(path, &fault) != RC_OK && engine->log)
		log_text(
		    engine->log, LOG_LEVEL_WARN, "storage", "%s", fault.text);
	atomic_store(&engine->has_checkpoint, false);
}
