// SPDX-License-Identifier: Apache-2.0
// Reading an account from the engine: its table of mailboxes and subscriptions,
// and the messages of those mailboxes that somebody has looked at. The first
// reading and every later one work in the same way: mailboxes that were read
// are matched by id with those in memory, and replace their contents.
#include "base/bytes.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/account_impl.h"

static struct engine *engine_of(const struct store_account *account)
{
	return account->store->options.engine;
}

// ---- A mailbox's messages --------------------------------------------------

struct chunks {
	struct store_node **items; // referenced
	size_t count;
	size_t capacity;
};

struct reading {
	struct chunks chunks;
	struct chunks old; // of an earlier snapshot, in the same order
	size_t at;         // in `old`
	struct buf room;
};

static void chunks_done(struct chunks *chunks)
{
	for (size_t i = 0; i < chunks->count; i++)
		node_unref(chunks->items[i]);
	vec_done(chunks);
}

// The depth of the recursion is the tree's height.
static void collect_chunks(struct store_node *node, struct chunks *chunks)
{
	if (node->height == 0) {
		vec_push(chunks, node_ref(node));
		return;
	}
	for (unsigned i = 0; i < node->slots; i++)
		collect_chunks(node_as_branch(node)->children[i], chunks);
}

// Gives the chunk that the earlier snapshot has, if it has not changed. Both
// snapshots then share it, and a comparison of the two skips it.
static struct store_node *find_unchanged(
    struct reading *reading, uint32_t number, struct view value)
{
	const struct chunks *old = &reading->old;
	while (
	    reading->at < old->count && old->items[reading->at]->chunk < number)
		reading->at++;
	if (reading->at == old->count ||
	    old->items[reading->at]->chunk != number)
		return NULL;
	buf_reset(&reading->room);
	node_chunk_encode(old->items[reading->at], &reading->room);
	return view_eq(buf_view(&reading->room), value)
		   ? node_ref(old->items[reading->at])
		   : NULL;
}

static enum rc read_chunk(void *context, struct view key, struct view value)
{
	struct reading *reading = context;
	const struct chunks *chunks = &reading->chunks;
	uint32_t last_uid =
	    chunks->count ? chunks->items[chunks->count - 1]->last_uid : 0;
	if (key.len != 13)
		return RC_CORRUPT;
	uint32_t number = get_be32(key.ptr + 9);
	struct store_node *chunk = find_unchanged(reading, number, value);
	enum rc rc = chunk ? RC_OK : node_chunk_decode(number, value, &chunk);
	if (rc != RC_OK)
		return rc;
	vec_push(&reading->chunks, chunk);
	return chunk->first_uid > last_uid ? RC_OK : RC_CORRUPT;
}

enum rc account_read_messages(struct engine_snapshot *from, uint64_t mailbox_id,
    const struct store_snapshot *old, struct store_node **ret_root)
{
	struct record_key prefix = record_key_u64(RECORD_CHUNK, mailbox_id);
	struct reading reading = {0};
	buf_init(&reading.room, NODE_CHUNK_BYTES);
	if (old && old->root)
		collect_chunks(old->root, &reading.old);
	enum rc rc = engine_snapshot_scan(
	    from, record_key_view(&prefix), VIEW(""), read_chunk, &reading);
	if (rc == RC_OK) {
		*ret_root =
		    node_tree_build(reading.chunks.items, reading.chunks.count);
		reading.chunks.count = 0; // the tree owns them now
	}
	chunks_done(&reading.chunks);
	chunks_done(&reading.old);
	buf_done(&reading.room);
	return rc;
}

static struct store_snapshot *make_snapshot(
    const struct mailbox *mailbox, struct store_node *root)
{
	uint64_t modseq = mailbox->state.highestmodseq;
	return snapshot_new(mailbox->uidvalidity, mailbox->state.uidnext,
	    modseq ? modseq : 1, root, mailbox->keywords);
}

enum rc mailbox_load(
    struct store_account *account, struct mailbox *mailbox, struct fault *fault)
{
	if (atomic_load(&mailbox->current))
		return RC_OK;
	struct engine_snapshot *from;
	struct store_node *root;
	enum rc rc =
	    engine_snapshot_open(engine_of(account), account->id, &from);
	if (rc == RC_OK && engine_snapshot_version(from) != account->version) {
		atomic_store(&account->stale, true);
		engine_snapshot_close(&from);
		return fault_set(
		    fault, RC_CONFLICT, "the account was changed meanwhile");
	}
	if (rc == RC_OK) {
		rc = account_read_messages(from, mailbox->id, NULL, &root);
		engine_snapshot_close(&from);
	}
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the mailbox cannot be read: %s", rc_text(rc));
	atomic_store(&mailbox->current, make_snapshot(mailbox, root));
	return RC_OK;
}

// ---- The tables ------------------------------------------------------------

static enum rc load_subscription(
    void *context, struct view key, struct view value)
{
	struct store_account *account = context;
	(void)value;
	struct view name = view_from(key, 1);
	vec_push(&account->subscriptions,
	    view_of(mem_strndup(name.ptr, name.len), name.len));
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
	vec_push(&account->mailboxes, mailbox);
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

// Mailboxes in the order of ids: their states are stored in that order, and an
// account's old mailboxes are looked up in it.
struct by_id {
	struct mailbox **mailboxes; // owned; the mailboxes are not
	size_t count;
	size_t at;
};

static struct by_id by_id_of(const struct store_account *account)
{
	size_t count = account->mailboxes.count;
	struct by_id by_id = {
	    mem_alloc((count + 1) * sizeof(struct mailbox *)), count, 0};
	if (count) {
		memcpy(by_id.mailboxes, account->mailboxes.items,
		    count * sizeof(struct mailbox *));
		qsort(by_id.mailboxes, count, sizeof(struct mailbox *),
		    compare_ids);
	}
	return by_id;
}

// Gives the mailbox with this id, or NULL. Each call asks for a higher id than
// the one before.
static struct mailbox *by_id_next(struct by_id *by_id, uint64_t id)
{
	while (by_id->at < by_id->count && by_id->mailboxes[by_id->at]->id < id)
		by_id->at++;
	return by_id->at < by_id->count && by_id->mailboxes[by_id->at]->id == id
		   ? by_id->mailboxes[by_id->at]
		   : NULL;
}

static enum rc load_state(void *context, struct view key, struct view value)
{
	uint64_t id = key.len == 9 ? get_be64(key.ptr + 1) : 0;
	struct mailbox *mailbox = by_id_next(context, id);
	// a state without a mailbox is for `roost check` to report
	return mailbox ? record_state_get(value, &mailbox->state) : RC_OK;
}

static enum rc load_all(struct engine_snapshot *from, enum record_kind kind,
    engine_each *load, void *context)
{
	struct record_key prefix = record_key_kind(kind);
	return engine_snapshot_scan(
	    from, record_key_view(&prefix), VIEW(""), load, context);
}

static enum rc load_states(
    struct store_account *account, struct engine_snapshot *from)
{
	struct by_id by_id = by_id_of(account);
	enum rc rc = load_all(from, RECORD_STATE, load_state, &by_id);
	free(by_id.mailboxes);
	return rc;
}

static enum rc load_record(
    struct store_account *account, struct engine_snapshot *from)
{
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct buf value;
	buf_init(&value, 256);
	enum rc rc = engine_snapshot_get(from, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_account_get(buf_view(&value), &account->record);
	buf_done(&value);
	if (rc == RC_NOT_FOUND && account->version > 0)
		return RC_CORRUPT;
	return rc;
}

// Reads into `account`, which is empty.
static enum rc load_tables(
    struct store_account *account, struct engine_snapshot *from)
{
	account->version = engine_snapshot_version(from);
	enum rc rc = load_record(account, from);
	if (rc == RC_OK)
		rc = load_all(
		    from, RECORD_SUBSCRIPTION, load_subscription, account);
	if (rc == RC_OK && account->subscriptions.count)
		qsort(account->subscriptions.items,
		    account->subscriptions.count, sizeof(struct view),
		    compare_names);
	if (rc == RC_OK)
		rc = load_all(from, RECORD_MAILBOX, load_mailbox, account);
	if (rc == RC_OK && !account_table_sort(account))
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		rc = load_states(account, from);
	return rc;
}

// ---- Reading anew ----------------------------------------------------------

static unsigned keyword_count(const struct mailbox *mailbox)
{
	return mailbox->keywords ? mailbox->keywords->count : 0;
}

// Gives `fresh` a snapshot if `old` has one that is out of date. If the mailbox
// cannot be read, `fresh` gets none and is not matched with `old`: to the
// sessions that have it open the mailbox is gone, and opening it again gives
// the error.
static enum rc reread(const struct mailbox *old, struct mailbox *fresh,
    struct engine_snapshot *from, bool *ret_broken)
{
	const struct store_snapshot *seen = atomic_load(&old->current);
	struct store_node *root;
	*ret_broken = false;
	if (!seen)
		return RC_OK;
	bool same = fresh->state.highestmodseq == old->state.highestmodseq;
	if (same && keyword_count(fresh) == keyword_count(old))
		return RC_OK;
	enum rc rc = RC_OK;
	if (same)
		root = node_ref(seen->root);
	else
		rc = account_read_messages(from, fresh->id, seen, &root);
	*ret_broken = rc == RC_CORRUPT;
	if (rc == RC_OK)
		atomic_store(&fresh->current, make_snapshot(fresh, root));
	return rc == RC_CORRUPT ? RC_OK : rc;
}

// A mailbox in memory and what was read of it; NULL where there is none.
struct pair {
	struct mailbox *old;
	struct mailbox *fresh;
};

// Pairs the old mailboxes, by id, with the mailboxes of `fresh`.
static enum rc pair_up(const struct store_account *account,
    const struct store_account *fresh, struct engine_snapshot *from,
    bool all_gone, struct pair *ret_pairs)
{
	struct by_id old = by_id_of(account);
	struct by_id now = by_id_of(fresh);
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < old.count; i++) {
		struct pair *pair = &ret_pairs[i];
		bool broken;
		pair->old = old.mailboxes[i];
		pair->fresh = all_gone ? NULL : by_id_next(&now, pair->old->id);
		if (!pair->fresh)
			continue;
		rc = reread(pair->old, pair->fresh, from, &broken);
		if (broken)
			pair->fresh = NULL;
	}
	free(old.mailboxes);
	free(now.mailboxes);
	return rc;
}

// Gives the old mailbox the contents that were read, and calls its watchers if
// it changed.
static void adopt(struct mailbox *old, struct mailbox *fresh)
{
	struct view name = old->name;
	old->name = fresh->name;
	fresh->name = name;
	old->special_use = fresh->special_use;
	old->subscribed = fresh->subscribed;
	old->state = fresh->state;
	struct store_snapshot *snapshot =
	    atomic_exchange(&fresh->current, NULL);
	if (keyword_count(old) != keyword_count(fresh)) {
		struct store_keywords *keywords = old->keywords;
		old->keywords = fresh->keywords;
		fresh->keywords = keywords;
	}
	if (snapshot) {
		struct store_snapshot *seen =
		    atomic_exchange(&old->current, snapshot);
		mailbox_tell(old);
		store_snapshot_unref(&seen);
	}
}

static void leave(struct mailbox *mailbox)
{
	mailbox->gone = true;
	mailbox_tell(mailbox);
	mailbox_unref(mailbox); // the table's reference
}

static void swap_tables(struct store_account *a, struct store_account *b)
{
	// Other fields of `a` are being written by others.
	struct store_account was;
	was.mailboxes = a->mailboxes;
	was.subscriptions = a->subscriptions;
	a->record = b->record;
	a->mailboxes = b->mailboxes;
	a->subscriptions = b->subscriptions;
	b->mailboxes = was.mailboxes;
	b->subscriptions = was.subscriptions;
}

// Puts what was read into the account. `fresh` gets what is to be freed.
static void take_over(struct store_account *account,
    struct store_account *fresh, const struct pair *pairs)
{
	size_t count = account->mailboxes.count;
	pthread_mutex_lock(&account->table);
	for (size_t i = 0; i < count; i++) {
		struct mailbox *old = pairs[i].old;
		size_t at;
		if (!pairs[i].fresh) {
			leave(old);
			continue;
		}
		account_table_seek(fresh, pairs[i].fresh->name, &at);
		adopt(old, pairs[i].fresh);
		fresh->mailboxes.items[at] = old;
		mailbox_unref(pairs[i].fresh);
	}
	account->mailboxes.count = 0; // each is in `fresh` now, or was released
	account->by_id.count = 0;
	swap_tables(account, fresh);
	account->shown = fresh->version;
	pthread_mutex_unlock(&account->table);
	account->version = fresh->version;
}

static enum rc read_anew(
    struct store_account *account, bool all_gone, struct engine_snapshot *from)
{
	struct store_account fresh = {
	    .store = account->store, .id = account->id};
	size_t count = account->mailboxes.count;
	struct pair *pairs = mem_zalloc((count + 1) * sizeof(*pairs));
	enum rc rc = load_tables(&fresh, from);
	bool missing = rc == RC_NOT_FOUND;
	if (all_gone) {
		account_threads_drop(account);
		atomic_fetch_add(&account->generation, 1);
	}
	if (rc == RC_OK || missing)
		rc = pair_up(account, &fresh, from, all_gone, pairs);
	if (rc == RC_OK)
		take_over(account, &fresh, pairs);
	account_unload(&fresh);
	free(pairs);
	return rc == RC_OK && missing ? RC_NOT_FOUND : rc;
}

static enum rc refresh(struct store_account *account)
{
	struct engine_snapshot *from;
	bool dropped = atomic_exchange(&account->dropped, false);
	enum rc rc =
	    engine_snapshot_open(engine_of(account), account->id, &from);
	if (rc == RC_OK) {
		uint64_t version = engine_snapshot_version(from);
		// Versions only rise, except that they begin again after a
		// drop.
		bool all_gone = dropped || version < account->version;
		if (version != account->version || version == 0 || all_gone)
			rc = read_anew(account, all_gone, from);
		engine_snapshot_close(&from);
	}
	if (rc != RC_OK && rc != RC_NOT_FOUND && dropped)
		atomic_store(&account->dropped, true);
	return rc;
}

enum rc account_refresh(struct store_account *account, struct fault *fault)
{
	if (!atomic_exchange(&account->stale, false))
		return RC_OK;
	enum rc rc = refresh(account);
	if (rc == RC_OK)
		return RC_OK;
	atomic_store(&account->stale, true);
	if (rc == RC_NOT_FOUND)
		return fault_set(fault, rc, "there is no such account");
	return fault_set(
	    fault, rc, "the account cannot be read: %s", rc_text(rc));
}

// How often reading is tried; each time it fails because the account changed
// while it was read.
#define READ_TRIES 1000

enum rc account_read_mailbox(struct store_account *account, uint64_t mailbox_id,
    struct fault *fault, struct mailbox **ret_mailbox)
{
	enum rc rc = RC_CONFLICT;
	struct mailbox *mailbox = NULL;
	for (int i = 0; rc == RC_CONFLICT && i < READ_TRIES; i++) {
		rc = account_refresh(account, fault);
		pthread_mutex_lock(&account->table);
		mailbox = account_table_find_id(account, mailbox_id);
		pthread_mutex_unlock(&account->table);
		if (rc == RC_OK && mailbox)
			rc = mailbox_load(account, mailbox, fault);
	}
	if (rc == RC_OK)
		*ret_mailbox = mailbox;
	return rc;
}

void account_freshen(struct store_account *account)
{
	struct fault fault;
	if (!atomic_load(&account->stale))
		return;
	account_lock_change(account);
	enum rc rc = account_refresh(account, &fault);
	pthread_mutex_unlock(&account->change);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		log_text(account->store->options.log, LOG_LEVEL_ERROR, "store",
		    "account %llu: %s", (unsigned long long)account->id,
		    fault.text);
}
