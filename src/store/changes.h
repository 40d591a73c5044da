// SPDX-License-Identifier: Apache-2.0
// What changed in an account since a version of it. Each commit leaves one
// small record in the account's change log, under the version that it makes;
// what reads the log is told of every change, in order, down to a horizon
// (store_options.changes_max commits). Who comes from before the horizon gets
// RC_GONE and has to read everything.
//
// An *email* is what a message is, a *place* is where it is: a UID in a
// mailbox. An email comes into being with its first place and is gone with its
// last one; a copy gives it another place, and a move takes one and gives one.
//
// The log tells of all mailboxes of the account. Whoever passes on what it
// tells to others than the owner looks at their rights to each mailbox first.
#ifndef ROOST_STORE_CHANGES_H
#define ROOST_STORE_CHANGES_H

#include "base/rangeset.h"
#include "store/mailbox.h"

// The version of the account now: from here on later changes can be asked for.
MUST_CHECK enum rc store_account_version(
    struct store_account *account, uint64_t *ret_version);

// How far a reader has come: it knows all changes up to `version`, and the
// first `done` changes of the commit after it. `done` is 0 but in the middle of
// a large commit, so that an answer can be kept to a limit everywhere.
struct store_change_position {
	uint64_t version;
	uint64_t done;
};

// ---- One change after another ----------------------------------------------

enum store_change_kind {
	STORE_CHANGE_MAILBOX_MADE = 1,
	STORE_CHANGE_MAILBOX = 2, // some of its attributes: `what`
	STORE_CHANGE_MAILBOX_GONE = 3,
	STORE_CHANGE_EMAIL_MADE = 4, // a place came, of a new email
	STORE_CHANGE_PLACE_MADE = 5, // a place came, of an email known before
	STORE_CHANGE_FLAGS = 6,      // flags or keywords of a place
	STORE_CHANGE_PLACE_GONE = 7, // a place went; its email has others
	STORE_CHANGE_EMAIL_GONE = 8, // a place went, and its email with it
};

// What of a mailbox changed.
enum store_changed {
	STORE_CHANGED_NAME = 1 << 0,
	STORE_CHANGED_SPECIAL_USE = 1 << 1,
	STORE_CHANGED_SUBSCRIPTION = 1 << 2,
	// What is in it, hence its counts: only in the answers of
	// store_mailboxes_changed().
	STORE_CHANGED_MESSAGES = 1 << 3,
};

struct store_change {
	uint64_t version; // of the commit that made it
	uint64_t number;  // of the first change here, in its commit
	enum store_change_kind kind;
	// 0 in a STORE_CHANGE_MAILBOX: the subscription of a name that no
	// mailbox has.
	uint64_t mailbox_id;
	unsigned what; // of enum store_changed; of a mailbox only
	// Places that changed in the same way: uid, uid + 1, ...; one of a
	// mailbox's own changes counts as one.
	uint32_t uid;
	uint32_t count;
	// Their emails: email_id, email_id + 1, ...; 0 for FLAGS, where a
	// snapshot of the mailbox knows it, or a later change that the place
	// went.
	uint64_t email_id;
};

// A walk through the log as it was when the walk was opened. Memory: one
// record.
struct store_change_walk;

// Tells of one mailbox only, unless `mailbox_id` is 0. RC_GONE: read
// everything, for the log does not begin early enough, or the account never
// was at that position.
MUST_CHECK enum rc store_change_walk_open(struct store_account *account,
    struct store_change_position after, uint64_t mailbox_id,
    struct store_change_walk **ret_walk);
void store_change_walk_close(struct store_change_walk **walk);
// The version up to which it tells.
uint64_t store_change_walk_version(const struct store_change_walk *walk);
// RC_END; RC_GONE (read everything); RC_CORRUPT, RC_IO.
MUST_CHECK enum rc store_change_walk_next(
    struct store_change_walk *walk, struct store_change *ret_change);

// ---- Summed up -------------------------------------------------------------

struct store_ids {
	uint64_t *items; // owned, ascending
	size_t count;
};

// What became of emails (or mailboxes) between two positions: an id stands in
// one list at most. What was made and went in between stands in none.
struct store_changes {
	struct store_ids made;
	struct store_ids changed;
	struct store_ids gone;
	unsigned *what; // of mailboxes: one for each of `changed`; owned
	struct store_change_position next; // where to go on
	bool more;                         // there are later changes
};
void store_changes_done(struct store_changes *changes);

// Emails that came into being, got other places or flags, or went, up to
// `limit` of them (at least 1). RC_GONE: read everything; RC_CORRUPT, RC_IO.
MUST_CHECK enum rc store_emails_changed(struct store_account *account,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);
// Mailboxes likewise; `what` says what of each changed. Subscriptions of names
// that no mailbox has are not told.
MUST_CHECK enum rc store_mailboxes_changed(struct store_account *account,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);

// What became of the places of one mailbox; a UID stands in one set at most. Of
// a mailbox that is gone by now, only `is_gone` is of interest.
struct store_places_changed {
	struct rangeset made;
	struct rangeset changed; // their flags
	struct rangeset gone;    // that were there at the first position
	bool is_gone;            // the mailbox
	struct store_change_position next;
	bool more;
};
void store_places_changed_done(struct store_places_changed *changes);

// Up to `limit` changes (at least 1), each a run of UIDs.
MUST_CHECK enum rc store_places_changed(struct store_account *account,
    uint64_t mailbox_id, struct store_change_position after, size_t limit,
    struct store_places_changed *ret_changes);

#endif
