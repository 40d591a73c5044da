// SPDX-License-Identifier: Apache-2.0
// Counts events (failed log-ins) by key in windows of time, in a table that
// never grows. When it is full, the key with the fewest events is forgotten:
// flooding it with new keys does not push out a busy one. Thread-safe.
#ifndef ROOST_AUTH_LIMITER_H
#define ROOST_AUTH_LIMITER_H

#include "base/view.h"

struct auth_limiter;

// `keys` entries of 24 bytes; a window begins with a key's first event and
// lasts `window_seconds`.
struct auth_limiter *auth_limiter_new(size_t keys, uint32_t window_seconds);
void auth_limiter_free(struct auth_limiter **limiter);

// Events of `key` in its window at `now` (monotonic milliseconds).
uint32_t auth_limiter_count(
    struct auth_limiter *limiter, struct view key, uint64_t now);
// One more; gives the count with it.
uint32_t auth_limiter_add(
    struct auth_limiter *limiter, struct view key, uint64_t now);

// Who shares a limit: an IPv4 address, or the /64 of an IPv6 address (a site
// gets at least that). Text that is neither counts as it is. Written to
// `ret_key`, at most 64 bytes; gives the length.
size_t auth_address_key(struct view address, char ret_key[64]);
bool auth_address_is_loopback(struct view address);

#endif
