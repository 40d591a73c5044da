// SPDX-License-Identifier: Apache-2.0
// Parses a message (RFC 5322, RFC 2045-2049) while it streams in. It never
// fails, whatever the bytes: broken MIME is described as well as possible.
// Limits restrict what is described, but a message is always accepted. Time is
// linear in the bytes. No body is kept, except the beginning of one text part
// for the preview.
#ifndef ROOST_WIRE_MESSAGE_H
#define ROOST_WIRE_MESSAGE_H

#include "wire/content_type.h"
#include "wire/transfer.h"

// Offsets are 32 bits: a message is shorter than 4 GiB.
#define MESSAGE_SIZE_MAX 0xffffffffull
// The maximum of parts that are described. Parts after that belong to the body
// of the multipart around them.
#define MESSAGE_PARTS_MAX 10000
// The maximum of levels that are described. (Clients read BODYSTRUCTURE
// recursively and crash long before 1,000.) A multipart or message at a deeper
// level is described as an opaque leaf.
#define MESSAGE_DEPTH_MAX 100
// How many bytes of a boundary are compared (RFC 2046 section 5.1.1 allows 70).
#define MESSAGE_BOUNDARY_MAX 255
// How many bytes are kept of one header field's value, and of all values
// together.
#define MESSAGE_FIELD_MAX  65535
#define MESSAGE_FIELDS_MAX (512 * 1024)
// How many raw bytes are kept of the text part from which the preview is made.
#define MESSAGE_SAMPLE_MAX (32 * 1024) // because HTML begins with much style

#define MESSAGE_NO_PART UINT32_MAX

enum message_kind {
	MESSAGE_LEAF,
	MESSAGE_MULTIPART, // its children are its parts, at least one
	MESSAGE_MESSAGE, // message/rfc822 or message/global. Its one child has
			 // that message's header and body
};

// The header fields that are kept. Each part has its own fields of the first
// group; the others are only for messages.
enum message_field {
	MESSAGE_CONTENT_TYPE,
	MESSAGE_CONTENT_TRANSFER_ENCODING,
	MESSAGE_CONTENT_ID,
	MESSAGE_CONTENT_DESCRIPTION,
	MESSAGE_CONTENT_MD5,
	MESSAGE_CONTENT_DISPOSITION,
	MESSAGE_CONTENT_LANGUAGE,
	MESSAGE_CONTENT_LOCATION,
	MESSAGE_DATE,
	MESSAGE_SUBJECT,
	MESSAGE_FROM, // From to Bcc: several fields are joined by ", "
	MESSAGE_SENDER,
	MESSAGE_REPLY_TO,
	MESSAGE_TO,
	MESSAGE_CC,
	MESSAGE_BCC,
	MESSAGE_IN_REPLY_TO,
	MESSAGE_MESSAGE_ID,
	MESSAGE_REFERENCES,
	MESSAGE_FIELD_COUNT,
};

// The values, unfolded and trimmed. NUL is replaced by "?", bare CR by SP. A
// ptr is NULL when the field is missing. If a field occurs twice, the first one
// counts.
struct message_fields {
	struct view value[MESSAGE_FIELD_COUNT];
};

struct message_part {
	uint32_t parent; // index, MESSAGE_NO_PART for the root
	uint32_t next;   // index after the last part below this one
	uint32_t number; // 1 for the parent's first child
	uint32_t depth;  // 0 for the root
	// Offsets are counted from the message's first byte. The header
	// includes its blank line. The body does not include the line end that
	// belongs to the boundary after it (RFC 2046 section 5.1.1).
	uint32_t header_offset;
	uint32_t header_len;
	uint32_t body_offset;
	uint32_t body_len;
	uint32_t body_lines; // line feeds in the body
	enum message_kind kind;
	enum transfer_encoding encoding;
	struct view charset; // of its type, as written; empty: none
	// A leaf whose content is not described because of a limit. It is shown
	// as application/octet-stream.
	bool opaque;
	// The type to show: with defaults filled in and mistakes corrected (a
	// leaf is never multipart/x).
	struct content_value type;
	const struct message_fields *fields; // never NULL
};

struct message {
	struct arena arena; // owns everything below
	uint32_t size;
	uint32_t
	    header_len; // of the message's header, including the blank line
	bool has_nul;
	bool has_bare_cr;
	bool has_bare_lf;
	bool has_8bit;
	struct view header;         // its first bytes, up to `header_max`
	bool header_truncated;      // `header` is not complete
	bool fields_truncated;      // a field was over a limit
	bool parts_truncated;       // a part was over a limit
	uint32_t part_count;        // at least 1
	struct message_part *parts; // pre-order; [0] is the message itself
	// The beginning of the body from which the preview is made; still
	// encoded.
	uint32_t sample_part; // MESSAGE_NO_PART when there is none
	struct view sample;
	bool sample_truncated; // the part is longer
};

struct message_parser;

// `header_max`: how many bytes of the message's header are kept.
struct message_parser *message_parser_new(size_t header_max);
void message_parser_free(struct message_parser **parser);

// Adds the next bytes, in pieces of any size. The parser does not refer to them
// after the call.
void message_parser_push(struct message_parser *parser, struct view piece);

// Ends the message. After this call the parser can only be freed. The caller
// frees `*ret_message`. RC_LIMIT: more than MESSAGE_SIZE_MAX bytes.
MUST_CHECK enum rc message_parser_finish(
    struct message_parser *parser, struct message **ret_message);
void message_free(struct message **message);

#endif
