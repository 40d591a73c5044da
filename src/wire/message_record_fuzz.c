// SPDX-License-Identifier: Apache-2.0
// A damaged description of a message. The input is a record, or changes to a
// good one: two bytes are a place and one byte its new value. Whatever a record
// that opens says, every part, section and text lies inside the message or the
// record, and every walk ends.
#include <stdlib.h>

#include "wire/imap_structure_read.h"
#include "wire/message_text.h"
#include "wire/message_whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char good[] =
    "From: Fred <fred@example.com>\r\n"
    "To: a group: b@c, d@e;\r\n"
    "Subject: Re: one\r\n"
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
    "Message-ID: <1@x>\r\n"
    "References: <2@x> <3@x>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Content-Type: multipart/alternative; boundary=c\r\n\r\n"
    "--c\r\n\r\none\r\n--c\r\nContent-Type: text/html\r\n\r\n<b>\r\n--c--\r\n"
    "--b\r\nContent-Disposition: attachment\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n";

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_range(
    const struct message_record *record, uint32_t offset, uint32_t len)
{
	require(offset <= record->size && len <= record->size - offset);
}

static void check_parts(const struct message_record *record)
{
	struct view charsets = record->text[MESSAGE_RECORD_CHARSETS];
	for (uint32_t i = 0; i < record->part_count; i++) {
		struct message_record_part part;
		struct message_text text;
		if (message_record_part(record, i, &part) != RC_OK)
			continue;
		require_range(record, part.header_offset, part.header_len);
		require_range(record, part.body_offset, part.body_len);
		require(part.next > i && part.next <= record->part_count);
		require(part.charset.len <= charsets.len);
		if (message_text_find(record, i, &text) != RC_OK)
			continue;
		require_range(record, text.header.offset, text.header.len);
		require_range(record, text.body.offset, text.body.len);
	}
	struct message_record_part none;
	require(message_record_part(record, record->part_count, &none) ==
		RC_CORRUPT);
}

static void check_sections(const struct message_record *record)
{
	static const uint32_t numbers[][3] = {
	    {1, 1, 1}, {2, 1, 1}, {2, 2, 1}, {3, 1, 2}, {4, 0, 7}};
	for (size_t row = 0; row < ARRAY_LEN(numbers); row++)
		for (size_t count = 0; count <= 3; count++)
			for (int section = MESSAGE_SECTION_ALL;
			     section <= MESSAGE_SECTION_MIME; section++) {
				struct message_range range;
				if (message_section_find(record, numbers[row],
					count, (enum message_section)section,
					&range) == RC_OK)
					require_range(
					    record, range.offset, range.len);
			}
}

static void check_structure(const struct message_record *record)
{
	struct arena arena;
	struct structure_part *parts;
	arena_init(&arena);
	if (imap_structure_read(&arena, record, &parts) == RC_OK)
		require(parts[record->part_count - 1].param_count <
			record->bytes.len);
	arena_done(&arena);
}

static void check_record(struct view bytes)
{
	struct message_record record;
	struct view id;
	size_t texts = 0;
	if (message_record_open(bytes, &record) != RC_OK)
		return;
	for (int i = 0; i < MESSAGE_RECORD_TEXT_COUNT; i++)
		texts += record.text[i].len;
	require(texts <= bytes.len && record.header_len <= record.size);
	check_parts(&record);
	check_sections(&record);
	check_structure(&record);
	struct view rest = record.text[MESSAGE_RECORD_REFERENCES];
	while (message_record_next_reference(&rest, &id))
		require(id.len <= bytes.len);
}

// What is moved down can be read whenever the record can.
static void check_shifted(struct view bytes)
{
	struct message_record record;
	struct buf shifted;
	buf_init(&shifted, MESSAGE_RECORD_MAX);
	if (message_record_shift(bytes, VIEW("a: b\r\n"), &shifted) == RC_OK) {
		require(
		    message_record_open(buf_view(&shifted), &record) == RC_OK);
		check_record(buf_view(&shifted));
	}
	buf_done(&shifted);
}

static void change(struct view changes, struct buf *record)
{
	for (; changes.len >= 3; changes = view_from(changes, 3)) {
		size_t at = (unsigned char)changes.ptr[0] |
			    (size_t)(unsigned char)changes.ptr[1] << 8;
		record->ptr[at % record->len] = changes.ptr[2];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);
	struct charset_cache cache;
	struct buf record;
	struct message *message = message_parse(VIEW(good), 4096);
	charset_cache_init(&cache);
	buf_init(&record, MESSAGE_RECORD_MAX);
	message_record_build(&cache, message, VIEW("Hello"), &record);
	change(input, &record);
	check_record(buf_view(&record));
	check_shifted(buf_view(&record));
	check_record(input);
	check_shifted(input);
	buf_done(&record);
	charset_cache_done(&cache);
	message_free(&message);
	return 0;
}
