// SPDX-License-Identifier: Apache-2.0
// BODY and TEXT: an email's text parts, and the headers of messages within it,
// read chunk by chunk until the search knows enough.
#include <string.h>

#include "base/ascii.h"
#include "store/draft.h"
#include "store/search_impl.h"
#include "wire/text_stream.h"

struct body {
	struct store_search *search;
	const struct store_message *message;
	// Where the email's content begins: reads end at its chunks' ends.
	uint64_t content;
};

// Where a read of offset .. end is to stop: at a chunk's end.
static uint64_t body_stop(
    const struct body *body, uint64_t offset, uint64_t end)
{
	uint64_t stop = body->content;
	if (offset >= stop)
		stop += ((offset - stop) / ENGINE_CHUNK + 1) * ENGINE_CHUNK;
	return stop < end ? stop : end;
}

static MUST_CHECK enum rc body_read(
    const struct body *body, uint64_t offset, uint64_t end)
{
	struct store_search *search = body->search;
	buf_reset(&search->bytes);
	enum rc rc = store_reader_bytes(search->reader, body->message->email_id,
	    offset, (size_t)(end - offset), &search->bytes);
	if (rc == RC_OK && search->bytes.len != end - offset)
		rc = RC_CORRUPT; // the description says that there is more
	return rc;
}

// True when the root is known: no need to read on.
static bool body_is_decided(const struct body *body)
{
	struct store_search *search = body->search;
	if (!search->window.count)
		return true;
	if (!search->window.found)
		return false;
	search->window.found = false;
	return search_judge(search, body->message) != SEARCH_UNKNOWN;
}

static MUST_CHECK enum rc body_part(
    const struct body *body, const struct message_record_part *part)
{
	struct store_search *search = body->search;
	struct text_stream stream;
	text_stream_init(
	    &stream, &search->charsets, part->encoding, part->charset);
	uint64_t offset = part->body_offset;
	uint64_t end = offset + part->body_len;
	enum rc rc = RC_OK;
	while (offset < end && search->window.count) {
		rc = body_read(body, offset, body_stop(body, offset, end));
		if (rc != RC_OK)
			break;
		offset += search->bytes.len;
		struct view raw = buf_view(&search->bytes);
		struct view text;
		while (search->window.count &&
		       text_stream_next(&stream, &raw, offset == end, &text))
			search_window_feed(&search->window, text);
		if (body_is_decided(body))
			break;
	}
	text_stream_done(&stream);
	search_window_end(&search->window);
	return rc;
}

// The length of the whole fields at the front of a header that goes on after
// `piece`; all of it, when there is not one.
static size_t whole_fields_len(struct view piece)
{
	size_t len = piece.len;
	while (len > 1) {
		const char *lf = memrchr(piece.ptr, '\n', len - 1);
		if (!lf)
			break;
		len = (size_t)(lf - piece.ptr) + 1;
		if (!ascii_is_blank(piece.ptr[len]))
			return len;
	}
	return piece.len;
}

// The header of a message within the message.
static MUST_CHECK enum rc body_header(
    const struct body *body, const struct message_record_part *part)
{
	struct store_search *search = body->search;
	uint64_t offset = part->header_offset;
	uint64_t end = offset + part->header_len;
	while (offset < end && search->window.count) {
		uint64_t stop = end - offset < SEARCH_PIECE_MAX
				    ? end
				    : offset + SEARCH_PIECE_MAX;
		enum rc rc = body_read(body, offset, stop);
		if (rc != RC_OK)
			return rc;
		struct view header = buf_view(&search->bytes);
		if (stop < end)
			header.len = whole_fields_len(header);
		offset += header.len;
		search_header_feed(search, header);
	}
	search_window_end(&search->window);
	return RC_OK;
}

static bool is_message_child(
    const struct message_record *record, const struct message_record_part *part)
{
	struct message_record_part parent;
	return part->parent != MESSAGE_NO_PART &&
	       message_record_part(record, part->parent, &parent) == RC_OK &&
	       parent.kind == MESSAGE_MESSAGE;
}

static bool is_text(const struct message_record_part *part)
{
	return part->kind == MESSAGE_LEAF &&
	       (part->media == MESSAGE_MEDIA_TEXT_PLAIN ||
		   part->media == MESSAGE_MEDIA_TEXT_HTML ||
		   part->media == MESSAGE_MEDIA_TEXT_OTHER);
}

static MUST_CHECK enum rc body_parts(
    const struct body *body, const struct message_record *record)
{
	enum rc rc = RC_OK;
	for (uint32_t i = 0; i < record->part_count && rc == RC_OK; i++) {
		struct message_record_part part;
		rc = message_record_part(record, i, &part);
		if (rc == RC_OK && is_message_child(record, &part))
			rc = body_header(body, &part);
		if (rc == RC_OK && is_text(&part))
			rc = body_part(body, &part);
		if (body_is_decided(body))
			break;
	}
	return rc;
}

// Those of TEXT look at the header first.
static MUST_CHECK enum rc text_header(const struct body *body)
{
	struct store_search *search = body->search;
	size_t count = 0;
	for (size_t i = 0; i < search->pending_count; i++) {
		if (search->pending[i]->key->type == SEARCH_TEXT)
			search->active[count++] = search->pending[i];
	}
	if (!count)
		return RC_OK;
	struct view header;
	enum rc rc = store_reader_header(
	    search->reader, body->message->email_id, &header);
	if (rc != RC_OK)
		return rc;
	search->window.nodes = search->active;
	search->window.count = count;
	search_header_feed(search, header);
	search_window_end(&search->window);
	return RC_OK;
}

enum rc search_body(struct store_search *search,
    const struct store_message *message, const struct message_record *record)
{
	struct body body = {
	    .search = search,
	    .message = message,
	    .content = record->header_len < DRAFT_HEAD_MAX ? record->header_len
							   : DRAFT_HEAD_MAX,
	};
	search->window.found = false;
	for (size_t i = 0; i < search->pending_count; i++) {
		struct search_node *node = search->pending[i];
		if (node->needle.len == 0) // found in every text
			node->verdict = SEARCH_TRUE;
	}
	enum rc rc = text_header(&body);
	size_t count = 0;
	for (size_t i = 0; i < search->pending_count; i++) {
		if (search->pending[i]->verdict == SEARCH_UNKNOWN)
			search->active[count++] = search->pending[i];
	}
	search->window.nodes = search->active;
	search->window.count = count;
	if (rc == RC_OK && count &&
	    search_judge(search, message) == SEARCH_UNKNOWN)
		rc = body_parts(&body, record);
	// Not found, or not needed for the root.
	for (size_t i = 0; i < search->window.count; i++)
		search->active[i]->verdict = SEARCH_FALSE;
	return rc;
}
