// SPDX-License-Identifier: Apache-2.0
// Building the sort columns. A block contains only what the descriptions of its
// emails say. So it is the same whether it was built by reading everything or
// by following the change log.
#include "base/bytes.h"
#include "base/mem.h"
#include "store/changes_impl.h"
#include "store/columns.h"
#include "store/derive_impl.h"

// Blocks in one piece of work.
#define PIECE_BLOCKS 16

#define BLOCK_BYTES_MAX                                                        \
	((size_t)COLUMNS_BLOCK *                                               \
	    (64 + COLUMNS_TEXT_COUNT * STORE_SORT_STRING_MAX))

struct builder {
	struct engine_snapshot *account;
	struct engine_cursor *cursor; // over descriptions
	// No email has this number or a higher one yet.
	uint64_t next_email_id;
	struct fold fold;
	struct buf texts;
	struct buf block;
};

static enum rc builder_open(
    struct builder *builder, struct engine_snapshot *account)
{
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct record_key prefix = record_key_kind(RECORD_EMAIL);
	struct record_account record;
	*builder = (struct builder){.account = account};
	fold_init(&builder->fold, FOLD_CASEMAP);
	buf_init(&builder->texts, BLOCK_BYTES_MAX * FOLD_GROWTH_MAX);
	buf_init(&builder->block, BLOCK_BYTES_MAX);
	enum rc rc = engine_snapshot_get(
	    account, record_key_view(&key), &builder->block);
	if (rc == RC_OK)
		rc = record_account_get(buf_view(&builder->block), &record);
	if (rc == RC_OK)
		rc = engine_cursor_open(
		    account, record_key_view(&prefix), &builder->cursor);
	if (rc == RC_OK)
		builder->next_email_id = record.next_email_id;
	return rc;
}

static void builder_close(struct builder *builder)
{
	engine_cursor_close(&builder->cursor);
	buf_done(&builder->texts);
	buf_done(&builder->block);
}

// RC_CORRUPT for a damaged description: the email is left out, and a reader who
// wants it finds the damage in the description.
static enum rc put_email(
    struct builder *builder, uint64_t email_id, struct view value)
{
	struct record_email email;
	struct message_record record;
	struct view bytes;
	enum rc rc = record_email_get(value, &email, &bytes);
	if (rc == RC_OK)
		rc = message_record_open(bytes, &record);
	if (rc != RC_OK)
		return rc;
	struct columns_entry entry = {.email_id = email_id,
	    .has_date = record.flags & MESSAGE_RECORD_DATE,
	    .date = record.date.seconds};
	size_t lens[COLUMNS_TEXT_COUNT];
	buf_reset(&builder->texts);
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++) {
		size_t before = builder->texts.len;
		columns_fold(&builder->fold,
		    record.text[columns_text_of((enum columns_text)i)],
		    &builder->texts);
		lens[i] = builder->texts.len - before;
	}
	struct view rest = buf_view(&builder->texts);
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++) {
		entry.text[i] = view_slice(rest, 0, lens[i]);
		rest = view_from(rest, lens[i]);
	}
	columns_put(&entry, &builder->block);
	return RC_OK;
}

// Builds a block in `builder->block`. It is empty when not all of its numbers
// have been given out, or when none of its emails is left.
static enum rc build_block(struct builder *builder, uint64_t number)
{
	uint64_t first = number * COLUMNS_BLOCK;
	struct record_key key = record_key_u64(RECORD_EMAIL, first);
	enum rc rc = RC_OK;
	buf_reset(&builder->block);
	if (first + COLUMNS_BLOCK > builder->next_email_id)
		return RC_OK;
	engine_cursor_seek(builder->cursor, record_key_view(&key));
	while (rc == RC_OK) {
		struct view found;
		struct view value;
		rc = engine_cursor_next(builder->cursor, &found, &value);
		if (rc != RC_OK || found.len != 9)
			break;
		uint64_t id = get_be64(found.ptr + 1);
		if (id - first >= COLUMNS_BLOCK)
			break;
		rc = put_email(builder, id, value);
		if (rc == RC_CORRUPT || rc == RC_UNSUPPORTED)
			rc = RC_OK;
	}
	if (rc == RC_OK)
		rc = buf_status(&builder->block);
	return rc == RC_END ? RC_OK : rc;
}

static enum rc put_block(
    struct builder *builder, uint64_t number, struct engine_batch *batch)
{
	struct record_key key = record_key_u64('B', number);
	enum rc rc = build_block(builder, number);
	if (rc != RC_OK)
		return rc;
	if (builder->block.len)
		engine_batch_put(
		    batch, record_key_view(&key), buf_view(&builder->block));
	else
		engine_batch_delete(batch, record_key_view(&key));
	return RC_OK;
}

// ---- Reading everything ----------------------------------------------------

// Gives the block of the first email from block `number` on; RC_END.
static enum rc next_block(
    struct builder *builder, uint64_t number, uint64_t *ret_number)
{
	struct record_key key =
	    record_key_u64(RECORD_EMAIL, number * COLUMNS_BLOCK);
	struct view found;
	struct view value;
	engine_cursor_seek(builder->cursor, record_key_view(&key));
	enum rc rc = engine_cursor_next(builder->cursor, &found, &value);
	if (rc == RC_OK && found.len == 9)
		*ret_number = get_be64(found.ptr + 1) / COLUMNS_BLOCK;
	return rc;
}

static enum rc read_all(struct derive_piece *piece)
{
	struct engine_snapshot *account;
	struct builder builder;
	uint64_t number = piece->state.next;
	enum rc rc =
	    engine_snapshot_open(piece->engine, piece->account_id, &account);
	if (rc != RC_OK)
		return rc;
	rc = builder_open(&builder, account);
	for (int i = 0; rc == RC_OK && i < PIECE_BLOCKS; i++) {
		rc = next_block(&builder, number, &number);
		if (rc == RC_OK)
			rc = put_block(&builder, number, piece->batch);
		if (rc == RC_OK)
			number++;
	}
	piece->state.next = number;
	piece->state.reading_all = rc != RC_END;
	piece->more = true; // at least the log has to be followed
	builder_close(&builder);
	engine_snapshot_close(&account);
	return rc == RC_END ? RC_OK : rc;
}

// ---- Following -------------------------------------------------------------

struct blocks {
	uint64_t numbers[PIECE_BLOCKS];
	unsigned count;
};

static bool add_block(struct blocks *blocks, uint64_t number)
{
	for (unsigned i = 0; i < blocks->count; i++)
		if (blocks->numbers[i] == number)
			return true;
	if (blocks->count == PIECE_BLOCKS)
		return false;
	blocks->numbers[blocks->count++] = number;
	return true;
}

// Notes the blocks that have to be built because of a run of emails, and gives
// the number of its emails that are done. A block is built when its last number
// is given out.
static uint32_t note_run(
    struct blocks *blocks, const struct store_change *change)
{
	bool made = change->kind == STORE_CHANGE_EMAIL_MADE;
	uint64_t first = change->email_id;
	uint64_t end = first + change->count;
	for (uint64_t id = first; id < end;) {
		uint64_t number = id / COLUMNS_BLOCK;
		uint64_t next = (number + 1) * COLUMNS_BLOCK;
		if ((!made || next <= end) && !add_block(blocks, number))
			return (uint32_t)(id - first);
		id = next;
	}
	return change->count;
}

static enum rc note_changes(struct derive_piece *piece,
    struct store_change_walk *walk, struct blocks *blocks)
{
	struct store_change change;
	enum rc rc;
	while ((rc = store_change_walk_next(walk, &change)) == RC_OK) {
		if (change.kind != STORE_CHANGE_EMAIL_MADE &&
		    change.kind != STORE_CHANGE_EMAIL_GONE)
			continue;
		uint32_t noted = note_run(blocks, &change);
		if (noted == change.count)
			continue;
		piece->state.built = (struct store_change_position){
		    change.version - 1, change.number + noted};
		piece->more = true;
		return RC_OK;
	}
	piece->state.built =
	    (struct store_change_position){store_change_walk_version(walk), 0};
	return rc == RC_END ? RC_OK : rc;
}

static enum rc follow(struct derive_piece *piece)
{
	struct blocks blocks = {.count = 0};
	struct store_change_walk *walk;
	struct builder builder;
	enum rc rc = change_walk_open(
	    piece->engine, piece->account_id, piece->state.built, &walk);
	if (rc != RC_OK)
		return rc;
	rc = note_changes(piece, walk, &blocks);
	if (rc == RC_OK && blocks.count) {
		rc = builder_open(&builder, change_walk_snapshot(walk));
		for (unsigned i = 0; rc == RC_OK && i < blocks.count; i++)
			rc = put_block(
			    &builder, blocks.numbers[i], piece->batch);
		builder_close(&builder);
	}
	store_change_walk_close(&walk);
	// A change that cannot be followed makes the tenant read everything.
	return rc == RC_CORRUPT ? RC_GONE : rc;
}

// ---- The check -------------------------------------------------------------

static bool same_entry(
    const struct columns_entry *a, const struct columns_entry *b)
{
	bool same = a->email_id == b->email_id && a->has_date == b->has_date &&
		    a->date == b->date;
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++)
		same = same && view_eq(a->text[i], b->text[i]);
	return same;
}

// If columns are older than the account, they may have emails that are gone,
// and lack others. Emails that both have must be the same.
static enum rc compare_behind(
    struct view stored, struct view built, uint64_t number)
{
	struct columns_entry left;
	struct columns_entry right;
	enum rc right_rc = columns_take(&built, number, &right);
	enum rc rc;
	uint64_t last = 0;
	while ((rc = columns_take(&stored, number, &left)) == RC_OK) {
		if (last && left.email_id <= last)
			return RC_CORRUPT;
		last = left.email_id;
		while (right_rc == RC_OK && right.email_id < last)
			right_rc = columns_take(&built, number, &right);
		if (right_rc == RC_OK && right.email_id == last &&
		    !same_entry(&left, &right))
			return RC_CORRUPT;
	}
	return rc == RC_END ? RC_OK : RC_CORRUPT;
}

static enum rc check_behind(
    struct builder *builder, struct engine_cursor *stored)
{
	struct view key;
	struct view value;
	enum rc rc;
	while ((rc = engine_cursor_next(stored, &key, &value)) == RC_OK) {
		if (key.len != 9)
			return RC_CORRUPT;
		uint64_t number = get_be64(key.ptr + 1);
		rc = build_block(builder, number);
		if (rc == RC_OK)
			rc = compare_behind(
			    value, buf_view(&builder->block), number);
		if (rc != RC_OK)
			return rc;
	}
	return rc == RC_END ? RC_OK : rc;
}

// Columns that are up to date must be exactly what would be built now.
static enum rc check_current(
    struct builder *builder, struct engine_cursor *stored)
{
	struct view key;
	struct view value;
	uint64_t number = 0;
	enum rc rc;
	while ((rc = next_block(builder, number, &number)) == RC_OK) {
		rc = build_block(builder, number);
		if (rc != RC_OK)
			return rc;
		struct record_key wanted = record_key_u64('B', number++);
		if (builder->block.len == 0)
			continue;
		rc = engine_cursor_next(stored, &key, &value);
		if (rc == RC_END ||
		    (rc == RC_OK &&
			(!view_eq(key, record_key_view(&wanted)) ||
			    !view_eq(value, buf_view(&builder->block)))))
			return RC_CORRUPT;
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_END)
		return rc;
	rc = engine_cursor_next(stored, &key, &value);
	return rc == RC_END ? RC_OK : rc == RC_OK ? RC_CORRUPT : rc;
}

static enum rc check(struct engine_snapshot *account,
    struct engine_snapshot *derived, const struct derive_state *state)
{
	bool behind = state->reading_all ||
		      state->built.version != engine_snapshot_version(account);
	struct engine_cursor *stored = NULL;
	struct builder builder;
	enum rc rc = builder_open(&builder, account);
	if (rc == RC_OK)
		rc = engine_cursor_open(derived, VIEW("B"), &stored);
	if (rc == RC_OK)
		rc = behind ? check_behind(&builder, stored)
			    : check_current(&builder, stored);
	engine_cursor_close(&stored);
	builder_close(&builder);
	return rc;
}

const struct derive_tenant columns_tenant = {
    .number = 1,
    .format = 1,
    .read_all = read_all,
    .follow = follow,
    .check = check,
};
