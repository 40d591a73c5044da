// SPDX-License-Identifier: Apache-2.0
// Copying and moving messages to another account. The other account gets emails
// of its own with the same records. Both accounts then own the content.
//
// A MOVE is two commits: first the copies in the target, then the expunge in
// the source. The second expunges only what the first made durable. So after a
// crash or a failure between the two both accounts have the messages; there is
// no moment at which neither has them. When the MOVE is given again, the note
// in the target (moved.h) tells which copies are already there. No lock is held
// from one commit to the other, so two accounts whose messages are moved to
// each other do not wait for each other.
#include "base/bytes.h"
#include "store/copy_impl.h"
#include "store/moved.h"

struct across {
	struct store_mailbox *from;
	const struct rangeset *uids;
	struct store_mailbox *to;
	bool move;
	struct store_snapshot *snapshot; // of `from`
	// Of its account; not older than `snapshot`.
	struct engine_snapshot *records;
	struct taken wanted;    // those of the set that exist
	struct rangeset copied; // UIDs in `from` whose copies are in `to`
	struct store_copied result;
};

// ---- The source ------------------------------------------------------------

// Gives the snapshot that the mailbox has now, if whoever opened it has the
// rights.
static enum rc source_snapshot(struct store_mailbox *from, unsigned rights,
    struct fault *fault, struct store_snapshot **ret_snapshot)
{
	struct store_account *account = from->account;
	pthread_mutex_lock(&account->table);
	enum rc rc = from->mailbox->gone ? fault_set(fault, RC_GONE,
					       "the mailbox has been deleted")
					 : mailbox_need(&from->asker, account,
					       from->mailbox, rights, fault);
	if (rc == RC_OK)
		*ret_snapshot =
		    store_snapshot_ref(atomic_load(&from->mailbox->current));
	pthread_mutex_unlock(&account->table);
	return rc;
}

static void collect(struct across *across)
{
	for (size_t i = 0; i < across->uids->count; i++) {
		struct store_walk walk;
		struct store_message message;
		uint32_t index;
		struct range range = across->uids->ranges[i];
		store_walk_init(&walk, across->snapshot,
		    store_snapshot_rank(across->snapshot, range.first));
		while (store_walk_next(&walk, &index, &message) &&
		       message.uid <= range.last)
			taken_add(&across->wanted, &message);
	}
}

static void close_source(struct across *across)
{
	engine_snapshot_close(&across->records);
	store_snapshot_unref(&across->snapshot);
	across->wanted.count = 0;
}

// Looks at the source while the target is locked. Another MOVE that was faster
// has then either expunged a message, or left a note of its copy.
static enum rc open_source(struct across *across, struct fault *fault)
{
	const struct store_account *account = across->from->account;
	unsigned rights = STORE_RIGHT_READ;
	if (across->move)
		rights |= STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE;
	close_source(across);
	enum rc rc =
	    source_snapshot(across->from, rights, fault, &across->snapshot);
	if (rc != RC_OK)
		return rc;
	collect(across);
	rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &across->records);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the messages cannot be read");
	return RC_OK;
}

static enum rc get(struct across *across, enum record_kind kind,
    uint64_t email_id, struct buf *ret_value)
{
	struct record_key key = record_key_u64(kind, email_id);
	buf_reset(ret_value);
	return engine_snapshot_get(
	    across->records, record_key_view(&key), ret_value);
}

// ---- Emails ----------------------------------------------------------------

// Emails that the target has got, by their ids in the source: if two messages
// in the source are one email, their copies are one email, too.
struct adoption {
	struct across *across;
	struct transaction *transaction;
	struct map emails; // id in the source (8 bytes) -> id in the target
	struct buf email;
	struct buf head;
	struct buf lines;
};

static void adoption_init(struct adoption *adoption, struct across *across,
    struct transaction *transaction)
{
	*adoption =
	    (struct adoption){.across = across, .transaction = transaction};
	map_init(&adoption->emails);
	buf_init(&adoption->email, ENGINE_VALUE_MAX);
	buf_init(&adoption->head, ENGINE_VALUE_MAX);
	buf_init(&adoption->lines, 64);
}

static void adoption_done(struct adoption *adoption)
{
	map_done(&adoption->emails);
	buf_done(&adoption->email);
	buf_done(&adoption->head);
	buf_done(&adoption->lines);
}

// RC_NOT_FOUND: the email has no records.
static enum rc read_records(struct adoption *adoption, uint64_t email_id,
    struct email_records *ret_records)
{
	struct across *across = adoption->across;
	uint64_t lacks = 0;
	enum rc rc = get(across, RECORD_EMAIL, email_id, &adoption->email);
	if (rc == RC_OK)
		rc = get(across, RECORD_HEAD, email_id, &adoption->head);
	if (rc != RC_OK)
		return rc;
	rc = get(across, RECORD_LINES, email_id, &adoption->lines);
	if (rc == RC_OK)
		rc = record_lines_get(buf_view(&adoption->lines), &lacks);
	else if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	*ret_records = (struct email_records){
	    .email = buf_view(&adoption->email),
	    .head = buf_view(&adoption->head),
	    .lacks = lacks,
	};
	return rc;
}

// Whether the message is still in the source. If it is, and its email lacks
// records, an expunge cannot be the reason.
static bool is_there(struct across *across, uint32_t uid)
{
	struct store_snapshot *now;
	uint32_t index;
	if (source_snapshot(across->from, STORE_RIGHT_READ, NULL, &now) !=
	    RC_OK)
		return false;
	bool there = store_snapshot_find(now, uid, &index) == RC_OK;
	store_snapshot_unref(&now);
	return there;
}

// RC_GONE: the message has been expunged since.
static enum rc adopt(struct adoption *adoption,
    const struct store_message *message, struct fault *fault,
    uint64_t *ret_email_id)
{
	uint64_t source_id = message->email_id;
	struct view key = view_of(&source_id, sizeof(source_id));
	uint64_t known = (uintptr_t)map_get(&adoption->emails, key);
	if (known) {
		*ret_email_id = known;
		return RC_OK;
	}
	struct email_records records;
	enum rc rc = read_records(adoption, source_id, &records);
	if (rc == RC_NOT_FOUND)
		rc = is_there(adoption->across, message->uid) ? RC_CORRUPT
							      : RC_GONE;
	if (rc == RC_GONE)
		return rc;
	struct transaction_made made;
	if (rc == RC_OK)
		rc = transaction_adopt(adoption->transaction, &records, &made);
	if (rc != RC_OK)
		return fault_set(fault, rc, "message %u cannot be copied: %s",
		    message->uid, rc_text(rc));
	map_put(&adoption->emails, key, (void *)(uintptr_t)made.email_id);
	*ret_email_id = made.email_id;
	return RC_OK;
}

// ---- What was moved before -------------------------------------------------

static struct record_key note_key(const struct across *across)
{
	return record_key_moved(across->to->mailbox->id,
	    across->from->account->id, across->from->mailbox->id,
	    across->snapshot->uidvalidity);
}

static enum rc read_note(const struct across *across,
    struct transaction *transaction, struct fault *fault,
    struct moved *ret_moved)
{
	struct record_key key = note_key(across);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	enum rc rc = engine_get(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = moved_get(buf_view(&value), ret_moved);
	buf_done(&value);
	// A damaged note counts as none; `roost check` reports it.
	if (rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_CORRUPT)
		return RC_OK;
	return fault_set(fault, rc, "cannot read what was moved before");
}

static void put_note(const struct across *across,
    struct transaction *transaction, const struct moved *moved)
{
	struct record_key key = note_key(across);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	moved_put(moved, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

// Gives the copy that an earlier MOVE made of the message, if it is still
// there; otherwise 0.
static uint32_t copy_of(const struct moved *before,
    const struct transaction_mailbox *target,
    const struct store_message *message)
{
	uint32_t uid = moved_find(before, message->uid);
	const struct store_snapshot now = {.root = target->root};
	struct store_message copy;
	uint32_t index;
	if (!uid || store_snapshot_find(&now, uid, &index) != RC_OK)
		return 0;
	store_snapshot_get(&now, index, &copy);
	return copy.size == message->size &&
		       copy.internal_date == message->internal_date
		   ? uid
		   : 0;
}

// Keeps from the earlier note what it says of messages that are still in the
// source: somebody may move these again, too.
static void keep_notes(const struct across *across, const struct moved *before,
    const struct transaction_mailbox *target, struct moved *notes)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct moved_run *run = &before->items[i];
		struct store_walk walk;
		struct store_message message;
		uint32_t index;
		store_walk_init(&walk, across->snapshot,
		    store_snapshot_rank(across->snapshot, run->source));
		while (store_walk_next(&walk, &index, &message) &&
		       message.uid - run->source < run->count) {
			uint32_t copy = copy_of(before, target, &message);
			if (copy)
				moved_add(notes, message.uid, copy);
		}
	}
}

// ---- The copies ------------------------------------------------------------

// Fills `fresh` with the messages that have no copy yet, as they will be
// stored.
static enum rc prepare(struct across *across, struct transaction *transaction,
    const struct moved *notes, struct fault *fault, struct taken *fresh)
{
	struct adoption adoption;
	enum rc rc = RC_OK;
	adoption_init(&adoption, across, transaction);
	for (size_t i = 0; rc == RC_OK && i < across->wanted.count; i++) {
		struct store_message message = across->wanted.items[i];
		if (moved_find(notes, message.uid)) {
			rangeset_add(&across->copied, message.uid, message.uid);
			across->result.count_before++;
			continue;
		}
		rc = adopt(&adoption, &message, fault, &message.email_id);
		if (rc == RC_OK)
			taken_add(fresh, &message);
		else if (rc == RC_GONE)
			rc = RC_OK;
	}
	adoption_done(&adoption);
	return rc;
}

static enum rc append(struct across *across, struct transaction_mailbox *target,
    struct taken *fresh, struct moved *notes, struct fault *fault)
{
	struct store_copied *result = &across->result;
	uint32_t first = target->state.uidnext;
	result->uidvalidity = across->to->mailbox->uidvalidity;
	result->count = (uint32_t)fresh->count;
	if (result->count)
		rangeset_add(&result->copies, first, first + result->count - 1);
	result->modseq = target->transaction->modseq;
	for (size_t i = 0; i < fresh->count; i++) {
		uint32_t uid = fresh->items[i].uid;
		rangeset_add(&result->sources, uid, uid);
		rangeset_add(&across->copied, uid, uid);
		if (across->move)
			moved_add(notes, uid, first + (uint32_t)i);
	}
	enum rc rc = taken_translate_keywords(
	    fresh, across->snapshot->keywords, target, fault);
	taken_leave_out_flags(fresh, transaction_rights(across->to));
	if (rc == RC_OK)
		rc = transaction_append(
		    target, fresh->items, fresh->count, fault);
	return rc;
}

static enum rc make_copies(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct across *across = context;
	struct transaction_mailbox *target;
	struct moved before = {0};
	struct moved notes = {0};
	struct taken fresh = {0};
	rangeset_reset(&across->copied);
	rangeset_reset(&across->result.sources);
	rangeset_reset(&across->result.copies);
	across->result.count_before = 0;
	enum rc rc = transaction_enter(
	    transaction, across->to, STORE_RIGHT_INSERT, fault, &target);
	if (rc == RC_OK)
		rc = open_source(across, fault);
	if (rc == RC_OK && across->move)
		rc = read_note(across, transaction, fault, &before);
	if (rc == RC_OK)
		keep_notes(across, &before, target, &notes);
	if (rc == RC_OK)
		rc = prepare(across, transaction, &notes, fault, &fresh);
	if (rc == RC_OK)
		rc = append(across, target, &fresh, &notes, fault);
	if (rc == RC_OK && across->move && fresh.count)
		put_note(across, transaction, &notes);
	vec_done(&fresh);
	moved_done(&before);
	moved_done(&notes);
	return rc;
}

// ---- The expunge -----------------------------------------------------------

static enum node_verdict remove_it(void *context, struct store_message *message)
{
	(void)context;
	(void)message;
	return NODE_REMOVE;
}

static enum rc make_expunge(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct across *across = context;
	struct transaction_mailbox *source;
	enum rc rc = transaction_enter(transaction, across->from,
	    STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE, fault, &source);
	if (rc == RC_OK)
		transaction_edit(source, &across->copied, remove_it, NULL);
	return rc;
}

// If the mailbox was deleted meanwhile, nothing is left to expunge.
static enum rc expunge(struct across *across, struct fault *fault)
{
	if (across->copied.count == 0)
		return RC_OK;
	enum rc rc =
	    transaction_run(across->from->account, make_expunge, across, fault);
	return rc == RC_GONE ? RC_OK : rc;
}

enum rc copy_across(struct store_mailbox *from, const struct rangeset *uids,
    struct store_mailbox *to, bool move, struct fault *fault,
    struct store_copied *ret_copied)
{
	struct across across = {
	    .from = from, .uids = uids, .to = to, .move = move};
	rangeset_init(&across.copied);
	// Before the target is locked, since reading the source again needs a
	// lock.
	account_freshen(from->account);
	enum rc rc = transaction_run(to->account, make_copies, &across, fault);
	if (rc == RC_OK && move)
		rc = expunge(&across, fault);
	close_source(&across);
	vec_done(&across.wanted);
	rangeset_done(&across.copied);
	if (rc == RC_OK)
		*ret_copied = across.result;
	else
		store_copied_done(&across.result);
	return rc;
}
