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

// Writes the key under which an address is counted: an IPv4 address, or the /64
// of an IPv6 address, as a site gets at least a /64. Other text is its own key.
// At most 64 bytes are written; returns the length.
size_t auth_address_key(struct view address, char ret_key[64]);
bool auth_address_is_loopback(struct view address);

#endif
