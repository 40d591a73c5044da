// SPDX-License-Identifier: Apache-2.0
// The store: accounts, their mailboxes and messages, over an engine. It knows
// no protocol. This header opens it and its accounts; see rights.h (who asks),
// mailbox.h (names, opening, watching), snapshot.h (what is in a mailbox),
// change.h (append, flags, expunge, copy), changes.h (what changed since),
// email.h (a message's bytes and its description), search.h, sort.h and
// thread.h. JMAP uses view.h (all of an account at one moment), view_changes.h
// (what a client has to be told), emails_set.h (changes of emails by their ids)
// and object.h (what is not mail).
//
// An account is a partition of the engine; its version is the MODSEQ of its
// last change. Every function here is thread-safe; a handle belongs to one
// thread at a time.
#ifndef ROOST_STORE_STORE_H
#define ROOST_STORE_STORE_H

#include "base/clock.h"
#include "engine/engine.h"
#include "store/rights.h"

struct store;
struct store_account;

struct store_options {
	struct engine *engine;     // outlives the store
	struct log *log;           // may be NULL
	const struct clock *clock; // NULL: the machine's
	uint64_t message_max;      // bytes in a message; 0: 100 MiB
	uint64_t quota_bytes;      // of all messages of an account; 0: none
	uint64_t quota_messages;   // 0: none
	uint32_t tombstones_max;   // expunges remembered a mailbox; 0: 10000
	uint32_t changes_max;      // commits in the change log; 0: 10000
	uint32_t commit_max;       // messages that a commit removes; 0: 1000
	// How long an expunged email can be brought back (kept.h); 0: never.
	// Others than store_kept_expire() only look whether it is 0.
	uint32_t kept_seconds;
	struct store_sharing sharing; // what others than the owner may do
};

struct store *store_new(const struct store_options *options);
void store_free(struct store **store); // all accounts must have been closed

uint64_t store_message_max(const struct store *store);
// What an account may have; 0: any number.
uint64_t store_quota_bytes(const struct store *store);
uint64_t store_quota_messages(const struct store *store);

// Whether the disk has room for new mail (engine_room()): for refusing it
// before it is sent. RC_FULL; RC_IO: the disk cannot be written.
MUST_CHECK enum rc store_room(struct store *store, struct fault *fault);

// Creates an account with INBOX, Drafts, Sent, Junk, Trash and Archive, with
// their special uses (RFC 6154), all subscribed. RC_EXISTS.
MUST_CHECK enum rc store_account_create(
    struct store *store, uint64_t account_id, struct fault *fault);
// Removes everything of the account, at once. RC_IN_USE while it is open.
MUST_CHECK enum rc store_account_remove(
    struct store *store, uint64_t account_id, struct fault *fault);

// Opens an account; all who open it share one in memory. RC_NOT_FOUND.
MUST_CHECK enum rc store_account_open(struct store *store, uint64_t account_id,
    struct fault *fault, struct store_account **ret_account);
// The same, but creates the account if it does not exist. This is the call for
// a user who is in the directory and logs in or gets mail: users and accounts
// are in different partitions of the engine, so that after a crash a user may
// exist whose account does not yet.
MUST_CHECK enum rc store_account_enter(struct store *store, uint64_t account_id,
    struct fault *fault, struct store_account **ret_account);
void store_account_close(struct store_account **account);
bool store_account_is_open(struct store *store, uint64_t account_id);

uint64_t store_account_id(const struct store_account *account);
struct store *store_account_store(const struct store_account *account);

// Calls `moved` after each commit of the account, whoever made it: this store,
// another one on the same engine, or the check; and when the account has been
// removed. The call comes from the thread that made the change, with the
// account locked: it may only wake somebody. Who was woken finds what is new by
// changes.h. The watch keeps the account open.
struct store_watch;
struct store_watch *store_watch_new(
    struct store_account *account, void (*moved)(void *context), void *context);
// After it returns, no call is running and none will come.
void store_watch_free(struct store_watch **watch);

struct store_usage {
	uint64_t bytes;    // RFC822.SIZE of every message in every mailbox
	uint64_t messages; // entries in all mailboxes
	uint64_t mailboxes;
};
struct store_usage store_account_usage(struct store_account *account);

// Whether a message of `bytes` would fit into the account's quota now; RC_QUOTA
// if not. An account that does not exist yet counts as empty. Does one read,
// and does not open the account.
MUST_CHECK enum rc store_account_room(
    struct store *store, uint64_t account_id, uint64_t bytes);

// Walks through all that is stored of an account and checks every invariant.
// With `mend` it also writes wrong derived counts again. Calls `problem` once
// for each problem.
struct store_check_result {
	uint64_t mailboxes;
	uint64_t messages;
	uint64_t problems;
	uint64_t mended;
};
MUST_CHECK enum rc store_account_check(struct store *store, uint64_t account_id,
    bool mend, void (*problem)(void *context, const char *text), void *context,
    struct store_check_result *ret_result);
// The same with `mend`, for an account of which commits may be lost: UIDs and
// MODSEQs may have been given out that nobody remembers. So every mailbox gets
// another UIDVALIDITY, and mail programs read it anew.
MUST_CHECK enum rc store_account_repair(struct store *store,
    uint64_t account_id, void (*problem)(void *context, const char *text),
    void *context, struct store_check_result *ret_result);

#endif
