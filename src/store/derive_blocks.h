// SPDX-License-Identifier: Apache-2.0
// Derived data that says something of each email, in blocks of emails by
// number. A block is written when all its numbers have been given out, so a new
// email costs a small part of a block; a reader reads the newest emails from
// their descriptions. When an email goes, its block is written again. An email
// never changes, so what is found in a block is right.
//
// A block's key is 'B' and its number (8 bytes, big-endian). Its value is its
// emails that exist, in order, each in a form that tells its own length.
#ifndef ROOST_STORE_DERIVE_BLOCKS_H
#define ROOST_STORE_DERIVE_BLOCKS_H

#include "store/derive_impl.h"

struct block_kind {
	unsigned emails;  // in a block
	size_t bytes_max; // of a block
	// What `put` needs; NULL for nothing. Freed by `scratch_free`.
	void *(*scratch_new)(void);
	void (*scratch_free)(void *scratch);
	// Adds an email, of its RECORD_EMAIL, to a block. RC_CORRUPT for a
	// damaged record: the email is left out, and a reader who wants it
	// finds the damage in the record.
	enum rc (*put)(void *scratch, uint64_t email_id, struct view value,
	    struct buf *block);
	// Removes the first email from `rest`, the rest of block `number`.
	// RC_END; RC_CORRUPT.
	enum rc (*take)(
	    struct view *rest, uint64_t number, uint64_t *ret_email_id);
};

// One piece of reading everything, and one of following the log. RC_GONE from
// the second: everything has to be read.
MUST_CHECK enum rc blocks_read_all(
    const struct block_kind *kind, struct derive_piece *piece);
MUST_CHECK enum rc blocks_follow(
    const struct block_kind *kind, struct derive_piece *piece);
// Compares what is stored with the account. `account` and `derived` are of the
// same moment. RC_CORRUPT when they differ.
MUST_CHECK enum rc blocks_check(const struct block_kind *kind,
    struct engine_snapshot *account, struct engine_snapshot *derived,
    const struct derive_state *state);

#endif
