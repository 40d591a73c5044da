// SPDX-License-Identifier: Apache-2.0
// Any bytes are a message: the first byte says how they are cut into pieces,
// the rest is the message. Whatever it is, the pieces must not matter, parts
// lie within their parents, what is rendered reads back as IMAP, the record
// opens, and moved down by fields on top it is that of the longer message.
#include <stdlib.h>

#include "base/ascii.h"
#include "wire/header.h"
#include "wire/imap_structure.h"
#include "wire/imap_structure_read.h"
#include "wire/message_dump.h"
#include "wire/message_text.h"
#include "wire/message_whole.h"
#include "wire/preview.h"
#include "wire/utf8.h"

#define HEADER_MAX 200
#define DUMP_MAX   (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

// ---- reading back what was rendered (RFC 9051 section 9)

static size_t skip_string(struct view text)
{
	if (*text.ptr == '"') {
		size_t at = 1;
		for (; at < text.len && text.ptr[at] != '"'; at++) {
			unsigned char c = (unsigned char)text.ptr[at];
			require(c && c < 0x80 && c != '\r' && c != '\n');
			if (c == '\\') {
				at++;
				require(
				    at < text.len && (text.ptr[at] == '"' ||
							 text.ptr[at] == '\\'));
			}
		}
		require(at < text.len);
		return at + 1;
	}
	size_t brace = view_find_char(text, '}');
	uint32_t len;
	require(brace != SIZE_MAX);
	require(view_to_u32(view_slice(text, 1, brace - 1), &len));
	require(view_starts_with(view_from(text, brace + 1), VIEW("\r\n")));
	struct view bytes = view_slice(text, brace + 3, len);
	require(bytes.len == len && view_find_char(bytes, '\0') == SIZE_MAX);
	return brace + 3 + len;
}

// One parenthesised list: nested lists, strings, NIL and numbers, parted by one
// SP, except between two lists.
static void check_rendered(struct view text)
{
	size_t depth = 0;
	bool separated = true;
	bool after_list = false;
	require(text.len && *text.ptr == '(');
	while (text.len) {
		char c = *text.ptr;
		size_t len = 1;
		if (c == '(') {
			require(separated || after_list);
			depth++;
			separated = true;
			after_list = false;
		} else if (c == ')') {
			require(depth-- > 0);
			require(!separated); // not empty, no SP before
			after_list = true;
			separated = false;
		} else if (c == ' ') {
			require(!separated);
			separated = true;
			after_list = false;
		} else {
			require(separated && depth);
			separated = false;
			after_list = false;
			if (c == '"' || c == '{') {
				len = skip_string(text);
			} else if (c == 'N') {
				require(view_starts_with(text, VIEW("NIL")));
				len = 3;
			} else {
				require(ascii_is_digit(c));
				while (len < text.len &&
				       ascii_is_digit(text.ptr[len]))
					len++;
			}
		}
		text = view_from(text, len);
		require(depth || !text.len);
	}
	require(!depth);
}

// ---- the record

// What was written can be read again.
static void check_structure(
    const struct message_record *record, const struct message *message)
{
	struct arena arena;
	struct structure_part *parts;
	arena_init(&arena);
	require(imap_structure_read(&arena, record, &parts) == RC_OK);
	for (uint32_t i = 0; i < record->part_count; i++) {
		const struct message_part *from = &message->parts[i];
		bool multipart = from->kind == MESSAGE_MULTIPART;
		require(parts[i].type.len > 0);
		require(multipart ==
			view_eq_nocase(parts[i].type, VIEW("multipart")));
	}
	arena_done(&arena);
}

static void check_record(struct view bytes, const struct message *message)
{
	struct message_record record;
	require(message_record_open(bytes, &record) == RC_OK);
	require(record.size == message->size);
	require(record.header_len == message->header_len);
	require(record.part_count == message->part_count);
	for (uint32_t i = 0; i < record.part_count; i++) {
		struct message_record_part part;
		const struct message_part *from = &message->parts[i];
		require(message_record_part(&record, i, &part) == RC_OK);
		require(part.parent == from->parent);
		require(part.next == from->next);
		require(part.body_offset == from->body_offset);
		require(part.body_len == from->body_len);
		require(part.kind == from->kind);
		struct message_text text;
		require(message_text_find(&record, i, &text) == RC_OK);
		require(text.header.len == from->header_len);
		require(text.body.len <= from->body_len);
	}
	check_structure(&record, message);
	check_rendered(record.text[MESSAGE_RECORD_ENVELOPE]);
	check_rendered(record.text[MESSAGE_RECORD_BODY]);
	check_rendered(record.text[MESSAGE_RECORD_BODYSTRUCTURE]);
	for (int i = MESSAGE_RECORD_PREVIEW; i <= MESSAGE_RECORD_TO_DISPLAY;
	     i++)
		require(utf8_is_valid(record.text[i]));
	struct view rest = record.text[MESSAGE_RECORD_REFERENCES];
	struct view id;
	while (message_record_next_reference(&rest, &id))
		require(id.len);
	require(!rest.len);
}

// Fields as they read for searching.
static void check_fields(struct charset_cache *cache, struct view header)
{
	struct header_field field;
	struct buf out;
	buf_init(&out, 16 * header.len + 20000);
	while (header_next(&header, &field)) {
		buf_reset(&out);
		bool some = message_text_addresses(
		    cache, field.name, field.value, &out);
		some |= message_text_parameters(
		    cache, field.name, field.value, &out);
		require(utf8_is_valid(buf_view(&out)) && (some || !out.len));
	}
	buf_done(&out);
}

static void check_preview(struct view preview)
{
	require(utf8_is_valid(preview));
	require(preview.len <= PREVIEW_BYTES_MAX);
	require(
	    utf8_truncate_codes(preview, PREVIEW_CHARS_MAX).len == preview.len);
	for (size_t i = 0; i < preview.len; i++)
		require(!ascii_is_control(preview.ptr[i]));
}

static void build(const struct message *message, struct buf *record)
{
	struct charset_cache cache;
	struct buf preview;
	charset_cache_init(&cache);
	buf_init(&preview, PREVIEW_BYTES_MAX);
	preview_write(&cache, message, &preview);
	require(buf_status(&preview) == RC_OK);
	check_preview(buf_view(&preview));
	message_record_build(&cache, message, buf_view(&preview), record);
	require(buf_status(record) == RC_OK);
	check_record(buf_view(record), message);
	check_fields(&cache, message->header);
	buf_done(&preview);
	charset_cache_done(&cache);
}

// What is moved must be what is parsed with the fields on top.
static void check_shifted(struct view bytes, struct view record)
{
	static const struct view trace[] = {
	    {"Return-Path: <a@b>\r\nDelivered-To: c@d\r\n", 39},
	    {"Delivered-To: \xc3\xbc\r\n", 18},
	};
	struct view fields = trace[bytes.len % ARRAY_LEN(trace)];
	struct buf text, parsed, shifted;
	buf_init(&text, SIZE_MAX);
	buf_init(&parsed, MESSAGE_RECORD_MAX);
	buf_init(&shifted, MESSAGE_RECORD_MAX);
	buf_add(&text, fields);
	buf_add(&text, bytes);
	struct message *message = message_parse(buf_view(&text), HEADER_MAX);
	build(message, &parsed);
	require(message_record_shift(record, fields, &shifted) == RC_OK);
	require(view_eq(buf_view(&parsed), buf_view(&shifted)));
	message_free(&message);
	buf_done(&text);
	buf_done(&parsed);
	buf_done(&shifted);
}

static void check_built(struct view bytes, const struct message *message)
{
	struct buf record;
	buf_init(&record, MESSAGE_RECORD_MAX);
	build(message, &record);
	check_shifted(bytes, buf_view(&record));
	buf_done(&record);
}

static struct message *parse_pieces(struct view bytes, uint8_t seed)
{
	struct message_parser *parser = message_parser_new(HEADER_MAX);
	uint32_t state = seed;
	while (bytes.len) {
		state = state * 1664525u + 1013904223u;
		size_t len = 1 + (state >> 16) % (seed & 1 ? 3 : 40);
		message_parser_push(parser, view_slice(bytes, 0, len));
		bytes = view_from(bytes, len);
	}
	struct message *message = NULL;
	require(message_parser_finish(parser, &message) == RC_OK);
	message_parser_free(&parser);
	return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct view bytes = view_of(data + 1, size - 1);
	struct message *whole = message_parse(bytes, HEADER_MAX);
	struct message *pieces = parse_pieces(bytes, data[0]);
	struct buf one, two;
	buf_init(&one, DUMP_MAX);
	buf_init(&two, DUMP_MAX);
	message_dump_all(whole, &one);
	message_dump_all(pieces, &two);
	require(view_eq(buf_view(&one), buf_view(&two)));
	require(!message_dump_fault(whole));
	check_built(bytes, whole);
	// A record of anything else does not lead astray either.
	struct message_record record;
	struct buf shifted;
	buf_init(&shifted, MESSAGE_RECORD_MAX);
	if (message_record_shift(bytes, VIEW("a: b\r\n"), &shifted) == RC_OK)
		require(
		    shifted.len == bytes.len &&
		    message_record_open(buf_view(&shifted), &record) == RC_OK);
	else
		require(shifted.len == 0);
	buf_done(&shifted);
	if (message_record_open(bytes, &record) == RC_OK) {
		static const uint32_t numbers[] = {1, 2, 1};
		uint32_t index;
		if (message_part_find(&record, numbers, 3, &index) == RC_OK)
			require(index < record.part_count);
	}
	buf_done(&one);
	buf_done(&two);
	message_free(&whole);
	message_free(&pieces);
	return 0;
}
