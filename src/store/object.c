// SPDX-License-Identifier: Apache-2.0
// Objects: reading and changing them. Each kind has one more record, which says
// how many objects there are and which id comes next.
#include "store/object.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/transaction.h"
#include "store/view_impl.h"

static const struct store_object_limits limits[STORE_OBJECT_KINDS] = {
    [STORE_OBJECT_IDENTITY] = {(size_t)256 << 10, 1000},
    [STORE_OBJECT_SUBMISSION] = {(size_t)1 << 20, 20000},
    [STORE_OBJECT_VACATION] = {(size_t)256 << 10, 1},
    [STORE_OBJECT_PUSH] = {(size_t)16 << 10, 100},
    [STORE_OBJECT_SIEVE] = {(size_t)1 << 20, 100},
    [STORE_OBJECT_MAILBOX] = {(size_t)4 << 10, STORE_MAILBOXES_MAX},
    [STORE_OBJECT_SETTINGS] = {(size_t)256 << 10, 100},
};

struct store_object_limits store_object_limits(enum store_object_kind kind)
{
	return limits[kind];
}

// ---- Reading ---------------------------------------------------------------

struct walking {
	store_object_each *each;
	void *context;
};

static enum rc show(void *context, struct view key, struct view value)
{
	const struct walking *walking = context;
	struct store_object object;
	uint8_t kind;
	if (!record_object_id(key, &kind, &object.id) || object.id == 0 ||
	    record_object_get(value, &object.version, &object.bytes) != RC_OK)
		return RC_OK; // the counter; or the check reports it
	return walking->each(walking->context, &object);
}

static enum rc walk(struct engine_snapshot *from, enum store_object_kind kind,
    uint64_t after, store_object_each *each, void *context)
{
	struct walking walking = {each, context};
	struct record_key prefix = record_key_objects((uint8_t)kind);
	struct record_key first = record_key_object((uint8_t)kind, after + 1);
	if (after == UINT64_MAX)
		return RC_OK;
	return engine_snapshot_scan(from, record_key_view(&prefix),
	    record_key_view(&first), show, &walking);
}

static enum rc get(struct engine_snapshot *from, enum store_object_kind kind,
    uint64_t id, struct arena *arena, struct store_object *ret_object)
{
	struct record_key key = record_key_object((uint8_t)kind, id);
	struct store_object object = {.id = id};
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	enum rc rc =
	    id == 0 ? RC_NOT_FOUND
		    : engine_snapshot_get(from, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_object_get(
		    buf_view(&value), &object.version, &object.bytes);
	if (rc == RC_OK) {
		object.bytes = arena_copy(arena, object.bytes);
		*ret_object = object;
	}
	buf_done(&value);
	return rc;
}

static enum rc snapshot_of(const struct store_asker *asker,
    struct store_account *account, struct engine_snapshot **ret_snapshot)
{
	if (!account_is_own(asker, account))
		return RC_DENIED;
	return engine_snapshot_open(
	    account->store->options.engine, account->id, ret_snapshot);
}

enum rc store_objects_walk(const struct store_asker *asker,
    struct store_account *account, enum store_object_kind kind, uint64_t after,
    store_object_each *each, void *context)
{
	struct engine_snapshot *from;
	enum rc rc = snapshot_of(asker, account, &from);
	if (rc != RC_OK)
		return rc;
	rc = walk(from, kind, after, each, context);
	engine_snapshot_close(&from);
	return rc;
}

enum rc store_object_get(const struct store_asker *asker,
    struct store_account *account, enum store_object_kind kind, uint64_t id,
    struct arena *arena, struct store_object *ret_object)
{
	struct engine_snapshot *from;
	enum rc rc = snapshot_of(asker, account, &from);
	if (rc != RC_OK)
		return rc;
	rc = get(from, kind, id, arena, ret_object);
	engine_snapshot_close(&from);
	return rc;
}

enum rc store_view_objects(struct store_view *view, enum store_object_kind kind,
    uint64_t after, store_object_each *each, void *context)
{
	return account_is_own(&view->asker, view->account)
		   ? walk(view->from, kind, after, each, context)
		   : RC_DENIED;
}

enum rc store_view_object(struct store_view *view, enum store_object_kind kind,
    uint64_t id, struct arena *arena, struct store_object *ret_object)
{
	return account_is_own(&view->asker, view->account)
		   ? get(view->from, kind, id, arena, ret_object)
		   : RC_DENIED;
}

// ---- Changing --------------------------------------------------------------

struct kind_counter {
	bool read;
	bool changed;
	struct record_objects record;
};

struct setting {
	struct store_objects_set *set;
	uint64_t *ids; // that new objects got, one for each change
	struct kind_counter counters[STORE_OBJECT_KINDS];
	bool changed;
};

static enum rc read_counter(struct transaction *transaction,
    struct kind_counter *counter, enum store_object_kind kind)
{
	struct record_key key = record_key_objects((uint8_t)kind);
	struct buf value;
	if (counter->read)
		return RC_OK;
	buf_init(&value, 256);
	enum rc rc = engine_get(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(&key), &value);
	if (rc == RC_OK)
		rc = record_objects_get(buf_view(&value), &counter->record);
	else if (rc == RC_NOT_FOUND) {
		counter->record = (struct record_objects){.next_id = 1};
		rc = RC_OK;
	}
	buf_done(&value);
	counter->read = rc == RC_OK;
	return rc;
}

static void put_counters(
    struct transaction *transaction, const struct kind_counter *counters)
{
	for (uint8_t kind = 0; kind < STORE_OBJECT_KINDS; kind++) {
		struct record_key key = record_key_objects(kind);
		struct buf value;
		if (!counters[kind].changed)
			continue;
		buf_init(&value, 256);
		record_objects_put(&counters[kind].record, &value);
		transaction_put(transaction, &key, buf_view(&value));
		buf_done(&value);
	}
}

// Gives the version of an object as it is stored. A damaged one can be replaced
// and removed; it has no version.
static enum rc read_version(struct transaction *transaction,
    const struct record_key *key, uint64_t *ret_version)
{
	struct view bytes;
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	*ret_version = 0;
	enum rc rc = engine_get(transaction->account->store->options.engine,
	    transaction->account->id, record_key_view(key), &value);
	if (rc == RC_OK)
		rc = record_object_get(buf_view(&value), ret_version, &bytes);
	buf_done(&value);
	return rc == RC_CORRUPT ? RC_OK : rc;
}

static void put_object(struct transaction *transaction,
    const struct record_key *key, struct view bytes)
{
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	record_object_put(transaction->modseq, bytes, &value);
	transaction_put(transaction, key, buf_view(&value));
	buf_done(&value);
}

static bool was_named(const struct store_objects_set *set, size_t position)
{
	const struct store_object_change *change = &set->changes[position];
	for (size_t i = 0; i < position; i++)
		if (set->changes[i].id == change->id &&
		    set->changes[i].kind == change->kind)
			return true;
	return false;
}

static enum rc make_object(
    struct setting *setting, struct transaction *transaction, size_t position)
{
	struct store_object_change *change = &setting->set->changes[position];
	struct kind_counter *counter = &setting->counters[change->kind];
	if (counter->record.count >= limits[change->kind].count) {
		change->result = RC_LIMIT;
		return RC_OK;
	}
	uint64_t id = counter->record.next_id++;
	counter->record.count++;
	counter->changed = true;
	setting->ids[position] = id;
	struct record_key key = record_key_object((uint8_t)change->kind, id);
	put_object(transaction, &key, change->bytes);
	transaction_note_object(
	    transaction, STORE_CHANGE_OBJECT_MADE, (uint8_t)change->kind, id);
	return RC_OK;
}

static enum rc change_object(
    struct transaction *transaction, struct store_object_change *change)
{
	struct record_key key =
	    record_key_object((uint8_t)change->kind, change->id);
	uint64_t version;
	enum rc rc = read_version(transaction, &key, &version);
	if (rc == RC_OK && change->if_version && change->if_version != version)
		rc = RC_GONE;
	if (rc == RC_NOT_FOUND || rc == RC_GONE) {
		change->result = rc;
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	if (change->remove)
		transaction_delete(transaction, &key);
	else
		put_object(transaction, &key, change->bytes);
	transaction_note_object(transaction,
	    change->remove ? STORE_CHANGE_OBJECT_GONE : STORE_CHANGE_OBJECT,
	    (uint8_t)change->kind, change->id);
	return RC_OK;
}

// A failure of this change alone is in its result, and RC_OK is returned.
static enum rc set_object(
    struct setting *setting, struct transaction *transaction, size_t position)
{
	struct store_object_change *change = &setting->set->changes[position];
	struct kind_counter *counter = &setting->counters[change->kind];
	change->result = RC_OK;
	setting->ids[position] = change->id;
	if (!change->remove && change->bytes.len > limits[change->kind].bytes)
		change->result = RC_LIMIT;
	else if (change->id && was_named(setting->set, position))
		change->result = RC_INVALID;
	else if (!change->id && change->remove)
		change->result = RC_NOT_FOUND;
	if (change->result != RC_OK)
		return RC_OK;
	enum rc rc = read_counter(transaction, counter, change->kind);
	if (rc != RC_OK)
		return rc;
	if (!change->id)
		rc = make_object(setting, transaction, position);
	else
		rc = change_object(transaction, change);
	if (rc == RC_OK && change->remove && change->result == RC_OK) {
		counter->record.count -= counter->record.count > 0;
		counter->changed = true;
	}
	setting->changed |= rc == RC_OK && change->result == RC_OK;
	return rc;
}

static enum rc make_set(
    struct transaction *transaction, void *context, struct fault *fault)
{
	struct setting *setting = context;
	struct store_objects_set *set = setting->set;
	enum rc rc = RC_OK;
	memset(setting->counters, 0, sizeof(setting->counters));
	setting->changed = false;
	set->before = transaction->account->version;
	if (set->if_version && set->if_version != set->before)
		return fault_set(
		    fault, RC_GONE, "the account has been changed since");
	for (size_t i = 0; rc == RC_OK && i < set->count; i++)
		rc = set_object(setting, transaction, i);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "the account's settings cannot be read");
	put_counters(transaction, setting->counters);
	return RC_OK;
}

enum rc store_objects_set(const struct store_asker *asker,
    struct store_account *account, struct store_objects_set *set,
    struct fault *fault)
{
	struct setting setting = {.set = set};
	if (!account_is_own(asker, account))
		return fault_set(fault, RC_DENIED,
		    "only the owner of an account may do this");
	setting.ids = mem_zalloc((set->count + 1) * sizeof(*setting.ids));
	enum rc rc = transaction_run(account, make_set, &setting, fault);
	for (size_t i = 0; rc == RC_OK && i < set->count; i++)
		if (set->changes[i].result == RC_OK)
			set->changes[i].id = setting.ids[i];
	set->after = set->before + setting.changed;
	free(setting.ids);
	return rc;
}
