// SPDX-License-Identifier: Apache-2.0
// The keys of a search that need an email's description, header or body. All
// needles that are looked for in a text see it in one pass, folded once.
//
// A field or header of any length is searched; one over PIECE_MAX goes piece by
// piece, where an encoded word cut by a piece's end stays encoded.
#include <string.h>

#include "base/ascii.h"
#include "store/draft.h"
#include "store/search_impl.h"
#include "wire/encoded_word.h"
#include "wire/header.h"
#include "wire/text_stream.h"
#include "wire/utf8.h"

#define PIECE_MAX ((size_t)256 << 10)

// The window is looked through when it holds so much more than it has to keep.
#define WINDOW_BYTES ((size_t)32 << 10)
// Text folded in one step.
#define FOLD_BYTES ((size_t)8 << 10)

// ---- The window ------------------------------------------------------------

void search_window_init(struct search_window *window, size_t longest_needle)
{
	window->keep = longest_needle ? longest_needle - 1 : 0;
	fold_init(&window->fold, FOLD_SEARCH);
	buf_init(&window->window, 3 * FOLD_NEEDLE_MAX + WINDOW_BYTES +
				      FOLD_GROWTH_MAX * (FOLD_BYTES + 8));
}

void search_window_done(struct search_window *window)
{
	buf_done(&window->window);
}

// Looks for each needle in the window; those found are TRUE and wanted no more.
static void window_look(struct search_window *window)
{
	struct view text = buf_view(&window->window);
	for (size_t i = 0; i < window->count;) {
		struct search_node *node = window->nodes[i];
		if (view_find(text, node->needle) == SIZE_MAX) {
			i++;
			continue;
		}
		node->verdict = SEARCH_TRUE;
		window->found = true;
		window->nodes[i] = window->nodes[--window->count];
	}
}

static void window_feed(struct search_window *window, struct view text)
{
	size_t enough = WINDOW_BYTES + 2 * window->keep;
	while (text.len && window->count) {
		struct view part = view_slice(text, 0, FOLD_BYTES);
		text = view_from(text, part.len);
		fold_feed(&window->fold, part, &window->window);
		if (window->window.len < enough)
			continue;
		window_look(window);
		buf_consume(&window->window, window->window.len - window->keep);
	}
}

// The end of a text: what comes next has nothing to do with it.
static void window_end(struct search_window *window)
{
	fold_end(&window->fold, &window->window);
	if (window->count)
		window_look(window);
	buf_reset(&window->window);
}

// ---- The description -------------------------------------------------------

// Takes an IMAP nstring off the front of an ENVELOPE, unquoted into `out`.
// False when there is none: the record is damaged.
static bool nstring_take(struct view *rest, struct buf *out)
{
	buf_reset(out);
	if (view_starts_with(*rest, VIEW("NIL"))) {
		*rest = view_from(*rest, 3);
		return true;
	}
	if (view_starts_with(*rest, VIEW("{"))) {
		size_t end = view_find(*rest, VIEW("}\r\n"));
		uint32_t len;
		if (end == SIZE_MAX ||
		    !view_to_u32(view_slice(*rest, 1, end - 1), &len) ||
		    len > rest->len - end - 3)
			return false;
		buf_add(out, view_slice(*rest, end + 3, len));
		*rest = view_from(*rest, end + 3 + len);
		return true;
	}
	if (!view_starts_with(*rest, VIEW("\"")))
		return false;
	size_t at = 1;
	for (size_t from = 1; at < rest->len; at++) {
		char c = rest->ptr[at];
		if (c != '"' && c != '\\')
			continue;
		buf_add(out, view_slice(*rest, from, at - from));
		if (c == '"') {
			*rest = view_from(*rest, at + 1);
			return true;
		}
		from = ++at;
	}
	return false;
}

// "(date subject …": RFC 9051 section 7.5.2.
static bool envelope_subject(struct view envelope, struct buf *ret_subject)
{
	if (!view_starts_with(envelope, VIEW("(")))
		return false;
	envelope = view_from(envelope, 1);
	if (!nstring_take(&envelope, ret_subject) ||
	    !view_starts_with(envelope, VIEW(" ")))
		return false;
	envelope = view_from(envelope, 1);
	return nstring_take(&envelope, ret_subject);
}

// A header's value as text: decoded only where there is something to decode.
// (That lines are unfolded does not matter, as white space is folded anyway.)
static bool is_plain(struct view raw)
{
	return utf8_is_ascii(raw) && view_find(raw, VIEW("=?")) == SIZE_MAX;
}

static struct view value_decode(struct store_search *search, struct view raw)
{
	if (is_plain(raw))
		return raw;
	buf_reset(&search->decoded);
	encoded_word_decode(&search->charsets, raw, &search->decoded);
	return buf_view(&search->decoded);
}

// A text as one, for the needles of `count` nodes in search->active.
static void text_feed(
    struct store_search *search, size_t count, struct view raw, bool ends)
{
	struct search_window *window = &search->window;
	window->nodes = search->active;
	window->count = count;
	while (raw.len && window->count) {
		struct view piece = view_slice(raw, 0, PIECE_MAX);
		raw = view_from(raw, piece.len);
		window_feed(window, value_decode(search, piece));
	}
	if (ends)
		window_end(window);
}

static void set_verdict(struct search_node *node, bool matches)
{
	node->verdict = matches ? SEARCH_TRUE : SEARCH_FALSE;
}

void search_record(struct store_search *search,
    const struct message_record *record, uint64_t thread_id)
{
	bool dated = record->flags & MESSAGE_RECORD_DATE;
	int64_t day = dated ? date_local_day(record->date) : 0;
	size_t subjects = 0;
	for (size_t i = 0; i < search->pending_count; i++) {
		struct search_node *node = search->pending[i];
		const struct search_key *key = node->key;
		if (key->type == SEARCH_SENT_BEFORE)
			set_verdict(node, dated && day < key->day);
		else if (key->type == SEARCH_SENT_ON)
			set_verdict(node, dated && day == key->day);
		else if (key->type == SEARCH_SENT_SINCE)
			set_verdict(node, dated && day >= key->day);
		else if (key->type == SEARCH_THREAD_ID)
			set_verdict(node, thread_id == key->number);
		else
			search->active[subjects++] = node;
		if (node->verdict == SEARCH_UNKNOWN)
			node->verdict = SEARCH_FALSE; // until it is found
	}
	if (subjects && envelope_subject(record->text[MESSAGE_RECORD_ENVELOPE],
			    &search->bytes))
		text_feed(search, subjects, buf_view(&search->bytes), true);
}

// ---- The header ------------------------------------------------------------

void search_header(struct store_search *search, struct view header)
{
	for (size_t i = 0; i < search->pending_count; i++)
		search->pending[i]->verdict = SEARCH_FALSE;
	struct header_field field;
	while (header_next(&header, &field)) {
		size_t count = 0;
		for (size_t i = 0; i < search->pending_count; i++) {
			struct search_node *node = search->pending[i];
			if (node->verdict == SEARCH_TRUE ||
			    !view_eq_nocase(node->key->field, field.name))
				continue;
			// Lines that are no fields have no name either.
			if (field.name.len)
				search->active[count++] = node;
		}
		if (count)
			text_feed(search, count, field.value, true);
	}
}

// A header, or a piece of one, for the window: "Name: value", line by line.
static void header_feed(struct store_search *search, struct view header)
{
	struct search_window *window = &search->window;
	struct header_field field;
	if (is_plain(header)) {
		window_feed(window, header);
		return;
	}
	while (window->count && header_next(&header, &field)) {
		window_feed(window, field.name);
		if (field.name.len)
			window_feed(window, VIEW(": "));
		struct view rest = field.value;
		while (rest.len && window->count) {
			struct view piece = view_slice(rest, 0, PIECE_MAX);
			rest = view_from(rest, piece.len);
			window_feed(window, value_decode(search, piece));
		}
		window_feed(window, VIEW("\n"));
	}
}

// ---- The body --------------------------------------------------------------

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
			window_feed(&search->window, text);
		if (body_is_decided(body))
			break;
	}
	text_stream_done(&stream);
	window_end(&search->window);
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
		uint64_t stop =
		    end - offset < PIECE_MAX ? end : offset + PIECE_MAX;
		enum rc rc = body_read(body, offset, stop);
		if (rc != RC_OK)
			return rc;
		struct view header = buf_view(&search->bytes);
		if (stop < end)
			header.len = whole_fields_len(header);
		offset += header.len;
		header_feed(search, header);
	}
	window_end(&search->window);
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
	header_feed(search, header);
	window_end(&search->window);
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
