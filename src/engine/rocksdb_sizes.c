// SPDX-License-Identifier: Apache-2.0
// How large the database is, as RocksDB says.
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_impl.h"

uint64_t rocks_property(
    struct rocks *rocks, enum rocks_family family, const char *name)
{
	uint64_t number = 0;
	rocksdb_property_int_cf(
	    rocks->db, rocks->families[family], name, &number);
	return number;
}

void rocks_sizes(struct engine *engine, struct engine_stats *stats)
{
	struct rocks *rocks = (struct rocks *)engine;
	for (enum rocks_family i = 0; i < ROCKS_FAMILIES; i++) {
		stats->table_bytes +=
		    rocks_property(rocks, i, "rocksdb.total-sst-files-size");
		stats->content_bytes +=
		    rocks_property(rocks, i, "rocksdb.total-blob-file-size");
		stats->buffer_bytes +=
		    rocks_property(rocks, i, "rocksdb.size-all-mem-tables");
	}
	// All families share one cache.
	stats->cache_bytes =
	    rocks_property(rocks, ROCKS_CONTENT, "rocksdb.block-cache-usage");
}
