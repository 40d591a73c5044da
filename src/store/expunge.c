// SPDX-License-Identifier: Apache-2.0
// Expunging messages, and telling later which ones were expunged (RFC 7162).
#include "base/vec.h"
#include "store/change.h"
#include "store/parts.h"
#include "store/transaction.h"

// What store_expunge() and store_take_away() do in a transaction.
struct expunge_edit {
	struct store_mailbox *mailbox;
	const struct rangeset *uids; // to be expunged
	const struct rangeset *seen; // to become \Seen
	bool changed;
	uint64_t modseq;
};

static enum node_verdict expunge_deleted(
    void *context, struct store_message *message)
{
	struct expunge_edit *edit = context;
	if (!(message->flags & STORE_FLAG_DELETED))
		return NODE_KEEP;
	edit->changed = true;
	return NODE_REMOVE;
}

// Gives the UIDs of \Deleted messages, of `uids` only unless that is NULL.
// Visits only the parts of the tree that have some. The depth of the recursion
// is the tree's height.
static void find_deleted(const struct store_node *node,
    const struct rangeset *uids, struct rangeset *ret_uids)
{
	if (!node || node->sums.deleted == 0)
		return;
	for (unsigned i = 0; i < node->slots; i++) {
		if (node->height > 0) {
			find_deleted(
			    node_as_branch(node)->children[i], uids, ret_uids);
			continue;
		}
		const struct node_entry *entry =
		    &node_as_chunk(node)->entries[i];
		if (entry->flags & STORE_FLAG_DELETED &&
		    (!uids || rangeset_has(uids, entry->uid)))
			rangeset_add(ret_uids, entry->uid, entry->uid);
	}
}

static enum rc run_edit(struct expunge_edit *edit, transaction_make *make,
    struct fault *fault, uint64_t *ret_modseq)
{
	enum rc rc = transaction_run(edit->mailbox->account, make, edit, fault);
	if (rc == RC_OK)
		*ret_modseq = edit->changed ? edit->modseq : 0;
	return rc;
}

static enum rc make_expunge(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct expunge_edit *edit = context;
	struct rangeset deleted;
	struct transaction_mailbox *entry;
	edit->changed = false;
	edit->modseq = transaction->modseq;
	enum rc rc = transaction_enter(
	    transaction, edit->mailbox, STORE_RIGHT_EXPUNGE, fault, &entry);
	if (rc != RC_OK)
		return rc;
	rangeset_init(&deleted);
	find_deleted(entry->root, edit->uids, &deleted);
	if (deleted.count)
		transaction_edit(entry, &deleted, expunge_deleted, edit);
	rangeset_done(&deleted);
	return RC_OK;
}

// Gives the MODSEQ of the last commit that expunged something. What must be
// done once is done in the first commit.
static enum rc run_parts(struct expunge_edit *edit, struct parts *parts,
    transaction_make *make, struct fault *fault, uint64_t *ret_modseq)
{
	static const struct rangeset none = {0};
	enum rc rc = RC_OK;
	*ret_modseq = 0;
	edit->uids = &parts->part;
	while (rc == RC_OK && parts_next(parts)) {
		uint64_t modseq;
		rc = run_edit(edit, make, fault, &modseq);
		if (rc == RC_OK && modseq)
			*ret_modseq = modseq;
		edit->seen = &none;
	}
	return rc;
}

enum rc store_expunge(struct store_mailbox *mailbox,
    const struct rangeset *uids, struct fault *fault, uint64_t *ret_modseq)
{
	struct expunge_edit edit = {.mailbox = mailbox, .uids = uids};
	struct parts parts;
	parts_init(&parts, mailbox->account);
	struct store_snapshot *now = mailbox_newest(mailbox);
	if (now)
		find_deleted(now->root, uids, &parts.uids);
	store_snapshot_unref(&now);
	enum rc rc =
	    parts_is_small(&parts)
		? run_edit(&edit, make_expunge, fault, ret_modseq)
		: run_parts(&edit, &parts, make_expunge, fault, ret_modseq);
	parts_done(&parts);
	return rc;
}

// ---- Taking away ------------------------------------------------------------

static enum node_verdict expunge_any(
    void *context, struct store_message *message)
{
	struct expunge_edit *edit = context;
	(void)message;
	edit->changed = true;
	return NODE_REMOVE;
}

static enum node_verdict set_seen(void *context, struct store_message *message)
{
	struct expunge_edit *edit = context;
	if (message->flags & STORE_FLAG_SEEN)
		return NODE_KEEP;
	message->flags |= STORE_FLAG_SEEN;
	edit->changed = true;
	return NODE_CHANGED;
}

static enum rc make_take_away(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct expunge_edit *edit = context;
	struct transaction_mailbox *entry;
	unsigned rights = STORE_RIGHT_READ;
	if (edit->uids->count)
		rights |= STORE_RIGHT_EXPUNGE | STORE_RIGHT_DELETE_MESSAGES;
	edit->changed = false;
	edit->modseq = transaction->modseq;
	enum rc rc = transaction_enter(
	    transaction, edit->mailbox, rights, fault, &entry);
	if (rc == RC_OK && edit->uids->count)
		transaction_edit(entry, edit->uids, expunge_any, edit);
	// As with FETCH, only an asker who may set \Seen marks what was read.
	if (rc == RC_OK && edit->seen->count &&
	    transaction_rights(edit->mailbox) & STORE_RIGHT_SEEN)
		transaction_edit(entry, edit->seen, set_seen, edit);
	return rc;
}

enum rc store_take_away(struct store_mailbox *mailbox,
    const struct rangeset *expunge, const struct rangeset *seen,
    struct fault *fault, uint64_t *ret_modseq)
{
	struct expunge_edit edit = {
	    .mailbox = mailbox, .uids = expunge, .seen = seen};
	struct parts parts;
	parts_init(&parts, mailbox->account);
	if (rangeset_size(expunge) > parts.most)
		parts_add_existing(&parts, mailbox, expunge);
	enum rc rc =
	    parts_is_small(&parts)
		? run_edit(&edit, make_take_away, fault, ret_modseq)
		: run_parts(&edit, &parts, make_take_away, fault, ret_modseq);
	parts_done(&parts);
	return rc;
}

// Adds every UID below UIDNEXT that does not exist.

// Every UID below UIDNEXT that does not exist.
static void all_gaps(
    const struct store_snapshot *snapshot, struct rangeset *ret_uids)
{
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	uint32_t next = 1;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		if (message.uid > next)
			rangeset_add(ret_uids, next, message.uid - 1);
		next = message.uid + 1;
	}
	if (snapshot->uidnext > next)
		rangeset_add(ret_uids, next, snapshot->uidnext - 1);
}

// Ranges in the order of their tombstones. They are sorted once at the end,
// since adding each one below the end of a set would take quadratic time.
struct ranges {
	struct range *items; // owned
	size_t count;
	size_t capacity;
	struct record_key last; // key of the tombstone that was read last
};

static enum rc ranges_add(void *context, struct view key, struct view value)
{
	struct ranges *ranges = context;
	struct rangeset uids;
	if (view_compare(key, record_key_view(&ranges->last)) > 0)
		return RC_END;
	rangeset_init(&uids);
	enum rc rc = record_tombstone_get(value, &uids);
	for (size_t i = 0; i < uids.count; i++)
		vec_push(ranges, uids.ranges[i]);
	rangeset_done(&uids);
	return rc;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;
	return (left->first > right->first) - (left->first < right->first);
}

static enum rc read_tombstones(struct engine_snapshot *engine_snapshot,
    uint64_t mailbox_id, uint64_t after, uint64_t up_to,
    struct ranges *ret_ranges)
{
	struct record_key prefix = record_key_u64(RECORD_TOMBSTONE, mailbox_id);
	struct record_key first = record_key_tombstone(mailbox_id, after + 1);
	ret_ranges->last = record_key_tombstone(mailbox_id, up_to);
	return engine_snapshot_scan(engine_snapshot, record_key_view(&prefix),
	    record_key_view(&first), ranges_add, ret_ranges);
}

// Gives the MODSEQ up to which expunges may have been forgotten. A deleted
// mailbox has forgotten all of them.
static enum rc read_horizon(
    struct engine_snapshot *from, uint64_t mailbox_id, uint64_t *ret_horizon)
{
	struct record_key key = record_key_u64(RECORD_STATE, mailbox_id);
	struct record_state state = {.horizon = UINT64_MAX};
	struct buf value;
	buf_init(&value, 256);
	enum rc rc = engine_snapshot_get(from, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_state_get(buf_view(&value), &state);
	buf_done(&value);
	*ret_horizon = state.horizon;
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc store_expunged_since(struct store_mailbox *mailbox,
    const struct store_snapshot *snapshot, uint64_t modseq,
    struct rangeset *ret_uids)
{
	struct store_account *account = mailbox->account;
	if (modseq >= snapshot->highestmodseq)
		return RC_OK;
	struct ranges found = {0};
	uint64_t horizon = 0;
	struct engine_snapshot *engine_snapshot;
	enum rc rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &engine_snapshot);
	if (rc == RC_OK) {
		rc = read_tombstones(engine_snapshot, mailbox->mailbox->id,
		    modseq, snapshot->highestmodseq, &found);
		if (rc == RC_OK)
			rc = read_horizon(
			    engine_snapshot, mailbox->mailbox->id, &horizon);
		engine_snapshot_close(&engine_snapshot);
	}
	if (rc == RC_OK && modseq < horizon) {
		all_gaps(snapshot, ret_uids);
	} else if (rc == RC_OK) {
		if (found.count)
			qsort(found.items, found.count, sizeof(*found.items),
			    compare_ranges);
		for (size_t i = 0; i < found.count; i++)
			rangeset_add(ret_uids, found.items[i].first,
			    found.items[i].last);
	}
	vec_done(&found);
	return rc;
}
