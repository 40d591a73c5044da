// SPDX-License-Identifier: Apache-2.0
// Private to the repair of the RocksDB engine: what its parts share.
#ifndef ROOST_ENGINE_ROCKSDB_RESTORE_H
#define ROOST_ENGINE_ROCKSDB_RESTORE_H

#include "engine/repair.h"
#include "engine/rocksdb_salvage.h"

struct repair {
	const char *path;
	const struct engine_repair_options *options;
	struct fault *fault;
	struct engine_repair *result;
	VEC(struct buf) behind; // batches that are applied anew, in order
	size_t untold;          // the first of them; tables may have them, too
	VEC(uint64_t) met;      // partitions that they change
	bool guessed;           // the old MANIFEST cannot be used
	bool behind_tables;     // the logs begin later than the MANIFEST ends
	bool rebuild_owners;    // records of owners or of content are lost
	VEC(uint64_t) unreadable; // blob files of which records are lost
};

// ---- rocksdb_repair.c ------------------------------------------------------

// More bits than this are not turned back in one kind of file.
#define REPAIR_BITS_MAX 1000

void repair_say(struct repair *repair, const char *format, ...)
    PRINTF_LIKE(2, 3);
MUST_CHECK enum rc repair_failed(struct repair *repair, const char *name);
// Copies a file to `aside`, if it is not there yet.
MUST_CHECK enum rc repair_keep(struct repair *repair, const char *name);
MUST_CHECK enum rc repair_write_current(
    struct repair *repair, uint64_t number, bool told);
// If one flipped bit explains the error that RocksDB had with a table, turns it
// back. `context` is the repair.
void repair_mend_table(void *context, const char *text);

// Turns back the flipped bit at `offset` of a file in log format, or the first
// one for UINT64_MAX. RC_NOT_FOUND: that is not what is wrong with it.
MUST_CHECK enum rc repair_mend_log_file(
    struct repair *repair, const char *name, uint64_t offset);

// ---- Logs (rocksdb_repair_logs.c) ------------------------------------------

// Mends the logs, or leaves of them only what can be replayed; saves what is
// intact behind that.
MUST_CHECK enum rc repair_logs(
    struct repair *repair, const struct rocks_claim *claim, int synced);
// Saves all that is in the logs, when the MANIFEST was lost, and empties them.
MUST_CHECK enum rc repair_take_logs(struct repair *repair, int synced);
// Writes what was saved, and tells which commits before it are missing.
MUST_CHECK enum rc repair_apply_behind(
    struct repair *repair, struct rocks *rocks);

// ---- A new MANIFEST (rocksdb_write_manifest.c) -----------------------------

struct rocks_new_table {
	uint64_t number;
	uint32_t family;
	uint32_t level;
	uint64_t size;
	uint64_t first_sequence;
	uint64_t last_sequence;
	uint64_t oldest_blob; // UINT64_MAX: none
	struct buf smallest;
	struct buf largest;
};

struct rocks_new_blob {
	uint64_t number;
	uint64_t count;
	uint64_t bytes;
};

struct rocks_new_manifest {
	uint64_t next_file;
	uint64_t last_sequence;
	uint64_t family_log[ROCKS_FAMILIES];
	VEC(struct rocks_new_table) tables;
	VEC(struct rocks_new_blob) blobs;
};

// Writes a file, durably.
MUST_CHECK enum rc rocks_file_write(
    const char *name, struct view bytes, struct fault *fault);

// ---- Tables and the MANIFEST (rocksdb_restore.c) ---------------------------

// Makes whole tables of damaged ones, and a MANIFEST that names what is there,
// where bits alone do not explain what is wrong.
MUST_CHECK enum rc repair_restore(struct repair *repair);

// ---- Content that is lost (rocksdb_forget.c) -------------------------------

// Deletes the records of content whose bytes are lost, so that compaction does
// not meet them.
MUST_CHECK enum rc repair_forget(struct repair *repair, struct rocks *rocks);

#endif
