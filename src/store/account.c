// SPDX-License-Identifier: Apache-2.0
// An account in memory: its table of mailboxes and subscriptions, and reading
// both, and a mailbox's messages, from the engine.
#include "store/account_impl.h"

#include "base/bytes.h"
#include "base/mem.h"

// ---- Mailboxes -------------------------------------------------------------

struct mailbox *mailbox_new(uint64_t id, struct view name)
{
	struct mailbox *mailbox = mem_zalloc(sizeof(*mailbox));
	mailbox->refs = 1;
	mailbox->id = id;
	mailbox_set_name(mailbox, name);
	mailbox->state.uidnext = 1;
	return mailbox;
}

void mailbox_set_name(struct mailbox *mailbox, struct view name)
{
	char *copy = mem_strndup(name.ptr, name.len);
	char *old = (char *)(uintptr_t)mailbox->name.ptr; // it is ours
	mailbox->name = view_of(copy, name.len);
	free(old);
}

void mailbox_unref(struct mailbox *mailbox)
{
	if (--mailbox->refs > 0)
		return;
	struct store_snapshot *snapshot = atomic_load(&mailbox->current);
	store_snapshot_unref(&snapshot);
	keywords_unref(mailbox->keywords);
	free((char *)(uintptr_t)mailbox->name.ptr);
	free(mailbox);
}

// ---- The table -------------------------------------------------------------

bool account_table_seek(
    const struct store_account *account, struct view name, size_t *ret_position)
{
	size_t low = 0;
	size_t high = account->mailbox_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct view there = account->mailboxes[middle]->name;
		if (store_name_compare(there, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_position = low;
	return low < account->mailbox_count &&
	       view_eq(account->mailboxes[low]->name, name);
}

void account_table_insert(
    struct store_account *account, struct mailbox *mailbox)
{
	size_t at;
	if (account_table_seek(account, mailbox->name, &at))
		abort(); // callers have looked
	account->mailboxes =
	    mem_grow(account->mailboxes, &account->mailbox_capacity,
		account->mailbox_count + 1, sizeof(struct mailbox *));
	memmove(account->mailboxes + at + 1, account->mailboxes + at,
	    (account->mailbox_count - at) * sizeof(struct mailbox *));
	account->mailboxes[at] = mailbox;
	account->mailbox_count++;
	size_t ignored;
	mailbox->subscribed =
	    account_subscription_seek(account, mailbox->name, &ignored);
}

void account_table_remove(
    struct store_account *account, struct mailbox *mailbox)
{
	size_t at;
	if (!account_table_seek(account, mailbox->name, &at))
		abort(); // callers have looked
	account->mailbox_count--;
	memmove(account->mailboxes + at, account->mailboxes + at + 1,
	    (account->mailbox_count - at) * sizeof(struct mailbox *));
}

static int compare_mailboxes(const void *a, const void *b)
{
	struct mailbox *const *left = a;
	struct mailbox *const *right = b;
	return store_name_compare((*left)->name, (*right)->name);
}

bool account_table_sort(struct store_account *account)
{
	struct mailbox **all = account->mailboxes;
	if (account->mailbox_count)
		qsort(all, account->mailbox_count, sizeof(*all),
		    compare_mailboxes);
	bool distinct = true;
	for (size_t i = 0; i < account->mailbox_count; i++) {
		size_t ignored;
		all[i]->subscribed =
		    account_subscription_seek(account, all[i]->name, &ignored);
		if (i > 0 && view_eq(all[i]->name, all[i - 1]->name))
			distinct = false;
	}
	return distinct;
}

bool account_subscription_seek(
    const struct store_account *account, struct view name, size_t *ret_position)
{
	size_t low = 0;
	size_t high = account->subscription_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct view there = account->subscriptions[middle];
		if (store_name_compare(there, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_position = low;
	return low < account->subscription_count &&
	       view_eq(account->subscriptions[low], name);
}

void account_subscription_set(
    struct store_account *account, struct view name, bool subscribed)
{
	size_t at;
	bool found = account_subscription_seek(account, name, &at);
	struct view *all = account->subscriptions;
	if (subscribed && !found) {
		all = mem_grow(all, &account->subscription_capacity,
		    account->subscription_count + 1, sizeof(*all));
		memmove(all + at + 1, all + at,
		    (account->subscription_count - at) * sizeof(*all));
		all[at] = view_of(mem_strndup(name.ptr, name.len), name.len);
		account->subscriptions = all;
		account->subscription_count++;
	} else if (!subscribed && found) {
		free((char *)(uintptr_t)all[at].ptr);
		account->subscription_count--;
		memmove(all + at, all + at + 1,
		    (account->subscription_count - at) * sizeof(*all));
	}
	if (account_table_seek(account, name, &at))
		account->mailboxes[at]->subscribed = subscribed;
}

// ---- Loading ---------------------------------------------------------------

typedef enum rc load_one(
    struct store_account *account, struct view key, struct view value);

static enum rc load_subscription(
    struct store_account *account, struct view key, struct view value)
{
	(void)value;
	struct view name = view_from(key, 1);
	account->subscriptions =
	    mem_grow(account->subscriptions, &account->subscription_capacity,
		account->subscription_count + 1, sizeof(struct view));
	account->subscriptions[account->subscription_count++] =
	    view_of(mem_strndup(name.ptr, name.len), name.len);
	return RC_OK;
}

static enum rc load_mailbox(
    struct store_account *account, struct view key, struct view value)
{
	struct record_mailbox record;
	struct store_keywords *keywords;
	if (key.len != 9)
		return RC_CORRUPT;
	enum rc rc = record_mailbox_get(value, &record, &keywords);
	if (rc != RC_OK)
		return rc;
	struct mailbox *mailbox =
	    mailbox_new(get_be64(key.ptr + 1), record.name);
	mailbox->uidvalidity = record.uidvalidity;
	mailbox->special_use = record.special_use;
	mailbox->keywords = keywords;
	account->mailboxes =
	    mem_grow(account->mailboxes, &account->mailbox_capacity,
		account->mailbox_count + 1, sizeof(struct mailbox *));
	account->mailboxes[account->mailbox_count++] = mailbox;
	return RC_OK;
}

static int compare_names(const void *a, const void *b)
{
	const struct view *left = a;
	const struct view *right = b;
	return store_name_compare(*left, *right);
}

static int compare_ids(const void *a, const void *b)
{
	struct mailbox *const *left = a;
	struct mailbox *const *right = b;
	return ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

// States come in the order of ids, as do the mailboxes of `by_id`.
static enum rc load_states(
    struct store_account *account, struct engine_cursor *cursor)
{
	size_t count = account->mailbox_count;
	struct mailbox **by_id = mem_alloc(count * sizeof(*by_id));
	if (count) {
		memcpy(by_id, account->mailboxes, count * sizeof(*by_id));
		qsort(by_id, count, sizeof(*by_id), compare_ids);
	}
	enum rc rc = RC_OK;
	size_t at = 0;
	while (rc == RC_OK) {
		struct view key;
		struct view value;
		rc = engine_cursor_next(cursor, &key, &value);
		if (rc != RC_OK)
			break;
		uint64_t id = key.len == 9 ? get_be64(key.ptr + 1) : 0;
		while (at < count && by_id[at]->id < id)
			at++;
		if (at == count || by_id[at]->id != id)
			continue; // of no mailbox; `roost check` says so
		rc = record_state_get(value, &by_id[at]->state);
	}
	free(by_id);
	return rc == RC_END ? RC_OK : rc;
}

static enum rc load_all(struct store_account *account,
    struct engine_snapshot *snapshot, enum record_kind kind, load_one *load)
{
	struct record_key prefix = record_key_kind(kind);
	struct engine_cursor *cursor;
	enum rc rc =
	    engine_cursor_open(snapshot, record_key_view(&prefix), &cursor);
	if (rc != RC_OK)
		return rc;
	if (!load)
		rc = load_states(account, cursor);
	while (load && rc == RC_OK) {
		struct view key;
		struct view value;
		rc = engine_cursor_next(cursor, &key, &value);
		if (rc == RC_OK)
			rc = load(account, key, value);
	}
	engine_cursor_close(&cursor);
	return rc == RC_END ? RC_OK : rc;
}

enum rc account_load(struct store_account *account, struct fault *fault)
{
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &snapshot);
	if (rc != RC_OK)
		return fault_set(fault, rc, "the account cannot be read");
	account->version = engine_snapshot_version(snapshot);
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct buf value;
	buf_init(&value, 256);
	rc = engine_snapshot_get(snapshot, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_account_get(buf_view(&value), &account->record);
	buf_done(&value);
	if (rc == RC_OK)
		rc = load_all(
		    account, snapshot, RECORD_SUBSCRIPTION, load_subscription);
	if (rc == RC_OK && account->subscription_count)
		qsort(account->subscriptions, account->subscription_count,
		    sizeof(struct view), compare_names);
	if (rc == RC_OK)
		rc = load_all(account, snapshot, RECORD_MAILBOX, load_mailbox);
	if (rc == RC_OK && !account_table_sort(account))
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		rc = load_all(account, snapshot, RECORD_STATE, NULL);
	engine_snapshot_close(&snapshot);
	if (rc == RC_NOT_FOUND)
		return fault_set(fault, rc, "there is no such account");
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the account cannot be read: %s", rc_text(rc));
	return RC_OK;
}

void account_unload(struct store_account *account)
{
	for (size_t i = 0; i < account->mailbox_count; i++)
		mailbox_unref(account->mailboxes[i]);
	for (size_t i = 0; i < account->subscription_count; i++)
		free((char *)(uintptr_t)account->subscriptions[i].ptr);
	free(account->mailboxes);
	free(account->subscriptions);
}

// ---- A mailbox's messages --------------------------------------------------

struct chunks {
	struct store_node **nodes;
	size_t count;
	size_t capacity;
};

static enum rc read_chunks(struct engine_cursor *cursor, struct chunks *chunks)
{
	uint32_t last_uid = 0;
	for (;;) {
		struct view key;
		struct view value;
		struct store_node *chunk;
		enum rc rc = engine_cursor_next(cursor, &key, &value);
		if (rc != RC_OK)
			return rc == RC_END ? RC_OK : rc;
		if (key.len != 13)
			return RC_CORRUPT;
		rc = node_chunk_decode(get_be32(key.ptr + 9), value, &chunk);
		if (rc != RC_OK)
			return rc;
		chunks->nodes = mem_grow(chunks->nodes, &chunks->capacity,
		    chunks->count + 1, sizeof(struct store_node *));
		chunks->nodes[chunks->count++] = chunk;
		if (chunk->first_uid <= last_uid)
			return RC_CORRUPT;
		last_uid = chunk->last_uid;
	}
}

static enum rc read_messages(struct store_account *account,
    struct mailbox *mailbox, struct chunks *chunks)
{
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(
	    account->store->options.engine, account->id, &snapshot);
	if (rc != RC_OK)
		return rc;
	struct record_key prefix = record_key_u64(RECORD_CHUNK, mailbox->id);
	struct engine_cursor *cursor;
	rc = engine_cursor_open(snapshot, record_key_view(&prefix), &cursor);
	if (rc == RC_OK) {
		rc = read_chunks(cursor, chunks);
		engine_cursor_close(&cursor);
	}
	engine_snapshot_close(&snapshot);
	return rc;
}

enum rc mailbox_load(
    struct store_account *account, struct mailbox *mailbox, struct fault *fault)
{
	if (atomic_load(&mailbox->current))
		return RC_OK;
	struct chunks chunks = {0};
	enum rc rc = read_messages(account, mailbox, &chunks);
	if (rc == RC_OK) {
		uint64_t modseq = mailbox->state.highestmodseq;
		struct store_snapshot *snapshot =
		    snapshot_new(mailbox->uidvalidity, mailbox->state.uidnext,
			modseq ? modseq : 1,
			node_tree_build(chunks.nodes, chunks.count),
			mailbox->keywords);
		atomic_store(&mailbox->current, snapshot);
	} else {
		for (size_t i = 0; i < chunks.count; i++)
			node_unref(chunks.nodes[i]);
	}
	free(chunks.nodes);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the mailbox cannot be read: %s", rc_text(rc));
	return RC_OK;
}
