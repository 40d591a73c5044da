// SPDX-License-Identifier: Apache-2.0
// Repairs a database that was damaged on the disk. README.md says how.
#ifndef ROOST_ENGINE_REPAIR_H
#define ROOST_ENGINE_REPAIR_H

#include "engine/engine.h"

struct engine_repair_options {
	// Files are copied into this folder before they are changed. It is made
	// when it is needed.
	const char *aside;
	// Is told what was found and done, and what is still wrong at the end.
	void (*say)(void *context, const char *text);
	void *context;
};

// Partitions from `first` to `last`.
struct engine_repair_loss {
	uint64_t first;
	uint64_t last;
};

struct engine_repair {
	unsigned mended;    // flipped bits that were turned back: nothing lost
	unsigned remaining; // problems that the check finds afterwards
	bool commits_lost;  // a log could not be saved whole
	// Partitions of which commits are known to be lost, and of which it is
	// known that none is.
	struct {
		uint64_t *items;
		size_t count;
		size_t capacity;
	} gaps, whole;
	// Partitions of which keys may be lost, because they were in a damaged
	// table.
	struct {
		struct engine_repair_loss *items;
		size_t count;
		size_t capacity;
	} losses;
	bool all_suspect; // nobody knows whether tables are missing
};

// Repairs the database in the folder `path`, which nobody may have open, as far
// as it can be repaired; changes nothing where nothing is wrong. RC_CORRUPT: it
// cannot be opened even so. RC_UNSUPPORTED: a newer version of Roost has used
// it; nothing was changed. RC_IN_USE, RC_IO. After RC_OK, call
// engine_repair_done().
MUST_CHECK enum rc engine_rocksdb_repair(const char *path,
    const struct engine_repair_options *options, struct fault *fault,
    struct engine_repair *ret_repair);
// Whether commits or keys of the partition may be lost.
bool engine_repair_is_suspect(
    const struct engine_repair *repair, uint64_t partition);
void engine_repair_done(struct engine_repair *repair);

#endif
