// SPDX-License-Identifier: Apache-2.0
// How many things each user does at a time: requests, uploads. Thread-safe.
#ifndef ROOST_JMAP_BUSY_H
#define ROOST_JMAP_BUSY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct jmap_busy;

struct jmap_busy *jmap_busy_new(uint32_t max);
void jmap_busy_free(struct jmap_busy **busy);

// One more for the account. False: it has `max` already.
MUST_CHECK bool jmap_busy_begin(struct jmap_busy *busy, uint64_t account);
void jmap_busy_end(struct jmap_busy *busy, uint64_t account);

#endif
