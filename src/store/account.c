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

static enum rc load_subscription(
    void *context, struct view key, struct view value)
{
	struct store_account *account = context;
	(void)value;
	struct view name = view_from(key, 1);
	account->subscriptions =
	    mem_grow(account->subscriptions, &account->subscription_capacity,
		account->subscription_count + 1, sizeof(struct view));
	account->subscriptions[account->subscription_count++] =
	    view_of(mem_strndup(name.ptr, name.len), name.len);
	return RC_OK;
}

static enum rc load_mailbox(void *context, struct view key, struct view value)
{
	struct store_account *account = context;
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

// Mailboxes in the order of ids, as their states come.
struct by_id {
	struct mailbox **mailboxes;
	size_t count;
	size_t at;
};

static enum rc load_state(void *context, struct view key, struct view value)
{
	struct by_id *by_id = context;
	uint64_t id = key.len == 9 ? get_be64(key.ptr + 1) : 0;
	while (by_id->at < by_id->count && by_id->mailboxes[by_id->at]->id < id)
		by_id->at++;
	if (by_id->at == by_id->count || by_id->mailboxes[by_id->at]->id != id)
		return RC_OK; // of no mailbox; `roost check` says so
	return record_state_get(value, &by_id->mailboxes[by_id->at]->state);
}

static enum rc load_all(struct engine_snapshot *snapshot, enum record_kind kind,
    engine_each *load, void *context)
{
	struct record_key prefix = record_key_kind(kind);
	return engine_snapshot_scan(
	    snapshot, record_key_view(&prefix), VIEW(""), load, context);
}

static enum rc load_states(
    struct store_account *account, struct engine_snapshot *snapshot)
{
	size_t count = account->mailbox_count;
	struct by_id by_id = {
	    mem_alloc(count * sizeof(struct mailbox *)), count, 0};
	if (count) {
		memcpy(by_id.mailboxes, account->mailboxes,
		    count * sizeof(struct mailbox *));
		qsort(by_id.mailboxes, count, sizeof(struct mailbox *),
		    compare_ids);
	}
	enum rc rc = load_all(snapshot, RECORD_STATE, load_state, &by_id);
	free(by_id.mailboxes);
	return rc;
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
		    snapshot, RECORD_SUBSCRIPTION, load_subscription, account);
	if (rc == RC_OK && account->subscription_count)
		qsort(account->subscriptions, account->subscription_count,
		    sizeof(struct view), compare_names);
	if (rc == RC_OK)
		rc = load_all(snapshot, RECORD_MAILBOX, load_mailbox, account);
	if (rc == RC_OK && !account_table_sort(account))
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		rc = load_states(account, snapshot);
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

static enum rc read_chunk(void *context, struct view key, struct view value)
{
	struct chunks *chunks = context;
	uint32_t last_uid =
	    chunks->count ? chunks->nodes[chunks->count - 1]->last_uid : 0;
	struct store_node *chunk;
	if (key.len != 13)
		return RC_CORRUPT;
	enum rc rc = node_chunk_decode(get_be32(key.ptr + 9), value, &chunk);
	if (rc != RC_OK)
		return rc;
	chunks->nodes = mem_grow(chunks->nodes, &chunks->capacity,
	    chunks->count + 1, sizeof(struct store_node *));
	chunks->nodes[chunks->count++] = chunk;
	return chunk->first_uid > last_uid ? RC_OK : RC_CORRUPT;
}

static enum rc read_messages(struct store_account *account,
    struct mailbox *mailbox, struct chunks *chunks)
{
	struct record_key prefix = record_key_u64(RECORD_CHUNK, mailbox->id);
	return engine_scan(account->store->options.engine, account->id,
	    record_key_view(&prefix), VIEW(""), read_chunk, chunks);
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
