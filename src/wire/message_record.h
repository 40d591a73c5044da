// SPDX-License-Identifier: Apache-2.0
// What the store keeps of a parsed message: one little-endian record, which is
// read in place without decoding or allocation. The store protects it by a
// checksum. The reader checks all bounds nevertheless, so a damaged record
// gives RC_CORRUPT and is never read outside of its bytes.
#ifndef ROOST_WIRE_MESSAGE_RECORD_H
#define ROOST_WIRE_MESSAGE_RECORD_H

#include "wire/charset.h"
#include "wire/date.h"
#include "wire/message.h"

#define MESSAGE_RECORD_VERSION 1
// No record is longer. Nearly all are under 2 KiB.
#define MESSAGE_RECORD_MAX (24 * 1024 * 1024)

// The most parts in a record. The parser describes fewer (MESSAGE_PARTS_MAX);
// earlier versions described this many, and their records stay readable.
#define MESSAGE_RECORD_PARTS_MAX 10000

enum message_record_flag {
	MESSAGE_RECORD_NUL = 1 << 0,     // the message has a NUL
	MESSAGE_RECORD_BARE_CR = 1 << 1, // a CR without LF
	MESSAGE_RECORD_BARE_LF = 1 << 2, // a LF without CR
	MESSAGE_RECORD_8BIT = 1 << 3,
	MESSAGE_RECORD_DATE = 1 << 4, // the Date field has a date
	MESSAGE_RECORD_REPLY =
	    1 << 5, // "Re:" or similar was removed from Subject
	MESSAGE_RECORD_TRUNCATED =
	    1 << 6, // a limit made the description incomplete
};

// The views in a record. Each may be empty.
enum message_record_text {
	MESSAGE_RECORD_ENVELOPE,      // "(…)", ready to send
	MESSAGE_RECORD_BODY,          // "(…)"
	MESSAGE_RECORD_BODYSTRUCTURE, // "(…)"
	MESSAGE_RECORD_PREVIEW,       // UTF-8, no NUL
	// Sort keys (RFC 5256 section 3, RFC 5957): UTF-8, as written. Fold
	// them before comparing.
	MESSAGE_RECORD_SUBJECT_BASE,
	MESSAGE_RECORD_FROM_MAILBOX, // addr-mailbox of the first address
	MESSAGE_RECORD_TO_MAILBOX,
	MESSAGE_RECORD_CC_MAILBOX,
	MESSAGE_RECORD_FROM_DISPLAY, // display name, or mailbox@host if there
				     // is none
	MESSAGE_RECORD_TO_DISPLAY,
	// Thread keys (RFC 5256 section 3): normalised, without "<" ">".
	MESSAGE_RECORD_MESSAGE_ID,
	MESSAGE_RECORD_REFERENCES, // see message_record_next_reference()
	MESSAGE_RECORD_CHARSETS, // the charsets of the parts, which point into
				 // this
	MESSAGE_RECORD_TEXT_COUNT,
};

struct message_record {
	struct view bytes; // borrowed
	uint32_t size;
	uint32_t header_len;
	uint32_t flags;
	uint32_t part_count;
	struct date date; // with MESSAGE_RECORD_DATE
	struct view parts;
	struct view text[MESSAGE_RECORD_TEXT_COUNT];
};

// Adds the record of `message` to `out` (whose maximum is at least
// MESSAGE_RECORD_MAX). `preview` is UTF-8.
void message_record_build(struct charset_cache *cache,
    const struct message *message, struct view preview, struct buf *out);

// Opens a record in O(1); its views point into `bytes`. RC_CORRUPT, or
// RC_UNSUPPORTED for another version.
MUST_CHECK enum rc message_record_open(
    struct view bytes, struct message_record *ret_record);

// Adds `record` to `out`, changed as if `fields` stood at the front of the
// message: sizes and offsets change, texts do not. `fields` are whole header
// fields with CRLF, and only fields that a record does not describe (trace
// fields, signatures). RC_CORRUPT; RC_LIMIT: the message would be too long.
MUST_CHECK enum rc message_record_shift(
    struct view record, struct view fields, struct buf *out);

// What kind of text a part has, for searching and previews.
enum message_media {
	MESSAGE_MEDIA_OTHER,
	MESSAGE_MEDIA_TEXT_PLAIN,
	MESSAGE_MEDIA_TEXT_HTML,
	MESSAGE_MEDIA_TEXT_OTHER,
	MESSAGE_MEDIA_MULTIPART,
	MESSAGE_MEDIA_MESSAGE, // an inner message, or a leaf such as
			       // delivery-status
};

struct message_record_part {
	uint32_t parent, next, number; // as in struct message_part
	uint32_t header_offset, header_len;
	uint32_t body_offset, body_len, body_lines;
	enum message_kind kind;
	enum transfer_encoding encoding;
	enum message_media media;
	bool attachment;     // Content-Disposition: attachment
	struct view charset; // of a leaf, as written; empty: none
};

// Reads the part at `index` (< part_count). Its bounds are checked against the
// message, and its links against the table. RC_CORRUPT.
MUST_CHECK enum rc message_record_part(const struct message_record *record,
    uint32_t index, struct message_record_part *ret_part);

// Finds the part that BODY[n1.n2…] names (RFC 9051 section 6.4.5.1); `count` >=
// 1. RC_NOT_FOUND, RC_CORRUPT.
MUST_CHECK enum rc message_part_find(const struct message_record *record,
    const uint32_t *numbers, size_t count, uint32_t *ret_index);

// The sections of BODY[…]: the numbers say which part, and this says what of
// the part.
enum message_section {
	MESSAGE_SECTION_ALL,    // BODY[] or BODY[1.2]
	MESSAGE_SECTION_HEADER, // HEADER, also for HEADER.FIELDS
	MESSAGE_SECTION_TEXT,
	MESSAGE_SECTION_MIME,
};

struct message_range {
	uint32_t offset;
	uint32_t len;
};

// Finds the bytes of BODY[numbers.section]. RC_NOT_FOUND when the message has
// no such section: the part is missing, MIME has no number, or HEADER or TEXT
// is asked of a part that is not a message. For a message that is not
// multipart, BODY[1] is its body and BODY[1.MIME] its header.
MUST_CHECK enum rc message_section_find(const struct message_record *record,
    const uint32_t *numbers, size_t count, enum message_section section,
    struct message_range *ret_range);

// Walks over the ids of RFC 5256's reference list, the oldest first. Begin with
// `*position` = text[MESSAGE_RECORD_REFERENCES]. Returns false at the end.
bool message_record_next_reference(struct view *position, struct view *ret_id);

#endif
