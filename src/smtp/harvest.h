// SPDX-License-Identifier: Apache-2.0
// Harvesting: strangers who name many recipients that do not exist, to learn
// which do. The networks that they come from are remembered from one connection
// to the next, in a table of fixed size, and forgotten slowly. Users who have
// logged in, LMTP clients and this machine are never counted. Thread-safe.
#ifndef ROOST_SMTP_HARVEST_H
#define ROOST_SMTP_HARVEST_H

#include "base/view.h"

struct smtp_harvest;

// From `slow` unknown recipients of one network on (an IPv4 /24, an IPv6 /48)
// the answers come late; above `max` it is sent away. A count sinks by `max` in
// an hour, and by one with each message that is accepted.
struct smtp_harvest *smtp_harvest_new(uint32_t slow, uint32_t max);
void smtp_harvest_free(struct smtp_harvest **harvest);

// In the functions below, `peer` is the client's address as text, and `now` is
// in milliseconds of a clock that does not go back.

// Whether the network is to be sent away.
bool smtp_harvest_is_over(
    struct smtp_harvest *harvest, struct view peer, uint64_t now);
// Counts an unknown recipient. Returns by how many milliseconds the answer is
// to be late.
uint32_t smtp_harvest_add(
    struct smtp_harvest *harvest, struct view peer, uint64_t now);
void smtp_harvest_forgive(
    struct smtp_harvest *harvest, struct view peer, uint64_t now);

#endif
