// SPDX-License-Identifier: Apache-2.0
// The boundaries a line may match: those of the multiparts that are open. A
// line costs O(its length), however many there are. For message_parser.c.
#ifndef ROOST_WIRE_MESSAGE_BOUNDARY_H
#define ROOST_WIRE_MESSAGE_BOUNDARY_H

#include "wire/message.h"

#define BOUNDARY_BUCKETS 128

struct boundary {
	struct boundary *next; // of one bucket, innermost first
	uint64_t hash;
	struct view text; // 1 to MESSAGE_BOUNDARY_MAX bytes
	uint32_t part;    // the multipart
};

struct boundary_set {
	uint64_t seed;
	struct boundary *buckets[BOUNDARY_BUCKETS];
	uint16_t of_len[MESSAGE_BOUNDARY_MAX + 1]; // how many there are
	size_t count;
};

void boundary_set_init(struct boundary_set *set);

// `boundary` (text and part filled in) becomes the innermost one; it stays
// where it is until removed.
void boundary_set_add(struct boundary_set *set, struct boundary *boundary);
void boundary_set_remove(struct boundary_set *set, struct boundary *boundary);

// The boundary that `line` (a line after its "--" with its end, perhaps cut
// after MESSAGE_BOUNDARY_MAX + 2 bytes) begins with: the longest, and of equal
// ones the innermost. RFC 2046 section 5.1.1 does not require "an exact match
// of the entire candidate line"; here, after the boundary comes white space or
// the "--" that closes, then anything: so "--b10" is no "--b1". NULL when it is
// none.
struct boundary *boundary_set_find(
    const struct boundary_set *set, struct view line, bool *ret_closes);

#endif
