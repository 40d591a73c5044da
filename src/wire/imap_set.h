// SPDX-License-Identifier: Apache-2.0
// IMAP sequence sets (RFC 9051 section 9, `sequence-set`; "$" of RFC 5182) as
// they were written, and what they stand for once "*" is known.
#ifndef ROOST_WIRE_IMAP_SET_H
#define ROOST_WIRE_IMAP_SET_H

#include "base/arena.h"
#include "base/rangeset.h"

#define IMAP_SET_STAR 0u // "*" in a range of a struct imap_set

// Ranges in the order written; where neither end is "*", first <= last.
struct imap_set {
	struct range *ranges; // in the arena
	size_t count;
	bool has_star;
	bool has_saved; // "$": the saved result belongs to it (RFC 5182)
	bool ascending; // no star, each range after the one before it
};

// All of `text` is to be a set. RC_SYNTAX: `*ret_bad` (may be NULL) is the
// offset of the byte that is wrong (text.len: it ends too soon).
MUST_CHECK enum rc imap_set_parse(struct arena *arena, struct view text,
    struct imap_set *ret_set, size_t *ret_bad);

// Adds to `set` the numbers the written set stands for, in O(n log n). `max` is
// what "*" is: the highest sequence number or UID; 0, an empty mailbox, makes
// ranges with "*" empty ("5:*" where max is 3 is 3:5, RFC 9051 section 9).
// Numbers over `max` are kept: the caller refuses or ignores them. `saved` is
// what "$" is; NULL: nothing.
void imap_set_resolve(const struct imap_set *written, uint32_t max,
    const struct rangeset *saved, struct rangeset *set);

// The highest number named, "*" left out; 0 when there is none. Against it a
// caller checks message sequence numbers that do not exist.
uint32_t imap_set_highest(const struct imap_set *written);

#endif
