// SPDX-License-Identifier: Apache-2.0
// A message that is arriving. Its first bytes are held until it is known
// whether it is short. The bytes that are not kept in the index are then
// written to an engine writer, chunk by chunk. The parser sees every byte once.
#include "store/draft.h"

#include "base/mem.h"
#include "store/account_impl.h"
#include "store/ragged.h"
#include "wire/header.h"
#include "wire/preview.h"

struct store_draft {
	struct store *store;
	struct message_parser *parser;
	uint64_t size;
	struct ragged ragged;
	struct buf head;              // the first bytes of the message
	struct engine_writer *writer; // NULL while all is in `head`
	struct engine_content_id content;
	struct buf record;
	uint32_t header_len;
	bool failed;
	uint64_t allowed; // bytes over the store's maximum
	bool shared;      // for several accounts
	bool put;         // the writer was finished into a batch
};

struct store_draft *store_draft_new(struct store *store)
{
	struct store_draft *draft = mem_zalloc(sizeof(*draft));
	draft->store = store;
	draft->parser = message_parser_new(0);
	buf_init(&draft->head, DRAFT_HEAD_MAX);
	buf_init(&draft->record, MESSAGE_RECORD_MAX);
	return draft;
}

void store_draft_free(struct store_draft **draft)
{
	struct store_draft *old = *draft;
	*draft = NULL;
	if (!old)
		return;
	message_parser_free(&old->parser);
	engine_writer_free(&old->writer);
	buf_done(&old->head);
	buf_done(&old->record);
	free(old);
}

uint64_t store_draft_size(const struct store_draft *draft)
{
	return draft->size;
}

size_t store_draft_memory(const struct store_draft *draft)
{
	// The writer holds one chunk, the last.
	return sizeof(*draft) + draft->head.capacity + draft->record.capacity +
	       (draft->parser ? message_parser_memory(draft->parser) : 0) +
	       (draft->writer ? ENGINE_CHUNK : 0);
}

// Keeps the header in `head` and sends what follows it to the writer.
static enum rc split(struct store_draft *draft)
{
	size_t keep;
	if (header_length(buf_view(&draft->head), &keep) != RC_OK)
		keep = draft->head.len;
	struct view rest = view_from(buf_view(&draft->head), keep);
	draft->writer =
	    engine_writer_new(draft->store->options.engine, &draft->content);
	enum rc rc = engine_writer_append(draft->writer, rest);
	buf_truncate(&draft->head, keep);
	return rc;
}

enum rc store_draft_add(struct store_draft *draft, struct view bytes)
{
	if (draft->failed)
		return RC_IO;
	uint64_t max = store_message_max(draft->store) + draft->allowed;
	if (bytes.len > max - draft->size)
		return RC_LIMIT;
	message_parser_push(draft->parser, bytes);
	ragged_add(&draft->ragged, bytes);
	draft->size += bytes.len;
	enum rc rc = RC_OK;
	if (!draft->writer) {
		size_t room = DRAFT_HEAD_MAX - draft->head.len;
		struct view part = view_slice(bytes, 0, room);
		buf_add(&draft->head, part);
		bytes = view_from(bytes, part.len);
		if (bytes.len)
			rc = split(draft);
	}
	if (rc == RC_OK && bytes.len)
		rc = engine_writer_append(draft->writer, bytes);
	draft->failed = rc != RC_OK;
	return rc;
}

uint64_t draft_lacks(const struct store_draft *draft)
{
	return ragged_lacks(&draft->ragged);
}

static void describe(struct store_draft *draft, const struct message *message)
{
	struct charset_cache cache;
	charset_cache_init(&cache);
	struct buf preview;
	buf_init(&preview, PREVIEW_BYTES_MAX);
	preview_write(&cache, message, &preview);
	message_record_build(
	    &cache, message, buf_view(&preview), &draft->record);
	buf_done(&preview);
	charset_cache_done(&cache);
}

void store_draft_allow(struct store_draft *draft, uint64_t bytes)
{
	draft->allowed = bytes;
}

void store_draft_share(struct store_draft *draft)
{
	draft->shared = true;
}

// If the message is only a header, it has no rest to be kept elsewhere.
static bool stays_whole(const struct store_draft *draft)
{
	size_t header;
	if (header_length(buf_view(&draft->head), &header) != RC_OK)
		return true;
	size_t body = draft->head.len - header;
	if (body == 0)
		return true;
	return draft->shared ? body < DRAFT_SHARE_MIN
			     : draft->size <= DRAFT_INLINE_MAX;
}

enum rc store_draft_finish(struct store_draft *draft)
{
	if (draft->failed)
		return RC_IO;
	if (draft->size == 0)
		return RC_INVALID;
	if (!draft->writer && !stays_whole(draft)) {
		enum rc rc = split(draft);
		if (rc != RC_OK)
			return rc;
	}
	struct message *message;
	enum rc rc = message_parser_finish(draft->parser, &message);
	if (rc != RC_OK)
		return rc;
	draft->header_len = message->header_len;
	describe(draft, message);
	message_free(&message);
	message_parser_free(&draft->parser);
	return buf_status(&draft->record);
}

bool draft_is_shared(const struct store_draft *draft)
{
	return draft->shared;
}

struct store *draft_store(const struct store_draft *draft)
{
	return draft->store;
}

enum rc store_draft_read(struct store_draft *draft, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	uint64_t head_len = draft->head.len;
	if (offset < head_len) {
		struct view part =
		    view_slice(buf_view(&draft->head), (size_t)offset, len);
		buf_add(ret_bytes, part);
		offset += part.len;
		len -= part.len;
	}
	if (!len || !draft->writer)
		return buf_status(ret_bytes);
	offset -= head_len;
	if (draft->put)
		return engine_content_read(draft->store->options.engine,
		    &draft->content, offset, len, ret_bytes);
	return engine_writer_read(draft->writer, offset, len, ret_bytes);
}

struct view draft_record(const struct store_draft *draft)
{
	return buf_view(&draft->record);
}

void draft_put_head(
    const struct store_draft *draft, struct view prefix, struct buf *out)
{
	struct record_head head = {
	    .size = draft->size + prefix.len,
	    .header_len = draft->header_len + (uint32_t)prefix.len,
	    .head_len = (uint32_t)(draft->head.len + prefix.len),
	    .has_content = draft->writer != NULL,
	    .content = draft->content,
	};
	record_head_put(&head, out);
	buf_add(out, prefix);
	buf_add(out, buf_view(&draft->head));
}

enum rc draft_put_content(struct store_draft *draft, struct engine_batch *batch)
{
	if (!draft->writer)
		return RC_OK;
	draft->put = true;
	return engine_writer_finish(draft->writer, batch);
}
