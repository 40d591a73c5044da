// SPDX-License-Identifier: Apache-2.0
// Changes of messages. Each function makes one commit: all of the change or
// nothing is done, it is durable when the function returns, and every watcher
// is told. Each function checks the rights (RFC 4314 section 4) that whoever
// opened the mailbox has to it at that time: RC_DENIED, or RC_NOT_FOUND if the
// asker may not even look the mailbox up any more. RC_GONE when the mailbox has
// been deleted.
#ifndef ROOST_STORE_CHANGE_H
#define ROOST_STORE_CHANGE_H

#include "store/email.h"
#include "store/snapshot.h"

// Flags as a client names them.
struct store_flags {
	unsigned system;             // of enum store_flag
	const struct view *keywords; // names
	size_t keyword_count;
};

// ---- Append ----------------------------------------------------------------

struct store_append {
	struct store_draft *draft; // finished; stays the caller's
	struct store_flags flags;
	bool has_date;         // false: the date is now
	int64_t internal_date; // seconds since 1970 UTC
	int16_t zone_minutes;
};

struct store_appended {
	uint32_t uidvalidity;
	uint32_t first_uid; // the messages get this UID and those after it
	uint64_t modseq;
};

// Appends `count` messages, in order. RC_QUOTA; RC_LIMIT (too many keywords).
// The same draft may be appended in any number of accounts, in any order.
MUST_CHECK enum rc store_append(struct store_mailbox *mailbox,
    const struct store_append *messages, size_t count, struct fault *fault,
    struct store_appended *ret_appended);

// Appends one message to `mailbox` and expunges `uid` from `from` in the same
// commit (RFC 8508). RC_NOT_FOUND when `uid` is not there.
MUST_CHECK enum rc store_replace(struct store_mailbox *from, uint32_t uid,
    struct store_mailbox *mailbox, const struct store_append *message,
    struct fault *fault, struct store_appended *ret_appended);

// ---- Deliver ---------------------------------------------------------------

// The most bytes in `prefix` and in `delivery_id`, and the most places of one
// delivery.
#define STORE_PREFIX_MAX      ((size_t)16 << 10)
#define STORE_DELIVERY_ID_MAX 32
#define STORE_PLACES_MAX      64
// An account remembers a delivery id for at least this long, until it is
// pruned.
#define STORE_DELIVERY_ID_SECONDS ((int64_t)7 * 86400)

// A mailbox that a message is delivered to, and the flags that it gets there.
struct store_place {
	struct store_mailbox *mailbox; // opened for mail
	struct store_flags flags;
};

// A message that comes in for an account.
struct store_delivery {
	struct store_draft *draft; // finished; stays the caller's
	// Whole header fields, with CRLF, that this copy has in front of the
	// draft's bytes (see store_draft_share()). May be empty.
	struct view prefix;
	// When the account already got a message with the same id (which is not
	// empty), this one is not delivered again: see store_delivered.
	struct view delivery_id;
	// All in one account. If a mailbox is named twice, it gets the message
	// once, with the flags of both.
	const struct store_place *places;
	size_t place_count; // 1 to STORE_PLACES_MAX
};

struct store_delivered {
	uint64_t modseq; // 0: the message was there already
	bool was_there;  // the delivery_id was known: nothing was done
};

// Puts a message into each of its places, all in one commit. Its bytes are kept
// once, and it has one email id. The same draft may be delivered to any number
// of accounts, in any order. RC_QUOTA; RC_LIMIT (the message is too long with
// its prefix, or has too many keywords or places); RC_GONE when one of the
// mailboxes has been deleted.
MUST_CHECK enum rc store_deliver(const struct store_delivery *delivery,
    struct fault *fault, struct store_delivered *ret_delivered);

// ---- Flags -----------------------------------------------------------------

enum store_flags_operation {
	STORE_FLAGS_SET,
	STORE_FLAGS_ADD,
	STORE_FLAGS_REMOVE,
};

struct store_flags_change {
	enum store_flags_operation operation;
	struct store_flags flags;
	// Whether messages with a MODSEQ greater than unchanged_since are left
	// as they are (RFC 7162 section 3.1.3).
	bool conditional;
	uint64_t unchanged_since;
};

// Changes the flags of those of `uids` that exist. `ret_modified` gets the UIDs
// that were left as they are because of unchanged_since (it may be NULL when
// the change is not conditional). *ret_modseq is the MODSEQ of the change, or 0
// when there was nothing to change. A message whose flags do not change keeps
// its MODSEQ.
MUST_CHECK enum rc store_flags_change(struct store_mailbox *mailbox,
    const struct rangeset *uids, const struct store_flags_change *change,
    struct fault *fault, struct rangeset *ret_modified, uint64_t *ret_modseq);

// ---- Expunge, copy, move ---------------------------------------------------

// Expunges the messages that have \Deleted, of `uids` only unless that is NULL.
// *ret_modseq: as in store_flags_change(). More than store_options.commit_max
// messages go by several commits, each with a MODSEQ of its own; *ret_modseq is
// the last one. After a failure, what was expunged before stays expunged.
MUST_CHECK enum rc store_expunge(struct store_mailbox *mailbox,
    const struct rangeset *uids, struct fault *fault, uint64_t *ret_modseq);

// Ends a visit of a client that fetched and deleted messages (POP3's UPDATE
// state, RFC 1939 section 6): expunges those of `expunge` that exist, whatever
// flags they have, and sets \Seen on those of `seen` that stay. Very many go by
// several commits, as with store_expunge().
MUST_CHECK enum rc store_take_away(struct store_mailbox *mailbox,
    const struct rangeset *expunge, const struct rangeset *seen,
    struct fault *fault, uint64_t *ret_modseq);

struct store_copied {
	uint32_t uidvalidity;    // of the mailbox with the copies
	struct rangeset sources; // UIDs that were copied, ascending
	struct rangeset copies;  // their UIDs, in that order
	uint32_t count; // how many copies were made; 0: there was no commit
	// How many messages had been copied by an earlier MOVE to another
	// account that did not come to its end. They are not among `sources`.
	uint32_t count_before;
	uint64_t modseq; // of the last commit
};
void store_copied_done(struct store_copied *copied);

// Copies those of `uids` that exist, with flags, keywords, internal date and
// email id; their save date is now. With `move`, they are expunged from `from`
// in the same commit (RFC 6851). `from` and `to` may be the same mailbox.
//
// COPY is all or nothing. A MOVE of more than store_options.commit_max messages
// is several commits, and each message is in exactly one of the mailboxes at
// any time. If a later commit fails, *ret_copied tells what was moved before;
// otherwise it is empty after a failure.
//
// The mailboxes may belong to two accounts. The copies are then separate
// emails, with ids and threads of the account they are copied to, and that
// account's quota counts them. A MOVE is then two commits: first the copies,
// then the expunge. If it fails or the machine crashes between the two, both
// accounts have the messages; there is no moment at which neither has them.
// When the same MOVE is given again, messages whose copy is still in `to` are
// not copied a second time.
MUST_CHECK enum rc store_copy(struct store_mailbox *from,
    const struct rangeset *uids, struct store_mailbox *to, bool move,
    struct fault *fault, struct store_copied *ret_copied);

// ---- What is no more -------------------------------------------------------

// Gives the UIDs expunged after `modseq` (RFC 7162 section 3.2.5.2), as of the
// moment of `snapshot`. If `modseq` lies before the horizon
// (store_options.tombstones_max), these are all UIDs below the UIDNEXT of
// `snapshot` that do not exist: more than was asked for, as the RFC allows.
MUST_CHECK enum rc store_expunged_since(struct store_mailbox *mailbox,
    const struct store_snapshot *snapshot, uint64_t modseq,
    struct rangeset *ret_uids);

#endif
