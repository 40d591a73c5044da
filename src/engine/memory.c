// SPDX-License-Identifier: Apache-2.0
// The engine in memory: for tests and fuzzers, and for a server without a disk.
// The keys of a partition are a tree that never changes under a reader
// (memory_tree.h); part->data is its root.
#include "engine/memory.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "engine/memory_tree.h"

struct memory_engine {
	struct engine base;
	struct memory_contents contents;
	pthread_mutex_t written_lock;
	struct tree_node *written; // be64 of each partition with a version > 0
};

struct memory_snapshot {
	struct engine_snapshot base;
	struct tree_node *root;
};

struct memory_cursor {
	struct engine_cursor base;
	struct tree_walk walk;
	struct view prefix; // owned
};

static struct memory_engine *self(struct engine *engine)
{
	return (struct memory_engine *)engine;
}

// ---- Reading ---------------------------------------------------------------

static enum rc memory_load_version(
    struct engine *engine, uint64_t partition, uint64_t *ret_version)
{
	(void)engine;
	(void)partition;
	*ret_version = 0;
	return RC_OK;
}

static enum rc get(
    const struct tree_node *root, struct view key, struct buf *ret_value)
{
	struct view value;
	if (!tree_get(root, key, &value))
		return RC_NOT_FOUND;
	buf_add(ret_value, value);
	return buf_status(ret_value);
}

static enum rc memory_get(struct engine *engine, struct engine_partition *part,
    struct view key, struct buf *ret_value)
{
	(void)engine;
	pthread_mutex_lock(&part->lock);
	enum rc rc = get(part->data, key, ret_value);
	pthread_mutex_unlock(&part->lock);
	return rc;
}

static enum rc memory_partition_next(
    struct engine *engine, uint64_t after, uint64_t *ret_partition)
{
	struct memory_engine *memory = self(engine);
	char bytes[8];
	put_be64(bytes, after + 1);
	struct view key;
	struct view value;
	struct tree_walk walk;
	pthread_mutex_lock(&memory->written_lock);
	tree_walk_init(&walk, memory->written);
	tree_walk_seek(&walk, view_of(bytes, sizeof(bytes)));
	bool found = tree_walk_next(&walk, &key, &value);
	if (found)
		*ret_partition = get_be64(key.ptr);
	pthread_mutex_unlock(&memory->written_lock);
	tree_walk_done(&walk);
	return found ? RC_OK : RC_END;
}

static enum rc memory_snapshot_open(struct engine *engine,
    struct engine_partition *part, struct engine_snapshot **ret_snapshot)
{
	struct memory_snapshot *snapshot = mem_zalloc(sizeof(*snapshot));
	snapshot->base.engine = engine;
	snapshot->base.partition = part;
	pthread_mutex_lock(&part->lock);
	snapshot->root = tree_ref(part->data);
	uint64_t version = atomic_load(&part->version);
	pthread_mutex_unlock(&part->lock);
	if (version != ENGINE_VERSION_UNKNOWN)
		snapshot->base.version = version;
	*ret_snapshot = &snapshot->base;
	return RC_OK;
}

static void memory_snapshot_close(struct engine_snapshot *base)
{
	struct memory_snapshot *snapshot = (struct memory_snapshot *)base;
	tree_unref(snapshot->root);
	free(snapshot);
}

static enum rc memory_snapshot_get(
    struct engine_snapshot *base, struct view key, struct buf *ret_value)
{
	return get(((struct memory_snapshot *)base)->root, key, ret_value);
}

static enum rc memory_cursor_open(struct engine_snapshot *base,
    struct view prefix, struct engine_cursor **ret_cursor)
{
	struct memory_snapshot *snapshot = (struct memory_snapshot *)base;
	struct memory_cursor *cursor = mem_zalloc(sizeof(*cursor));
	cursor->base.snapshot = base;
	cursor->prefix =
	    view_of(mem_strndup(prefix.ptr, prefix.len), prefix.len);
	tree_walk_init(&cursor->walk, snapshot->root);
	tree_walk_seek(&cursor->walk, prefix);
	*ret_cursor = &cursor->base;
	return RC_OK;
}

static void memory_cursor_close(struct engine_cursor *base)
{
	struct memory_cursor *cursor = (struct memory_cursor *)base;
	tree_walk_done(&cursor->walk);
	mem_free_ptr(&cursor->prefix.ptr);
	free(cursor);
}

static void memory_cursor_seek(struct engine_cursor *base, struct view key)
{
	struct memory_cursor *cursor = (struct memory_cursor *)base;
	if (view_compare(key, cursor->prefix) < 0)
		key = cursor->prefix;
	tree_walk_seek(&cursor->walk, key);
}

static enum rc memory_cursor_next(
    struct engine_cursor *base, struct view *ret_key, struct view *ret_value)
{
	struct memory_cursor *cursor = (struct memory_cursor *)base;
	struct view key;
	struct view value;
	if (!tree_walk_next(&cursor->walk, &key, &value))
		return RC_END;
	if (!view_starts_with(key, cursor->prefix)) {
		cursor->walk.depth = 0;
		return RC_END;
	}
	*ret_key = key;
	*ret_value = value;
	return RC_OK;
}

// ---- Writing ---------------------------------------------------------------

static void set_written(
    struct memory_engine *memory, uint64_t partition, bool written)
{
	char bytes[8];
	put_be64(bytes, partition);
	struct view key = view_of(bytes, sizeof(bytes));
	pthread_mutex_lock(&memory->written_lock);
	memory->written = written
			      ? tree_put(memory->written, key, view_of(NULL, 0))
			      : tree_delete(memory->written, key);
	pthread_mutex_unlock(&memory->written_lock);
}

static enum rc memory_commit(struct engine *engine,
    struct engine_partition *part, uint64_t version, struct engine_batch *batch,
    struct fault *fault)
{
	struct memory_engine *memory = self(engine);
	// The only step that can fail comes first.
	enum rc rc =
	    memory_contents_apply(&memory->contents, part->id, batch, fault);
	if (rc != RC_OK)
		return rc;
	size_t position = 0;
	struct batch_op op;
	struct tree_node *root = part->data;
	while (batch_next(batch, &position, &op)) {
		switch (op.kind) {
		case BATCH_PUT: root = tree_put(root, op.key, op.value); break;
		case BATCH_DELETE: root = tree_delete(root, op.key); break;
		case BATCH_DELETE_RANGE:
			root = tree_delete_range(root, op.key, op.value);
			break;
		}
	}
	part->data = root;
	if (version == 1)
		set_written(memory, part->id, true);
	return RC_OK;
}

static enum rc memory_drop(
    struct engine *engine, struct engine_partition *part, struct fault *fault)
{
	(void)fault;
	struct memory_engine *memory = self(engine);
	tree_unref(part->data);
	part->data = NULL;
	memory_contents_drop(&memory->contents, part->id);
	set_written(memory, part->id, false);
	return RC_OK;
}

// ---- Content ---------------------------------------------------------------

static enum rc memory_content_spill(struct engine *engine,
    const struct engine_content_id *id, uint32_t number, struct view chunk)
{
	memory_contents_spill(&self(engine)->contents, id, number, chunk);
	return RC_OK;
}

static enum rc memory_content_spilled(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	return memory_contents_spilled(
	    &self(engine)->contents, id, offset, len, ret_bytes);
}

static enum rc memory_content_read(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	return memory_contents_read(
	    &self(engine)->contents, id, offset, len, ret_bytes);
}

static enum rc memory_content_size(struct engine *engine,
    const struct engine_content_id *id, uint64_t *ret_bytes)
{
	return memory_contents_size(&self(engine)->contents, id, ret_bytes);
}

static enum rc memory_content_owned(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id, uint64_t *ret_count)
{
	*ret_count =
	    memory_contents_owned(&self(engine)->contents, partition, id);
	return RC_OK;
}

static enum rc memory_content_sweep(
    struct engine *engine, int64_t before, uint64_t *ret_deleted)
{
	memory_contents_sweep(
	    engine, &self(engine)->contents, before, ret_deleted);
	return RC_OK;
}

static enum rc memory_content_each(struct engine *engine,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context)
{
	return memory_contents_each(&self(engine)->contents, each, context);
}

// There is no stored form that could be damaged.
static enum rc memory_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context)
{
	(void)engine;
	(void)problem;
	(void)context;
	return RC_OK;
}

// ---- Opening ---------------------------------------------------------------

static void memory_close(struct engine *engine)
{
	struct memory_engine *memory = self(engine);
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&engine->partitions, &position, &key, &value)) {
		struct engine_partition *part = value;
		tree_unref(part->data);
	}
	tree_unref(memory->written);
	pthread_mutex_destroy(&memory->written_lock);
	memory_contents_done(&memory->contents);
	engine_base_done(engine);
	free(memory);
}

static const struct engine_ops memory_ops = {
    .close = memory_close,
    .load_version = memory_load_version,
    .get = memory_get,
    .partition_next = memory_partition_next,
    .snapshot_open = memory_snapshot_open,
    .snapshot_close = memory_snapshot_close,
    .snapshot_get = memory_snapshot_get,
    .cursor_open = memory_cursor_open,
    .cursor_close = memory_cursor_close,
    .cursor_seek = memory_cursor_seek,
    .cursor_next = memory_cursor_next,
    .commit = memory_commit,
    .drop = memory_drop,
    .content_spill = memory_content_spill,
    .content_spilled = memory_content_spilled,
    .content_read = memory_content_read,
    .content_size = memory_content_size,
    .content_owned = memory_content_owned,
    .content_sweep = memory_content_sweep,
    .content_each = memory_content_each,
    .check = memory_check,
};

struct engine *engine_memory_new(void)
{
	struct memory_engine *memory = mem_zalloc(sizeof(*memory));
	engine_base_init(&memory->base, &memory_ops);
	memory_contents_init(&memory->contents);
	pthread_mutex_init(&memory->written_lock, NULL);
	return &memory->base;
}
