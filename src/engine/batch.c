// SPDX-License-Identifier: Apache-2.0
// Batches: operations on keys as one run of bytes, operations on content as an
// array. An operation that is over a limit is not added; the batch remembers
// the error, and the commit fails before anything is written.
#include <limits.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "engine/impl.h"

#define OP_HEADER 9 // kind, two lengths

// A batch that is reset keeps at most this much memory.
#define BATCH_KEEP ((size_t)1 << 20)

struct engine_batch *engine_batch_new(struct engine *engine)
{
	(void)engine;
	struct engine_batch *batch = mem_zalloc(sizeof(*batch));
	buf_init(&batch->ops, ENGINE_BATCH_MAX);
	buf_init(&batch->tails, ENGINE_BATCH_MAX);
	return batch;
}

void engine_batch_free(struct engine_batch **batch)
{
	if (!*batch)
		return;
	buf_done(&(*batch)->ops);
	buf_done(&(*batch)->tails);
	free((*batch)->contents);
	free(*batch);
	*batch = NULL;
}

static void reset_buf(struct buf *buf)
{
	if (buf->capacity > BATCH_KEEP)
		buf_done(buf);
	buf_reset(buf);
}

void engine_batch_reset(struct engine_batch *batch)
{
	reset_buf(&batch->ops);
	reset_buf(&batch->tails);
	batch->content_count = 0;
	batch->ranges = 0;
	batch->rc = RC_OK;
}

enum rc batch_status(const struct engine_batch *batch)
{
	if (batch->rc != RC_OK)
		return batch->rc;
	if (buf_status(&batch->ops) != RC_OK ||
	    buf_status(&batch->tails) != RC_OK)
		return RC_LIMIT;
	size_t total = batch->ops.len + batch->tails.len +
		       batch->content_count * sizeof(*batch->contents);
	return total > ENGINE_BATCH_MAX ? RC_LIMIT : RC_OK;
}

static void add_op(struct engine_batch *batch, enum batch_kind kind,
    struct view key, struct view value)
{
	if (batch->rc != RC_OK)
		return;
	char *room = buf_reserve(&batch->ops, OP_HEADER + key.len + value.len);
	if (!room)
		return;
	room[0] = (char)kind;
	put_le32(room + 1, (uint32_t)key.len);
	put_le32(room + 5, (uint32_t)value.len);
	if (key.len)
		memcpy(room + OP_HEADER, key.ptr, key.len);
	if (value.len)
		memcpy(room + OP_HEADER + key.len, value.ptr, value.len);
	buf_commit(&batch->ops, OP_HEADER + key.len + value.len);
}

// The empty key is refused: an engine keeps the version there.
static bool key_is_good(struct engine_batch *batch, struct view key)
{
	if (key.len == 0)
		batch->rc = RC_INVALID;
	else if (key.len > ENGINE_KEY_MAX)
		batch->rc = RC_LIMIT;
	return batch->rc == RC_OK;
}

void engine_batch_put(
    struct engine_batch *batch, struct view key, struct view value)
{
	if (!key_is_good(batch, key))
		return;
	if (value.len > ENGINE_VALUE_MAX)
		batch->rc = RC_LIMIT;
	add_op(batch, BATCH_PUT, key, value);
}

void engine_batch_delete(struct engine_batch *batch, struct view key)
{
	if (key_is_good(batch, key))
		add_op(batch, BATCH_DELETE, key, view_of(NULL, 0));
}

void engine_batch_delete_range(
    struct engine_batch *batch, struct view first, struct view end)
{
	if (first.len > ENGINE_KEY_MAX || end.len > ENGINE_KEY_MAX) {
		batch->rc = RC_LIMIT;
		return;
	}
	if (view_compare(first, end) >= 0)
		return;
	add_op(batch, BATCH_DELETE_RANGE, first, end);
	batch->ranges++;
}

bool batch_next(
    const struct engine_batch *batch, size_t *position, struct batch_op *ret_op)
{
	if (*position >= batch->ops.len)
		return false;
	const char *at = batch->ops.ptr + *position;
	size_t key_len = get_le32(at + 1);
	size_t value_len = get_le32(at + 5);
	ret_op->kind = (enum batch_kind)at[0];
	ret_op->key = view_of(at + OP_HEADER, key_len);
	ret_op->value = view_of(at + OP_HEADER + key_len, value_len);
	*position += OP_HEADER + key_len + value_len;
	return true;
}

// ---- Content ---------------------------------------------------------------

static struct batch_content *add_content(struct engine_batch *batch,
    const struct engine_content_id *id, enum batch_content_kind kind)
{
	if (batch->rc != RC_OK)
		return NULL;
	if (batch->content_count >=
	    ENGINE_BATCH_MAX / sizeof(*batch->contents)) {
		batch->rc = RC_LIMIT;
		return NULL;
	}
	batch->contents = mem_grow(batch->contents, &batch->content_capacity,
	    batch->content_count + 1, sizeof(*batch->contents));
	struct batch_content *content = &batch->contents[batch->content_count];
	*content = (struct batch_content){
	    .id = *id,
	    .kind = kind,
	    .sequence = (uint32_t)batch->content_count,
	};
	batch->content_count++;
	return content;
}

void engine_batch_own(
    struct engine_batch *batch, const struct engine_content_id *id)
{
	add_content(batch, id, BATCH_OWN);
}

void engine_batch_disown(
    struct engine_batch *batch, const struct engine_content_id *id)
{
	add_content(batch, id, BATCH_DISOWN);
}

void batch_finish_content(struct engine_batch *batch,
    const struct engine_content_id *id, uint64_t size, uint32_t tail_chunk,
    struct view tail, unsigned opening)
{
	struct batch_content *content = add_content(batch, id, BATCH_FINISH);
	if (!content)
		return;
	content->size = size;
	content->tail_chunk = tail_chunk;
	content->opening = opening;
	content->tail_offset = batch->tails.len;
	content->tail_len = tail.len;
	buf_add(&batch->tails, tail);
}

static int compare_contents(const void *left, const void *right)
{
	const struct batch_content *a = left;
	const struct batch_content *b = right;
	int order = memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes));
	if (order)
		return order;
	return a->sequence < b->sequence ? -1 : 1;
}

void batch_sort_contents(struct engine_batch *batch)
{
	if (batch->content_count > 1)
		qsort(batch->contents, batch->content_count,
		    sizeof(*batch->contents), compare_contents);
}
