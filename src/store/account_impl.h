// SPDX-License-Identifier: Apache-2.0
// An open account and its mailboxes, for the files of this room.
//
// Two locks, always locked in this order:
//   change  A writer holds it from its checks until it has published the
//           change, also while it waits for the disk. A reader holds it while
//           it reads the account from the engine.
//   table   guards all fields below. It is held briefly, never during I/O, and
//           never while the engine is called: the engine's watch locks it.
// Readers that need many fields lock `table`; a session that only asks whether
// its snapshot is current needs no lock.
//
// What is in memory is a copy of what the engine has. The engine's watch tells
// when somebody else changed that (another store on the engine, another node).
// The account is then `stale`, and whoever uses it next calls
// account_refresh(), which reads it again. A new account is stale and empty, so
// that loading it is the same operation.
#ifndef ROOST_STORE_ACCOUNT_IMPL_H
#define ROOST_STORE_ACCOUNT_IMPL_H

#include <pthread.h>

#include "base/map.h"
#include "base/vec.h"
#include "store/derive_queue.h"
#include "store/record.h"

// A mailbox of an open account. It lives while it is in the table or somebody
// has a handle on it.
struct mailbox {
	unsigned refs; // guarded by the account's `table`, like all fields here
	uint64_t id;
	struct view name; // owned
	uint32_t uidvalidity;
	unsigned special_use;
	bool subscribed;
	_Atomic bool gone; // deleted
	struct record_state state;
	struct store_keywords *keywords;
	// The newest snapshot; NULL until somebody needs it. Written only with
	// both `change` and `table` locked.
	struct store_snapshot *_Atomic current;
	struct store_mailbox *handles; // list
};

// A mailbox as one session has it open.
struct store_mailbox {
	struct store_account *account; // referenced
	struct mailbox *mailbox;       // referenced
	struct store_asker asker;      // who opened it
	bool readable; // the asker had STORE_RIGHT_READ when opening it
	void (*moved)(void *context);
	void *moved_context;
	struct store_mailbox *next;
};

// Somebody who watches an account (store_watch_new()).
struct store_watch {
	struct store_account *account; // referenced
	void (*moved)(void *context);
	void *context;
	struct store_watch *next;
};

struct thread_table;
struct counts_memory;

struct store_account {
	struct store *store;
	uint64_t id;
	unsigned refs; // guarded by the store's lock
	// Accounts that nobody uses stay open for a while; the newest is first.
	struct store_account *idle_next;
	struct store_account *idle_previous;

	// The account cannot be used yet. Guarded by the store's lock.
	bool loading;

	struct engine_watch *watch;
	_Atomic bool stale;   // the engine has, or may have, a newer state
	_Atomic bool dropped; // its partition has been deleted
	_Atomic uint64_t committing; // the version that a commit here is making
	_Atomic bool derives; // it has derived data, or somebody wants some

	pthread_mutex_t turn; // only for account_lock_change()
	pthread_mutex_t change;
	uint64_t version; // guarded by `change`; 0: the account does not exist

	pthread_mutex_t table;
	uint64_t shown; // the version that the fields below are of
	struct record_account record;
	VEC(struct mailbox *) mailboxes; // by store_name_compare()
	// The same by their ids; empty: made when somebody looks for an id.
	VEC(struct mailbox *) by_id;
	VEC(struct view) subscriptions; // owned names, in the same order

	struct store_watch *watches; // list

	// The threads of emails; NULL until somebody asks (thread_table.h). Who
	// holds the lock takes no other lock of the store.
	pthread_mutex_t threads_lock;
	struct thread_table *threads;

	// The counts of mailboxes; NULL until somebody asks (view_counts.h).
	// The lock is taken before all others of the store.
	pthread_mutex_t counts_lock;
	struct counts_memory *counts;
	// Raised when the account is another one than before, with numbers that
	// begin anew.
	_Atomic uint64_t generation;
};

struct store {
	struct store_options options;
	pthread_mutex_t lock;
	pthread_cond_t loaded;      // an account is no longer `loading`
	struct map accounts;        // id (8 bytes) -> struct store_account
	struct store_account *idle; // list, newest first
	struct store_account *idle_last;
	unsigned idle_count;
	// Held while derived data is worked on or dropped (derive.c).
	pthread_mutex_t derive_lock;
	struct derive_queue derive_queue;
};

// Locks `change`. Whoever waits for it holds `turn`, so one who unlocks it and
// locks it again at once (for a change by many commits) lets the other go
// first.
void account_lock_change(struct store_account *account);

// ---- The table (call with `table` held) ------------------------------------

// Gives the position of the mailbox `name`, or the position where it would be
// inserted. Returns true when there is such a mailbox.
bool account_table_seek(const struct store_account *account, struct view name,
    size_t *ret_position);
void account_table_insert(
    struct store_account *account, struct mailbox *mailbox);
void account_table_remove(
    struct store_account *account, struct mailbox *mailbox);
// Sorts the table after names were set or mailboxes were added at its end.
// Returns false when two mailboxes have the same name. For many changes at
// once.
bool account_table_sort(struct store_account *account);
bool account_subscription_seek(const struct store_account *account,
    struct view name, size_t *ret_position);
void account_subscription_set(
    struct store_account *account, struct view name, bool subscribed);

// Gives the mailbox with this id, or NULL. O(log mailboxes), but the first call
// after a change of the table sorts it.
struct mailbox *account_table_find_id(
    struct store_account *account, uint64_t mailbox_id);

// What the asker is told of the mailbox at this position (mailbox.c). The name
// is copied into `arena`.
struct store_mailbox_info mailbox_info(const struct store_asker *asker,
    const struct store_account *account, size_t position, struct arena *arena);

struct mailbox *mailbox_new(uint64_t id, struct view name);
void mailbox_unref(struct mailbox *mailbox);
void mailbox_set_name(struct mailbox *mailbox, struct view name);

// ---- Rights (rights.c; call with `table` or `change` held) ------------------

// Whether the account belongs to the asker, or the asker is the system.
bool account_is_own(
    const struct store_asker *asker, const struct store_account *account);
// All rights of the asker to the mailbox; NULL asks for the rights to a mailbox
// that does not exist.
unsigned mailbox_rights(const struct store_asker *asker,
    const struct store_account *account, const struct mailbox *mailbox);
// Decides whether the asker has all of `rights` to the mailbox (`rights` 0:
// only whether the asker may know of it). RC_DENIED when a right is missing;
// RC_NOT_FOUND when there is no mailbox (NULL), or when the asker may not even
// look it up.
MUST_CHECK enum rc mailbox_need(const struct store_asker *asker,
    const struct store_account *account, const struct mailbox *mailbox,
    unsigned rights, struct fault *fault);
// Decides whether the asker may create a mailbox of that name; RC_DENIED if
// not.
MUST_CHECK enum rc mailbox_need_create(const struct store_asker *asker,
    const struct store_account *account, struct view name, struct fault *fault);
// The same for renaming `name` and all mailboxes below it.
MUST_CHECK enum rc mailbox_need_rename(const struct store_asker *asker,
    const struct store_account *account, struct view name, struct fault *fault);
// The system flags that somebody with these rights may change (RFC 4314 section
// 4). Keywords need STORE_RIGHT_WRITE.
unsigned rights_to_flags(unsigned rights);

// Reads a stale account again, in place: handles on mailboxes stay valid, and
// the watchers of each mailbox that changed are called. RC_NOT_FOUND when the
// account does not exist, or not any more: all its mailboxes are then gone, and
// it stays stale. Call with `change` held.
MUST_CHECK enum rc account_refresh(
    struct store_account *account, struct fault *fault);
// The same for readers, who hold no lock. When the account cannot be read, they
// go on with what is in memory. Costs one atomic read when the account is not
// stale.
void account_freshen(struct store_account *account);
// Forgets the threads of emails (thread_table.c).
void account_threads_drop(struct store_account *account);
// Frees what account_refresh() read.
void account_unload(struct store_account *account);

// Makes sure that the mailbox has a current snapshot. RC_CONFLICT when the
// account has become stale: refresh it and try again. Call with `change` held.
MUST_CHECK enum rc mailbox_load(struct store_account *account,
    struct mailbox *mailbox, struct fault *fault);

// Reads the messages of a mailbox; `old` is an earlier snapshot of it, or NULL.
MUST_CHECK enum rc account_read_messages(struct engine_snapshot *from,
    uint64_t mailbox_id, const struct store_snapshot *old,
    struct store_node **ret_root);

// Gives the mailbox with this id, up to date and with a snapshot, or NULL when
// there is none. Call with `change` held.
MUST_CHECK enum rc account_read_mailbox(struct store_account *account,
    uint64_t mailbox_id, struct fault *fault, struct mailbox **ret_mailbox);

// Calls the watchers of a mailbox. Call with `table` held.
void mailbox_tell(const struct mailbox *mailbox);

// Calls those who watch the account. Call with `table` held.
void account_tell(const struct store_account *account);

// Creates an account with its first mailboxes; RC_EXISTS when it exists.
MUST_CHECK enum rc account_make(
    struct store_account *account, struct fault *fault);

bool name_is_below(struct view name, struct view parent);

struct store_account *account_ref(struct store_account *account);

int64_t account_now(const struct store_account *account);

#endif
