// SPDX-License-Identifier: Apache-2.0
// Changes of messages. Each function is one commit: all or nothing, durable
// when it returns, seen by every watcher. Each checks the rights (RFC 4314
// section 4) that whoever opened the mailbox has to it now: RC_DENIED, or
// RC_NOT_FOUND once the asker may not even look it up. RC_GONE when the mailbox
// has been deleted.
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
	bool has_date;         // else now
	int64_t internal_date; // seconds since 1970 UTC
	int16_t zone_minutes;
};

struct store_appended {
	uint32_t uidvalidity;
	uint32_t first_uid; // the messages have consecutive UIDs
	uint64_t modseq;
};

// Appends `count` messages, in order. RC_QUOTA; RC_LIMIT (too many keywords).
// One draft may go to any number of accounts, in any order.
MUST_CHECK enum rc store_append(struct store_mailbox *mailbox,
    const struct store_append *messages, size_t count, struct fault *fault,
    struct store_appended *ret_appended);

// Appends one message to `mailbox` and expunges `uid` from `from` in the same
// commit (RFC 8508). RC_NOT_FOUND when `uid` is not there.
MUST_CHECK enum rc store_replace(struct store_mailbox *from, uint32_t uid,
    struct store_mailbox *mailbox, const struct store_append *message,
    struct fault *fault, struct store_appended *ret_appended);

// ---- Deliver ---------------------------------------------------------------

// Bytes in `prefix`, and in `delivery_id`; places of one delivery.
#define STORE_PREFIX_MAX      ((size_t)16 << 10)
#define STORE_DELIVERY_ID_MAX 32
#define STORE_PLACES_MAX      64
// A delivery id is known for this long, and then until it is pruned.
#define STORE_DELIVERY_ID_SECONDS ((int64_t)7 * 86400)

// Where a message goes, and the flags that it has there.
struct store_place {
	struct store_mailbox *mailbox; // opened for mail
	struct store_flags flags;
};

// A message that comes in for an account.
struct store_delivery {
	struct store_draft *draft; // finished; stays the caller's
	// Whole header fields, with CRLF, that come before the draft's bytes:
	// this copy's own (see store_draft_share()). May be empty.
	struct view prefix;
	// A message with the same id (not empty) that this account got before
	// is not delivered again: see store_delivered.
	struct view delivery_id;
	// All of one account. A mailbox that is named twice gets the message
	// once, with the flags of both.
	const struct store_place *places;
	size_t place_count; // 1 to STORE_PLACES_MAX
};

struct store_delivered {
	uint64_t modseq; // 0: it was there
	bool was_there;  // by its delivery_id: nothing was done
};

// Puts a message into each of its places, all in one commit: its bytes are kept
// once, and it has one email id. One draft may go to any number of accounts, in
// any order. RC_QUOTA; RC_LIMIT (too long with its prefix, too many keywords or
// places); RC_GONE when one of the mailboxes has been deleted.
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
	bool conditional;         // RFC 7162 section 3.1.3:
	uint64_t unchanged_since; // leave messages with a greater MODSEQ
};

// Changes flags of those of `uids` that exist. `ret_modified` gets the UIDs
// left alone for unchanged_since (NULL when not conditional). *ret_modseq is
// the MODSEQ of the change, or 0 when there was nothing to change. A message
// whose flags stay as they were keeps its MODSEQ.
MUST_CHECK enum rc store_flags_change(struct store_mailbox *mailbox,
    const struct rangeset *uids, const struct store_flags_change *change,
    struct fault *fault, struct rangeset *ret_modified, uint64_t *ret_modseq);

// ---- Expunge, copy, move ---------------------------------------------------

// Expunges the messages of `uids` (NULL: all) that have \Deleted.
// *ret_modseq as above.
MUST_CHECK enum rc store_expunge(struct store_mailbox *mailbox,
    const struct rangeset *uids, struct fault *fault, uint64_t *ret_modseq);

// What a visit ends with that fetched messages and took some away (POP3's
// UPDATE state, RFC 1939 section 6): expunges those of `expunge` that exist,
// whatever flags they have, and gives those of `seen` that stay \Seen.
MUST_CHECK enum rc store_take_away(struct store_mailbox *mailbox,
    const struct rangeset *expunge, const struct rangeset *seen,
    struct fault *fault, uint64_t *ret_modseq);

struct store_copied {
	uint32_t uidvalidity;    // of the mailbox copied to
	struct rangeset sources; // UIDs that were copied, ascending
	uint32_t first_uid; // the copies have consecutive UIDs, in that order
	uint32_t count;     // of copies made; 0: none, and no commit
	// With a MOVE to another account: messages that one before, which did
	// not come to its end, had copied. Not among `sources`.
	uint32_t count_before;
	uint64_t modseq;
};
void store_copied_done(struct store_copied *copied);

// Copies those of `uids` that exist, with flags, keywords, internal date and
// email id; the save date is now. With `move`, they are expunged from `from`
// in the same commit (RFC 6851). Both mailboxes may be the same.
//
// The mailboxes may be of two accounts. The copies then are emails of their own
// there, with ids and threads of that account, and the account's quota counts
// them. A MOVE is two commits, first the copies, then the expunge. After a
// failure or a crash between the two both accounts have the messages, and never
// none. The same MOVE, given again, makes no second copy of what it finds in
// `to` as the first one left it.
MUST_CHECK enum rc store_copy(struct store_mailbox *from,
    const struct rangeset *uids, struct store_mailbox *to, bool move,
    struct fault *fault, struct store_copied *ret_copied);

// ---- What is no more -------------------------------------------------------

// UIDs expunged after `modseq` (RFC 7162 section 3.2.5.2). Before the horizon
// (store_options.tombstones_max) this is every UID below `snapshot`'s UIDNEXT
// that does not exist: more than was asked for, as the RFC allows. Exact for
// the moment of `snapshot`.
MUST_CHECK enum rc store_expunged_since(struct store_mailbox *mailbox,
    const struct store_snapshot *snapshot, uint64_t modseq,
    struct rangeset *ret_uids);

#endif
