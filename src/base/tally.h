// SPDX-License-Identifier: Apache-2.0
// Counts events by key, in a table of fixed size, and forgets them with time in
// one of two ways. When a set of the table is full, the key with the lowest
// count is forgotten: many new keys cannot push out a busy one. Thread-safe.
#ifndef ROOST_BASE_TALLY_H
#define ROOST_BASE_TALLY_H

#include "base/view.h"

struct tally;

// A table of `keys` entries of 24 bytes. A count sinks steadily, by `per_hour`
// in an hour. So it says how much a key has done lately, with room for a burst.
struct tally *tally_new(size_t keys, uint32_t per_hour);
// The same table; a count is kept for `window_seconds` from the key's first
// event on, and begins at 0 then.
struct tally *tally_new_window(size_t keys, uint32_t window_seconds);
void tally_free(struct tally **tally); // NULL is allowed

// The count of `key` at `now` (milliseconds of a clock that does not go back),
// rounded up.
uint32_t tally_count(struct tally *tally, struct view key, uint64_t now);
// Adds one to the count; returns the new count.
uint32_t tally_add(struct tally *tally, struct view key, uint64_t now);
// Takes one off the count, down to 0.
void tally_forgive(struct tally *tally, struct view key, uint64_t now);
// Adds one if the count is then at most `max`. False: it would be more, and
// nothing is counted.
bool tally_allow(
    struct tally *tally, struct view key, uint32_t max, uint64_t now);

#endif
