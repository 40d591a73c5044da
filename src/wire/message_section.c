// SPDX-License-Identifier: Apache-2.0
// This file reads the part table of a record in place. It finds single parts
// and the sections of BODY[…] (RFC 9051 section 6.4.5.1). The code checks every
// link before it follows it. Each link must lead forward, so every walk ends
// even in a damaged table.
#include "base/bytes.h"
#include "wire/message_record_format.h"

static bool range_fits(uint32_t offset, uint32_t len, size_t size)
{
	return offset <= size && len <= size - offset;
}

static bool part_is_sound(const struct message_record *record, uint32_t index,
    const struct message_record_part *part)
{
	bool is_root = index == 0;
	uint32_t first_after = index + (part->kind == MESSAGE_LEAF ? 1 : 2);
	return range_fits(
		   part->header_offset, part->header_len, record->size) &&
	       range_fits(part->body_offset, part->body_len, record->size) &&
	       (is_root ? part->parent == MESSAGE_NO_PART
			: part->parent < index) &&
	       part->next >= first_after && part->next <= record->part_count;
}

enum rc message_record_part(const struct message_record *record, uint32_t index,
    struct message_record_part *ret_part)
{
	if (index >= record->part_count)
		return RC_CORRUPT;
	const char *entry =
	    record->parts.ptr + (size_t)index * RECORD_PART_BYTES;
	unsigned kind = (unsigned char)entry[RECORD_PART_KIND];
	unsigned encoding = (unsigned char)entry[RECORD_PART_ENCODING];
	unsigned media = (unsigned char)entry[RECORD_PART_MEDIA];
	uint32_t charset = get_le32(entry + RECORD_PART_CHARSET);
	uint32_t charset_len = (unsigned char)entry[RECORD_PART_CHARSET_LEN];
	struct view charsets = record->text[MESSAGE_RECORD_CHARSETS];
	if (kind > MESSAGE_MESSAGE || encoding > TRANSFER_UNKNOWN ||
	    media > MESSAGE_MEDIA_MESSAGE ||
	    !range_fits(charset, charset_len, charsets.len))
		return RC_CORRUPT;
	struct message_record_part part = {
	    .parent = get_le32(entry + RECORD_PART_PARENT),
	    .next = get_le32(entry + RECORD_PART_NEXT),
	    .number = get_le32(entry + RECORD_PART_NUMBER),
	    .header_offset = get_le32(entry + RECORD_PART_HEADER),
	    .header_len = get_le32(entry + RECORD_PART_HEADER_LEN),
	    .body_offset = get_le32(entry + RECORD_PART_BODY),
	    .body_len = get_le32(entry + RECORD_PART_BODY_LEN),
	    .body_lines = get_le32(entry + RECORD_PART_LINES),
	    .kind = (enum message_kind)kind,
	    .encoding = (enum transfer_encoding)encoding,
	    .media = (enum message_media)media,
	    .attachment = (entry[RECORD_PART_FLAGS] & RECORD_PART_ATTACHMENT),
	    .charset = view_slice(charsets, charset, charset_len),
	};
	if (!part_is_sound(record, index, &part))
		return RC_CORRUPT;
	*ret_part = part;
	return RC_OK;
}

// Finds the child `number` of the multipart at `index`.
static enum rc child_find(const struct message_record *record, uint32_t index,
    uint32_t number, uint32_t *ret_index)
{
	struct message_record_part part;
	enum rc rc = message_record_part(record, index, &part);
	if (rc != RC_OK)
		return rc;
	uint32_t end = part.next;
	for (uint32_t at = index + 1; at < end; at = part.next) {
		rc = message_record_part(record, at, &part);
		if (rc != RC_OK)
			return rc;
		if (part.number == number) {
			*ret_index = at;
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

enum rc message_part_find(const struct message_record *record,
    const uint32_t *numbers, size_t count, uint32_t *ret_index)
{
	// `at` is the message or multipart to which the next number belongs.
	uint32_t at = 0;
	bool is_message = true;
	for (size_t i = 0; i < count; i++) {
		struct message_record_part part;
		enum rc rc = message_record_part(record, at, &part);
		if (rc != RC_OK)
			return rc;
		if (part.kind == MESSAGE_MESSAGE && !is_message) {
			// The code enters the message. The numbers of a message
			// are those of the parts in its body.
			at++;
			is_message = true;
			rc = message_record_part(record, at, &part);
			if (rc != RC_OK)
				return rc;
		}
		if (part.kind == MESSAGE_MULTIPART) {
			rc = child_find(record, at, numbers[i], &at);
			if (rc != RC_OK)
				return rc;
		} else if (!is_message || numbers[i] != 1) {
			// RFC 9051: "Every message has at least one part
			// number". If a message is not multipart, 1 is its
			// body.
			return RC_NOT_FOUND;
		}
		is_message = false;
	}
	*ret_index = at;
	return RC_OK;
}

// Finds HEADER or TEXT of a message. `index` is the part with the header and
// body of the message.
static enum rc message_range_find(const struct message_record *record,
    uint32_t index, enum message_section section,
    struct message_range *ret_range)
{
	struct message_record_part part;
	enum rc rc = message_record_part(record, index, &part);
	if (rc != RC_OK)
		return rc;
	if (section == MESSAGE_SECTION_HEADER)
		*ret_range =
		    (struct message_range){part.header_offset, part.header_len};
	else
		*ret_range =
		    (struct message_range){part.body_offset, part.body_len};
	return RC_OK;
}

enum rc message_section_find(const struct message_record *record,
    const uint32_t *numbers, size_t count, enum message_section section,
    struct message_range *ret_range)
{
	if (!count) {
		if (section == MESSAGE_SECTION_MIME)
			return RC_NOT_FOUND;
		if (section != MESSAGE_SECTION_ALL)
			return message_range_find(
			    record, 0, section, ret_range);
		*ret_range = (struct message_range){0, record->size};
		return RC_OK;
	}
	uint32_t index;
	struct message_record_part part;
	enum rc rc = message_part_find(record, numbers, count, &index);
	if (rc == RC_OK)
		rc = message_record_part(record, index, &part);
	if (rc != RC_OK)
		return rc;
	switch (section) {
	case MESSAGE_SECTION_ALL:
		*ret_range =
		    (struct message_range){part.body_offset, part.body_len};
		return RC_OK;
	case MESSAGE_SECTION_MIME:
		*ret_range =
		    (struct message_range){part.header_offset, part.header_len};
		return RC_OK;
	case MESSAGE_SECTION_HEADER:
	case MESSAGE_SECTION_TEXT:
		if (part.kind != MESSAGE_MESSAGE)
			return RC_NOT_FOUND;
		return message_range_find(
		    record, index + 1, section, ret_range);
	}
	return RC_NOT_FOUND;
}
