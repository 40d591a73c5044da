// SPDX-License-Identifier: Apache-2.0
// Gives back the disk space of swept content. RocksDB counts a blob as garbage
// only when compaction meets its deletion, and collects only from the oldest
// files. Without this, blobs deleted in younger files would stay for years.
#include "engine/rocksdb_impl.h"

// A reclaim begins when this many bytes were swept since the last one.
#define RECLAIM_BYTES ((uint64_t)64 << 20)

// Less garbage than this is not collected.
#define RECLAIM_GARBAGE ((uint64_t)8 << 20)

static void compact(struct rocks *rocks)
{
	rocksdb_compactoptions_t *options = rocksdb_compactoptions_create();
	rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0);
	rocksdb_compactoptions_set_bottommost_level_compaction(options, 2);
	rocksdb_compact_range_cf_opt(rocks->db, rocks->families[ROCKS_CONTENT],
	    options, NULL, 0, NULL, 0);
	rocksdb_compactoptions_destroy(options);
}

static void set_cutoff(struct rocks *rocks, const char *value)
{
	const char *names[] = {"blob_garbage_collection_age_cutoff"};
	const char *values[] = {value};
	char *error = NULL;
	rocksdb_set_options_cf(rocks->db, rocks->families[ROCKS_CONTENT], 1,
	    names, values, &error);
	enum rc rc = rocks_result(rocks, error, "reclaiming", NULL);
	(void)rc; // if it failed, less is reclaimed
}

void rocks_reclaim(struct rocks *rocks, uint64_t deleted_bytes)
{
	uint64_t pending =
	    atomic_fetch_add(&rocks->reclaimable, deleted_bytes) +
	    deleted_bytes;
	if (pending < RECLAIM_BYTES || atomic_load(&rocks->damage.known))
		return;
	atomic_store(&rocks->reclaimable, 0);
	// This rewrites only keys, which are small beside their values, and
	// finds the garbage.
	compact(rocks);
	uint64_t garbage = rocks_property(
	    rocks, ROCKS_CONTENT, "rocksdb.live-blob-file-garbage-size");
	uint64_t total =
	    rocks_property(rocks, ROCKS_CONTENT, "rocksdb.live-blob-file-size");
	if (garbage < RECLAIM_GARBAGE || garbage < total / 2)
		return;
	// At least half is garbage: the other half is written anew.
	set_cutoff(rocks, "1.0");
	compact(rocks);
	set_cutoff(rocks, ROCKS_BLOB_CUTOFF_TEXT);
}
