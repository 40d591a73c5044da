// SPDX-License-Identifier: Apache-2.0
// The boundaries that a line can match: those of the multiparts that are open.
// A line costs O(its length), however many boundaries there are. For
// message_parser.c.
#ifndef ROOST_WIRE_MESSAGE_BOUNDARY_H
#define ROOST_WIRE_MESSAGE_BOUNDARY_H

#include "wire/message.h"

#define BOUNDARY_BUCKETS 128

struct boundary {
	struct boundary *next; // in one bucket, innermost first
	uint64_t hash;
	struct view text; // 1 to MESSAGE_BOUNDARY_MAX bytes
	uint32_t part;    // the multipart's index
};

struct boundary_set {
	uint64_t seed;
	struct boundary *buckets[BOUNDARY_BUCKETS];
	uint16_t of_len[MESSAGE_BOUNDARY_MAX +
			1]; // how many boundaries have this length
	size_t count;
};

void boundary_set_init(struct boundary_set *set);

// Makes `boundary` (with text and part filled in) the innermost one. The caller
// must not move it until it is removed.
void boundary_set_add(struct boundary_set *set, struct boundary *boundary);
void boundary_set_remove(struct boundary_set *set, struct boundary *boundary);

// Finds the boundary with which `line` begins: the longest, and of equal ones
// the innermost; NULL when there is none. `line` is the line after its "--",
// including its end; it may be cut after MESSAGE_BOUNDARY_MAX + 2 bytes. RFC
// 2046 section 5.1.1 does not require "an exact match of the entire candidate
// line". Here, the boundary must be followed by white space or by the closing
// "--", and then by anything. So "--b10" is not the boundary "b1".
struct boundary *boundary_set_find(
    const struct boundary_set *set, struct view line, bool *ret_closes);

#endif
