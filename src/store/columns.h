// SPDX-License-Identifier: Apache-2.0
// The sort columns: what SORT compares of each email, already folded, as
// derived data in blocks of 64 emails (derive_blocks.h). An email that is in no
// block is read from its description.
//
// An email in a block: number within the block, whether it has a date (1 byte
// each), date (8 bytes), the lengths of the texts (2 bytes each), the texts.
#ifndef ROOST_STORE_COLUMNS_H
#define ROOST_STORE_COLUMNS_H

#include "store/sort.h"
#include "wire/fold.h"
#include "wire/message_record.h"

enum columns_text {
	COLUMNS_SUBJECT,
	COLUMNS_FROM,
	COLUMNS_TO,
	COLUMNS_CC,
	COLUMNS_DISPLAY_FROM,
	COLUMNS_DISPLAY_TO,
	COLUMNS_TEXT_COUNT,
};

struct columns_entry {
	uint64_t email_id;
	bool has_date;
	int64_t date; // seconds since 1970 UTC: of the Date field
	struct view text[COLUMNS_TEXT_COUNT]; // folded
};

// Which text of a description it is.
enum message_record_text columns_text_of(enum columns_text text);
// Adds `text` to `out` as it is compared in sorting: folded, and at most
// STORE_SORT_STRING_MAX bytes of it.
void columns_fold(struct fold *fold, struct view text, struct buf *out);

// ---- Blocks ----------------------------------------------------------------

#define COLUMNS_BLOCK 64 // emails

// Adds an email at the end of a block.
void columns_put(const struct columns_entry *entry, struct buf *block);
// Removes the first email from `rest`, the rest of block `number`. RC_END;
// RC_CORRUPT.
MUST_CHECK enum rc columns_take(
    struct view *rest, uint64_t number, struct columns_entry *ret_entry);

// ---- Reading ---------------------------------------------------------------

struct columns_reader;

// Reads an account's columns as they are now, if it has any.
struct columns_reader *columns_reader_new(struct store_account *account);
void columns_reader_free(struct columns_reader **reader);
// Finds an email's columns; false when the email is in no block. Ascending
// order costs least. The views are valid until the next call.
bool columns_find(struct columns_reader *reader, uint64_t email_id,
    struct columns_entry *ret_entry);

#endif
