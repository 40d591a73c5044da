// SPDX-License-Identifier: Apache-2.0
// Walking through an account's change log. Versions in it have no gaps. A
// version without a record is therefore the horizon, and a change can never be
// skipped unnoticed.
#include "store/changes.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/account_impl.h"
#include "store/change_record.h"
#include "store/changes_impl.h"

struct store_change_walk {
	struct engine_snapshot *snapshot;
	bool own;                     // the snapshot is closed with the walk
	struct engine_cursor *cursor; // NULL when there is nothing to tell
	uint64_t version;             // of the snapshot
	uint64_t read;                // of the record that is open
	uint64_t skip;                // how many changes of it the reader knows
	uint64_t mailbox_id;          // 0: all mailboxes
	bool open;                    // `record` is in use
	struct change_record_reader record;
};

enum rc store_account_version(
    struct store_account *account, uint64_t *ret_version)
{
	return engine_version(
	    account->store->options.engine, account->id, ret_version);
}

static enum rc next_record(struct store_change_walk *walk)
{
	struct view key;
	struct view value;
	if (walk->read == walk->version)
		return RC_END;
	enum rc rc = engine_cursor_next(walk->cursor, &key, &value);
	if (rc == RC_END)
		return RC_GONE;
	if (rc != RC_OK)
		return rc;
	if (key.len != 9 || get_be64(key.ptr + 1) != walk->read + 1)
		return RC_GONE;
	rc = change_record_open(&walk->record, walk->read + 1, value);
	if (rc == RC_OK) {
		walk->read++;
		walk->open = true;
	}
	return rc;
}

static enum rc begin(
    struct store_change_walk *walk, struct store_change_position after)
{
	walk->version = engine_snapshot_version(walk->snapshot);
	walk->read = after.version;
	walk->skip = after.done;
	if (after.version >= walk->version)
		return after.version > walk->version || after.done ? RC_GONE
								   : RC_OK;
	struct record_key prefix = record_key_kind(RECORD_CHANGES);
	struct record_key first =
	    record_key_u64(RECORD_CHANGES, after.version + 1);
	enum rc rc = engine_cursor_open(
	    walk->snapshot, record_key_view(&prefix), &walk->cursor);
	if (rc != RC_OK)
		return rc;
	engine_cursor_seek(walk->cursor, record_key_view(&first));
	// Reads the first record now, so that RC_GONE comes before any change.
	return next_record(walk);
}

static enum rc open_walk(struct engine *engine, uint64_t account_id,
    struct store_change_position after, uint64_t mailbox_id,
    struct store_change_walk **ret_walk)
{
	struct store_change_walk *walk = mem_zalloc(sizeof(*walk));
	walk->mailbox_id = mailbox_id;
	enum rc rc = engine_snapshot_open(engine, account_id, &walk->snapshot);
	walk->own = rc == RC_OK;
	if (rc == RC_OK)
		rc = begin(walk, after);
	if (rc == RC_OK)
		*ret_walk = walk;
	else
		store_change_walk_close(&walk);
	return rc;
}

enum rc store_change_walk_open(struct store_account *account,
    struct store_change_position after, uint64_t mailbox_id,
    struct store_change_walk **ret_walk)
{
	return open_walk(account->store->options.engine, account->id, after,
	    mailbox_id, ret_walk);
}

enum rc change_walk_open(struct engine *engine, uint64_t account_id,
    struct store_change_position after, struct store_change_walk **ret_walk)
{
	return open_walk(engine, account_id, after, 0, ret_walk);
}

enum rc change_walk_open_on(struct engine_snapshot *from,
    struct store_change_position after, struct store_change_walk **ret_walk)
{
	struct store_change_walk *walk = mem_zalloc(sizeof(*walk));
	walk->snapshot = from;
	enum rc rc = begin(walk, after);
	if (rc == RC_OK)
		*ret_walk = walk;
	else
		store_change_walk_close(&walk);
	return rc;
}

struct engine_snapshot *change_walk_snapshot(struct store_change_walk *walk)
{
	return walk->snapshot;
}

void store_change_walk_close(struct store_change_walk **walk)
{
	struct store_change_walk *old = *walk;
	*walk = NULL;
	if (!old)
		return;
	engine_cursor_close(&old->cursor);
	if (old->own)
		engine_snapshot_close(&old->snapshot);
	free(old);
}

uint64_t store_change_walk_version(const struct store_change_walk *walk)
{
	return walk->version;
}

// Removes what the reader knows from the front of a run; count 0: knows all.
static void skip_known(struct store_change *change, uint64_t known)
{
	if (change->number >= known)
		return;
	uint64_t skipped = known - change->number;
	if (skipped > change->count)
		skipped = change->count;
	change->number += skipped;
	change->uid += (uint32_t)skipped;
	change->count -= (uint32_t)skipped;
	if (change->email_id)
		change->email_id += skipped;
}

// Gives the next run of the open record.
static enum rc next_run(
    struct store_change_walk *walk, struct store_change *ret_change)
{
	enum rc rc;
	do {
		rc = change_record_next(&walk->record, ret_change);
		if (rc == RC_OK)
			skip_known(ret_change, walk->skip);
	} while (
	    rc == RC_OK && (ret_change->count == 0 ||
			       (walk->mailbox_id && ret_change->mailbox_id !=
							walk->mailbox_id)));
	return rc;
}

enum rc store_change_walk_next(
    struct store_change_walk *walk, struct store_change *ret_change)
{
	for (;;) {
		enum rc rc = walk->open ? next_run(walk, ret_change) : RC_END;
		if (rc != RC_END)
			return rc;
		if (walk->open)
			walk->skip = 0; // it was for this record
		walk->open = false;
		rc = next_record(walk);
		if (rc != RC_OK)
			return rc;
	}
}
