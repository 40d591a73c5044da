// SPDX-License-Identifier: Apache-2.0
// Private to the RocksDB engine: finds what is intact in a table, and makes a
// table of that. A table is a run of blocks: first the entries, in the order of
// their keys, then filters, the index, ranges that were deleted, properties, a
// list of these, and a footer that says where the list and the index are
// (RocksDB's table/format.cc and table/block_based/).
#ifndef ROOST_ENGINE_ROCKSDB_SALVAGE_H
#define ROOST_ENGINE_ROCKSDB_SALVAGE_H

#include "engine/rocksdb_folder.h"

// A block of entries that is intact.
struct rocks_block {
	uint64_t offset;
	uint64_t size;   // without the 5 bytes behind it
	struct buf last; // its last key
};

struct rocks_place {
	uint64_t offset;
	uint64_t size;
};

// So many damaged blocks are remembered.
#define ROCKS_BAD_MAX 64

// Keys end with the le64 of sequence number and kind, as RocksDB stores them.
struct rocks_salvage {
	VEC(struct rocks_block) blocks;
	bool has_ranges; // there is an intact block of deleted ranges:
	uint64_t ranges_offset;
	uint64_t ranges_size;
	VEC(struct rocks_place) bad; // damaged blocks of any kind
	struct rocks_losses
	    losses;         // of keys that were, or may have been, there
	bool whole;         // nothing is damaged, its end neither
	bool has_family;    // the properties are intact
	uint32_t family;    // otherwise guessed; ROCKS_FAMILIES: unknown
	uint64_t entries;   // with the deleted ranges
	uint64_t deletions; // with the deleted ranges
	uint64_t ranges;
	uint64_t key_bytes;
	uint64_t value_bytes;
	uint64_t first_sequence;
	uint64_t last_sequence;
	uint64_t oldest_blob;       // number of a blob file; UINT64_MAX: none
	struct rocks_numbers blobs; // blob files that it needs
	struct buf smallest;
	struct buf largest;
};

// Finds what is intact in `bytes`, which are all of a file.
void rocks_salvage_find(struct view bytes, struct rocks_salvage *ret_salvage);
void rocks_salvage_done(struct rocks_salvage *salvage);
// Makes a whole table of what was found.
void rocks_salvage_write(
    struct view bytes, const struct rocks_salvage *salvage, struct buf *to);

// As RocksDB writes them: 7 bits a byte; the length and then the bytes.
void rocks_put_varint(struct buf *to, uint64_t number);
void rocks_put_string(struct buf *to, struct view bytes);

// Whether the block at `offset` is intact; if so, unpacks it.
bool rocks_block_unpack(
    struct view bytes, uint64_t offset, uint64_t size, struct buf *ret_plain);
uint32_t rocks_block_checksum(const char *block, size_t size);

// The entries of an unpacked block, in order.
struct rocks_entries {
	struct view rest;
	bool no_values; // of an index: handles without a length follow the keys
	struct buf key;
	struct view value;
};

bool rocks_entries_init(struct view block, struct rocks_entries *entries);
bool rocks_entries_next(struct rocks_entries *entries);
void rocks_entries_done(struct rocks_entries *entries);

#endif
