// SPDX-License-Identifier: Apache-2.0
// One change of an account: locking the account, committing to the engine,
// publishing the new state and calling the watchers. Every change of an account
// is a function that fills in a transaction by transaction_mailbox(),
// transaction_append() …, and is run by transaction_run().
#ifndef ROOST_STORE_TRANSACTION_H
#define ROOST_STORE_TRANSACTION_H

#include "base/vec.h"
#include "store/account_impl.h"
#include "store/changes.h"

// The state that a mailbox will have.
struct transaction_mailbox {
	struct transaction *transaction;
	struct mailbox *mailbox;
	struct record_state state;
	struct store_node *root;         // referenced
	struct store_keywords *keywords; // referenced
	struct rangeset expunged;
	struct rangeset changed; // messages whose flags changed, not \Deleted
	bool messages_changed;
	bool record_changed; // name, attributes or keywords
	bool dropped;        // no records of it are written
	bool leaving;        // see transaction_leaving(); owns `mailbox`
};

struct transaction_location {
	uint64_t email_id;
	uint64_t mailbox_id;
	uint32_t uid;
	bool last;   // the removed places: the email goes with its last one
	bool hidden; // the removed places: it had \Deleted
	uint64_t thread_id; // of a last one, if it is not the email's id
};

struct transaction_locations {
	struct transaction_location *items;
	size_t count;
	size_t capacity;
};

// A mailbox that is made, gets other attributes, or is deleted; or an object.
struct transaction_note {
	enum store_change_kind kind;
	uint64_t mailbox_id;
	unsigned what; // of enum store_changed
	unsigned object_kind;
	uint64_t object_id;
};

struct transaction {
	struct store_account *account;
	struct engine_batch *batch;
	uint64_t modseq; // MODSEQ of everything that the transaction changes
	int64_t now;
	struct record_account record;
	bool record_changed;
	VEC(struct transaction_mailbox *)
	mailboxes;                           // owned, and so is each of them
	struct transaction_locations hidden; // \Deleted was set
	struct transaction_locations shown;  // or removed
	struct transaction_locations added;
	struct transaction_locations removed;
	VEC(struct transaction_note) notes;
	uint64_t first_email_id; // first id of the emails that it makes
	struct map threads; // hash (8 bytes) -> struct record_thread, owned
	size_t kept_bytes;  // of emails that it keeps (kept.h)
	bool dirty;         // there is something to commit
	// Called after the commit, with `table` held.
	void (*publish)(struct transaction *transaction);
	void *publish_context;
};

// Fills in a transaction. It is called again, with another transaction, each
// time that another handle on the engine committed first. So it must look
// everything up again in each call, and set all its results again.
typedef enum rc transaction_make(
    struct transaction *transaction, void *context, struct fault *fault);
// Locks the account, brings it up to date, and calls `make`. If that returns
// RC_OK, commits the transaction and publishes it. If `make` or the commit
// fails, the account stays as it was. After a conflict all of this is done
// again. RC_CONFLICT only when others never stop changing the account.
MUST_CHECK enum rc transaction_run(struct store_account *account,
    transaction_make *make, void *context, struct fault *fault);
// The same for an account that may not exist yet: its version is then 0.
MUST_CHECK enum rc transaction_run_first(struct store_account *account,
    transaction_make *make, void *context, struct fault *fault);

// Gives the state that the mailbox will have; RC_GONE when it was deleted. Each
// call with the same mailbox gives the same one.
MUST_CHECK enum rc transaction_mailbox(struct transaction *transaction,
    struct mailbox *mailbox, struct fault *fault,
    struct transaction_mailbox **ret_mailbox);

// The same for a mailbox that somebody has open and who needs `rights` for the
// change: see mailbox_need().
MUST_CHECK enum rc transaction_enter(struct transaction *transaction,
    struct store_mailbox *mailbox, unsigned rights, struct fault *fault,
    struct transaction_mailbox **ret_mailbox);
// The rights of whoever has the mailbox open.
unsigned transaction_rights(const struct store_mailbox *mailbox);

// The same for a mailbox that has been taken away (removal.h) and is not in the
// account's table; it has a snapshot. Takes over the reference to it.
struct transaction_mailbox *transaction_leaving(
    struct transaction *transaction, struct mailbox *mailbox);

void transaction_put(struct transaction *transaction,
    const struct record_key *key, struct view value);
// Writes the record of a mailbox, with the name and the keywords that it will
// have.
void transaction_put_mailbox(struct transaction *transaction,
    const struct mailbox *mailbox, struct view name,
    const struct store_keywords *keywords);
void transaction_delete(
    struct transaction *transaction, const struct record_key *key);
// Deletes all keys that begin with `prefix`.
void transaction_delete_prefix(
    struct transaction *transaction, const struct record_key *prefix);

// Notes for the change log that a mailbox is made, changes or is deleted.
// Changes of messages are noted by the functions that add, edit and remove
// them.
void transaction_note_mailbox(struct transaction *transaction,
    enum store_change_kind kind, uint64_t mailbox_id, unsigned what);
// The same for an object.
void transaction_note_object(struct transaction *transaction,
    enum store_change_kind kind, unsigned object_kind, uint64_t object_id);
// Writes the record of the change log. It is the last step before the commit.
void transaction_put_changes(struct transaction *transaction);

// Adds messages; sets their `uid`, `modseq` and `save_date`. RC_LIMIT when the
// mailbox has no UIDs left; RC_QUOTA.
MUST_CHECK enum rc transaction_append(struct transaction_mailbox *mailbox,
    struct store_message *messages, size_t count, struct fault *fault);

// Asks `edit` about the messages of `uids` (see node_tree_edit()). Messages
// that it changes get the transaction's MODSEQ; messages that it removes get a
// tombstone.
void transaction_edit(struct transaction_mailbox *mailbox,
    const struct rangeset *uids,
    enum node_verdict (*edit)(void *context, struct store_message *message),
    void *context);

// Removes all messages by one edit, which also releases their emails.
void transaction_remove_all(struct transaction_mailbox *mailbox);

// Whether a keyword may have this name (RFC 9051 section 9: it is an atom).
bool keyword_is_valid(struct view name);
// Gives the numbers of keywords by name; new ones are added to the mailbox.
// RC_LIMIT when it has no room for more; RC_INVALID for a name that is not an
// atom.
MUST_CHECK enum rc transaction_keywords(struct transaction_mailbox *mailbox,
    const struct view *names, size_t count, struct fault *fault,
    struct store_keyword_set *ret_keywords);

// Adds those of `flags` to a message that may be set with `rights` (RFC 4314
// section 4). Results as for transaction_keywords().
struct store_flags;
MUST_CHECK enum rc transaction_flags(struct transaction_mailbox *mailbox,
    const struct store_flags *flags, unsigned rights, struct fault *fault,
    struct store_message *message);

// What a new email got.
struct transaction_made {
	uint64_t email_id;
	uint64_t thread_id;
};
// Makes an email of a finished draft with `prefix` in front of it.
struct store_draft;
MUST_CHECK enum rc transaction_email(struct transaction *transaction,
    struct store_draft *draft, struct view prefix, struct fault *fault,
    struct transaction_made *ret_made);
// The records of an email of another account.
struct email_records {
	struct view email; // RECORD_EMAIL
	struct view head;  // RECORD_HEAD
	uint64_t lacks;    // RECORD_LINES; 0: none
};
// Makes an email of them in this account, in one of its threads. Both accounts
// then own the content.
MUST_CHECK enum rc transaction_adopt(struct transaction *transaction,
    const struct email_records *records, struct transaction_made *ret_made);
// Tells whether the account has had a delivery with this id. If not, notes the
// id, and drops a few old ones.
MUST_CHECK enum rc transaction_delivered(struct transaction *transaction,
    struct view delivery_id, struct fault *fault, bool *ret_was_there);
// Called at commit: drops those emails that have no place left after `removed`.
MUST_CHECK enum rc transaction_release_emails(
    struct transaction *transaction, struct fault *fault);

#endif
