// SPDX-License-Identifier: Apache-2.0
// This file makes the record of a message with more header fields at its top.
// It starts from the record of the parsed message. One message may go to many
// users, and each copy has other trace fields (RFC 5321 section 4.4). So the
// server parses the message only once.
#include "base/bytes.h"
#include "wire/message_record_format.h"
#include "wire/message_scan.h"

// Returns the flags for the bytes in `fields`. An address in a trace field may
// be UTF-8 (RFC 6531 section 3.6).
static uint32_t flags_of(struct view fields)
{
	struct message_scan scan = {0};
	message_scan_push(&scan, fields);
	return (scan.has_nul ? MESSAGE_RECORD_NUL : 0u) |
	       (scan.cr != scan.crlf ? MESSAGE_RECORD_BARE_CR : 0u) |
	       (scan.lf != scan.crlf ? MESSAGE_RECORD_BARE_LF : 0u) |
	       (scan.has_8bit ? MESSAGE_RECORD_8BIT : 0u);
}

static void add(char *at, uint32_t by)
{
	put_le32(at, get_le32(at) + by);
}

enum rc message_record_shift(
    struct view record, struct view fields, struct buf *out)
{
	size_t by = fields.len;
	struct message_record from;
	enum rc rc = message_record_open(record, &from);
	if (rc != RC_OK)
		return rc;
	for (uint32_t i = 0; i < from.part_count; i++) {
		struct message_record_part part;
		rc = message_record_part(&from, i, &part);
		if (rc != RC_OK)
			return rc;
	}
	if (by > MESSAGE_SIZE_MAX - from.size)
		return RC_LIMIT;
	char *head = buf_reserve(out, record.len);
	if (!head)
		return RC_LIMIT;
	memcpy(head, record.ptr, record.len);
	put_le32(head + RECORD_FLAGS, from.flags | flags_of(fields));
	add(head + RECORD_SIZE, (uint32_t)by);
	add(head + RECORD_HEADER_LEN, (uint32_t)by);
	// The begin of the message does not change, but its header becomes
	// longer.
	char *part = head + RECORD_HEAD_BYTES;
	add(part + RECORD_PART_HEADER_LEN, (uint32_t)by);
	add(part + RECORD_PART_BODY, (uint32_t)by);
	for (uint32_t i = 1; i < from.part_count; i++) {
		part += RECORD_PART_BYTES;
		add(part + RECORD_PART_HEADER, (uint32_t)by);
		add(part + RECORD_PART_BODY, (uint32_t)by);
	}
	buf_commit(out, record.len);
	return RC_OK;
}
