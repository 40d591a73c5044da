// SPDX-License-Identifier: Apache-2.0
// Emails in a transaction: making one of a draft, with its thread (RFC 8474
// section 5.2), and dropping those that are in no mailbox any more.
#include "base/bytes.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/draft.h"
#include "store/kept_impl.h"
#include "store/transaction.h"

static struct engine *engine_of(const struct transaction *transaction)
{
	return transaction->account->store->options.engine;
}

// ---- Threads ---------------------------------------------------------------

// Gives the transaction's copy of a thread record, which is read from the
// engine the first time. Its thread_id is 0 when there is no such record.
static enum rc thread_of(struct transaction *transaction, uint64_t hash,
    struct record_thread **ret_thread)
{
	struct view name = view_of(&hash, sizeof(hash));
	struct record_thread *thread = map_get(&transaction->threads, name);
	if (thread) {
		*ret_thread = thread;
		return RC_OK;
	}
	struct record_thread found = {0};
	struct record_key key = record_key_u64(RECORD_THREAD, hash);
	struct buf value;
	buf_init(&value, 256);
	enum rc rc = engine_get(engine_of(transaction),
	    transaction->account->id, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_thread_get(buf_view(&value), &found);
	else if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	buf_done(&value);
	if (rc != RC_OK)
		return rc;
	thread = mem_alloc(sizeof(*thread));
	*thread = found;
	map_put(&transaction->threads, name, thread);
	*ret_thread = thread;
	return RC_OK;
}

static void put_thread(struct transaction *transaction, uint64_t hash,
    const struct record_thread *thread)
{
	struct record_key key = record_key_u64(RECORD_THREAD, hash);
	if (thread->emails == 0) {
		transaction_delete(transaction, &key);
		return;
	}
	struct buf value;
	buf_init(&value, 256);
	record_thread_put(thread, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

// Gives the ids that connect an email with its thread: its own, the oldest one
// that it refers to, and the one that it answers.
static void thread_hashes(
    const struct message_record *record, uint64_t hashes[RECORD_THREAD_IDS])
{
	struct view id = record->text[MESSAGE_RECORD_MESSAGE_ID];
	unsigned count = 0;
	if (id.len)
		hashes[count++] = record_message_id_hash(id);
	struct view position = record->text[MESSAGE_RECORD_REFERENCES];
	bool first = true;
	uint64_t last = 0;
	while (message_record_next_reference(&position, &id)) {
		last = record_message_id_hash(id);
		if (first)
			hashes[count++] = last;
		first = false;
	}
	if (last && last != hashes[count - 1])
		hashes[count++] = last;
	while (count < RECORD_THREAD_IDS)
		hashes[count++] = 0;
}

// Joins the oldest of the threads that have one of the email's ids, or begins a
// new thread.
static enum rc join_thread(struct transaction *transaction, uint64_t email_id,
    struct record_email *email)
{
	struct record_thread *threads[RECORD_THREAD_IDS] = {NULL};
	uint64_t thread_id = email_id;
	for (unsigned i = 0; i < RECORD_THREAD_IDS; i++) {
		if (!email->hashes[i])
			continue;
		enum rc rc =
		    thread_of(transaction, email->hashes[i], &threads[i]);
		if (rc != RC_OK)
			return rc;
		uint64_t known = threads[i]->thread_id;
		if (known && known < thread_id)
			thread_id = known;
	}
	email->thread_id = thread_id;
	for (unsigned i = 0; i < RECORD_THREAD_IDS; i++) {
		if (!threads[i])
			continue;
		if (!threads[i]->thread_id)
			threads[i]->thread_id = thread_id;
		threads[i]->emails++;
		put_thread(transaction, email->hashes[i], threads[i]);
	}
	return RC_OK;
}

// See store_account_ragged().
static void note_ragged(
    struct transaction *transaction, uint64_t email_id, uint64_t lacks)
{
	if (lacks == 0)
		return;
	struct record_key key = record_key_u64(RECORD_LINES, email_id);
	struct buf value;
	buf_init(&value, 64);
	record_lines_put(lacks, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
}

// ---- Giving out ------------------------------------------------------------

static enum rc put_records(struct transaction *transaction, uint64_t email_id,
    const struct record_email *email, struct store_draft *draft,
    struct view prefix)
{
	struct record_key key = record_key_u64(RECORD_EMAIL, email_id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_email_put(email, &value);
	enum rc rc = RC_OK;
	if (prefix.len)
		rc = message_record_shift(draft_record(draft), prefix, &value);
	else
		buf_add(&value, draft_record(draft));
	transaction_put(transaction, &key, buf_view(&value));
	if (rc == RC_OK)
		rc = buf_status(&value);
	buf_reset(&value);
	key = record_key_u64(RECORD_HEAD, email_id);
	draft_put_head(draft, prefix, &value);
	transaction_put(transaction, &key, buf_view(&value));
	buf_done(&value);
	return rc;
}

enum rc transaction_email(struct transaction *transaction,
    struct store_draft *draft, struct view prefix, struct fault *fault,
    struct transaction_made *ret_made)
{
	uint64_t email_id = transaction->record.next_email_id;
	struct record_email email = {0};
	struct message_record record;
	enum rc rc = message_record_open(draft_record(draft), &record);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the message could not be described");
	thread_hashes(&record, email.hashes);
	rc = join_thread(transaction, email_id, &email);
	if (rc == RC_OK)
		rc = draft_put_content(draft, transaction->batch);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the message could not be stored");

	rc = put_records(transaction, email_id, &email, draft, prefix);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the message's description is too long");
	note_ragged(transaction, email_id, draft_lacks(draft));
	transaction->record.next_email_id++;
	transaction->record_changed = true;
	*ret_made = (struct transaction_made){email_id, email.thread_id};
	return RC_OK;
}

enum rc transaction_adopt(struct transaction *transaction,
    const struct email_records *records, struct transaction_made *ret_made)
{
	uint64_t email_id = transaction->record.next_email_id;
	struct record_email email;
	struct record_head head;
	struct view description;
	struct view bytes;
	enum rc rc = record_email_get(records->email, &email, &description);
	if (rc == RC_OK)
		rc = record_head_get(records->head, &head, &bytes);
	if (rc == RC_OK)
		rc = join_thread(transaction, email_id, &email);
	if (rc != RC_OK)
		return rc;
	struct record_key key = record_key_u64(RECORD_EMAIL, email_id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_email_put(&email, &value);
	buf_add(&value, description);
	transaction_put(transaction, &key, buf_view(&value));
	rc = buf_status(&value);
	buf_done(&value);
	key = record_key_u64(RECORD_HEAD, email_id);
	transaction_put(transaction, &key, records->head);
	note_ragged(transaction, email_id, records->lacks);
	if (head.has_content)
		engine_batch_own(transaction->batch, &head.content);
	transaction->record.next_email_id++;
	transaction->record_changed = true;
	*ret_made = (struct transaction_made){email_id, email.thread_id};
	return rc;
}

// ---- Dropping --------------------------------------------------------------

static int compare_locations(const void *a, const void *b)
{
	const struct transaction_location *left = a;
	const struct transaction_location *right = b;
	return (left->email_id > right->email_id) -
	       (left->email_id < right->email_id);
}

static void sort_locations(struct transaction_locations *locations)
{
	if (locations->count)
		qsort(locations->items, locations->count,
		    sizeof(*locations->items), compare_locations);
}

static enum rc drop_threads(
    struct transaction *transaction, const struct record_email *email)
{
	for (unsigned i = 0; i < RECORD_THREAD_IDS; i++) {
		struct record_thread *thread;
		if (!email->hashes[i])
			continue;
		enum rc rc = thread_of(transaction, email->hashes[i], &thread);
		if (rc != RC_OK)
			return rc;
		if (thread->emails > 0)
			thread->emails--;
	}
	return RC_OK;
}

// Releases an email's threads, whose records are written later, and its
// content, unless the email is kept. `at` is the last place of it; it gets the
// thread.
static enum rc let_go(struct transaction *transaction,
    struct transaction_location *at, bool *ret_kept)
{
	uint64_t email_id = at->email_id;
	struct engine *engine = engine_of(transaction);
	uint64_t partition = transaction->account->id;
	struct record_key email_key = record_key_u64(RECORD_EMAIL, email_id);
	struct record_key head_key = record_key_u64(RECORD_HEAD, email_id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	struct view rest;
	struct record_email email;
	enum rc rc =
	    engine_get(engine, partition, record_key_view(&email_key), &value);
	if (rc == RC_OK)
		rc = record_email_get(buf_view(&value), &email, &rest);
	if (rc == RC_OK)
		rc = drop_threads(transaction, &email);
	if (rc == RC_OK && email.thread_id < email_id)
		at->thread_id = email.thread_id;
	*ret_kept = rc == RC_OK && kept_put(transaction, at, buf_view(&value));
	if (*ret_kept) {
		buf_done(&value);
		return RC_OK;
	}
	buf_reset(&value);
	struct record_head head;
	if (rc == RC_OK)
		rc = engine_get(
		    engine, partition, record_key_view(&head_key), &value);
	if (rc == RC_OK)
		rc = record_head_get(buf_view(&value), &head, &rest);
	if (rc == RC_OK && head.has_content)
		engine_batch_disown(transaction->batch, &head.content);
	buf_done(&value);
	// A record that is damaged or missing tells nothing more about the
	// email. `roost check` reports it, and the message can be expunged all
	// the same.
	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
		rc = RC_OK;
	return rc;
}

// Emails that are dropped, ascending.
struct dropped_email {
	uint64_t id;
	bool kept; // its first bytes stay
};

struct dropped {
	struct dropped_email *items;
	size_t count;
	size_t capacity;
};

// Deletes one kind of record after the other: keys in ascending order make it a
// third cheaper for the engine. A thread is written once, however many of its
// emails are dropped.
static void delete_records(
    struct transaction *transaction, const struct dropped *dropped)
{
	static const enum record_kind kinds[] = {
	    RECORD_EMAIL, RECORD_HEAD, RECORD_LINES};
	for (size_t n = 0; n < ARRAY_LEN(kinds); n++) {
		for (size_t i = 0; i < dropped->count; i++) {
			const struct dropped_email *email = &dropped->items[i];
			struct record_key key =
			    record_key_u64(kinds[n], email->id);
			if (!email->kept || kinds[n] != RECORD_HEAD)
				transaction_delete(transaction, &key);
		}
	}
	size_t position = 0;
	struct view name;
	void *thread;
	while (map_next(&transaction->threads, &position, &name, &thread)) {
		uint64_t hash;
		memcpy(&hash, name.ptr, sizeof(hash));
		put_thread(transaction, hash, thread);
	}
}

// Counts the places that an email has in what is committed.
static enum rc count_locations(struct engine_cursor *cursor, uint64_t email_id,
    size_t enough, size_t *ret_count)
{
	struct record_key prefix = record_key_u64(RECORD_LOCATION, email_id);
	struct view key;
	struct view value;
	size_t count = 0;
	engine_cursor_seek(cursor, record_key_view(&prefix));
	while (count < enough) {
		enum rc rc = engine_cursor_next(cursor, &key, &value);
		if (rc == RC_END)
			break;
		if (rc != RC_OK)
			return rc;
		if (!view_starts_with(key, record_key_view(&prefix)))
			break;
		count++;
	}
	*ret_count = count;
	return RC_OK;
}

// Finds the emails that lose their last place.
static enum rc find_unplaced(struct transaction *transaction,
    struct engine_cursor *cursor, struct dropped *dropped)
{
	struct transaction_locations *removed = &transaction->removed;
	const struct transaction_locations *added = &transaction->added;
	size_t at_added = 0;
	for (size_t i = 0; i < removed->count;) {
		uint64_t email_id = removed->items[i].email_id;
		size_t lost = 0;
		for (; i < removed->count &&
		       removed->items[i].email_id == email_id;
		     i++)
			lost++;
		while (at_added < added->count &&
		       added->items[at_added].email_id < email_id)
			at_added++;
		if (at_added < added->count &&
		    added->items[at_added].email_id == email_id)
			continue; // the transaction gives it a new place
		size_t places;
		bool kept = false;
		enum rc rc =
		    count_locations(cursor, email_id, lost + 1, &places);
		if (rc == RC_OK && places <= lost)
			rc = let_go(transaction, &removed->items[i - 1], &kept);
		if (rc != RC_OK)
			return rc;
		if (places > lost)
			continue;
		for (size_t n = i - lost; n < i; n++) {
			removed->items[n].last = true;
			removed->items[n].thread_id =
			    removed->items[i - 1].thread_id;
		}
		vec_push(dropped, (struct dropped_email){email_id, kept});
	}
	return RC_OK;
}

static enum rc drop_unplaced(
    struct transaction *transaction, struct engine_cursor *cursor)
{
	struct dropped dropped = {0};
	enum rc rc = find_unplaced(transaction, cursor, &dropped);
	if (rc == RC_OK && dropped.count)
		delete_records(transaction, &dropped);
	vec_done(&dropped);
	return rc;
}

static void put_locations(struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->added.count; i++) {
		struct transaction_location *at = &transaction->added.items[i];
		struct record_key key =
		    record_key_location(at->email_id, at->mailbox_id, at->uid);
		transaction_put(transaction, &key, view_of(NULL, 0));
	}
	for (size_t i = 0; i < transaction->removed.count; i++) {
		struct transaction_location *at =
		    &transaction->removed.items[i];
		struct record_key key =
		    record_key_location(at->email_id, at->mailbox_id, at->uid);
		transaction_delete(transaction, &key);
	}
}

enum rc transaction_release_emails(
    struct transaction *transaction, struct fault *fault)
{
	put_locations(transaction);
	if (transaction->removed.count == 0)
		return RC_OK;
	sort_locations(&transaction->removed);
	sort_locations(&transaction->added);
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(
	    engine_of(transaction), transaction->account->id, &snapshot);
	if (rc == RC_OK) {
		struct record_key prefix = record_key_kind(RECORD_LOCATION);
		struct engine_cursor *cursor;
		rc = engine_cursor_open(
		    snapshot, record_key_view(&prefix), &cursor);
		if (rc == RC_OK) {
			rc = drop_unplaced(transaction, cursor);
			engine_cursor_close(&cursor);
		}
		engine_snapshot_close(&snapshot);
	}
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot read where messages are");
	return RC_OK;
}
