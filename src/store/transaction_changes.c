// SPDX-License-Identifier: Apache-2.0
// Writes one record of the change log for a transaction, and keeps the log to
// its length. Every commit of the store leaves a record, so that a gap in the
// log never looks like "nothing changed".
#include "base/vec.h"
#include "store/change_record.h"
#include "store/transaction.h"

void transaction_note_mailbox(struct transaction *transaction,
    enum store_change_kind kind, uint64_t mailbox_id, unsigned what)
{
	vec_push(&transaction->notes,
	    (struct transaction_note){
		.kind = kind, .mailbox_id = mailbox_id, .what = what});
}

void transaction_note_object(struct transaction *transaction,
    enum store_change_kind kind, unsigned object_kind, uint64_t object_id)
{
	vec_push(&transaction->notes, (struct transaction_note){.kind = kind,
					  .object_kind = object_kind,
					  .object_id = object_id});
}

static void add_notes(const struct transaction *transaction, bool gone,
    struct change_record_writer *writer)
{
	for (size_t i = 0; i < transaction->notes.count; i++) {
		const struct transaction_note *note =
		    &transaction->notes.items[i];
		struct store_change change = {.kind = note->kind,
		    .mailbox_id = note->mailbox_id,
		    .what = note->what,
		    .object_kind = note->object_kind,
		    .object_id = note->object_id,
		    .count = 1};
		if ((note->kind == STORE_CHANGE_MAILBOX_GONE) == gone)
			change_record_add(writer, &change);
	}
}

// Sorts places of known emails before those of new ones, then by the kind of
// item, mailbox and UID. For a place that is made, `last` says that its email
// is new.
static int compare_places(const void *a, const void *b)
{
	const struct transaction_location *left = a;
	const struct transaction_location *right = b;
	if (left->last != right->last)
		return left->last ? 1 : -1;
	if (left->hidden != right->hidden)
		return left->hidden ? 1 : -1;
	if (!left->thread_id != !right->thread_id)
		return left->thread_id ? 1 : -1;
	if (left->mailbox_id != right->mailbox_id)
		return left->mailbox_id < right->mailbox_id ? -1 : 1;
	return (left->uid > right->uid) - (left->uid < right->uid);
}

static void add_places(struct transaction_locations *places,
    enum store_change_kind kind, enum store_change_kind last,
    struct change_record_writer *writer)
{
	bool gone = kind == STORE_CHANGE_PLACE_GONE;
	if (places->count > 1)
		qsort(places->items, places->count, sizeof(*places->items),
		    compare_places);
	for (size_t i = 0; i < places->count; i++) {
		const struct transaction_location *place = &places->items[i];
		struct store_change change = {.kind = place->last ? last : kind,
		    .mailbox_id = place->mailbox_id,
		    .uid = place->uid,
		    .count = 1,
		    .email_id = place->email_id,
		    .thread_id = place->last ? place->thread_id : 0,
		    .hidden = gone && place->hidden};
		change_record_add(writer, &change);
	}
}

static void add_flags(const struct transaction_mailbox *entry,
    struct change_record_writer *writer)
{
	for (size_t i = 0; i < entry->changed.count; i++) {
		struct range range = entry->changed.ranges[i];
		struct store_change change = {
		    .kind = STORE_CHANGE_FLAGS,
		    .mailbox_id = entry->mailbox->id,
		    .uid = range.first,
		    .count = range.last - range.first + 1,
		};
		change_record_add(writer, &change);
	}
}

static void put_record(struct transaction *transaction)
{
	struct change_record_writer writer;
	struct record_key key =
	    record_key_u64(RECORD_CHANGES, transaction->modseq);
	struct buf value;
	buf_init(&value, CHANGE_RECORD_MAX);
	change_record_begin(&writer, &value);
	add_notes(transaction, false, &writer);
	for (size_t i = 0; i < transaction->added.count; i++) {
		struct transaction_location *place =
		    &transaction->added.items[i];
		place->last = place->email_id >= transaction->first_email_id;
		place->hidden = false;
	}
	add_places(&transaction->added, STORE_CHANGE_PLACE_MADE,
	    STORE_CHANGE_EMAIL_MADE, &writer);
	for (unsigned i = 0; i < transaction->mailboxes.count; i++)
		add_flags(transaction->mailboxes.items[i], &writer);
	add_places(&transaction->hidden, STORE_CHANGE_HIDDEN,
	    STORE_CHANGE_HIDDEN, &writer);
	add_places(&transaction->shown, STORE_CHANGE_SHOWN, STORE_CHANGE_SHOWN,
	    &writer);
	add_places(&transaction->removed, STORE_CHANGE_PLACE_GONE,
	    STORE_CHANGE_EMAIL_GONE, &writer);
	add_notes(transaction, true, &writer);
	change_record_end(&writer);
	if (buf_status(&value) != RC_OK) {
		buf_reset(&value);
		change_record_begin(&writer, &value);
		change_record_add_all(&writer);
	}
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

// Drops a quarter of the maximum at a time, as one range, which needs no
// reading. The log needs no count, as versions have no gaps.
static void prune(struct transaction *transaction)
{
	uint64_t most = transaction->account->store->options.changes_max;
	uint64_t step = most / 4 ? most / 4 : 1;
	uint64_t version = transaction->modseq;
	if (version <= most || version % step != 0)
		return;
	struct record_key first = record_key_u64(RECORD_CHANGES, 0);
	struct record_key end =
	    record_key_u64(RECORD_CHANGES, version - most + 1);
	engine_batch_delete_range(
	    transaction->batch, record_key_view(&first), record_key_view(&end));
}

void transaction_put_changes(struct transaction *transaction)
{
	put_record(transaction);
	prune(transaction);
}
