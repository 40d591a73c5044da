// SPDX-License-Identifier: Apache-2.0
// One change of an account: from taking its lock, through the engine's commit,
// to publishing what is new and telling those who watch. Everything that
// changes an account is a function that fills a transaction in by
// transaction_mailbox(), transaction_append() …, and is run by
// transaction_run().
#ifndef ROOST_STORE_TRANSACTION_H
#define ROOST_STORE_TRANSACTION_H

#include "store/account_impl.h"
#include "store/changes.h"

// What a mailbox is to become.
struct transaction_mailbox {
	struct transaction *transaction;
	struct mailbox *mailbox;
	struct record_state state;
	struct store_node *root;         // referenced
	struct store_keywords *keywords; // referenced
	struct rangeset expunged;
	struct rangeset changed; // their flags
	bool messages_changed;
	bool record_changed; // name, attributes or keywords
	bool dropped;
};

struct transaction_location {
	uint64_t email_id;
	uint64_t mailbox_id;
	uint32_t uid;
	bool last; // of those that go: the email goes with it
};

struct transaction_locations {
	struct transaction_location *items;
	size_t count;
	size_t capacity;
};

// A mailbox that is made, gets other attributes, or goes.
struct transaction_note {
	enum store_change_kind kind;
	uint64_t mailbox_id;
	unsigned what; // of enum store_changed
};

struct transaction_notes {
	struct transaction_note *items;
	size_t count;
	size_t capacity;
};

struct transaction {
	struct store_account *account;
	struct engine_batch *batch;
	uint64_t modseq; // of everything that it changes
	int64_t now;
	struct record_account record;
	bool record_changed;
	struct transaction_mailbox **mailboxes; // owned, each of them, too
	size_t mailbox_count;
	size_t mailbox_capacity;
	struct transaction_locations added;
	struct transaction_locations removed;
	struct transaction_notes notes;
	uint64_t first_email_id; // of the emails that it makes
	struct map threads; // hash (8 bytes) -> struct record_thread, owned
	bool dirty;         // there is something to commit
	// Called after the commit, with `table` held.
	void (*publish)(struct transaction *transaction);
	void *publish_context;
};

// Fills a transaction in. Called once more, with another transaction, whenever
// a commit of another handle on the engine came between: so it looks all up
// anew in each call, and sets its results anew.
typedef enum rc transaction_make(
    struct transaction *transaction, void *context, struct fault *fault);
// Locks the account, brings it up to date, and calls `make`; when that gives
// RC_OK, commits what there is to commit, and publishes. Otherwise, or when the
// commit fails, all is forgotten. After a conflict all of this is done again.
// RC_CONFLICT only when others never stop changing the account.
MUST_CHECK enum rc transaction_run(struct store_account *account,
    transaction_make *make, void *context, struct fault *fault);
// The same for an account that may not be there yet: its version is 0 then.
MUST_CHECK enum rc transaction_run_first(struct store_account *account,
    transaction_make *make, void *context, struct fault *fault);

// The mailbox as it will be; RC_GONE when it was deleted. The same one for the
// same mailbox.
MUST_CHECK enum rc transaction_mailbox(struct transaction *transaction,
    struct mailbox *mailbox, struct fault *fault,
    struct transaction_mailbox **ret_mailbox);

// The same for one that someone has open, who needs `rights` for what is to be
// done: see mailbox_need().
MUST_CHECK enum rc transaction_enter(struct transaction *transaction,
    struct store_mailbox *mailbox, unsigned rights, struct fault *fault,
    struct transaction_mailbox **ret_mailbox);
// What whoever has the mailbox open may do with it.
unsigned transaction_rights(const struct store_mailbox *mailbox);

void transaction_put(struct transaction *transaction,
    const struct record_key *key, struct view value);
// The record of a mailbox, under the name and with the keywords that it gets.
void transaction_put_mailbox(struct transaction *transaction,
    const struct mailbox *mailbox, struct view name,
    const struct store_keywords *keywords);
void transaction_delete(
    struct transaction *transaction, const struct record_key *key);
// All keys that begin with `prefix`.
void transaction_delete_prefix(
    struct transaction *transaction, const struct record_key *prefix);

// Notes for the change log that a mailbox is made, changes or goes; messages
// are noted by what adds, edits and removes them.
void transaction_note_mailbox(struct transaction *transaction,
    enum store_change_kind kind, uint64_t mailbox_id, unsigned what);
// Puts the record of the change log; the last thing before the commit.
void transaction_put_changes(struct transaction *transaction);

// Adds messages: `uid`, `modseq` and `save_date` are filled in here. RC_LIMIT
// when the mailbox has no UIDs left; RC_QUOTA.
MUST_CHECK enum rc transaction_append(struct transaction_mailbox *mailbox,
    struct store_message *messages, size_t count, struct fault *fault);

// Asks `edit` about the messages of `uids` (see node_tree_edit()). Changed ones
// get the transaction's MODSEQ, removed ones a tombstone.
void transaction_edit(struct transaction_mailbox *mailbox,
    const struct rangeset *uids,
    enum node_verdict (*edit)(void *context, struct store_message *message),
    void *context);

// Numbers of keywords by name, new ones added to the mailbox. RC_LIMIT when it
// cannot take more; RC_INVALID for what is no atom.
MUST_CHECK enum rc transaction_keywords(struct transaction_mailbox *mailbox,
    const struct view *names, size_t count, struct fault *fault,
    struct store_keyword_set *ret_keywords);

// Gives a message of the mailbox those of `flags` that may be set with `rights`
// (RFC 4314 section 4), besides those that it has. As transaction_keywords().
struct store_flags;
MUST_CHECK enum rc transaction_flags(struct transaction_mailbox *mailbox,
    const struct store_flags *flags, unsigned rights, struct fault *fault,
    struct store_message *message);

// Makes an email of a finished draft, with `prefix` before it; gives its id.
struct store_draft;
MUST_CHECK enum rc transaction_email(struct transaction *transaction,
    struct store_draft *draft, struct view prefix, struct fault *fault,
    uint64_t *ret_email_id);
// Whether the account has had a delivery of this id; notes it if not, and
// drops a few that are old.
MUST_CHECK enum rc transaction_delivered(struct transaction *transaction,
    struct view delivery_id, struct fault *fault, bool *ret_was_there);
// Drops those emails that `removed` leaves without a place; at commit.
MUST_CHECK enum rc transaction_release_emails(
    struct transaction *transaction, struct fault *fault);

#endif
