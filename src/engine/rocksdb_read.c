// SPDX-License-Identifier: Apache-2.0
// Reading keys: a partition's version, single values, snapshots and cursors.
#include "base/mem.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_impl.h"

// A seek forward first tries so many single steps: a step costs much less than
// a seek, and most seeks land close by.
#define CURSOR_STEPS 8

struct rocks_snapshot {
	struct engine_snapshot base;
	struct rocks_snapshot *next; // under rocks->snapshots_lock
	struct rocks_snapshot **here;
	struct rocks_cursor *cursors;
	const rocksdb_snapshot_t *snapshot; // NULL: given up
	rocksdb_readoptions_t *options;
};

struct rocks_cursor {
	struct engine_cursor base;
	struct rocks_cursor *next; // of the same snapshot
	struct rocks_cursor **here;
	rocksdb_iterator_t *iterator; // NULL: given up
	struct buf entry;             // what was returned last: key, then value
	rocksdb_readoptions_t *options;
	bool given;          // the iterator's entry was returned already
	struct rocks_key at; // scratch memory, for seeking
	struct rocks_key prefix;
	struct rocks_key bound; // the options point to it
};

enum rc rocks_load_version(
    struct engine *engine, uint64_t partition, uint64_t *ret_version)
{
	struct rocks *rocks = rocks_of(engine);
	if (!engine->read_only && !atomic_load(&rocks->keeper.broken)) {
		enum rc rc = rocks_drop_resume(rocks, partition, NULL);
		if (rc != RC_OK)
			return rc;
	}
	char key[8];
	put_be64(key, partition);
	uint64_t version = 0;
	enum rc rc = rocks_get_u64(rocks, rocks->newest, ROCKS_INDEX,
	    view_of(key, sizeof(key)), &version);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	*ret_version = version;
	return RC_OK;
}

static enum rc get(struct rocks *rocks, const rocksdb_readoptions_t *options,
    uint64_t partition, struct view key, struct buf *ret_value)
{
	struct rocks_key full;
	rocks_index_key(&full, partition, key);
	rocksdb_pinnableslice_t *slice;
	struct view value;
	enum rc rc = rocks_get(rocks, options, ROCKS_INDEX,
	    view_of(full.bytes, full.len), &slice, &value);
	if (rc != RC_OK)
		return rc;
	buf_add(ret_value, value);
	rocksdb_pinnableslice_destroy(slice);
	return buf_status(ret_value);
}

enum rc rocks_get_key(struct engine *engine, struct engine_partition *part,
    struct view key, struct buf *ret_value)
{
	struct rocks *rocks = rocks_of(engine);
	return get(rocks, rocks->newest, part->id, key, ret_value);
}

// The first key of a partition is the bare partition number, which holds its
// version. No commit wrote a partition without it; the check reports such a
// partition.
enum rc rocks_partition_next(
    struct engine *engine, uint64_t after, uint64_t *ret_partition)
{
	struct rocks *rocks = rocks_of(engine);
	rocksdb_readoptions_t *options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_total_order_seek(options, 1);
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, options, rocks->families[ROCKS_INDEX]);
	enum rc rc = RC_END;
	while (rc == RC_END && after < UINT64_MAX - 1) {
		char start[8];
		put_be64(start, after + 1);
		rocksdb_iter_seek(iterator, start, sizeof(start));
		if (!rocksdb_iter_valid(iterator))
			break;
		struct view key = rocks_iter_key(iterator);
		after = key.len >= 8 ? get_be64(key.ptr) : after + 1;
		if (key.len == 8) {
			*ret_partition = after;
			rc = RC_OK;
		}
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	if (error)
		rc = rocks_result(rocks, error, "listing partitions", NULL);
	rocksdb_iter_destroy(iterator);
	rocksdb_readoptions_destroy(options);
	return rc;
}

// ---- Snapshots -------------------------------------------------------------

static void link_snapshot(struct rocks *rocks, struct rocks_snapshot *snapshot)
{
	pthread_mutex_lock(&rocks->snapshots_lock);
	snapshot->next = rocks->snapshots;
	snapshot->here = &rocks->snapshots;
	if (snapshot->next)
		snapshot->next->here = &snapshot->next;
	rocks->snapshots = snapshot;
	pthread_mutex_unlock(&rocks->snapshots_lock);
}

enum rc rocks_snapshot_open(struct engine *engine,
    struct engine_partition *part, struct engine_snapshot **ret_snapshot)
{
	struct rocks *rocks = rocks_of(engine);
	struct rocks_snapshot *snapshot = mem_zalloc(sizeof(*snapshot));
	snapshot->base.engine = engine;
	snapshot->base.partition = part;
	link_snapshot(rocks, snapshot);
	snapshot->snapshot = rocksdb_create_snapshot(rocks->db);
	snapshot->options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_snapshot(snapshot->options, snapshot->snapshot);
	// The version is read through the snapshot: the one in memory may not
	// yet include the last commit that the snapshot sees.
	char key[8];
	put_be64(key, part->id);
	enum rc rc = rocks_get_u64(rocks, snapshot->options, ROCKS_INDEX,
	    view_of(key, sizeof(key)), &snapshot->base.version);
	if (rc != RC_OK && rc != RC_NOT_FOUND) {
		rocks_snapshot_close(&snapshot->base);
		return rc;
	}
	*ret_snapshot = &snapshot->base;
	return RC_OK;
}

static void unlink_snapshot(
    struct rocks *rocks, struct rocks_snapshot *snapshot)
{
	pthread_mutex_lock(&rocks->snapshots_lock);
	*snapshot->here = snapshot->next;
	if (snapshot->next)
		snapshot->next->here = snapshot->here;
	pthread_mutex_unlock(&rocks->snapshots_lock);
}

static void release(struct rocks *rocks, struct rocks_snapshot *snapshot)
{
	if (!snapshot->snapshot)
		return;
	rocksdb_readoptions_destroy(snapshot->options);
	rocksdb_release_snapshot(rocks->db, snapshot->snapshot);
	snapshot->snapshot = NULL;
}

void rocks_snapshot_close(struct engine_snapshot *base)
{
	struct rocks_snapshot *snapshot = (struct rocks_snapshot *)base;
	struct rocks *rocks = rocks_of(base->engine);
	release(rocks, snapshot);
	unlink_snapshot(rocks, snapshot);
	free(snapshot);
}

enum rc rocks_snapshot_get(
    struct engine_snapshot *base, struct view key, struct buf *ret_value)
{
	struct rocks_snapshot *snapshot = (struct rocks_snapshot *)base;
	if (!snapshot->snapshot)
		return RC_IO;
	return get(rocks_of(base->engine), snapshot->options,
	    base->partition->id, key, ret_value);
}

// ---- Cursors ---------------------------------------------------------------

// The lowest key above all that begin with `prefix`. There is one, because no
// partition is UINT64_MAX.
static void set_bound(struct rocks_key *bound, const struct rocks_key *prefix)
{
	bound->len = prefix->len;
	memcpy(bound->bytes, prefix->bytes, prefix->len);
	while ((unsigned char)bound->bytes[bound->len - 1] == 0xff)
		bound->len--;
	bound->bytes[bound->len - 1]++;
}

static void seek(struct rocks_cursor *cursor, const struct rocks_key *key)
{
	rocksdb_iter_seek(cursor->iterator, key->bytes, key->len);
	cursor->given = false;
}

// Skips the bare key of the partition, which holds its version and is not a
// caller's.
static void seek_first(struct rocks_cursor *cursor)
{
	cursor->at.len = cursor->prefix.len;
	memcpy(cursor->at.bytes, cursor->prefix.bytes, cursor->prefix.len);
	if (cursor->at.len == 8)
		cursor->at.bytes[cursor->at.len++] = '\0';
	seek(cursor, &cursor->at);
}

enum rc rocks_cursor_open(struct engine_snapshot *base, struct view prefix,
    struct engine_cursor **ret_cursor)
{
	struct rocks *rocks = rocks_of(base->engine);
	struct rocks_snapshot *snapshot = (struct rocks_snapshot *)base;
	if (!snapshot->snapshot)
		return RC_IO;
	struct rocks_cursor *cursor = mem_alloc(sizeof(*cursor));
	cursor->base.snapshot = base;
	buf_init(&cursor->entry, ENGINE_KEY_MAX + ENGINE_VALUE_MAX);
	rocks_index_key(&cursor->prefix, base->partition->id, prefix);
	set_bound(&cursor->bound, &cursor->prefix);
	cursor->options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_snapshot(cursor->options, snapshot->snapshot);
	rocksdb_readoptions_set_prefix_same_as_start(cursor->options, 1);
	rocksdb_readoptions_set_iterate_upper_bound(
	    cursor->options, cursor->bound.bytes, cursor->bound.len);
	cursor->iterator = rocksdb_create_iterator_cf(
	    rocks->db, cursor->options, rocks->families[ROCKS_INDEX]);
	cursor->next = snapshot->cursors;
	cursor->here = &snapshot->cursors;
	if (cursor->next)
		cursor->next->here = &cursor->next;
	snapshot->cursors = cursor;
	seek_first(cursor);
	*ret_cursor = &cursor->base;
	return RC_OK;
}

static void let_go(struct rocks_cursor *cursor)
{
	if (!cursor->iterator)
		return;
	rocksdb_iter_destroy(cursor->iterator);
	rocksdb_readoptions_destroy(cursor->options);
	cursor->iterator = NULL;
}

void rocks_cursor_close(struct engine_cursor *base)
{
	struct rocks_cursor *cursor = (struct rocks_cursor *)base;
	let_go(cursor);
	*cursor->here = cursor->next;
	if (cursor->next)
		cursor->next->here = cursor->here;
	buf_done(&cursor->entry);
	free(cursor);
}

void rocks_snapshots_give_up(struct rocks *rocks)
{
	struct rocks_snapshot *snapshot = rocks->snapshots;
	for (; snapshot; snapshot = snapshot->next) {
		struct rocks_cursor *cursor = snapshot->cursors;
		for (; cursor; cursor = cursor->next)
			let_go(cursor);
		release(rocks, snapshot);
	}
}

// Whether a few steps reach the first key >= `key`.
static bool step_to(struct rocks_cursor *cursor, struct view key)
{
	for (int steps = 0; steps <= CURSOR_STEPS; steps++) {
		if (!rocksdb_iter_valid(cursor->iterator))
			return false;
		int order = view_compare(rocks_iter_key(cursor->iterator), key);
		if (order == 0 || (order > 0 && steps > 0)) {
			cursor->given = false;
			return true;
		}
		if (order > 0)
			return false; // the key may be before this one
		rocksdb_iter_next(cursor->iterator);
	}
	return false;
}

void rocks_cursor_seek(struct engine_cursor *base, struct view key)
{
	struct rocks_cursor *cursor = (struct rocks_cursor *)base;
	if (!cursor->iterator)
		return; // rocks_cursor_next() says so
	struct view prefix =
	    view_from(view_of(cursor->prefix.bytes, cursor->prefix.len), 8);
	if (key.len == 0 || view_compare(key, prefix) <= 0) {
		seek_first(cursor);
		return;
	}
	// No key is longer than ENGINE_KEY_MAX, so one byte more is enough to
	// compare.
	key = view_slice(key, 0, ENGINE_KEY_MAX + 1);
	rocks_index_key(&cursor->at, base->snapshot->partition->id, key);
	if (!step_to(cursor, view_of(cursor->at.bytes, cursor->at.len)))
		seek(cursor, &cursor->at);
}

enum rc rocks_cursor_next(
    struct engine_cursor *base, struct view *ret_key, struct view *ret_value)
{
	struct rocks_cursor *cursor = (struct rocks_cursor *)base;
	if (!cursor->iterator)
		return RC_IO;
	if (cursor->given && rocksdb_iter_valid(cursor->iterator))
		rocksdb_iter_next(cursor->iterator);
	cursor->given = true;
	if (!rocksdb_iter_valid(cursor->iterator)) {
		char *error = NULL;
		rocksdb_iter_get_error(cursor->iterator, &error);
		enum rc rc = rocks_result(rocks_of(base->snapshot->engine),
		    error, "reading keys", NULL);
		return rc == RC_OK ? RC_END : rc;
	}
	// A copy, because the caller uses it outside the gate: the iterator may
	// be given up meanwhile.
	struct view key = view_from(rocks_iter_key(cursor->iterator), 8);
	buf_reset(&cursor->entry);
	buf_add(&cursor->entry, key);
	buf_add(&cursor->entry, rocks_iter_value(cursor->iterator));
	*ret_key = view_slice(buf_view(&cursor->entry), 0, key.len);
	*ret_value = view_from(buf_view(&cursor->entry), key.len);
	return buf_status(&cursor->entry);
}
