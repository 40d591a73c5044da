// SPDX-License-Identifier: Apache-2.0
// Reading emails through one engine snapshot. The first email of each kind of
// record is looked up by its key, since most readers want only one. Others are
// read by two cursors that move forward: one over descriptions, one over first
// bytes.
#include "base/mem.h"
#include "store/account_impl.h"
#include "store/reader_impl.h"

struct source {
	bool used;
	// The value that was found without a cursor.
	struct buf first;
	struct engine_cursor *cursor; // NULL until needed
};

struct store_reader {
	struct engine *engine;
	struct engine_snapshot *snapshot;
	bool own; // the snapshot is closed with the reader
	struct source emails;
	uint64_t email_id; // the email that `email` belongs to; 0: none
	struct view email;
	struct source heads;
	uint64_t head_id; // the email that `head` belongs to; 0: none
	struct record_head head;
	struct view head_bytes;
	// Holds a header that is too long for a head record.
	struct buf long_header;
	enum rc broken; // why there is no snapshot
};

struct store_reader *reader_new_on(
    struct engine *engine, struct engine_snapshot *snapshot)
{
	struct store_reader *reader = mem_zalloc(sizeof(*reader));
	reader->engine = engine;
	reader->snapshot = snapshot;
	buf_init(&reader->long_header, MESSAGE_SIZE_MAX);
	buf_init(&reader->emails.first, ENGINE_VALUE_MAX);
	buf_init(&reader->heads.first, ENGINE_VALUE_MAX);
	return reader;
}

struct store_reader *store_reader_new(struct store_account *account)
{
	struct engine *engine = account->store->options.engine;
	struct store_reader *reader = reader_new_on(engine, NULL);
	reader->broken =
	    engine_snapshot_open(engine, account->id, &reader->snapshot);
	reader->own = reader->broken == RC_OK;
	return reader;
}

static void source_done(struct source *source)
{
	engine_cursor_close(&source->cursor);
	buf_done(&source->first);
}

void store_reader_free(struct store_reader **reader)
{
	struct store_reader *old = *reader;
	*reader = NULL;
	if (!old)
		return;
	source_done(&old->emails);
	source_done(&old->heads);
	if (old->own)
		engine_snapshot_close(&old->snapshot);
	buf_done(&old->long_header);
	free(old);
}

static enum rc find(struct store_reader *reader, struct source *source,
    enum record_kind kind, uint64_t email_id, struct view *ret_value)
{
	if (reader->broken != RC_OK)
		return reader->broken;
	struct record_key wanted = record_key_u64(kind, email_id);
	if (!source->used) {
		source->used = true;
		enum rc rc = engine_snapshot_get(
		    reader->snapshot, record_key_view(&wanted), &source->first);
		*ret_value = buf_view(&source->first);
		return rc == RC_NOT_FOUND ? RC_GONE : rc;
	}
	if (!source->cursor) {
		struct record_key prefix = record_key_kind(kind);
		enum rc rc = engine_cursor_open(reader->snapshot,
		    record_key_view(&prefix), &source->cursor);
		if (rc != RC_OK)
			return rc;
	}
	struct view key;
	engine_cursor_seek(source->cursor, record_key_view(&wanted));
	enum rc rc = engine_cursor_next(source->cursor, &key, ret_value);
	if (rc == RC_END ||
	    (rc == RC_OK && !view_eq(key, record_key_view(&wanted))))
		return RC_GONE;
	return rc;
}

static enum rc find_email(struct store_reader *reader, uint64_t email_id,
    struct record_email *ret_email, struct view *ret_description)
{
	if (email_id == 0 || reader->email_id != email_id) {
		reader->email_id = 0;
		enum rc rc = find(reader, &reader->emails, RECORD_EMAIL,
		    email_id, &reader->email);
		if (rc != RC_OK)
			return rc;
		reader->email_id = email_id;
	}
	return record_email_get(reader->email, ret_email, ret_description);
}

enum rc reader_thread(
    struct store_reader *reader, uint64_t email_id, uint64_t *ret_thread_id)
{
	struct view bytes;
	struct record_email email;
	enum rc rc = find_email(reader, email_id, &email, &bytes);
	if (rc == RC_OK)
		*ret_thread_id = email.thread_id;
	return rc;
}

enum rc store_reader_record(struct store_reader *reader, uint64_t email_id,
    struct message_record *ret_record, uint64_t *ret_thread_id)
{
	struct view bytes;
	struct record_email email;
	enum rc rc = find_email(reader, email_id, &email, &bytes);
	if (rc == RC_OK)
		rc = message_record_open(bytes, ret_record);
	if (rc == RC_OK)
		*ret_thread_id = email.thread_id;
	return rc;
}

static enum rc find_head(struct store_reader *reader, uint64_t email_id)
{
	if (email_id && reader->head_id == email_id)
		return RC_OK;
	reader->head_id = 0;
	struct view value;
	enum rc rc =
	    find(reader, &reader->heads, RECORD_HEAD, email_id, &value);
	if (rc == RC_OK)
		rc = record_head_get(value, &reader->head, &reader->head_bytes);
	if (rc == RC_OK)
		reader->head_id = email_id;
	return rc;
}

enum rc store_reader_bytes(struct store_reader *reader, uint64_t email_id,
    uint64_t offset, size_t len, struct buf *ret_bytes)
{
	enum rc rc = find_head(reader, email_id);
	if (rc != RC_OK)
		return rc;
	const struct record_head *head = &reader->head;
	if (offset >= head->size)
		return RC_OK;
	if (len > head->size - offset)
		len = (size_t)(head->size - offset);
	if (offset < head->head_len) {
		struct view part =
		    view_slice(reader->head_bytes, (size_t)offset, len);
		buf_add(ret_bytes, part);
		offset += part.len;
		len -= part.len;
	}
	if (len == 0)
		return buf_status(ret_bytes);
	size_t before = ret_bytes->len;
	rc = engine_content_read(reader->engine, &head->content,
	    offset - head->head_len, len, ret_bytes);
	if (rc == RC_NOT_FOUND)
		return RC_GONE;
	if (rc == RC_OK && ret_bytes->len - before != len)
		return RC_CORRUPT;
	return rc;
}

enum rc store_reader_header(
    struct store_reader *reader, uint64_t email_id, struct view *ret_header)
{
	enum rc rc = find_head(reader, email_id);
	if (rc != RC_OK)
		return rc;
	uint32_t len = reader->head.header_len;
	if (len <= reader->head.head_len) {
		*ret_header = view_slice(reader->head_bytes, 0, len);
		return RC_OK;
	}
	buf_reset(&reader->long_header);
	rc = store_reader_bytes(reader, email_id, 0, len, &reader->long_header);
	if (rc == RC_OK)
		*ret_header = buf_view(&reader->long_header);
	return rc;
}
