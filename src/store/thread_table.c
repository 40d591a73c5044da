// SPDX-License-Identifier: Apache-2.0
// The threads of an account's emails, in memory. A table only grows: an email
// that is gone stays in it, because somebody may still look at an older moment.
// When many of its emails are gone, the account gets a new table, and whoever
// uses the old one keeps it.
#include "store/thread_table.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/changes_impl.h"
#include "store/reader_impl.h"
#include "store/thread_blocks.h"

// When making a table has to read more records than this, blocks are wanted.
#define RECORDS_FEW 1024
// A new table is made when more than half of the emails are gone, and more than
// this.
#define GONE_FEW 1000

// An email. Positions are those of other entries.
struct entry {
	uint64_t email_id;
	// The email that began the thread, whose id is the thread's. If it is
	// gone, its entry is there all the same.
	uint32_t head;
	// The next email of the thread, from the head on, plus 1; 0: the end.
	uint32_t next;
};

struct thread_table {
	_Atomic uint32_t refs;
	// The version at which it was read. It lacks emails that were gone
	// then.
	uint64_t base;
	pthread_mutex_t lock; // guards all fields below
	uint64_t version;     // it has all emails that were made up to here
	VEC(struct entry) entries; // by email
	size_t gone;               // how many are gone since
};

void thread_table_unref(struct thread_table **table)
{
	struct thread_table *old = *table;
	*table = NULL;
	if (!old ||
	    atomic_fetch_sub_explicit(&old->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_destroy(&old->lock);
	vec_done(&old->entries);
	free(old);
}

void account_threads_drop(struct store_account *account)
{
	pthread_mutex_lock(&account->threads_lock);
	thread_table_unref(&account->threads);
	pthread_mutex_unlock(&account->threads_lock);
}

// ---- Finding (with the table's lock held) ----------------------------------

// Gives the position of an email, or where it would be. It is fast if the email
// is at the position `near` or a little behind it.
static size_t seek(
    const struct entry *entries, size_t count, size_t near, uint64_t email_id)
{
	size_t low = 0;
	size_t high = count;
	if (near < count && entries[near].email_id <= email_id) {
		size_t step = 1;
		low = near;
		while (low + step < count &&
		       entries[low + step].email_id < email_id) {
			low += step;
			step *= 2;
		}
		if (low + step < count)
			high = low + step + 1;
	}
	size_t at;
	LOWER_BOUND(at, high - low, entries[low + at].email_id < email_id);
	return low + at;
}

// Looks among the first `count` entries.
static bool find(const struct entry *entries, size_t count, uint64_t email_id,
    size_t near, size_t *ret_at)
{
	*ret_at = seek(entries, count, near, email_id);
	return *ret_at < count && entries[*ret_at].email_id == email_id;
}

void thread_table_find(struct thread_table *table, const uint64_t *email_ids,
    size_t count, uint64_t *ret_thread_ids)
{
	size_t at = 0;
	pthread_mutex_lock(&table->lock);
	const struct entry *entries = table->entries.items;
	for (size_t i = 0; i < count; i++)
		ret_thread_ids[i] =
		    find(entries, table->entries.count, email_ids[i], at, &at)
			? entries[entries[at].head].email_id
			: 0;
	pthread_mutex_unlock(&table->lock);
}

void thread_table_emails(
    struct thread_table *table, uint64_t thread_id, struct thread_ids *ret_ids)
{
	size_t at;
	pthread_mutex_lock(&table->lock);
	const struct entry *entries = table->entries.items;
	if (find(entries, table->entries.count, thread_id, 0, &at) &&
	    entries[at].head == at) {
		vec_push(ret_ids, thread_id);
		for (uint32_t next = entries[at].next; next;
		     next = entries[next - 1].next)
			vec_push(ret_ids, entries[next - 1].email_id);
	}
	pthread_mutex_unlock(&table->lock);
}

// ---- Making ----------------------------------------------------------------

struct pair {
	uint64_t email_id;
	uint64_t thread_id;
};

struct making {
	struct store_account *account;
	struct engine_snapshot *from;
	VEC(struct pair) pairs;
	struct engine_cursor *records;
	size_t records_read;
};

static void add(struct making *making, uint64_t email_id, uint64_t thread_id)
{
	vec_push(&making->pairs, (struct pair){email_id, thread_id});
}

// Reads the records of the emails first .. end-1. One that is damaged is left
// out: who asks for it finds the damage in the record.
static enum rc read_records(struct making *making, uint64_t first, uint64_t end)
{
	struct record_key key = record_key_u64(RECORD_EMAIL, first);
	struct record_email email;
	struct view found;
	struct view value;
	struct view description;
	if (first >= end)
		return RC_OK;
	engine_cursor_seek(making->records, record_key_view(&key));
	for (;;) {
		enum rc rc =
		    engine_cursor_next(making->records, &found, &value);
		if (rc == RC_END)
			return RC_OK;
		if (rc != RC_OK)
			return rc;
		if (found.len != 9)
			continue;
		uint64_t id = get_be64(found.ptr + 1);
		if (id >= end)
			return RC_OK;
		making->records_read++;
		if (record_email_get(value, &email, &description) == RC_OK &&
		    email.thread_id && email.thread_id <= id)
			add(making, id, email.thread_id);
	}
}

static enum rc take_block(
    struct making *making, uint64_t number, struct view block)
{
	uint64_t email_id;
	uint64_t thread_id;
	enum rc rc;
	while ((rc = thread_block_take(
		    &block, number, &email_id, &thread_id)) == RC_OK)
		add(making, email_id, thread_id);
	return rc == RC_END ? RC_OK : rc;
}

// Reads all blocks, and the records of the emails that are in none.
static enum rc read_blocks(
    struct making *making, struct engine_snapshot *derived)
{
	struct engine_cursor *blocks;
	struct view key;
	struct view value;
	uint64_t next = 0;
	enum rc rc = engine_cursor_open(derived, VIEW("B"), &blocks);
	while (rc == RC_OK) {
		rc = engine_cursor_next(blocks, &key, &value);
		if (rc == RC_OK && key.len != 9)
			rc = RC_CORRUPT;
		if (rc != RC_OK)
			break;
		uint64_t number = get_be64(key.ptr + 1);
		rc = read_records(making, next, number * THREAD_BLOCK);
		if (rc == RC_OK)
			rc = take_block(making, number, value);
		next = (number + 1) * THREAD_BLOCK;
	}
	engine_cursor_close(&blocks);
	return rc == RC_END ? read_records(making, next, UINT64_MAX) : rc;
}

// Blocks may be newer than the moment that the table is made for. Then they
// lack emails that the moment has: those that went away since.
static enum rc add_gone_since(struct making *making)
{
	struct store_change_position at = {
	    engine_snapshot_version(making->from), 0};
	struct store_change change;
	struct store_change_walk *walk;
	enum rc rc = change_walk_open(making->account->store->options.engine,
	    making->account->id, at, &walk);
	if (rc != RC_OK)
		return rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		if (change.kind != STORE_CHANGE_EMAIL_GONE)
			continue;
		rc = read_records(
		    making, change.email_id, change.email_id + change.count);
		if (rc != RC_OK)
			break;
	}
	store_change_walk_close(&walk);
	return rc == RC_END ? RC_OK : rc;
}

// RC_NOT_FOUND: there are no blocks to begin with.
static enum rc read_derived(struct making *making)
{
	struct store_account *account = making->account;
	struct engine_snapshot *derived;
	struct derive_state state;
	if (account->id >= DERIVE_ACCOUNT_END)
		return RC_NOT_FOUND;
	enum rc rc = engine_snapshot_open(account->store->options.engine,
	    derive_partition(threads_tenant.number, account->id), &derived);
	if (rc != RC_OK)
		return rc;
	rc = derive_state_get(derived, &threads_tenant, &state);
	if (rc == RC_OK)
		rc = read_blocks(making, derived);
	engine_snapshot_close(&derived);
	if (rc == RC_OK)
		rc = add_gone_since(making);
	return rc;
}

// Derived data that is damaged, or that the log does not reach back to, is not
// needed.
static enum rc read_all(struct making *making)
{
	enum rc rc = read_derived(making);
	if (rc == RC_OK)
		return rc;
	if (rc != RC_NOT_FOUND && rc != RC_CORRUPT && rc != RC_GONE)
		return rc;
	making->pairs.count = 0;
	return read_records(making, 0, UINT64_MAX);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *left = a;
	const struct pair *right = b;
	return (left->email_id > right->email_id) -
	       (left->email_id < right->email_id);
}

// Sorts the pairs, and keeps each email once.
static void sort_pairs(struct making *making)
{
	struct pair *pairs = making->pairs.items;
	size_t count = making->pairs.count;
	size_t kept = 0;
	bool ascending = true;
	for (size_t i = 1; i < count && ascending; i++)
		ascending = pairs[i - 1].email_id < pairs[i].email_id;
	if (ascending)
		return;
	qsort(pairs, count, sizeof(*pairs), compare_pairs);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || pairs[kept - 1].email_id != pairs[i].email_id)
			pairs[kept++] = pairs[i];
	making->pairs.count = kept;
}

// Adds those emails that began a thread and are gone.
static void add_heads(struct making *making)
{
	size_t count = making->pairs.count;
	for (size_t i = 0; i < count; i++) {
		const struct pair *pairs = making->pairs.items;
		uint64_t thread_id = pairs[i].thread_id;
		size_t at;
		if (thread_id == pairs[i].email_id)
			continue;
		LOWER_BOUND(at, count, pairs[at].email_id < thread_id);
		if (at == count || pairs[at].email_id != thread_id)
			add(making, thread_id, thread_id);
	}
	sort_pairs(making);
}

// A thread's emails are linked in the order of their ids.
static void fill(const struct making *making, struct thread_table *table)
{
	const struct pair *pairs = making->pairs.items;
	size_t count = making->pairs.count;
	struct entry *entries = mem_zalloc((count + 1) * sizeof(*entries));
	for (size_t i = 0; i < count; i++)
		entries[i].email_id = pairs[i].email_id;
	for (size_t i = count; i-- > 0;) {
		size_t head = i;
		if (pairs[i].thread_id != pairs[i].email_id)
			(void)find(
			    entries, count, pairs[i].thread_id, 0, &head);
		entries[i].head = (uint32_t)head;
		if (head == i)
			continue;
		entries[i].next = entries[head].next;
		entries[head].next = (uint32_t)i + 1;
	}
	table->entries.items = entries;
	table->entries.count = count;
	table->entries.capacity = count + 1;
}

static enum rc make(struct store_account *account, struct engine_snapshot *from,
    struct thread_table **ret_table)
{
	struct making making = {.account = account, .from = from};
	struct record_key prefix = record_key_kind(RECORD_EMAIL);
	enum rc rc =
	    engine_cursor_open(from, record_key_view(&prefix), &making.records);
	if (rc == RC_OK)
		rc = read_all(&making);
	engine_cursor_close(&making.records);
	if (rc == RC_OK) {
		struct thread_table *table = mem_zalloc(sizeof(*table));
		table->refs = 1;
		table->base = engine_snapshot_version(from);
		table->version = table->base;
		pthread_mutex_init(&table->lock, NULL);
		sort_pairs(&making);
		add_heads(&making);
		fill(&making, table);
		*ret_table = table;
	}
	vec_done(&making.pairs);
	if (rc == RC_OK && making.records_read > RECORDS_FEW)
		derive_want(account, &threads_tenant);
	return rc;
}

// ---- Following -------------------------------------------------------------

// RC_GONE: the table cannot take the email, and has to be made anew.
static enum rc append(
    struct thread_table *table, uint64_t email_id, uint64_t thread_id)
{
	size_t count = table->entries.count;
	size_t head = count;
	if (count && table->entries.items[count - 1].email_id >= email_id)
		return RC_GONE;
	if (thread_id != email_id &&
	    !find(table->entries.items, count, thread_id, 0, &head))
		return RC_GONE;
	vec_push(&table->entries,
	    (struct entry){.email_id = email_id, .head = (uint32_t)head});
	if (head != count) {
		struct entry *entries = table->entries.items;
		entries[count].next = entries[head].next;
		entries[head].next = (uint32_t)count + 1;
	}
	return RC_OK;
}

// An email that has gone again by then, or is damaged, is left out.
static enum rc append_run(struct thread_table *table,
    struct store_reader *reader, const struct store_change *change,
    bool *left_out)
{
	for (uint32_t i = 0; i < change->count; i++) {
		uint64_t email_id = change->email_id + i;
		uint64_t thread_id;
		enum rc rc = reader_thread(reader, email_id, &thread_id);
		*left_out |= rc == RC_GONE;
		if (rc == RC_GONE || rc == RC_CORRUPT)
			continue;
		if (rc == RC_OK && thread_id && thread_id <= email_id)
			rc = append(table, email_id, thread_id);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc follow_walk(struct thread_table *table,
    struct store_reader *reader, struct store_change_walk *walk)
{
	bool left_out = false;
	struct store_change change;
	enum rc rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		if (change.kind == STORE_CHANGE_EMAIL_MADE)
			rc = append_run(table, reader, &change, &left_out);
		else if (change.kind == STORE_CHANGE_EMAIL_GONE)
			table->gone += change.count;
		if (rc != RC_OK)
			return rc;
	}
	// Moments between the two have emails that are not in the table.
	if (left_out)
		table->base = store_change_walk_version(walk);
	return rc == RC_END ? RC_OK : rc;
}

// RC_GONE: the table has to be made anew.
static enum rc follow(struct store_account *account, struct thread_table *table,
    struct engine_snapshot *from)
{
	uint64_t version = engine_snapshot_version(from);
	struct store_change_walk *walk;
	pthread_mutex_lock(&table->lock);
	enum rc rc = RC_OK;
	if (table->version < version)
		rc = change_walk_open_on(from,
		    (struct store_change_position){table->version, 0}, &walk);
	if (rc == RC_OK && table->version < version) {
		struct store_reader *reader =
		    reader_new_on(account->store->options.engine, from);
		rc = follow_walk(table, reader, walk);
		store_reader_free(&reader);
		store_change_walk_close(&walk);
		if (rc == RC_OK)
			table->version = version;
	}
	if (rc == RC_OK && table->gone > GONE_FEW &&
	    table->gone > table->entries.count / 2)
		rc = RC_GONE;
	pthread_mutex_unlock(&table->lock);
	return rc == RC_CORRUPT ? RC_GONE : rc;
}

static enum rc get(struct store_account *account, struct engine_snapshot *from,
    struct thread_table **ret_table)
{
	struct thread_table *table = account->threads;
	// A moment before the table was made needs a table of its own.
	if (table && table->base > engine_snapshot_version(from))
		return make(account, from, ret_table);
	enum rc rc = table ? follow(account, table, from) : RC_GONE;
	if (rc == RC_GONE) {
		rc = make(account, from, &table);
		if (rc == RC_OK) {
			thread_table_unref(&account->threads);
			account->threads = table;
		}
	}
	if (rc == RC_OK) {
		atomic_fetch_add_explicit(
		    &table->refs, 1, memory_order_relaxed);
		*ret_table = table;
	}
	return rc;
}

enum rc thread_table_get(struct store_account *account,
    struct engine_snapshot *from, struct thread_table **ret_table)
{
	pthread_mutex_lock(&account->threads_lock);
	enum rc rc = get(account, from, ret_table);
	pthread_mutex_unlock(&account->threads_lock);
	return rc;
}
