// SPDX-License-Identifier: Apache-2.0
// Private to the RocksDB engine: its structure, its keys, and what its files
// share. README.md describes the records.
#ifndef ROOST_ENGINE_ROCKSDB_IMPL_H
#define ROOST_ENGINE_ROCKSDB_IMPL_H

#include <rocksdb/c.h>

#include "engine/reserve.h"
#include "engine/rocksdb_keys.h"

enum rocks_family {
	ROCKS_INDEX,   // be64 partition, key: value; be64 partition: version
	ROCKS_CONTENT, // id: head; id, be32 number: chunk
	ROCKS_OWNERS,  // who owns what; see below
	ROCKS_FAMILIES,
};

// A content's lock is held from reading who owns it until the change is
// written. Ids are spread over stripes. A thread takes all stripes of its batch
// at once, so that it never waits for one while it holds another.
#define ROCKS_STRIPES 4096

struct rocks_stripes {
	uint64_t bits[ROCKS_STRIPES / 64];
};

// What SYNCED says; zeros if it says nothing.
struct rocks_claim {
	uint64_t secret;
	uint64_t durable;
};

// What is known to be durable (rocksdb_synced.c).
struct rocks_synced {
	int fd;                          // the file SYNCED, locked; -1: none
	uint64_t secret;                 // marks the records of this opening
	_Atomic uint64_t durable;        // sequence number
	_Atomic uint64_t unsynced_begun; // writes without a sync
	_Atomic uint64_t unsynced_ended;
	pthread_mutex_t lock;
	uint64_t written; // what SYNCED says; under `lock`
};

// Damage that was met while the database is open (rocksdb_damage.c).
#define ROCKS_TOLD_MAX 64
struct rocks_damage {
	pthread_mutex_t lock;
	_Atomic bool known;            // compaction is stopped
	uint64_t told[ROCKS_TOLD_MAX]; // hashes of what was logged
	size_t count;
};

struct rocks_snapshot;

// What opening the database needs, and opening it again.
struct rocks_opening {
	size_t cache_bytes;
	size_t buffer_bytes;
};

// The keeper (rocksdb_keeper.c): a thread that opens the database again after a
// write has failed, and that watches the disk's free space.
struct rocks_keeper {
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;    // for the thread
	pthread_cond_t settled; // for those whose write failed
	bool stopping;          // under `lock`
	struct reserve reserve; // the thread's own
	_Atomic bool full;
	_Atomic uint64_t free_bytes;
	// A write failed: nothing is written until the database has been opened
	// anew. Whoever sets it wakes the thread.
	_Atomic bool broken;
	_Atomic bool hurry; // the gate is about to be closed
	bool uncertain;     // the log is not yet cut; under `lock`
	uint64_t last;      // the last sequence number that was acknowledged
	// The thread's own. Times are of clock_monotonic_ms().
	uint64_t opened; // when it was opened anew; 0: never
	uint64_t again;  // when to try again
	unsigned tries;  // in vain, one after the other
	bool told;       // the log says that the disk cannot be written
};

struct rocks {
	struct engine base;
	struct rocks_damage damage;
	struct rocks_synced synced_state;
	char *path;
	struct rocks_claim claim; // what SYNCED said when it was opened
	bool is_new;              // it has no FORMAT yet, and no database
	struct rocks_opening how;
	struct rocks_keeper keeper;
	pthread_mutex_t snapshots_lock;
	struct rocks_snapshot *snapshots; // the open ones
	rocksdb_t *db;
	rocksdb_column_family_handle_t *families[ROCKS_FAMILIES];
	rocksdb_writeoptions_t *synced;
	rocksdb_writeoptions_t *unsynced;
	rocksdb_readoptions_t *newest;
	pthread_mutex_t stripes_lock;
	pthread_cond_t stripes_free;
	struct rocks_stripes stripes; // the taken ones; under stripes_lock
	unsigned stripes_waiting;     // threads
	unsigned stripes_waiting_big; // those of them that want many
	_Atomic uint64_t reclaimable; // bytes swept since the last reclaim
};

// Compaction moves blobs out of the oldest part of the files, of this size.
#define ROCKS_BLOB_CUTOFF      0.1
#define ROCKS_BLOB_CUTOFF_TEXT "0.1"

#define ROCKS_CANNOT_WRITE "the server's disk cannot be written now"

static inline struct rocks *rocks_of(struct engine *engine)
{
	return (struct rocks *)engine;
}

// ---- Access (rocksdb_access.c) ---------------------------------------------

// Makes the result of a call of RocksDB: frees `error`, logs it, and copies it
// to `fault`.
MUST_CHECK enum rc rocks_result(
    struct rocks *rocks, char *error, const char *doing, struct fault *fault);

// Reads a value, in memory that belongs to `ret_slice`, which the caller
// destroys.
MUST_CHECK enum rc rocks_get(struct rocks *rocks,
    const rocksdb_readoptions_t *options, enum rocks_family family,
    struct view key, rocksdb_pinnableslice_t **ret_slice,
    struct view *ret_value);
// The same for a value of one or two le64.
MUST_CHECK enum rc rocks_get_u64(struct rocks *rocks,
    const rocksdb_readoptions_t *options, enum rocks_family family,
    struct view key, uint64_t *ret_number);
MUST_CHECK enum rc rocks_get_pair(struct rocks *rocks, enum rocks_family family,
    const struct rocks_name *name, uint64_t *ret_first, uint64_t *ret_second);

void rocks_batch_put(struct rocks *rocks, rocksdb_writebatch_t *batch,
    enum rocks_family family, const struct rocks_name *name, struct view value);
void rocks_batch_put_pair(struct rocks *rocks, rocksdb_writebatch_t *batch,
    const struct rocks_name *name, uint64_t first, uint64_t second);
void rocks_batch_delete(struct rocks *rocks, rocksdb_writebatch_t *batch,
    enum rocks_family family, const struct rocks_name *name);
MUST_CHECK enum rc rocks_write(struct rocks *rocks, rocksdb_writebatch_t *batch,
    bool sync, struct fault *fault);

// Every record of ROCKS_CONTENT ends with the XXH3 hash (le64) of the bytes
// before it, which every read compares. RocksDB has checksums of its own, of
// blobs and of blocks of keys. Both are always compared: Debian's RocksDB
// aborts at a damaged block that it has not compared.
void rocks_content_put(struct rocks *rocks, rocksdb_writebatch_t *batch,
    const struct rocks_name *name, struct view first, struct view rest);
MUST_CHECK enum rc rocks_content_get(struct rocks *rocks,
    const struct rocks_name *name, rocksdb_pinnableslice_t **ret_slice,
    struct view *ret_value);
// The record without its hash. RC_CORRUPT: the hash does not match.
MUST_CHECK enum rc rocks_unseal(struct view record, struct view *ret_value);

static inline struct view rocks_iter_key(const rocksdb_iterator_t *iterator)
{
	size_t len;
	const char *ptr = rocksdb_iter_key(iterator, &len);
	return view_of(ptr, len);
}

static inline struct view rocks_iter_value(const rocksdb_iterator_t *iterator)
{
	size_t len;
	const char *ptr = rocksdb_iter_value(iterator, &len);
	return view_of(ptr, len);
}

// For long walks inside the gate, which end when it is to be closed.
static inline bool rocks_iter_goes_on(
    struct rocks *rocks, const rocksdb_iterator_t *iterator)
{
	return rocksdb_iter_valid(iterator) &&
	       !atomic_load(&rocks->keeper.hurry);
}
// ---- What is durable (rocksdb_synced.c) ------------------------------------

// Opens the file SYNCED of the folder, makes it if it is not there, and locks
// it as long as it is open. RC_IN_USE: somebody else has it. For reading only,
// the file may be missing (`ret_fd` -1).
MUST_CHECK enum rc rocks_synced_open(const char *path, bool read_only,
    struct fault *fault, int *ret_fd, struct rocks_claim *ret_claim);
// Writes SYNCED.
void rocks_synced_set(int fd, uint64_t secret, uint64_t durable);
// Begins to say what is durable, after RocksDB was opened for writing.
void rocks_synced_start(struct rocks *rocks);

// The note in a batch: the secret, and what was durable before (le64 each).
#define ROCKS_NOTE_BYTES 16

struct rocks_writing {
	bool sync;
	bool alone; // no write without a sync was running
	uint64_t unsynced;
	uint64_t before;
};

// Before and after each write of RocksDB.
struct rocks_writing rocks_synced_begin(
    struct rocks *rocks, rocksdb_writebatch_t *batch, bool sync);
void rocks_synced_end(
    struct rocks *rocks, const struct rocks_writing *writing, bool written);

// ---- Damage (rocksdb_damage.c) ---------------------------------------------

// A call of RocksDB failed because something is damaged. Stops compaction, and
// says so in the folder. True if this was not told before: then it is logged.
bool rocks_damage_found(struct rocks *rocks, const char *text);
// Whether the folder says so.
bool rocks_damage_is_marked(const char *path);
void rocks_damage_unmark(const char *path);
void rocks_damage_mark(const char *path, const char *text);

// ---- Content locks (rocksdb_stripes.c) -------------------------------------

void rocks_stripes_add(
    struct rocks_stripes *stripes, const struct engine_content_id *id);
void rocks_stripes_lock(
    struct rocks *rocks, const struct rocks_stripes *stripes);
void rocks_stripes_unlock(
    struct rocks *rocks, const struct rocks_stripes *stripes);

// ---- The other files -------------------------------------------------------

// rocksdb.c: these are called with the gate closed, or before anyone uses the
// engine. rocks_database_try() judges the files and opens for writing;
// rocks_database_open() just opens: its result is RocksDB's error, NULL if it
// is open.
MUST_CHECK enum rc rocks_database_try(struct rocks *rocks, struct fault *fault);
char *rocks_database_open(struct rocks *rocks, bool read_only);
// Opens the database in a folder, compacts all of it without a look at the
// blobs, and closes it.
MUST_CHECK enum rc rocks_database_settle(const char *path, struct fault *fault);
const char *rocks_family_name(enum rocks_family family);
void rocks_database_close(struct rocks *rocks);

// rocksdb_cut.c: cuts off all records of the logs in `folder` whose first
// sequence number is greater than `last`, durably. RC_IO.
MUST_CHECK enum rc rocks_log_cut(const char *folder, uint64_t last);

// rocksdb_keeper.c
void rocks_keeper_init(struct rocks *rocks, uint64_t reserve_bytes);
MUST_CHECK enum rc rocks_keeper_start(struct rocks *rocks, struct fault *fault);
void rocks_keeper_stop(struct rocks *rocks);
// A write has failed; `error` is RocksDB's text.
void rocks_keeper_failed(struct rocks *rocks, const char *error);

// rocksdb_read.c
// Gives up what the open snapshots and cursors hold of the database: they get
// RC_IO from now on. Called with the gate closed.
void rocks_snapshots_give_up(struct rocks *rocks);

// rocksdb_commit.c
// Finishes a drop that was cut short. Called with the partition locked, or
// before anyone else uses the engine.
MUST_CHECK enum rc rocks_drop_resume(
    struct rocks *rocks, uint64_t partition, struct fault *fault);
MUST_CHECK enum rc rocks_drop_resume_all(
    struct rocks *rocks, struct fault *fault);

// rocksdb_owners.c: adds the effect of the batch's content operations, with
// their stripes locked.
MUST_CHECK enum rc rocks_owners_apply(struct rocks *rocks, uint64_t partition,
    const struct engine_batch *batch, rocksdb_writebatch_t *to,
    struct fault *fault);
// Records that one partition less owns the content.
MUST_CHECK enum rc rocks_owner_leaves(struct rocks *rocks,
    const struct engine_content_id *id, uint64_t size,
    rocksdb_writebatch_t *to);

// rocksdb_rebuild.c: makes the records of shared and orphaned content anew.
MUST_CHECK enum rc rocks_owners_rebuild(struct rocks *rocks);
// Gives a version to partitions that have lost theirs.
MUST_CHECK enum rc rocks_versions_rebuild(struct rocks *rocks);

// rocksdb_reclaim.c: called after a sweep that deleted so many bytes.
void rocks_reclaim(struct rocks *rocks, uint64_t deleted_bytes);

// rocksdb_sizes.c
// A number that RocksDB knows about a family; 0: it does not.
uint64_t rocks_property(
    struct rocks *rocks, enum rocks_family family, const char *name);

#endif
