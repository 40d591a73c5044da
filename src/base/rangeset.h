// SPDX-License-Identifier: Apache-2.0
// A set of 32-bit numbers (UIDs or message sequence numbers), kept as sorted,
// disjoint ranges that do not touch. Adding numbers in ascending order costs
// O(1) each.
#ifndef ROOST_BASE_RANGESET_H
#define ROOST_BASE_RANGESET_H

#include "base/buf.h"

struct range {
	uint32_t first;
	uint32_t last; // inclusive
};

struct rangeset {
	struct range *ranges; // owned
	size_t count;
	size_t capacity;
};

void rangeset_init(struct rangeset *set); // makes it empty, allocates nothing
void rangeset_done(struct rangeset *set);
void rangeset_reset(struct rangeset *set);

// Adds first..last (first <= last). O(1) at the end of the set, otherwise
// O(ranges).
void rangeset_add(struct rangeset *set, uint32_t first, uint32_t last);
// Removes first..last.
void rangeset_remove(struct rangeset *set, uint32_t first, uint32_t last);
// Sets `ret_rest`, which must be empty, to the numbers of `set` that are not in
// `without`. O(ranges).
void rangeset_without(const struct rangeset *set,
    const struct rangeset *without, struct rangeset *ret_rest);
void rangeset_copy(struct rangeset *set, const struct rangeset *from);

bool rangeset_has(const struct rangeset *set, uint32_t number); // O(log n)
uint64_t rangeset_size(const struct rangeset *set); // how many numbers
// The index of the first range whose last number is >= `number`.
size_t rangeset_seek(const struct rangeset *set, uint32_t number);

// "1:3,7,9:12": the IMAP sequence-set form (RFC 9051 section 9).
void rangeset_format(const struct rangeset *set, struct buf *out);

#endif
