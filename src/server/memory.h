// SPDX-License-Identifier: Apache-2.0
// How much memory the server may use, and the thread that asks the system how
// much it uses (base/budget.h).
#ifndef ROOST_SERVER_MEMORY_H
#define ROOST_SERVER_MEMORY_H

#include "base/budget.h"
#include "base/log.h"
#include "base/rc.h"
#include "base/view.h"

// What the server may use if nothing is configured: half of the machine's
// memory, or three quarters of what the control group of this process allows,
// whichever is less.
size_t memory_allowed(void);

// The same for a machine with `machine` bytes, whose /proc/self/cgroup says
// `groups`, and whose groups are below `root`.
size_t memory_allowed_in(size_t machine, struct view groups, const char *root);

// Sizes of RocksDB's memory when nothing is configured.
size_t memory_cache(size_t limit);
size_t memory_write_buffer(size_t limit);

// The bytes that /proc/self/status names: in memory, not shared with files, and
// in swap. False if it does not.
bool memory_parse_status(struct view text, size_t *ret_bytes);

struct memory;

// Opens what is read later, before the process shuts itself in. The budget has
// `limit` bytes.
struct memory *memory_new(size_t limit, struct log *log);
struct budget *memory_budget(struct memory *memory);
// Starts the thread.
MUST_CHECK enum rc memory_start(struct memory *memory, struct fault *fault);
void memory_free(struct memory **memory); // may be NULL

#endif
