// SPDX-License-Identifier: Apache-2.0
// One piece of work on derived data, and dropping it. Pieces, drops and the
// removal of an account exclude one another by `derive_lock`. So data that was
// dropped is not built again from an account that is gone.
#include "base/bytes.h"
#include "base/mem.h"
#include "store/derive_blocks.h"

#define STATE_BYTES 40

static const struct derive_tenant *const tenants[] = {
    &columns_tenant, &threads_tenant};

bool store_derived_of(uint64_t partition, uint64_t *ret_account_id)
{
	if (partition < DERIVE_FIRST)
		return false;
	*ret_account_id = partition % DERIVE_ACCOUNT_END;
	return true;
}

// ---- The state -------------------------------------------------------------

enum rc derive_state_get(struct engine_snapshot *derived,
    const struct derive_tenant *tenant, struct derive_state *ret_state)
{
	struct buf value;
	buf_init(&value, 4096);
	enum rc rc = engine_snapshot_get(derived, VIEW("A"), &value);
	if (rc == RC_OK &&
	    (value.len != STATE_BYTES || get_le32(value.ptr) != tenant->format))
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		*ret_state = (struct derive_state){
		    .reading_all = get_le32(value.ptr + 4),
		    .next = get_le64(value.ptr + 8),
		    .built = {get_le64(value.ptr + 16),
			get_le64(value.ptr + 24)},
		};
	buf_done(&value);
	return rc;
}

static void state_put(struct engine_batch *batch,
    const struct derive_tenant *tenant, const struct derive_state *state)
{
	char bytes[STATE_BYTES] = {0};
	put_le32(bytes, tenant->format);
	put_le32(bytes + 4, state->reading_all);
	put_le64(bytes + 8, state->next);
	put_le64(bytes + 16, state->built.version);
	put_le64(bytes + 24, state->built.done);
	engine_batch_put(batch, VIEW("A"), view_of(bytes, sizeof(bytes)));
}

// ---- A piece of work -------------------------------------------------------

// Reads how far the tenant is. Data that cannot be used is dropped, and
// everything will be read again; *ret_version is the version that the partition
// has afterwards.
static enum rc open_state(struct engine *engine, uint64_t partition,
    const struct derive_tenant *tenant, uint64_t account_version,
    struct derive_state *ret_state, uint64_t *ret_version)
{
	struct engine_snapshot *snapshot;
	struct fault fault;
	enum rc rc = engine_snapshot_open(engine, partition, &snapshot);
	if (rc != RC_OK)
		return rc;
	uint64_t version = engine_snapshot_version(snapshot);
	rc = derive_state_get(snapshot, tenant, ret_state);
	engine_snapshot_close(&snapshot);
	if (rc == RC_OK && ret_state->built.version > account_version)
		rc = RC_CORRUPT;
	if (rc == RC_NOT_FOUND || rc == RC_CORRUPT) {
		rc = version ? engine_partition_drop(engine, partition, &fault)
			     : RC_OK;
		version = 0;
		*ret_state = (struct derive_state){
		    .reading_all = true, .built = {account_version, 0}};
	}
	if (rc == RC_OK)
		*ret_version = version;
	return rc;
}

// How many commits of the account a tenant may let go by without noting that
// it has nothing to do for them. It reads their records of the log again.
#define UNNOTED_MAX 100

// Whether it is worth a commit to note how far the tenant is.
static bool is_worth_noting(const struct store *store,
    const struct derive_state *before, const struct derive_piece *piece)
{
	uint64_t most = store->options.changes_max / 4;
	if (most > UNNOTED_MAX)
		most = UNNOTED_MAX;
	return before->reading_all || piece->wrote || piece->more ||
	       piece->state.built.version - before->built.version >= most;
}

static enum rc work(const struct store *store,
    const struct derive_tenant *tenant, struct derive_piece *piece,
    uint64_t version)
{
	struct derive_state before = piece->state;
	uint64_t partition =
	    derive_partition(tenant->number, piece->account_id);
	struct fault fault;
	enum rc rc = piece->state.reading_all
			 ? blocks_read_all(tenant->kind, piece)
			 : blocks_follow(tenant->kind, piece);
	if (rc == RC_GONE) {
		// The log does not reach back far enough: the next piece begins
		// to read everything.
		piece->more = true;
		return engine_partition_drop(piece->engine, partition, &fault);
	}
	if (rc != RC_OK || !is_worth_noting(store, &before, piece))
		return rc;
	state_put(piece->batch, tenant, &piece->state);
	return engine_commit(
	    piece->engine, partition, version, piece->batch, &fault);
}

static enum rc step(struct store *store, const struct derive_tenant *tenant,
    uint64_t account_id, bool make, bool *ret_more)
{
	struct engine *engine = store->options.engine;
	uint64_t partition = derive_partition(tenant->number, account_id);
	struct fault fault;
	uint64_t account_version;
	uint64_t version;
	enum rc rc = engine_version(engine, account_id, &account_version);
	if (rc == RC_OK)
		rc = engine_version(engine, partition, &version);
	if (rc != RC_OK || (version == 0 && !make))
		return rc;
	if (account_version == 0)
		return version
			   ? engine_partition_drop(engine, partition, &fault)
			   : RC_OK;
	struct derive_piece piece = {
	    .engine = engine, .account_id = account_id};
	rc = open_state(
	    engine, partition, tenant, account_version, &piece.state, &version);
	if (rc != RC_OK || (!piece.state.reading_all &&
			       piece.state.built.version == account_version))
		return rc;
	piece.batch = engine_batch_new(engine);
	rc = work(store, tenant, &piece, version);
	engine_batch_free(&piece.batch);
	if (rc == RC_OK)
		*ret_more |= piece.more;
	return rc;
}

enum rc derive_step(
    struct store *store, uint64_t account_id, unsigned make, bool *ret_more)
{
	*ret_more = false;
	if (account_id >= DERIVE_ACCOUNT_END)
		return RC_OK;
	enum rc rc = RC_OK;
	pthread_mutex_lock(&store->derive_lock);
	for (size_t i = 0; rc == RC_OK && i < ARRAY_LEN(tenants); i++)
		rc = step(store, tenants[i], account_id,
		    make >> tenants[i]->number & 1, ret_more);
	pthread_mutex_unlock(&store->derive_lock);
	return rc;
}

enum rc store_derive_step(
    struct store *store, uint64_t account_id, bool make, bool *ret_more)
{
	return derive_step(store, account_id, make ? ~0U : 0, ret_more);
}

// ---- Dropping --------------------------------------------------------------

static enum rc drop(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	struct engine *engine = store->options.engine;
	enum rc rc = RC_OK;
	if (account_id >= DERIVE_ACCOUNT_END)
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < ARRAY_LEN(tenants); i++) {
		uint64_t partition =
		    derive_partition(tenants[i]->number, account_id);
		uint64_t version;
		rc = engine_version(engine, partition, &version);
		if (rc == RC_OK && version > 0)
			rc = engine_partition_drop(engine, partition, fault);
	}
	return rc;
}

enum rc store_derived_drop(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	pthread_mutex_lock(&store->derive_lock);
	enum rc rc = drop(store, account_id, fault);
	pthread_mutex_unlock(&store->derive_lock);
	return rc;
}

enum rc derive_account_drop(
    struct store *store, uint64_t account_id, struct fault *fault)
{
	pthread_mutex_lock(&store->derive_lock);
	enum rc rc = drop(store, account_id, fault);
	if (rc == RC_OK)
		rc = engine_partition_drop(
		    store->options.engine, account_id, fault);
	pthread_mutex_unlock(&store->derive_lock);
	return rc;
}

enum rc store_derived_drop_all(
    struct store *store, struct fault *fault, uint64_t *ret_dropped)
{
	struct engine *engine = store->options.engine;
	uint64_t partition = DERIVE_FIRST - 1;
	struct map accounts; // that had some
	enum rc rc = RC_OK;
	map_init(&accounts);
	while (rc == RC_OK) {
		pthread_mutex_lock(&store->derive_lock);
		rc = engine_partition_next(engine, partition, &partition);
		if (rc == RC_OK)
			rc = engine_partition_drop(engine, partition, fault);
		pthread_mutex_unlock(&store->derive_lock);
		uint64_t account = partition % DERIVE_ACCOUNT_END;
		if (rc == RC_OK)
			map_put(&accounts, view_of(&account, sizeof(account)),
			    store);
	}
	*ret_dropped = accounts.count;
	map_done(&accounts);
	if (rc != RC_END)
		return fault_set(fault, rc,
		    "derived data cannot be dropped: %s", rc_text(rc));
	return RC_OK;
}

// ---- The check -------------------------------------------------------------

static enum rc check_tenant(struct engine *engine,
    const struct derive_tenant *tenant, uint64_t account_id)
{
	struct engine_snapshot *derived = NULL;
	struct engine_snapshot *account = NULL;
	struct derive_state state;
	uint64_t partition = derive_partition(tenant->number, account_id);
	// The account's snapshot is opened later, so that it is never older.
	enum rc rc = engine_snapshot_open(engine, partition, &derived);
	if (rc == RC_OK)
		rc = engine_snapshot_open(engine, account_id, &account);
	if (rc == RC_OK && engine_snapshot_version(derived) > 0) {
		rc = derive_state_get(derived, tenant, &state);
		if (rc == RC_NOT_FOUND)
			rc = RC_CORRUPT;
		if (rc == RC_OK &&
		    state.built.version > engine_snapshot_version(account))
			rc = RC_CORRUPT;
		if (rc == RC_OK)
			rc = blocks_check(
			    tenant->kind, account, derived, &state);
	}
	engine_snapshot_close(&account);
	engine_snapshot_close(&derived);
	return rc;
}

enum rc derive_check(struct store *store, uint64_t account_id)
{
	enum rc rc = RC_OK;
	if (account_id >= DERIVE_ACCOUNT_END)
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < ARRAY_LEN(tenants); i++)
		rc =
		    check_tenant(store->options.engine, tenants[i], account_id);
	return rc;
}

void derive_loaded(struct store_account *account)
{
	struct engine *engine = account->store->options.engine;
	bool some = false;
	if (account->id >= DERIVE_ACCOUNT_END)
		return;
	for (size_t i = 0; i < ARRAY_LEN(tenants); i++) {
		uint64_t version;
		uint64_t partition =
		    derive_partition(tenants[i]->number, account->id);
		some |= engine_version(engine, partition, &version) == RC_OK &&
			version > 0;
	}
	atomic_store(&account->derives, some);
}
