// SPDX-License-Identifier: Apache-2.0
// The store and its open accounts. An account that nobody uses stays open for
// a while, so that the next log-in finds it in memory.
#include "store/store.h"

#include "base/mem.h"
#include "store/account_impl.h"
#include "wire/message.h"

#define MESSAGE_MAX_DEFAULT    ((uint64_t)100 << 20)
#define TOMBSTONES_MAX_DEFAULT 10000
#define CHANGES_MAX_DEFAULT    10000
#define IDLE_ACCOUNTS_MAX      256

struct store *store_new(const struct store_options *options)
{
	struct store *store = mem_zalloc(sizeof(*store));
	store->options = *options;
	if (!store->options.message_max)
		store->options.message_max = MESSAGE_MAX_DEFAULT;
	if (store->options.message_max > MESSAGE_SIZE_MAX)
		store->options.message_max = MESSAGE_SIZE_MAX;
	if (!store->options.tombstones_max)
		store->options.tombstones_max = TOMBSTONES_MAX_DEFAULT;
	if (!store->options.changes_max)
		store->options.changes_max = CHANGES_MAX_DEFAULT;
	pthread_mutex_init(&store->lock, NULL);
	map_init(&store->accounts);
	return store;
}

uint64_t store_message_max(const struct store *store)
{
	return store->options.message_max;
}

static struct view id_key(const uint64_t *account_id)
{
	return view_of(account_id, sizeof(*account_id));
}

// ---- The list of idle accounts (with the store's lock held) ----------------

static void idle_add(struct store *store, struct store_account *account)
{
	account->idle_previous = NULL;
	account->idle_next = store->idle;
	if (store->idle)
		store->idle->idle_previous = account;
	else
		store->idle_last = account;
	store->idle = account;
	store->idle_count++;
}

static void idle_remove(struct store *store, struct store_account *account)
{
	if (account->idle_previous)
		account->idle_previous->idle_next = account->idle_next;
	else
		store->idle = account->idle_next;
	if (account->idle_next)
		account->idle_next->idle_previous = account->idle_previous;
	else
		store->idle_last = account->idle_previous;
	store->idle_count--;
}

static void account_free(struct store_account *account)
{
	account_unload(account);
	pthread_mutex_destroy(&account->change);
	pthread_mutex_destroy(&account->table);
	free(account);
}

static struct store_account *take_oldest_idle(struct store *store)
{
	struct store_account *account = store->idle_last;
	idle_remove(store, account);
	map_remove(&store->accounts, id_key(&account->id));
	return account;
}

void store_free(struct store **store)
{
	struct store *old = *store;
	*store = NULL;
	if (!old)
		return;
	while (old->idle_last)
		account_free(take_oldest_idle(old));
	map_done(&old->accounts);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

// ---- Accounts --------------------------------------------------------------

static struct store_account *account_new(struct store *store, uint64_t id)
{
	struct store_account *account = mem_zalloc(sizeof(*account));
	account->store = store;
	account->id = id;
	account->refs = 1;
	pthread_mutex_init(&account->change, NULL);
	pthread_mutex_init(&account->table, NULL);
	return account;
}

enum rc store_account_open(struct store *store, uint64_t account_id,
    struct fault *fault, struct store_account **ret_account)
{
	pthread_mutex_lock(&store->lock);
	struct store_account *account =
	    map_get(&store->accounts, id_key(&account_id));
	if (account) {
		if (account->refs++ == 0)
			idle_remove(store, account);
		pthread_mutex_unlock(&store->lock);
		*ret_account = account;
		return RC_OK;
	}
	// Loading holds the lock: two must not load the same account, and a
	// load costs no more than a few reads.
	account = account_new(store, account_id);
	enum rc rc = account_load(account, fault);
	if (rc == RC_OK)
		map_put(&store->accounts, id_key(&account_id), account);
	pthread_mutex_unlock(&store->lock);
	if (rc == RC_OK)
		*ret_account = account;
	else
		account_free(account);
	return rc;
}

struct store_account *account_ref(struct store_account *account)
{
	pthread_mutex_lock(&account->store->lock);
	account->refs++;
	pthread_mutex_unlock(&account->store->lock);
	return account;
}

void store_account_close(struct store_account **account)
{
	struct store_account *old = *account;
	*account = NULL;
	if (!old)
		return;
	struct store *store = old->store;
	struct store_account *evicted = NULL;
	pthread_mutex_lock(&store->lock);
	if (--old->refs == 0) {
		idle_add(store, old);
		if (store->idle_count > IDLE_ACCOUNTS_MAX)
			evicted = take_oldest_idle(store);
	}
	pthread_mutex_unlock(&store->lock);
	if (evicted)
		account_free(evicted);
}

enum rc store_account_remove(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	pthread_mutex_lock(&store->lock);
	struct store_account *account =
	    map_get(&store->accounts, id_key(&account_id));
	if (account && account->refs > 0) {
		pthread_mutex_unlock(&store->lock);
		return fault_set(fault, RC_IN_USE, "the account is in use");
	}
	if (account) {
		idle_remove(store, account);
		map_remove(&store->accounts, id_key(&account_id));
		account_free(account);
	}
	enum rc rc =
	    engine_partition_drop(store->options.engine, account_id, fault);
	pthread_mutex_unlock(&store->lock);
	return rc;
}

uint64_t store_account_id(const struct store_account *account)
{
	return account->id;
}

struct store *store_account_store(const struct store_account *account)
{
	return account->store;
}

struct store_usage store_account_usage(struct store_account *account)
{
	pthread_mutex_lock(&account->table);
	struct store_usage usage = {
	    .bytes = account->record.bytes,
	    .messages = account->record.messages,
	    .mailboxes = account->mailbox_count,
	};
	pthread_mutex_unlock(&account->table);
	return usage;
}

enum rc store_account_room(
    struct store *store, uint64_t account_id, uint64_t bytes)
{
	const struct store_options *options = &store->options;
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct record_account record;
	struct buf value;
	buf_init(&value, 256);
	enum rc rc = engine_get(
	    options->engine, account_id, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_account_get(buf_view(&value), &record);
	buf_done(&value);
	if (rc != RC_OK)
		return rc;
	if (options->quota_bytes &&
	    (record.bytes > options->quota_bytes ||
		bytes > options->quota_bytes - record.bytes))
		return RC_QUOTA;
	if (options->quota_messages &&
	    record.messages >= options->quota_messages)
		return RC_QUOTA;
	return RC_OK;
}

int64_t account_now(const struct store_account *account)
{
	return clock_wall_seconds(account->store->options.clock);
}
