// SPDX-License-Identifier: Apache-2.0
// Blocks of sort columns: their form, and how they are read.
#include "store/columns.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/derive_impl.h"
#include "wire/utf8.h"

// The bytes of an entry before its texts.
#define ENTRY_BYTES (2 + 8 + 2 * COLUMNS_TEXT_COUNT)

enum message_record_text columns_text_of(enum columns_text text)
{
	static const enum message_record_text texts[COLUMNS_TEXT_COUNT] = {
	    [COLUMNS_SUBJECT] = MESSAGE_RECORD_SUBJECT_BASE,
	    [COLUMNS_FROM] = MESSAGE_RECORD_FROM_MAILBOX,
	    [COLUMNS_TO] = MESSAGE_RECORD_TO_MAILBOX,
	    [COLUMNS_CC] = MESSAGE_RECORD_CC_MAILBOX,
	    [COLUMNS_DISPLAY_FROM] = MESSAGE_RECORD_FROM_DISPLAY,
	    [COLUMNS_DISPLAY_TO] = MESSAGE_RECORD_TO_DISPLAY,
	};
	return texts[text];
}

void columns_fold(struct fold *fold, struct view text, struct buf *out)
{
	// Folding never makes a string shorter than a quarter. So enough is
	// left, and a key of a megabyte costs no more than one of 4,000 bytes.
	text = utf8_truncate(text, 4 * STORE_SORT_STRING_MAX);
	size_t offset = out->len;
	fold_feed(fold, text, out);
	fold_end(fold, out);
	if (out->len - offset > STORE_SORT_STRING_MAX)
		buf_truncate(out, offset + STORE_SORT_STRING_MAX);
}

// ---- Blocks ----------------------------------------------------------------

void columns_put(const struct columns_entry *entry, struct buf *block)
{
	char bytes[ENTRY_BYTES];
	bytes[0] = (char)(entry->email_id % COLUMNS_BLOCK);
	bytes[1] = entry->has_date;
	put_le64(bytes + 2, entry->has_date ? (uint64_t)entry->date : 0);
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++) {
		bytes[10 + 2 * i] = (char)(entry->text[i].len & 0xff);
		bytes[11 + 2 * i] = (char)(entry->text[i].len >> 8);
	}
	buf_add(block, view_of(bytes, sizeof(bytes)));
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++)
		buf_add(block, entry->text[i]);
}

enum rc columns_take(
    struct view *rest, uint64_t number, struct columns_entry *ret_entry)
{
	if (rest->len == 0)
		return RC_END;
	if (rest->len < ENTRY_BYTES)
		return RC_CORRUPT;
	const unsigned char *bytes = (const unsigned char *)rest->ptr;
	if (bytes[0] >= COLUMNS_BLOCK || bytes[1] > 1)
		return RC_CORRUPT;
	ret_entry->email_id = number * COLUMNS_BLOCK + bytes[0];
	ret_entry->has_date = bytes[1];
	ret_entry->date = (int64_t)get_le64(bytes + 2);
	if (!ret_entry->has_date && ret_entry->date != 0)
		return RC_CORRUPT;
	struct view left = view_from(*rest, ENTRY_BYTES);
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++) {
		size_t len = bytes[10 + 2 * i] | (size_t)bytes[11 + 2 * i] << 8;
		if (len > left.len || len > STORE_SORT_STRING_MAX)
			return RC_CORRUPT;
		ret_entry->text[i] = view_slice(left, 0, len);
		left = view_from(left, len);
	}
	*rest = left;
	return RC_OK;
}

// ---- Reading ---------------------------------------------------------------

struct columns_reader {
	struct engine_snapshot *snapshot; // NULL: the account has no columns
	struct engine_cursor *cursor;
	bool has_block; // the block `number` has been looked up
	uint64_t number;
	struct view block; // empty when there is no such block
	struct view rest;  // of the block
};

struct columns_reader *columns_reader_new(struct store_account *account)
{
	struct columns_reader *reader = mem_zalloc(sizeof(*reader));
	struct derive_state state;
	if (account->id >= DERIVE_ACCOUNT_END)
		return reader;
	enum rc rc = engine_snapshot_open(account->store->options.engine,
	    derive_partition(columns_tenant.number, account->id),
	    &reader->snapshot);
	if (rc == RC_OK)
		rc =
		    derive_state_get(reader->snapshot, &columns_tenant, &state);
	if (rc == RC_OK)
		rc = engine_cursor_open(
		    reader->snapshot, VIEW("B"), &reader->cursor);
	if (rc != RC_OK)
		engine_snapshot_close(&reader->snapshot);
	return reader;
}

void columns_reader_free(struct columns_reader **reader)
{
	struct columns_reader *old = *reader;
	*reader = NULL;
	if (!old)
		return;
	engine_cursor_close(&old->cursor);
	engine_snapshot_close(&old->snapshot);
	free(old);
}

static void find_block(struct columns_reader *reader, uint64_t number)
{
	struct record_key wanted = record_key_u64('B', number);
	struct view key;
	reader->has_block = true;
	reader->number = number;
	reader->block = VIEW("");
	engine_cursor_seek(reader->cursor, record_key_view(&wanted));
	if (engine_cursor_next(reader->cursor, &key, &reader->block) != RC_OK ||
	    !view_eq(key, record_key_view(&wanted)))
		reader->block = VIEW("");
	reader->rest = reader->block;
}

// Reads on in the block up to the email; false when it is not there.
static bool scan(struct columns_reader *reader, uint64_t email_id,
    struct columns_entry *ret_entry)
{
	while (columns_take(&reader->rest, reader->number, ret_entry) == RC_OK)
		if (ret_entry->email_id == email_id)
			return true;
	return false;
}

bool columns_find(struct columns_reader *reader, uint64_t email_id,
    struct columns_entry *ret_entry)
{
	uint64_t number = email_id / COLUMNS_BLOCK;
	if (!reader->snapshot)
		return false;
	if (!reader->has_block || reader->number != number)
		find_block(reader, number);
	// Continue where the last email was found, since most are asked for in
	// order.
	if (scan(reader, email_id, ret_entry))
		return true;
	reader->rest = reader->block;
	if (scan(reader, email_id, ret_entry))
		return true;
	reader->rest = reader->block;
	return false;
}
