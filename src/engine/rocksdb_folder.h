// SPDX-License-Identifier: Apache-2.0
// Private to the RocksDB engine: the files of a database folder, read without
// RocksDB. Opening by RocksDB changes them, so they are judged before.
#ifndef ROOST_ENGINE_ROCKSDB_FOLDER_H
#define ROOST_ENGINE_ROCKSDB_FOLDER_H

#include "base/vec.h"
#include "engine/rocksdb_impl.h"
#include "engine/rocksdb_log.h"

// ---- Files -----------------------------------------------------------------

struct rocks_numbers {
	uint64_t *items; // ascending
	size_t count;
	size_t capacity;
};

// The files of the folder, by kind.
struct rocks_listing {
	struct rocks_numbers logs;      // NUMBER.log
	struct rocks_numbers tables;    // NUMBER.sst
	struct rocks_numbers blobs;     // NUMBER.blob
	struct rocks_numbers manifests; // MANIFEST-NUMBER
	bool current;
};

MUST_CHECK enum rc rocks_listing_read(
    const char *path, struct fault *fault, struct rocks_listing *ret_listing);
void rocks_listing_done(struct rocks_listing *listing);

// A file that rocks_log reads.
struct rocks_log_file {
	char name[4160]; // with the folder
	int fd;
	struct rocks_log log;
};

MUST_CHECK enum rc rocks_log_file_open(const char *path, const char *name,
    struct fault *fault, struct rocks_log_file **ret_file);
void rocks_log_file_close(struct rocks_log_file **file);
// rocks_log_flipped() for the fragment at `offset`; the bit is counted from the
// start of the file.
MUST_CHECK enum rc rocks_log_file_flipped(
    struct rocks_log_file *file, uint64_t offset, uint64_t *ret_bit);

// ---- The format (rocksdb_format.c) -----------------------------------------

// Reads the file FORMAT. RC_NOT_FOUND: there is none. RC_UNSUPPORTED: the
// format is higher than `newest`. RC_CORRUPT.
MUST_CHECK enum rc rocks_format_read(const char *path, uint32_t newest,
    struct fault *fault, struct engine_format *ret_format);
MUST_CHECK enum rc rocks_format_write(
    const char *path, const struct engine_format *format, struct fault *fault);
// If one flipped bit explains why FORMAT cannot be read, says which bit.
// RC_NOT_FOUND.
MUST_CHECK enum rc rocks_format_flipped(const char *path, uint64_t *ret_bit);
enum rc rocks_format_set(struct engine *engine,
    const struct engine_format *format, struct fault *fault);
// Makes the names in a folder durable.
MUST_CHECK enum rc rocks_folder_sync(const char *path, struct fault *fault);

// ---- What is lost ----------------------------------------------------------

// Keys whose first 8 bytes (be64) are from `first` to `last` may be lost.
struct rocks_loss {
	uint64_t first;
	uint64_t last;
};

struct rocks_losses {
	struct rocks_loss *items;
	size_t count;
	size_t capacity;
};

// ---- MANIFEST (rocksdb_manifest.c) -----------------------------------------

// A table that is part of the database. Keys end with 8 bytes of RocksDB's.
struct rocks_table {
	uint64_t number;
	uint32_t family;
	uint32_t level;
	struct buf smallest;
	struct buf largest;
};

struct rocks_manifest {
	uint64_t last_sequence;
	uint64_t first_log; // older logs are not needed
	// Something behind this offset cannot be read, although more follows.
	// What is above is the state before it. 0: all could be read.
	uint64_t cut;
	uint64_t next_file;                  // no file has this number yet
	uint64_t family_log[ROCKS_FAMILIES]; // older logs have nothing of it
	VEC(struct rocks_table) tables;
	struct rocks_numbers deleted; // tables that are not needed any more
	struct rocks_numbers blobs;   // blob files, also those now deleted
};

// Reads the MANIFEST `name`. RC_CORRUPT: it is damaged; `fault` says where. A
// torn end is left out.
MUST_CHECK enum rc rocks_manifest_read(const char *path, const char *name,
    struct fault *fault, struct rocks_manifest *ret_manifest);
// The same, but RC_OK also if it may be a torn end or damage: then `cut` is
// set, and `fault` says where.
MUST_CHECK enum rc rocks_manifest_read_cut(const char *path, const char *name,
    struct fault *fault, struct rocks_manifest *ret_manifest);
// Reads whatever is intact, also behind damage, and a torn end. `ret_whole`:
// nothing is damaged. RC_IO.
MUST_CHECK enum rc rocks_manifest_salvage(const char *path, const char *name,
    struct fault *fault, struct rocks_manifest *ret_manifest, bool *ret_whole);
void rocks_manifest_done(struct rocks_manifest *manifest);
// Writes a MANIFEST (rocksdb_write_manifest.c).
struct rocks_new_manifest;
MUST_CHECK enum rc rocks_manifest_write(const char *path, const char *name,
    const struct rocks_new_manifest *manifest, struct fault *fault);
// Applies one record of a MANIFEST (rocks_manifest_done() frees what it makes).
struct rocks_edits;
struct rocks_edits *rocks_edits_new(struct rocks_manifest *manifest);
void rocks_edits_free(struct rocks_edits **edits);
MUST_CHECK enum rc rocks_edits_add(
    struct rocks_edits *edits, struct view record);

// Reads CURRENT: the name of the MANIFEST that counts. RC_CORRUPT.
#define ROCKS_NAME_MAX 64
MUST_CHECK enum rc rocks_current_read(
    const char *path, struct fault *fault, char ret_name[ROCKS_NAME_MAX]);

// ---- Judging (rocksdb_examine.c) -------------------------------------------

// A log of which the bytes from `length` on were never acknowledged.
struct rocks_cut {
	uint64_t number;
	uint64_t length;
};

struct rocks_examined {
	VEC(struct rocks_cut) cuts;
	char manifest[ROCKS_NAME_MAX];
	uint64_t manifest_length; // of what counts in it; 0: all
	bool damaged;             // a log is damaged, not torn:
	uint64_t log;             // its number,
	uint64_t offset;          // the first byte that cannot be read,
	uint64_t damage_offset;   // the fragment that is damaged,
	uint64_t last_sequence;   // the last number before it,
	uint64_t durable;         // and what is known to have been synced
	bool ends;                // the log just ends there
	uint64_t secret;          // in the note of each record
};

// Judges a folder before RocksDB opens it. RC_CORRUPT: it is damaged, and
// opening would lose what was acknowledged; `fault` names file and place. RC_OK
// also for an empty folder.
MUST_CHECK enum rc rocks_examine(const char *path,
    const struct rocks_claim *claim, struct fault *fault,
    struct rocks_examined *ret_examined);
void rocks_examined_done(struct rocks_examined *examined);
// Whether the record has the note of the opening with that secret.
bool rocks_record_is_ours(struct view record, uint64_t secret);
// The secret of a record that was read in order; unchanged if it has none.
void rocks_record_secret(struct view record, uint64_t *secret);
// Cuts torn ends off, so that RocksDB finds logs without any fault.
MUST_CHECK enum rc rocks_examined_cut(const char *path,
    const struct rocks_examined *examined, struct log *log,
    struct fault *fault);

// ---- Blob files (rocksdb_blobs.c) ------------------------------------------

struct rocks_blob_damage {
	const char *file; // "000012.blob"
	uint64_t offset;
	struct view key; // of the record, if it is known
	bool one_bit;    // all is right when this bit is turned around:
	uint64_t bit;    // counted from the start of the file
};

typedef void rocks_blob_problem(
    void *context, const struct rocks_blob_damage *damage);
// Compares every checksum of every blob file. A file that RocksDB is still
// writing is reported at its end.
void rocks_blobs_check(
    const char *path, rocks_blob_problem *problem, void *context);

struct rocks_blob_ends {
	bool right;     // the header and the footer are as they should be
	uint64_t end;   // of the last record that is there
	uint64_t count; // of records,
	uint64_t bytes; // and their length in all
};

// Reads the ends of a blob file; if they are damaged, looks for its records.
// RocksDB reads nothing of a file whose header or footer is damaged.
MUST_CHECK enum rc rocks_blob_ends_find(const char *path, const char *name,
    struct fault *fault, struct rocks_blob_ends *ret_ends);
// Writes the header anew, and a footer behind the last record; what follows it
// is cut off.
MUST_CHECK enum rc rocks_blob_ends_write(const char *path, const char *name,
    const struct rocks_blob_ends *ends, struct fault *fault);
// Whether the record whose value is at `offset` is intact.
bool rocks_blob_is_right(const char *path, uint64_t number, uint64_t offset,
    uint64_t size, struct view key);

// ---- Tables (rocksdb_table.c) ----------------------------------------------

// The name of a table ("000012.sst") in an error text of RocksDB.
bool rocks_table_named(const char *text, char ret_name[ROCKS_NAME_MAX]);
// Whether the footer of a table, the list of its blocks and its properties are
// right. If RocksDB cannot read the properties, it takes the table for one of
// another kind, does not find its keys, and loses them in the next compaction.
bool rocks_table_end_is_right(const char *path, uint64_t number);
// If one flipped bit explains the error that RocksDB had with a table, says
// which bit of the file. RC_NOT_FOUND.
MUST_CHECK enum rc rocks_table_flipped(
    const char *path, const char *error, uint64_t *ret_bit);

#endif
