// SPDX-License-Identifier: Apache-2.0
// Reads RocksDB's log format: the write-ahead logs (NUMBER.log) and the
// MANIFEST. RocksDB cuts such a file at the first thing that it cannot read.
// This reader goes on behind it, so that what is there can be judged and saved.
//
// A file consists of blocks of 32 KiB. A record is one fragment (FULL), or
// several (FIRST, MIDDLE …, LAST) of which each is in another block. A fragment
// has a header: masked CRC-32C of type and bytes (le32), length (le16), type
// (1). Fewer than 7 bytes at the end of a block are zero.
#ifndef ROOST_ENGINE_ROCKSDB_LOG_H
#define ROOST_ENGINE_ROCKSDB_LOG_H

#include <sys/types.h>

#include "base/buf.h"

#define ROCKS_LOG_BLOCK  32768
#define ROCKS_LOG_HEADER 7

// Continues the CRC-32C `crc` (0 at first) with `bytes`.
uint32_t rocks_crc32c(uint32_t crc, struct view bytes);
// RocksDB stores a CRC in this form.
static inline uint32_t rocks_crc_mask(uint32_t crc)
{
	return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}
static inline uint32_t rocks_crc_unmask(uint32_t masked)
{
	uint32_t rotated = masked - 0xa282ead8u;
	return (rotated >> 17) | (rotated << 15);
}

// ---- Records ---------------------------------------------------------------

enum rocks_log_found {
	ROCKS_LOG_RECORD, // a record whose checksums are right
	ROCKS_LOG_DAMAGE, // something that is no record
	ROCKS_LOG_END,
	ROCKS_LOG_UNREADABLE, // the file cannot be read; errno says why
};

struct rocks_log {
	// Reads `len` bytes at `offset`, or fewer at the end of the file; -1
	// and errno when it fails.
	ssize_t (*read)(void *context, uint64_t offset, void *to, size_t len);
	void *context;

	// What rocks_log_next() found.
	struct view record;     // RECORD: valid until the next call
	uint64_t offset;        // where the record begins, also a damaged one
	uint64_t damage_offset; // DAMAGE: the fragment that is damaged

	// Its own.
	char block[ROCKS_LOG_BLOCK];
	uint64_t block_offset;
	size_t block_len;
	size_t at;      // in the block
	size_t trusted; // in the block: where a fragment of any type may begin
	bool searching; // behind damage: looks for the next fragment
	bool ended;
	struct buf joined; // a record of several fragments
};

void rocks_log_init(struct rocks_log *log,
    ssize_t (*read)(void *context, uint64_t offset, void *to, size_t len),
    void *context);
void rocks_log_done(struct rocks_log *log);
// Finds the next record. After DAMAGE, the next call looks for a record behind
// it: at every byte of the block, then in the next block. What it finds at any
// byte may be bytes inside a record that look like a record, because somebody
// sent them so. The caller must know its records by something that no sender
// knows; if the record is not one of them, the caller calls rocks_log_reject().
enum rocks_log_found rocks_log_next(struct rocks_log *log);
void rocks_log_reject(struct rocks_log *log);

// ---- Batches ---------------------------------------------------------------

// The kinds of operations that the engine writes.
enum rocks_log_kind {
	ROCKS_LOG_PUT,
	ROCKS_LOG_DELETE,
	ROCKS_LOG_DELETE_RANGE, // `value` is the end
	ROCKS_LOG_NOTE,         // `value`: bytes that are in the log only
};

struct rocks_log_op {
	enum rocks_log_kind kind;
	uint32_t family;
	struct view key;
	struct view value;
};

// The batch in a record of a write-ahead log. It gives the sequence numbers
// `sequence` to `sequence` + `count` - 1 to its operations (notes have none).
struct rocks_log_batch {
	uint64_t sequence;
	uint32_t count;
	struct view rest;
	uint32_t seen;
};

// RC_CORRUPT: this is not a batch of the engine.
MUST_CHECK enum rc rocks_log_batch_open(
    struct view record, struct rocks_log_batch *ret_batch);
// RC_END after the last operation. RC_CORRUPT.
MUST_CHECK enum rc rocks_log_batch_next(
    struct rocks_log_batch *batch, struct rocks_log_op *ret_op);

// A number of 7 bits a byte, as RocksDB writes it, at the start of `*bytes`.
// False if there is none.
MUST_CHECK bool rocks_log_varint(struct view *bytes, uint64_t *ret_number);
// The same, and then as many bytes as it says.
MUST_CHECK bool rocks_log_string(struct view *bytes, struct view *ret_string);

// ---- One flipped bit -------------------------------------------------------

// `difference`: between the CRC-32C of `bytes` and the one that is right. If
// one flipped bit of `bytes` explains it, says which: its number, counted from
// the lowest bit of the first byte. RC_NOT_FOUND.
MUST_CHECK enum rc rocks_crc_flipped(
    struct view bytes, uint32_t difference, uint64_t *ret_bit);
// If the fragment at the start of `bytes` (which end with its block) becomes
// whole when one bit is turned around, says which bit. A fragment that was
// never written to its end does not become whole in this way. RC_NOT_FOUND.
MUST_CHECK enum rc rocks_log_flipped(struct view bytes, uint64_t *ret_bit);

#endif
