// SPDX-License-Identifier: Apache-2.0
// What a snapshot is made of, for the files of this room that make one.
#ifndef ROOST_STORE_SNAPSHOT_IMPL_H
#define ROOST_STORE_SNAPSHOT_IMPL_H

#include "store/node.h"

// The keyword names of a mailbox, in one piece of memory. It never changes: a
// new keyword makes a new, longer list. NULL is an empty list.
struct store_keywords {
	_Atomic uint32_t refs;
	unsigned count;
	struct view names[]; // the bytes follow the views
};

// A new list with the same names and one more.
struct store_keywords *keywords_with(
    const struct store_keywords *keywords, struct view name);
struct store_keywords *keywords_ref(struct store_keywords *keywords);
void keywords_unref(struct store_keywords *keywords);
// Finds a keyword; ignores case (RFC 9051 section 2.3.2). RC_NOT_FOUND.
MUST_CHECK enum rc keywords_find(const struct store_keywords *keywords,
    struct view name, unsigned *ret_number);

struct store_snapshot {
	_Atomic uint32_t refs;
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t highestmodseq;
	struct store_node *root; // NULL: no messages
	struct store_keywords *keywords;
};

// Makes a snapshot with one reference. It takes over the caller's reference to
// `root` and adds one of its own to `keywords`.
struct store_snapshot *snapshot_new(uint32_t uidvalidity, uint32_t uidnext,
    uint64_t highestmodseq, struct store_node *root,
    struct store_keywords *keywords);

#endif
