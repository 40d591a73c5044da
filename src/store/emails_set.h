// SPDX-License-Identifier: Apache-2.0
// Changes of many emails by their ids in one commit, as JMAP makes them
// (Email/set, Email/import, Email/copy): emails are made, get other keywords,
// come into other mailboxes, or are destroyed. Each email is changed wholly or
// not at all; one that cannot be changed does not keep the others.
//
// An email is what view.h says: its visible places together. A change of
// keywords goes to all of them, and a mailbox is left by all places in it.
// Places with \Deleted stay as they are, except that destroying an email
// removes them, too. An email that comes into a mailbox gets a new place there,
// with the keywords of all its places and its internal date.
//
// The rights of the asker are checked in each mailbox as change.h says, but an
// email for which one right is missing is not changed at all: \Seen needs "s",
// other flags and keywords "w", a new place "i", a removed one "t" and "e".
#ifndef ROOST_STORE_EMAILS_SET_H
#define ROOST_STORE_EMAILS_SET_H

#include "store/change.h"
#include "store/view.h"

// What became of one email.
struct store_email_result {
	// RC_OK, also if there was nothing to change.
	// RC_NOT_FOUND: there is no such email, or, with `mailbox_id`, no such
	//   mailbox.
	// RC_INVALID: it would be in no mailbox; or it was named before.
	// RC_SYNTAX: something cannot be a keyword.
	// RC_LIMIT: too many mailboxes, or, with `mailbox_id`, too many
	//   keywords.
	// RC_QUOTA, RC_FULL: there is no room for what would be added.
	// RC_DENIED: a right is missing to the mailbox.
	// Others: it could not be stored.
	enum rc rc;
	uint64_t mailbox_id; // that the failure is about; 0: none
};

// An email to be made, of a draft or as a copy from another account.
struct store_email_new {
	struct store_draft *draft; // finished; stays the caller's; or NULL:
	struct store_view *from;   // the view in which `from_email` is visible
	uint64_t from_email;
	struct store_flags flags;
	const uint64_t *mailboxes; // ids; at least one
	size_t mailbox_count;
	bool has_date; // false: now, or for a copy the date of its source
	int64_t received_at;
	int16_t zone_minutes;
	// The results.
	struct store_email_result result;
	uint64_t email_id;
	uint64_t thread_id;
	uint64_t size;
};

// A change of an email, or its end.
struct store_email_change {
	uint64_t email_id;
	bool destroy;
	// Keywords: `add` is added and `remove` removed; with `only_these`, all
	// others than `add` are removed.
	bool only_these_flags;
	struct store_flags add;
	struct store_flags remove;
	// Mailboxes, by ids, in the same way.
	bool only_these_mailboxes;
	const uint64_t *into;
	size_t into_count;
	const uint64_t *out_of;
	size_t out_of_count;
	struct store_email_result result;
};

struct store_emails_set {
	struct store_email_new *made;
	size_t made_count;
	struct store_email_change *changes;
	size_t change_count;
	// If not 0: nothing is done unless the account still has this version
	// (JMAP's ifInState).
	uint64_t if_version;
	// The results: the account's versions before the first and after the
	// last commit. They are equal if nothing was changed. Commits of others
	// may lie between them.
	uint64_t before;
	uint64_t after;
};

// Does all of it in one commit; if there are more emails than
// store_options.commit_max, in several ones, each of which has that many. First
// come the new ones, then the changes in the order of their ids. If RC_OK is
// not the result, nothing was done: RC_GONE: the account has another version;
// RC_IO and others. If a commit after the first one fails, its emails and those
// after it have that as their results.
MUST_CHECK enum rc store_emails_set(const struct store_asker *asker,
    struct store_account *account, struct store_emails_set *set,
    struct fault *fault);

#endif
