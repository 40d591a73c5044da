// SPDX-License-Identifier: Apache-2.0
// Building derived data that consists of blocks of emails. A block contains
// only what the descriptions of its emails say. So it is the same whether it
// was built by reading everything or by following the change log.
#include "store/derive_blocks.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "store/changes_impl.h"

// Blocks in one piece of work.
#define PIECE_BLOCKS 16

struct builder {
	const struct block_kind *kind;
	struct engine_snapshot *account;
	struct engine_cursor *cursor; // over descriptions
	// No email has this number or a higher one yet.
	uint64_t next_email_id;
	void *scratch;
	struct buf block;
};

static enum rc builder_open(const struct block_kind *kind,
    struct engine_snapshot *account, struct builder *builder)
{
	struct record_key key = record_key_kind(RECORD_ACCOUNT);
	struct record_key prefix = record_key_kind(RECORD_EMAIL);
	struct record_account record;
	*builder = (struct builder){.kind = kind, .account = account};
	builder->scratch = kind->scratch_new ? kind->scratch_new() : NULL;
	buf_init(&builder->block, kind->bytes_max);
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
	if (builder->scratch)
		builder->kind->scratch_free(builder->scratch);
	buf_done(&builder->block);
}

// Whether all numbers of a block have been given out.
static bool is_full(const struct builder *builder, uint64_t number)
{
	return (number + 1) * builder->kind->emails <= builder->next_email_id;
}

// Builds a block in `builder->block`. It is empty when not all of its numbers
// have been given out, or when none of its emails is left.
static enum rc build_block(struct builder *builder, uint64_t number)
{
	const struct block_kind *kind = builder->kind;
	uint64_t first = number * kind->emails;
	struct record_key key = record_key_u64(RECORD_EMAIL, first);
	enum rc rc = RC_OK;
	buf_reset(&builder->block);
	if (!is_full(builder, number))
		return RC_OK;
	engine_cursor_seek(builder->cursor, record_key_view(&key));
	while (rc == RC_OK) {
		struct view found;
		struct view value;
		rc = engine_cursor_next(builder->cursor, &found, &value);
		if (rc != RC_OK || found.len != 9)
			break;
		uint64_t id = get_be64(found.ptr + 1);
		if (id - first >= kind->emails)
			break;
		rc = kind->put(builder->scratch, id, value, &builder->block);
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
	    record_key_u64(RECORD_EMAIL, number * builder->kind->emails);
	struct view found;
	struct view value;
	engine_cursor_seek(builder->cursor, record_key_view(&key));
	enum rc rc = engine_cursor_next(builder->cursor, &found, &value);
	if (rc == RC_OK && found.len == 9)
		*ret_number = get_be64(found.ptr + 1) / builder->kind->emails;
	return rc;
}

enum rc blocks_read_all(
    const struct block_kind *kind, struct derive_piece *piece)
{
	struct engine_snapshot *account;
	struct builder builder;
	uint64_t number = piece->state.next;
	enum rc rc =
	    engine_snapshot_open(piece->engine, piece->account_id, &account);
	if (rc != RC_OK)
		return rc;
	rc = builder_open(kind, account, &builder);
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
	unsigned emails; // in a block
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
		uint64_t number = id / blocks->emails;
		uint64_t next = (number + 1) * blocks->emails;
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

enum rc blocks_follow(const struct block_kind *kind, struct derive_piece *piece)
{
	struct blocks blocks = {.emails = kind->emails};
	struct store_change_walk *walk;
	struct builder builder;
	enum rc rc = change_walk_open(
	    piece->engine, piece->account_id, piece->state.built, &walk);
	if (rc != RC_OK)
		return rc;
	rc = note_changes(piece, walk, &blocks);
	if (rc == RC_OK && blocks.count) {
		rc = builder_open(kind, change_walk_snapshot(walk), &builder);
		for (unsigned i = 0; rc == RC_OK && i < blocks.count; i++) {
			uint64_t number = blocks.numbers[i];
			// A block that is not full yet was never written.
			if (!is_full(&builder, number))
				continue;
			rc = put_block(&builder, number, piece->batch);
			piece->wrote = true;
		}
		builder_close(&builder);
	}
	store_change_walk_close(&walk);
	// A change that cannot be followed makes the tenant read everything.
	return rc == RC_CORRUPT ? RC_GONE : rc;
}

// ---- The check -------------------------------------------------------------

// The first email of `rest`, and its bytes.
static enum rc take(const struct block_kind *kind, struct view *rest,
    uint64_t number, uint64_t *ret_email_id, struct view *ret_bytes)
{
	struct view before = *rest;
	enum rc rc = kind->take(rest, number, ret_email_id);
	if (rc == RC_OK)
		*ret_bytes = view_slice(before, 0, before.len - rest->len);
	return rc;
}

// If the blocks are older than the account, they may have emails that are gone,
// and lack others. Emails that both have must be the same.
static enum rc compare_behind(const struct block_kind *kind, struct view stored,
    struct view built, uint64_t number)
{
	struct view left;
	struct view right;
	uint64_t left_id;
	uint64_t right_id;
	enum rc right_rc = take(kind, &built, number, &right_id, &right);
	enum rc rc;
	uint64_t last = 0;
	while ((rc = take(kind, &stored, number, &left_id, &left)) == RC_OK) {
		if (last && left_id <= last)
			return RC_CORRUPT;
		last = left_id;
		while (right_rc == RC_OK && right_id < last)
			right_rc =
			    take(kind, &built, number, &right_id, &right);
		if (right_rc == RC_OK && right_id == last &&
		    !view_eq(left, right))
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
			rc = compare_behind(builder->kind, value,
			    buf_view(&builder->block), number);
		if (rc != RC_OK)
			return rc;
	}
	return rc == RC_END ? RC_OK : rc;
}

// Blocks that are up to date must be exactly what would be built now.
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

enum rc blocks_check(const struct block_kind *kind,
    struct engine_snapshot *account, struct engine_snapshot *derived,
    const struct derive_state *state)
{
	bool behind = state->reading_all ||
		      state->built.version != engine_snapshot_version(account);
	struct engine_cursor *stored = NULL;
	struct builder builder;
	enum rc rc = builder_open(kind, account, &builder);
	if (rc == RC_OK)
		rc = engine_cursor_open(derived, VIEW("B"), &stored);
	if (rc == RC_OK)
		rc = behind ? check_behind(&builder, stored)
			    : check_current(&builder, stored);
	engine_cursor_close(&stored);
	builder_close(&builder);
	return rc;
}
