// SPDX-License-Identifier: Apache-2.0
// How derived data is kept up, for the files of this room. A *tenant* is one
// kind of it, with a partition of its own for each account.
#ifndef ROOST_STORE_DERIVE_IMPL_H
#define ROOST_STORE_DERIVE_IMPL_H

#include "store/account_impl.h"
#include "store/changes.h"
#include "store/derive.h"

// The number of a tenant's partition: the account's, which is below 2^48, and
// the tenant above it.
#define DERIVE_ACCOUNT_END ((uint64_t)1 << 48)
#define DERIVE_FIRST       ((uint64_t)0x4000 << 48)
static inline uint64_t derive_partition(unsigned tenant, uint64_t account_id)
{
	return DERIVE_FIRST + ((uint64_t)tenant << 48) + account_id;
}

// How far a tenant is built, under the key "A" of its partition: with the
// format of the tenant, all numbers little-endian.
struct derive_state {
	bool reading_all; // not yet followed: `next` is where to go on
	uint64_t next;    // the tenant's own measure
	// Built for all changes up to here; while reading all: where to follow
	// from when that is done.
	struct store_change_position built;
};

// One piece of work: the tenant reads the account, puts into `batch` what is to
// become of its own partition, and moves `state` on.
struct derive_piece {
	struct engine *engine;
	uint64_t account_id;
	struct engine_batch *batch;
	struct derive_state state;
	bool more; // there is more to do
};

struct derive_tenant {
	unsigned number;
	uint32_t format; // another one: dropped and built anew
	// RC_GONE from `follow`: everything has to be read.
	enum rc (*read_all)(struct derive_piece *piece);
	enum rc (*follow)(struct derive_piece *piece);
	// Holds what is stored against the account; `account` and `derived` are
	// of one moment. RC_CORRUPT when it is wrong.
	enum rc (*check)(struct engine_snapshot *account,
	    struct engine_snapshot *derived, const struct derive_state *state);
};

extern const struct derive_tenant columns_tenant; // sort columns

// RC_NOT_FOUND, RC_CORRUPT: nothing that this tenant can use.
MUST_CHECK enum rc derive_state_get(struct engine_snapshot *derived,
    const struct derive_tenant *tenant, struct derive_state *ret_state);

// Removes an account and, before it, what is derived from it.
MUST_CHECK enum rc derive_account_drop(
    struct store *store, uint64_t account_id, struct fault *fault);
// RC_OK, or RC_CORRUPT: it has to be dropped; RC_IO.
MUST_CHECK enum rc derive_check(struct store *store, uint64_t account_id);

// ---- Who is waiting -------------------------------------------------------

// The account has changed: told with its `table` held.
void derive_changed(struct store_account *account);
// Somebody would be served faster by derived data.
void derive_want(struct store_account *account);
// As the account is loaded: whether it has derived data.
void derive_loaded(struct store_account *account);

#endif
