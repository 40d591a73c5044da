// SPDX-License-Identifier: Apache-2.0
// Keys: "a" and the account's number, big-endian; "k" the secret.
#include "store/push_list.h"

#include "base/bytes.h"
#include "store/account_impl.h"

#define SECRET     "k"
#define SECRET_MAX 100

struct note {
	char key[9];
	bool has;
};

static enum rc make_note(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct note *note = context;
	struct view key = view_of(note->key, sizeof(note->key));
	(void)from, (void)fault;
	if (note->has)
		engine_batch_put(batch, key, VIEW("1"));
	else
		engine_batch_delete(batch, key);
	return RC_OK;
}

enum rc store_push_note(
    struct store *store, uint64_t account, bool has, struct fault *fault)
{
	struct engine *engine = store->options.engine;
	struct note note = {.key = "a", .has = has};
	struct buf value;
	put_be64(note.key + 1, account);
	buf_init(&value, 100);
	enum rc rc = engine_get(engine, STORE_PUSH_PARTITION,
	    view_of(note.key, sizeof(note.key)), &value);
	buf_done(&value);
	if (rc == (has ? RC_OK : RC_NOT_FOUND))
		return RC_OK;
	return engine_change(
	    engine, STORE_PUSH_PARTITION, make_note, &note, fault);
}

struct walk {
	void (*each)(void *context, uint64_t account);
	void *context;
};

static enum rc each_key(void *context, struct view key, struct view value)
{
	const struct walk *walk = context;
	(void)value;
	if (key.len == 9)
		walk->each(walk->context, get_be64(key.ptr + 1));
	return RC_OK;
}

enum rc store_push_each(struct store *store,
    void (*each)(void *context, uint64_t account), void *context)
{
	struct walk walk = {each, context};
	return engine_scan(store->options.engine, STORE_PUSH_PARTITION,
	    VIEW("a"), VIEW(""), each_key, &walk);
}

// ---- The secret ------------------------------------------------------------

struct secret {
	struct view first;
	struct buf *result;
};

static enum rc make_secret(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const struct secret *secret = context;
	(void)fault;
	buf_reset(secret->result);
	enum rc rc = engine_snapshot_get(from, VIEW(SECRET), secret->result);
	if (rc != RC_NOT_FOUND)
		return rc;
	buf_reset(secret->result);
	buf_add(secret->result, secret->first);
	engine_batch_put(batch, VIEW(SECRET), secret->first);
	return RC_OK;
}

enum rc store_push_secret(struct store *store, struct view first,
    struct fault *fault, struct buf *ret_secret)
{
	struct secret secret = {first, ret_secret};
	if (first.len > SECRET_MAX)
		return fault_set(fault, RC_LIMIT, "the secret is too long");
	return engine_change(store->options.engine, STORE_PUSH_PARTITION,
	    make_secret, &secret, fault);
}

// ---- Watches ---------------------------------------------------------------

struct store_push_watch {
	struct engine_watch *watch;
	void (*moved)(void *context);
	void *context;
};

static void tell(void *context, uint64_t version)
{
	const struct store_push_watch *watch = context;
	(void)version;
	watch->moved(watch->context);
}

struct store_push_watch *store_push_watch_new(struct store *store,
    uint64_t account, void (*moved)(void *context), void *context)
{
	struct store_push_watch *watch = mem_zalloc(sizeof(*watch));
	watch->moved = moved;
	watch->context = context;
	watch->watch =
	    engine_watch_new(store->options.engine, account, tell, watch);
	return watch;
}

void store_push_watch_free(struct store_push_watch **ret_watch)
{
	struct store_push_watch *watch = *ret_watch;
	if (!watch)
		return;
	engine_watch_free(&watch->watch);
	free(watch);
	*ret_watch = NULL;
}
