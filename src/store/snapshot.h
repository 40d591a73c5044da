// SPDX-License-Identifier: Apache-2.0
// A snapshot is what is in a mailbox at one moment. It never changes, all who
// look at that moment share it, and it is freed with the last reference.
// Reading it needs no lock. Messages are in UID order; `index` counts them from
// 0.
//
// Inside it is a tree. Snapshots share its leaves (chunks of up to 32 messages)
// and branches, so that a change costs O(log n), and a comparison of two
// snapshots costs only what differs.
#ifndef ROOST_STORE_SNAPSHOT_H
#define ROOST_STORE_SNAPSHOT_H

#include "base/rangeset.h"
#include "store/mailbox.h"

struct store_snapshot;
struct store_node;

enum store_flag {
	STORE_FLAG_SEEN = 1 << 0,
	STORE_FLAG_ANSWERED = 1 << 1,
	STORE_FLAG_FLAGGED = 1 << 2,
	STORE_FLAG_DELETED = 1 << 3,
	STORE_FLAG_DRAFT = 1 << 4,
};

#define STORE_KEYWORDS_MAX     256 // different keywords in a mailbox
#define STORE_KEYWORD_NAME_MAX 255 // bytes

// A set of a mailbox's keywords: bit n is the keyword number n.
struct store_keyword_set {
	uint64_t bits[STORE_KEYWORDS_MAX / 64];
};

static inline bool store_keyword_set_has(
    const struct store_keyword_set *set, unsigned n)
{
	return set->bits[n / 64] >> (n % 64) & 1;
}

// One message in a mailbox.
struct store_message {
	uint32_t uid;
	uint32_t size;         // RFC822.SIZE, bytes
	uint64_t modseq;       // of its last change
	uint64_t email_id;     // EMAILID; copies have the same (RFC 8474)
	int64_t internal_date; // seconds since 1970 UTC
	int16_t zone_minutes;  // of the internal date, east positive
	int64_t save_date;     // when it came into this mailbox (RFC 8514)
	unsigned flags;        // of enum store_flag
	bool has_keywords;     // whether any bit of `keywords` is set
	struct store_keyword_set keywords;
};

// The newest snapshot of a mailbox that was opened with STORE_RIGHT_READ.
struct store_snapshot *store_mailbox_snapshot(struct store_mailbox *mailbox);
// Whether `snapshot` is the newest; costs one atomic read.
bool store_mailbox_is_current(
    const struct store_mailbox *mailbox, const struct store_snapshot *snapshot);
struct store_snapshot *store_snapshot_ref(struct store_snapshot *snapshot);
void store_snapshot_unref(struct store_snapshot **snapshot);

uint32_t store_snapshot_count(const struct store_snapshot *snapshot);
uint32_t store_snapshot_uidvalidity(const struct store_snapshot *snapshot);
uint32_t store_snapshot_uidnext(const struct store_snapshot *snapshot);
uint64_t store_snapshot_highestmodseq(const struct store_snapshot *snapshot);
uint64_t store_snapshot_size(const struct store_snapshot *snapshot);
// Index of the first message without \Seen; RC_NOT_FOUND. O(log n).
MUST_CHECK enum rc store_snapshot_first_unseen(
    const struct store_snapshot *snapshot, uint32_t *ret_index);

// Keyword names by number, 0 to count - 1. A number means the same keyword as
// long as the mailbox exists. A name is spelled as it was first given;
// comparison ignores case.
unsigned store_snapshot_keyword_count(const struct store_snapshot *snapshot);
struct view store_snapshot_keyword(
    const struct store_snapshot *snapshot, unsigned n);
// RC_NOT_FOUND when the mailbox never had it.
MUST_CHECK enum rc store_snapshot_keyword_find(
    const struct store_snapshot *snapshot, struct view name,
    unsigned *ret_number);

// Gives the message at an index, which must be below the count. O(log n).
void store_snapshot_get(const struct store_snapshot *snapshot, uint32_t index,
    struct store_message *ret_message);
// How many messages have a UID below `uid`: the index where it is, or where it
// would be. O(log n).
uint32_t store_snapshot_rank(
    const struct store_snapshot *snapshot, uint32_t uid);
// RC_NOT_FOUND when no message has that UID.
MUST_CHECK enum rc store_snapshot_find(
    const struct store_snapshot *snapshot, uint32_t uid, uint32_t *ret_index);

// ---- Walking ---------------------------------------------------------------

#define STORE_DEPTH_MAX 8 // the number of UIDs is less than 64^8

// A place in a snapshot, on the caller's stack. The snapshot must stay while it
// is used.
struct store_walk {
	const struct store_snapshot *snapshot;
	const struct store_node *path[STORE_DEPTH_MAX];
	uint8_t slot[STORE_DEPTH_MAX];
	int depth;      // how many levels of `path` are in use
	uint32_t index; // of the message that comes next
	uint64_t since; // skip messages that have not changed after this MODSEQ
};

// Begins before the message at `index`.
void store_walk_init(struct store_walk *walk,
    const struct store_snapshot *snapshot, uint32_t index);
// Begins a walk that gives only messages whose MODSEQ is over `since`; it costs
// only those.
void store_walk_init_changed(struct store_walk *walk,
    const struct store_snapshot *snapshot, uint64_t since);
// Gives the next message and its index; false at the end. O(1) on average.
bool store_walk_next(struct store_walk *walk, uint32_t *ret_index,
    struct store_message *ret_message);

// ---- Comparing -------------------------------------------------------------

// Gives the UIDs that `before` has and `after` does not, where `after` is a
// later snapshot of the same mailbox. Messages that were added or changed are
// found by store_walk_init_changed(after, highestmodseq of before). Costs
// O(changes).
void store_snapshot_vanished(const struct store_snapshot *before,
    const struct store_snapshot *after, struct rangeset *ret_uids);

#endif
