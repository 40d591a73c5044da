// SPDX-License-Identifier: Apache-2.0
// The store and its open accounts. An account that nobody uses stays open for a
// while, so that the next log-in finds it in memory.
#include "store/store.h"

#include "base/mem.h"
#include "store/derive_impl.h"
#include "store/upload.h"
#include "store/view_counts.h"
#include "wire/message.h"

#define MESSAGE_MAX_DEFAULT    ((uint64_t)100 << 20)
#define TOMBSTONES_MAX_DEFAULT 10000
#define CHANGES_MAX_DEFAULT    10000
#define COMMIT_MAX_DEFAULT     1000
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
	if (!store->options.commit_max)
		store->options.commit_max = COMMIT_MAX_DEFAULT;
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->loaded, NULL);
	pthread_mutex_init(&store->derive_lock, NULL);
	derive_queue_init(&store->derive_queue);
	map_init(&store->accounts);
	return store;
}

uint64_t store_message_max(const struct store *store)
{
	return store->options.message_max;
}

uint64_t store_quota_bytes(const struct store *store)
{
	return store->options.quota_bytes;
}

uint64_t store_quota_messages(const struct store *store)
{
	return store->options.quota_messages;
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
	engine_watch_free(&account->watch);
	account_unload(account);
	account_threads_drop(account);
	counts_memory_free(&account->counts);
	pthread_mutex_destroy(&account->counts_lock);
	pthread_mutex_destroy(&account->threads_lock);
	pthread_mutex_destroy(&account->turn);
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
	pthread_cond_destroy(&old->loaded);
	derive_queue_done(&old->derive_queue);
	pthread_mutex_destroy(&old->derive_lock);
	pthread_mutex_destroy(&old->lock);
	free(old);
}

// The engine's watch. The store knows what it commits itself. Any other commit
// makes the account stale, and those who have one of its mailboxes open are
// woken to look.

// The engine's watch. What is committed here is known here; anything else makes
// the account stale, and whoever has one of its mailboxes open is to look.
static void engine_moved(void *context, uint64_t version)
{
	struct store_account *account = context;
	if (version == 0)
		atomic_store(&account->dropped, true);
	else if (version == atomic_load(&account->committing))
		return;
	atomic_store(&account->stale, true);
	pthread_mutex_lock(&account->table);
	for (size_t i = 0; i < account->mailboxes.count; i++)
		mailbox_tell(account->mailboxes.items[i]);
	account_tell(account);
	derive_changed(account);
	pthread_mutex_unlock(&account->table);
}

static struct store_account *account_new(struct store *store, uint64_t id)
{
	struct store_account *account = mem_zalloc(sizeof(*account));
	account->store = store;
	account->id = id;
	account->refs = 1;
	atomic_init(&account->stale, true);
	pthread_mutex_init(&account->counts_lock, NULL);
	pthread_mutex_init(&account->threads_lock, NULL);
	pthread_mutex_init(&account->turn, NULL);
	pthread_mutex_init(&account->change, NULL);
	pthread_mutex_init(&account->table, NULL);
	account->watch =
	    engine_watch_new(store->options.engine, id, engine_moved, account);
	return account;
}

// With the store's lock held: waits while somebody loads or removes the
// account, and then gives it if it is in memory.
static struct store_account *find_ready(struct store *store, uint64_t id)
{
	struct store_account *account;
	while ((account = map_get(&store->accounts, id_key(&id))) != NULL &&
	       account->loading)
		pthread_cond_wait(&store->loaded, &store->lock);
	return account;
}

// With the store's lock held: makes an account in memory that others wait for
// until end_loading().
static struct store_account *begin_loading(struct store *store, uint64_t id)
{
	struct store_account *account = account_new(store, id);
	account->loading = true;
	map_put(&store->accounts, id_key(&account->id), account);
	return account;
}

// Lets the others use the account. If it does not exist, they look for
// themselves.
static void end_loading(struct store_account *account, bool is_there)
{
	struct store *store = account->store;
	pthread_mutex_lock(&store->lock);
	account->loading = false;
	if (!is_there)
		map_remove(&store->accounts, id_key(&account->id));
	pthread_cond_broadcast(&store->loaded);
	pthread_mutex_unlock(&store->lock);
	if (!is_there)
		account_free(account);
}

static enum rc read_account(
    struct store_account *account, bool make, struct fault *fault)
{
	account_lock_change(account);
	enum rc rc = account_refresh(account, fault);
	pthread_mutex_unlock(&account->change);
	if (rc != RC_NOT_FOUND || !make)
		return rc;
	rc = account_make(account, fault);
	return rc == RC_EXISTS ? RC_OK : rc; // somebody else created it
}

static enum rc obtain(struct store *store, uint64_t account_id, bool make,
    struct fault *fault, struct store_account **ret_account)
{
	pthread_mutex_lock(&store->lock);
	struct store_account *account = find_ready(store, account_id);
	bool was_there = account != NULL;
	if (!was_there)
		account = begin_loading(store, account_id);
	else if (account->refs++ == 0)
		idle_remove(store, account);
	pthread_mutex_unlock(&store->lock);
	enum rc rc = read_account(account, make, fault);
	if (!was_there && rc == RC_OK)
		derive_loaded(account);
	if (!was_there)
		end_loading(account, rc == RC_OK);
	else if (rc != RC_OK)
		store_account_close(&account);
	if (rc == RC_OK)
		*ret_account = account;
	return rc;
}

enum rc store_account_create(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	// This account is not in the table: it is created in the engine, and
	// freed.
	struct store_account *account = account_new(store, account_id);
	enum rc rc = account_make(account, fault);
	account_free(account);
	return rc;
}

enum rc store_account_open(struct store *store, uint64_t account_id,
    struct fault *fault, struct store_account **ret_account)
{
	return obtain(store, account_id, false, fault, ret_account);
}

enum rc store_account_enter(struct store *store, uint64_t account_id,
    struct fault *fault, struct store_account **ret_account)
{
	return obtain(store, account_id, true, fault, ret_account);
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

bool store_account_is_open(struct store *store, uint64_t account_id)
{
	pthread_mutex_lock(&store->lock);
	struct store_account *account = find_ready(store, account_id);
	bool open = account && account->refs > 0;
	pthread_mutex_unlock(&store->lock);
	return open;
}

enum rc store_account_remove(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	pthread_mutex_lock(&store->lock);
	struct store_account *account = find_ready(store, account_id);
	if (account && account->refs > 0) {
		pthread_mutex_unlock(&store->lock);
		return fault_set(fault, RC_IN_USE, "the account is in use");
	}
	if (account) {
		idle_remove(store, account);
		map_remove(&store->accounts, id_key(&account_id));
		account_free(account);
	}
	// Others who want the account wait until it is removed.
	account = begin_loading(store, account_id);
	pthread_mutex_unlock(&store->lock);
	enum rc rc = store_uploads_forget(store, account_id, fault);
	if (rc == RC_OK)
		rc = derive_account_drop(store, account_id, fault);
	end_loading(account, false);
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
	account_freshen(account);
	pthread_mutex_lock(&account->table);
	struct store_usage usage = {
	    .bytes = account->record.bytes,
	    .messages = account->record.messages,
	    .mailboxes = account->mailboxes.count,
	};
	pthread_mutex_unlock(&account->table);
	return usage;
}

enum rc store_room(struct store *store, struct fault *fault)
{
	return engine_room(store->options.engine, fault);
}

enum rc store_account_room(
    struct store *store, uint64_t account_id, uint64_t bytes)
{
	const struct store_options *options = &store->options;
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct record_account record = {0};
	struct buf value;
	buf_init(&value, 256);
	enum rc rc = engine_get(
	    options->engine, account_id, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_account_get(buf_view(&value), &record);
	else if (rc == RC_NOT_FOUND) // the first mail for it will create it
		rc = RC_OK;
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
