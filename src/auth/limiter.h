// SPDX-License-Identifier: Apache-2.0
// Counts events (failed log-ins) by key in windows of time, in a table of fixed
// size. When a set of the table is full, the key with the fewest events is
// forgotten: many new keys cannot push out a busy one. Thread-safe.
#ifndef ROOST_AUTH_LIMITER_H
#define ROOST_AUTH_LIMITER_H

#include "base/view.h"

struct auth_limiter;

// A table of `keys` entries of 24 bytes. A window begins with a key's first
// event and lasts `window_seconds`.
struct auth_limiter *auth_limiter_new(size_t keys, uint32_t window_seconds);
void auth_limiter_free(struct auth_limiter **limiter);

// The number of events of `key` in its window at `now` (monotonic
// milliseconds).
uint32_t auth_limiter_count(
    struct auth_limiter *limiter, struct view key, uint64_t now);
// Counts one more event; returns the new count.
uint32_t auth_limiter_add(
    struct auth_limiter *limiter, struct view key, uint64_t now);

#endif
