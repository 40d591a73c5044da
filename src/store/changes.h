// SPDX-License-Identifier: Apache-2.0
// What changed in an account since one of its versions. Each commit leaves one
// small record in the account's change log, under the version that it makes. A
// reader of the log is told of every change, in order, back to a horizon
// (store_options.changes_max commits). A reader whose version lies before the
// horizon gets RC_GONE and has to read everything.
//
// An *email* is the message itself; a *place* is where it stands: a UID in a
// mailbox. An email is made with its first place and is gone with its last one.
// A copy gives it one more place, and a move removes one place and adds
// another.
//
// The log tells of all mailboxes of the account. Who passes its contents on to
// somebody other than the owner must first check that person's rights to each
// mailbox.
#ifndef ROOST_STORE_CHANGES_H
#define ROOST_STORE_CHANGES_H

#include "base/rangeset.h"
#include "store/mailbox.h"

// The version of the account now: later changes can be asked for from here on.
MUST_CHECK enum rc store_account_version(
    struct store_account *account, uint64_t *ret_version);

// How far a reader has read: it knows all changes up to `version`, and the
// first `done` changes of the commit after it. `done` is 0 except in the middle
// of a large commit; thus an answer can end anywhere.
struct store_change_position {
	uint64_t version;
	uint64_t done;
};

// ---- One change after another ----------------------------------------------

enum store_change_kind {
	STORE_CHANGE_MAILBOX_MADE = 1,
	STORE_CHANGE_MAILBOX = 2, // some of its attributes, told by `what`
	// Told again by each commit that removes some of the messages which the
	// mailbox left (removal.h).
	STORE_CHANGE_MAILBOX_GONE = 3,
	STORE_CHANGE_EMAIL_MADE = 4, // a new email came, with this place
	STORE_CHANGE_PLACE_MADE =
	    5,                  // an email that was there before got this place
	STORE_CHANGE_FLAGS = 6, // flags or keywords of a place
	STORE_CHANGE_PLACE_GONE =
	    7, // a place was removed; its email has others
	STORE_CHANGE_EMAIL_GONE =
	    8, // a place was removed, and it was its email's last
	// 9 has another meaning in the log
	STORE_CHANGE_OBJECT_MADE = 10, // see object.h
	STORE_CHANGE_OBJECT = 11,
	STORE_CHANGE_OBJECT_GONE = 12,
	// Flags of a place, and \Deleted was set or removed.
	STORE_CHANGE_HIDDEN = 13,
	STORE_CHANGE_SHOWN = 14,
};

// What was changed in a mailbox.
enum store_changed {
	STORE_CHANGED_NAME = 1 << 0,
	STORE_CHANGED_SPECIAL_USE = 1 << 1,
	STORE_CHANGED_SUBSCRIPTION = 1 << 2,
	// The messages in it, and so its counts. Only in the answers of
	// store_mailboxes_changed().
	STORE_CHANGED_MESSAGES = 1 << 3,
};

struct store_change {
	uint64_t version; // of the commit that made the change
	// Position in its commit of the first change of this run.
	uint64_t number;
	enum store_change_kind kind;
	// In a STORE_CHANGE_MAILBOX, 0 means the subscription of a name that no
	// mailbox has.
	uint64_t mailbox_id;
	unsigned what; // of enum store_changed; only for a change of a mailbox
	// Only for a change of an object, which has nothing of all else here.
	unsigned object_kind; // of enum store_object_kind
	uint64_t object_id;
	// UIDs of places that changed in the same way: uid, uid + 1, ... A
	// change of a mailbox itself has a count of one.
	uint32_t uid;
	uint32_t count;
	// The emails of these places: email_id, email_id + 1, ...; 0 for FLAGS:
	// the reader finds the email in a snapshot of the mailbox or, if the
	// place has gone since, in the later change that says so.
	uint64_t email_id;
	// Of EMAIL_GONE: the thread that all these emails were in; 0: each was
	// in the thread that has its own id.
	uint64_t thread_id;
	// Of PLACE_GONE and EMAIL_GONE: the places had \Deleted.
	bool hidden;
};

// A walk through the log as it was when the walk was opened. It needs memory
// for one record.
struct store_change_walk;

// Opens a walk over the changes of one mailbox, or of all if `mailbox_id` is 0.
// RC_GONE: the log does not reach back far enough, or the account never was at
// that position; read everything.
MUST_CHECK enum rc store_change_walk_open(struct store_account *account,
    struct store_change_position after, uint64_t mailbox_id,
    struct store_change_walk **ret_walk);
void store_change_walk_close(struct store_change_walk **walk);
// The version up to which the walk tells of changes.
uint64_t store_change_walk_version(const struct store_change_walk *walk);
// RC_END; RC_GONE (read everything); RC_CORRUPT, RC_IO.
MUST_CHECK enum rc store_change_walk_next(
    struct store_change_walk *walk, struct store_change *ret_change);

// ---- Summed up -------------------------------------------------------------

struct store_ids {
	uint64_t *items; // owned, ascending
	size_t count;
};

// What happened to emails (or mailboxes) between two positions. An id is in one
// list at most; one that was made and also went away in between is in none.
struct store_changes {
	struct store_ids made;
	struct store_ids changed;
	struct store_ids gone;
	unsigned *what; // of mailboxes only: one for each of `changed`; owned
	struct store_change_position next; // where to go on
	bool more;                         // there are later changes
};
void store_changes_done(struct store_changes *changes);

// Gives the emails that were made, got or lost places, got other flags, or are
// gone, whether they have \Deleted or not (view_changes.h leaves these out): up
// to `limit` of them (at least 1). RC_GONE: read everything;
// RC_CORRUPT, RC_IO.
MUST_CHECK enum rc store_emails_changed(struct store_account *account,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);
// Gives the mailboxes in the same way; `what` tells what changed in each.
// Subscriptions of names that no mailbox has are left out.
MUST_CHECK enum rc store_mailboxes_changed(struct store_account *account,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);

// What happened to the places of one mailbox; a UID is in one set at most. If
// the mailbox is gone (`is_gone`), the sets mean nothing.
struct store_places_changed {
	struct rangeset made;
	struct rangeset changed; // their flags
	// Only places that were there at the first position.
	struct rangeset gone;
	bool is_gone; // the mailbox
	struct store_change_position next;
	bool more;
};
void store_places_changed_done(struct store_places_changed *changes);

// Sums up at most `limit` changes (at least 1); each is a run of UIDs.
MUST_CHECK enum rc store_places_changed(struct store_account *account,
    uint64_t mailbox_id, struct store_change_position after, size_t limit,
    struct store_places_changed *ret_changes);

#endif
