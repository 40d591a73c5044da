// SPDX-License-Identifier: Apache-2.0
// IMAP sequence sets (RFC 9051 section 9, `sequence-set`; "$" of RFC 5182): as
// written, and as numbers when the value of "*" is known.
#ifndef ROOST_WIRE_IMAP_SET_H
#define ROOST_WIRE_IMAP_SET_H

#include "base/arena.h"
#include "base/rangeset.h"

#define IMAP_SET_STAR 0u // "*" in a range of a struct imap_set

// The ranges in the order in which they were written. If neither end is "*",
// first <= last.
struct imap_set {
	struct range *ranges; // in the arena
	size_t count;
	bool has_star;
	bool has_saved; // has "$": the saved result (RFC 5182) belongs to it
	bool ascending; // has no "*", and each range comes after the one before
			// it
};

// All of `text` must be a set. RC_SYNTAX: `*ret_bad` (may be NULL) is the
// offset of the wrong byte (text.len: the set is not complete).
MUST_CHECK enum rc imap_set_parse(struct arena *arena, struct view text,
    struct imap_set *ret_set, size_t *ret_bad);

// Adds to `set` the numbers for which the written set stands, in O(n log n).
// `max` is the value of "*": the highest sequence number or UID. If it is 0 (an
// empty mailbox), ranges with "*" are empty. If max is 3, "5:*" is 3:5 (RFC
// 9051 section 9). Numbers over `max` are added, too: the caller refuses or
// ignores them. `saved` is the value of "$"; NULL: nothing.
void imap_set_resolve(const struct imap_set *written, uint32_t max,
    const struct rangeset *saved, struct rangeset *set);

// The highest number in the set, apart from "*"; 0 when there is none. A caller
// compares it with the number of messages to find sequence numbers that do not
// exist.
uint32_t imap_set_highest(const struct imap_set *written);

#endif
