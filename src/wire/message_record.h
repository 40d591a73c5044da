// SPDX-License-Identifier: Apache-2.0
// What the store keeps of a parsed message: one little-endian record, read in
// place, nothing decoded or allocated. The store guards it by a checksum; the
// reader checks bounds all the same, so that a damaged record says RC_CORRUPT
// and never reads outside of it.
#ifndef ROOST_WIRE_MESSAGE_RECORD_H
#define ROOST_WIRE_MESSAGE_RECORD_H

#include "wire/charset.h"
#include "wire/date.h"
#include "wire/message.h"

#define MESSAGE_RECORD_VERSION 1
// A record is never longer; nearly all are under 2 KiB.
#define MESSAGE_RECORD_MAX (24 * 1024 * 1024)

enum message_record_flag {
	MESSAGE_RECORD_NUL = 1 << 0,     // the message holds NUL
	MESSAGE_RECORD_BARE_CR = 1 << 1, // a CR without LF
	MESSAGE_RECORD_BARE_LF = 1 << 2, // a LF without CR
	MESSAGE_RECORD_8BIT = 1 << 3,
	MESSAGE_RECORD_DATE = 1 << 4,  // the Date field is a date
	MESSAGE_RECORD_REPLY = 1 << 5, // "Re:" and the like taken off Subject
	MESSAGE_RECORD_TRUNCATED = 1 << 6, // a limit cut the description
};

// The views in a record. All may be empty.
enum message_record_text {
	MESSAGE_RECORD_ENVELOPE,      // "(…)", ready to send
	MESSAGE_RECORD_BODY,          // "(…)"
	MESSAGE_RECORD_BODYSTRUCTURE, // "(…)"
	MESSAGE_RECORD_PREVIEW,       // UTF-8, no NUL
	// Sort keys (RFC 5256 section 3, RFC 5957): UTF-8, as written; fold
	// before comparing.
	MESSAGE_RECORD_SUBJECT_BASE,
	MESSAGE_RECORD_FROM_MAILBOX, // addr-mailbox of the first address
	MESSAGE_RECORD_TO_MAILBOX,
	MESSAGE_RECORD_CC_MAILBOX,
	MESSAGE_RECORD_FROM_DISPLAY, // display name, else mailbox@host
	MESSAGE_RECORD_TO_DISPLAY,
	// Thread keys (RFC 5256 section 3): normalised, without "<" ">".
	MESSAGE_RECORD_MESSAGE_ID,
	MESSAGE_RECORD_REFERENCES, // see message_record_next_reference()
	MESSAGE_RECORD_CHARSETS,   // what parts' charsets point into
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

// Writes the record of `message` to the end of `out` (maximum: at least
// MESSAGE_RECORD_MAX). `preview` is UTF-8.
void message_record_build(struct charset_cache *cache,
    const struct message *message, struct view preview, struct buf *out);

// Opens a record: O(1), views into `bytes`. RC_CORRUPT, or RC_UNSUPPORTED for
// another version.
MUST_CHECK enum rc message_record_open(
    struct view bytes, struct message_record *ret_record);

// Writes `record` to the end of `out` as if `fields` had come before the
// message: sizes and offsets move, the texts stay. These are whole header
// fields with CRLF, and none that a record tells of (trace fields, signatures).
// RC_CORRUPT; RC_LIMIT: the message would get too long.
MUST_CHECK enum rc message_record_shift(
    struct view record, struct view fields, struct buf *out);

// What a text part holds, as far as searching and previews care.
enum message_media {
	MESSAGE_MEDIA_OTHER,
	MESSAGE_MEDIA_TEXT_PLAIN,
	MESSAGE_MEDIA_TEXT_HTML,
	MESSAGE_MEDIA_TEXT_OTHER,
	MESSAGE_MEDIA_MULTIPART,
	MESSAGE_MEDIA_MESSAGE, // one within, or a leaf: delivery-status …
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

// The part at `index` (< part_count), its bounds checked against the message
// and its links against the table. RC_CORRUPT.
MUST_CHECK enum rc message_record_part(const struct message_record *record,
    uint32_t index, struct message_record_part *ret_part);

// The part that BODY[n1.n2…] names (RFC 9051 section 6.4.5.1), `count` >= 1.
// RC_NOT_FOUND, RC_CORRUPT.
MUST_CHECK enum rc message_part_find(const struct message_record *record,
    const uint32_t *numbers, size_t count, uint32_t *ret_index);

// Sections of BODY[…]: numbers, then what of that part.
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

// Where BODY[numbers.section] lies. RC_NOT_FOUND when the message has no such
// section: the part is missing, MIME without a number, HEADER or TEXT of a part
// that is no message. BODY[1] of a message that is not multipart is its body;
// BODY[1.MIME] of it is its header.
MUST_CHECK enum rc message_section_find(const struct message_record *record,
    const uint32_t *numbers, size_t count, enum message_section section,
    struct message_range *ret_range);

// Walks the ids of RFC 5256's reference list, oldest first: begin with
// `*position` = text[MESSAGE_RECORD_REFERENCES]. False at the end.
bool message_record_next_reference(struct view *position, struct view *ret_id);

#endif
