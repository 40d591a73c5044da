// SPDX-License-Identifier: Apache-2.0
// Calls that are made from other calls of the contract: a scan of the keys with
// a prefix, and a change that reads, commits, and begins anew after a conflict.
#include "engine/impl.h"

// Attempts before a change gives up. Of several commits that collide one always
// succeeds, so with n others at work about n attempts are enough.
#define CHANGE_TRIES 1000

// ---- Scanning --------------------------------------------------------------

enum rc engine_snapshot_scan(struct engine_snapshot *snapshot,
    struct view prefix, struct view from, engine_each *each, void *context)
{
	struct engine_cursor *cursor;
	enum rc rc = engine_cursor_open(snapshot, prefix, &cursor);
	if (rc != RC_OK)
		return rc;
	if (from.len)
		engine_cursor_seek(cursor, from);
	while (rc == RC_OK) {
		struct view key;
		struct view value;
		rc = engine_cursor_next(cursor, &key, &value);
		if (rc == RC_OK)
			rc = each(context, key, value);
	}
	engine_cursor_close(&cursor);
	return rc == RC_END ? RC_OK : rc;
}

enum rc engine_scan(struct engine *engine, uint64_t partition,
    struct view prefix, struct view from, engine_each *each, void *context)
{
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(engine, partition, &snapshot);
	if (rc != RC_OK)
		return rc;
	rc = engine_snapshot_scan(snapshot, prefix, from, each, context);
	engine_snapshot_close(&snapshot);
	return rc;
}

// ---- Changing --------------------------------------------------------------

static enum rc try_change(struct engine *engine, uint64_t partition,
    struct engine_batch *batch, engine_make *make, void *context,
    struct fault *fault)
{
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(engine, partition, &snapshot);
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot read: %s", rc_text(rc));
	uint64_t version = engine_snapshot_version(snapshot);
	rc = make(context, snapshot, batch, fault);
	engine_snapshot_close(&snapshot);
	if (rc != RC_OK || batch_is_empty(batch))
		return rc;
	return engine_commit(engine, partition, version, batch, fault);
}

enum rc engine_change(struct engine *engine, uint64_t partition,
    engine_make *make, void *context, struct fault *fault)
{
	struct engine_batch *batch = engine_batch_new(engine);
	enum rc rc = RC_CONFLICT;
	for (int i = 0; rc == RC_CONFLICT && i < CHANGE_TRIES; i++) {
		engine_batch_reset(batch);
		rc = try_change(engine, partition, batch, make, context, fault);
	}
	engine_batch_free(&batch);
	return rc;
}
