// SPDX-License-Identifier: Apache-2.0
// BODY and TEXT: an email's text, read chunk by chunk until the search is
// decided. wire/message_text.h says what counts as text.
#include <string.h>

#include "base/ascii.h"
#include "store/draft.h"
#include "store/search_impl.h"
#include "wire/html_text.h"
#include "wire/message_text.h"
#include "wire/text_stream.h"

struct body {
	struct store_search *search;
	const struct store_message *message;
	// Where the email's content begins: each read ends at the end of a
	// chunk.
	uint64_t content;
};

// Gives the position where a read of offset .. end stops: the end of a chunk.
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
		rc = RC_CORRUPT; // the description promises more bytes
	return rc;
}

// Whether the root is decided, so that no more has to be read.
static bool body_is_decided(const struct body *body)
{
	struct store_search *search = body->search;
	if (!search->window.found)
		return false;
	search->window.found = false;
	return search_judge(search, body->message) != SEARCH_UNKNOWN;
}

// Sets the window to look for the keys that have not been found yet; for a
// header only for those of TEXT. False when there are none.
static bool body_aim(const struct body *body, bool header)
{
	struct store_search *search = body->search;
	size_t count = 0;
	for (size_t i = 0; i < search->pending_count; i++) {
		struct search_node *node = search->pending[i];
		if (node->verdict == SEARCH_UNKNOWN &&
		    (!header || node->key->type == SEARCH_TEXT))
			search->active[count++] = node;
	}
	search->window.nodes = search->active;
	search->window.count = count;
	return count > 0;
}

// The body of a part, whose text is fed to the window.
struct body_stream {
	struct text_stream text;
	bool is_html;
	struct html_text html;
};

// Feeds the next bytes of the part; `last`: they are the end of it.
static void stream_feed(struct store_search *search, struct body_stream *stream,
    struct view raw, bool last)
{
	struct search_window *window = &search->window;
	struct view piece;
	while (window->count &&
	       text_stream_next(&stream->text, &raw, last, &piece)) {
		if (stream->is_html) {
			buf_reset(&search->decoded);
			html_text_feed(&stream->html, piece, &search->decoded);
			piece = buf_view(&search->decoded);
		}
		search_window_feed(window, piece);
	}
	if (!last || !stream->is_html)
		return;
	buf_reset(&search->decoded);
	html_text_end(&stream->html, &search->decoded);
	search_window_feed(window, buf_view(&search->decoded));
}

// Reads through a body once.
static MUST_CHECK enum rc body_pass(
    const struct body *body, const struct message_text *text, bool is_html)
{
	struct store_search *search = body->search;
	struct body_stream stream = {.is_html = is_html};
	text_stream_init(
	    &stream.text, &search->charsets, text->encoding, text->charset);
	html_text_init(&stream.html);
	uint64_t offset = text->body.offset;
	uint64_t end = offset + text->body.len;
	enum rc rc = RC_OK;
	while (offset < end && search->window.count) {
		rc = body_read(body, offset, body_stop(body, offset, end));
		if (rc != RC_OK)
			break;
		offset += search->bytes.len;
		stream_feed(
		    search, &stream, buf_view(&search->bytes), offset == end);
		if (body_is_decided(body))
			break;
	}
	text_stream_done(&stream.text);
	html_text_done(&stream.html);
	search_window_end(&search->window);
	return rc;
}

// Turning HTML into text takes far longer than looking for a word in it. So its
// bytes are first searched for one word of each needle, and only HTML that has
// such a word is turned into text. (A word that is divided by a tag is missed.)
static MUST_CHECK enum rc body_html(
    const struct body *body, const struct message_text *text)
{
	struct search_window *window = &body->search->window;
	size_t total = window->count;
	window->by_word = true;
	enum rc rc = body_pass(body, text, false);
	window->by_word = false;
	window->nodes += window->count;
	window->count = total - window->count;
	if (rc == RC_OK && window->count)
		rc = body_pass(body, text, true);
	return rc;
}

// `piece` is the beginning of a longer header. Gives the length of the whole
// fields in it; if it has no whole field, the length of all of it.
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

// Reads the header of a part.
static MUST_CHECK enum rc body_header(
    const struct body *body, const struct message_text *text)
{
	struct store_search *search = body->search;
	uint64_t offset = text->header.offset;
	uint64_t end = offset + text->header.len;
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

// Reads the message's own header, which the reader already has.
static MUST_CHECK enum rc body_first_header(const struct body *body)
{
	struct store_search *search = body->search;
	struct view header;
	enum rc rc = store_reader_header(
	    search->reader, body->message->email_id, &header);
	if (rc != RC_OK)
		return rc;
	search_header_feed(search, header);
	search_window_end(&search->window);
	return RC_OK;
}

static MUST_CHECK enum rc body_parts(
    const struct body *body, const struct message_record *record)
{
	enum rc rc = RC_OK;
	for (uint32_t i = 0; i < record->part_count && rc == RC_OK; i++) {
		struct message_text text;
		rc = message_text_find(record, i, &text);
		if (rc == RC_OK && text.header.len && body_aim(body, true))
			rc = i == 0 ? body_first_header(body)
				    : body_header(body, &text);
		if (body_is_decided(body))
			break;
		if (rc == RC_OK && text.body.len && body_aim(body, false))
			rc = text.is_html ? body_html(body, &text)
					  : body_pass(body, &text, false);
		if (body_is_decided(body))
			break;
	}
	return rc;
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
		if (node->needle.len == 0) // an empty needle is in every text
			node->verdict = SEARCH_TRUE;
	}
	enum rc rc = RC_OK;
	if (search_judge(search, message) == SEARCH_UNKNOWN)
		rc = body_parts(&body, record);
	// What is still UNKNOWN was not found, or the root did not need it.
	for (size_t i = 0; i < search->pending_count; i++) {
		struct search_node *node = search->pending[i];
		if (node->verdict == SEARCH_UNKNOWN)
			node->verdict = SEARCH_FALSE;
	}
	return rc;
}
