// SPDX-License-Identifier: Apache-2.0
// Checks the notes that make deliveries and moves repeatable.
#include "base/bytes.h"
#include "store/change.h"
#include "store/check_impl.h"
#include "store/moved.h"

// ---- Past deliveries -------------------------------------------------------

static void unpaired_delivery(struct check *check, struct view key)
{
	check_report(check, "the note of a past delivery is damaged");
	check_mend_away(check, key);
}

// Each note under an id must have one under its time, and each note under a
// time must have one under its id.
static void check_delivered(
    struct check *check, struct view key, struct view value, void *context)
{
	struct buf *room = context;
	int64_t when;
	struct view id = view_from(key, 1);
	buf_reset(room);
	if (id.len <= STORE_DELIVERY_ID_MAX &&
	    record_delivered_get(value, &when) == RC_OK) {
		struct record_key other = record_key_delivered_at(when, id);
		if (engine_snapshot_get(check->snapshot,
			record_key_view(&other), room) == RC_OK)
			return;
	}
	unpaired_delivery(check, key);
}

static void check_delivered_at(
    struct check *check, struct view key, struct view value, void *context)
{
	struct buf *room = context;
	int64_t when;
	(void)value;
	buf_reset(room);
	if (key.len > 9 && key.len - 9 <= STORE_DELIVERY_ID_MAX) {
		struct record_key other =
		    record_key_delivered(view_from(key, 9));
		if (engine_snapshot_get(check->snapshot,
			record_key_view(&other), room) == RC_OK &&
		    record_delivered_get(buf_view(room), &when) == RC_OK &&
		    when == (int64_t)get_be64(key.ptr + 1))
			return;
	}
	unpaired_delivery(check, key);
}

enum rc check_deliveries(struct check *check)
{
	struct buf room;
	buf_init(&room, ENGINE_VALUE_MAX);
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_DELIVERED), check_delivered, &room);
	if (rc == RC_OK)
		rc = check_each_key(check, record_key_kind(RECORD_DELIVERED_AT),
		    check_delivered_at, &room);
	buf_done(&room);
	return rc;
}

// ---- Past moves ------------------------------------------------------------

// Without its note, a MOVE given again makes a second copy at worst. So a bad
// note may be deleted.
static void check_moved(
    struct check *check, struct view key, struct view value, void *context)
{
	struct buf *room = context;
	struct moved moved = {0};
	if (key.len == 29) {
		buf_reset(room);
		if (check_get_record(check, RECORD_MAILBOX,
			get_be64(key.ptr + 1), room) == RC_OK &&
		    moved_get(value, &moved) == RC_OK) {
			moved_done(&moved);
			return;
		}
	}
	check_report(check, "the note of a past move is damaged");
	check_mend_away(check, key);
}

enum rc check_moves(struct check *check)
{
	struct buf room;
	buf_init(&room, ENGINE_VALUE_MAX);
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_MOVED), check_moved, &room);
	buf_done(&room);
	return rc;
}
