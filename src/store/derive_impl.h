// SPDX-License-Identifier: Apache-2.0
// How derived data is kept up to date, for the files of this room. A *tenant*
// is one kind of it, with a partition for each account.
#ifndef ROOST_STORE_DERIVE_IMPL_H
#define ROOST_STORE_DERIVE_IMPL_H

#include "store/account_impl.h"
#include "store/changes.h"
#include "store/derive.h"

// The number of a tenant's partition: the low 48 bits are the account's number,
// and the bits above are the tenant's.
#define DERIVE_ACCOUNT_END ((uint64_t)1 << 48)
#define DERIVE_FIRST       ((uint64_t)0x4000 << 48)
static inline uint64_t derive_partition(unsigned tenant, uint64_t account_id)
{
	return DERIVE_FIRST + ((uint64_t)tenant << 48) + account_id;
}

// How far a tenant is built; stored under the key "A" of its partition together
// with the tenant's format. All numbers are little-endian.
struct derive_state {
	// It does not follow the log yet: `next` is where to continue.
	bool reading_all;
	uint64_t next; // a block
	// All changes up to here are built in. While reading all: where to
	// begin to follow the log afterwards.
	struct store_change_position built;
};

// One piece of work: the tenant reads the account, puts the changes of its own
// partition into `batch`, and updates `state`.
struct derive_piece {
	struct engine *engine;
	uint64_t account_id;
	struct engine_batch *batch;
	struct derive_state state;
	bool wrote; // it has put something into `batch`
	bool more;  // there is more to do
};

struct block_kind;

struct derive_tenant {
	unsigned number;
	// If the stored one differs, the data is dropped and built again.
	uint32_t format;
	const struct block_kind *kind; // derive_blocks.h
};

extern const struct derive_tenant columns_tenant; // sort columns
extern const struct derive_tenant threads_tenant; // thread_table.h

// RC_NOT_FOUND, RC_CORRUPT: the tenant can use nothing of what is stored.
MUST_CHECK enum rc derive_state_get(struct engine_snapshot *derived,
    const struct derive_tenant *tenant, struct derive_state *ret_state);

// Removes what is derived from an account, and then the account.
MUST_CHECK enum rc derive_account_drop(
    struct store *store, uint64_t account_id, struct fault *fault);
// RC_OK; RC_CORRUPT: the derived data has to be dropped; RC_IO.
MUST_CHECK enum rc derive_check(struct store *store, uint64_t account_id);

// ---- Who is waiting -------------------------------------------------------

// Tells that the account has changed; called with its `table` held.
void derive_changed(struct store_account *account);
// Tells that derived data of a kind would serve somebody faster.
void derive_want(
    struct store_account *account, const struct derive_tenant *tenant);
// As store_derive_step(); `make` has a bit for each kind, by its number.
MUST_CHECK enum rc derive_step(
    struct store *store, uint64_t account_id, unsigned make, bool *ret_more);
// Finds out, when an account is loaded, whether it has derived data.
void derive_loaded(struct store_account *account);

#endif
