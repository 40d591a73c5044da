// SPDX-License-Identifier: Apache-2.0
// A message (RFC 5322, RFC 2045-2049) taken apart once, as it streams in. No
// byte sequence makes it fail: broken MIME is described as well as can be, and
// limits cap what is described, never what is accepted. Time is linear in the
// bytes; no body is kept but the start of one text part, for the preview.
#ifndef ROOST_WIRE_MESSAGE_H
#define ROOST_WIRE_MESSAGE_H

#include "wire/content_type.h"
#include "wire/transfer.h"

// Offsets are 32 bits: a message is shorter than 4 GiB.
#define MESSAGE_SIZE_MAX 0xffffffffull
// Parts described; what comes after belongs to the multipart around it.
#define MESSAGE_PARTS_MAX 10000
// Levels described (clients read BODYSTRUCTURE recursively, and fall over
// long before 1,000); a multipart or message below is an opaque leaf.
#define MESSAGE_DEPTH_MAX 100
// Bytes of a boundary that count (RFC 2046 section 5.1.1 allows 70).
#define MESSAGE_BOUNDARY_MAX 255
// Bytes kept of one header field's value, and of all values together.
#define MESSAGE_FIELD_MAX  65535
#define MESSAGE_FIELDS_MAX (512 * 1024)
// Raw bytes kept of the text part that gives the preview.
#define MESSAGE_SAMPLE_MAX (32 * 1024) // HTML begins with much style

#define MESSAGE_NO_PART UINT32_MAX

enum message_kind {
	MESSAGE_LEAF,
	MESSAGE_MULTIPART, // children are its parts, at least one
	MESSAGE_MESSAGE,   // message/rfc822 or message/global: one child, which
			   // has that message's header and body
};

// The header fields that are kept. Of those in the first group the parts of a
// message have their own; the others matter for messages only.
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

// Values unfolded and trimmed; NUL and bare CR replaced by "?" and SP; ptr NULL
// when the field is missing. Where a field comes twice, the first counts.
struct message_fields {
	struct view value[MESSAGE_FIELD_COUNT];
};

struct message_part {
	uint32_t parent; // index, MESSAGE_NO_PART for the root
	uint32_t next;   // index after the last part below this one
	uint32_t number; // 1 for the parent's first child
	uint32_t depth;  // 0 for the root
	// Offsets count from the message's first byte. The header includes its
	// blank line; the body excludes the line end that belongs to the
	// boundary after it (RFC 2046 section 5.1.1).
	uint32_t header_offset;
	uint32_t header_len;
	uint32_t body_offset;
	uint32_t body_len;
	uint32_t body_lines; // line feeds in the body
	enum message_kind kind;
	enum transfer_encoding encoding;
	struct view charset; // of its type, as written; empty: none
	// A leaf whose inside is not described (a limit): shown as
	// application/octet-stream.
	bool opaque;
	// As it is to be shown: defaults filled in, lies corrected (a leaf is
	// never multipart/x).
	struct content_value type;
	const struct message_fields *fields; // never NULL
};

struct message {
	struct arena arena; // owns everything below
	uint32_t size;
	uint32_t header_len; // of the message's header, blank line included
	bool has_nul;
	bool has_bare_cr;
	bool has_bare_lf;
	bool has_8bit;
	struct view header;         // its first bytes, up to the cap given
	bool header_truncated;      // `header` lacks something
	bool fields_truncated;      // a field was over a limit
	bool parts_truncated;       // a part was over a limit
	uint32_t part_count;        // at least 1
	struct message_part *parts; // pre-order; [0] is the message itself
	// The start of the body that the preview is made from, still encoded.
	uint32_t sample_part; // MESSAGE_NO_PART when there is none
	struct view sample;
	bool sample_truncated; // the part is longer
};

struct message_parser;

// `header_max`: bytes of the message's header to keep.
struct message_parser *message_parser_new(size_t header_max);
void message_parser_free(struct message_parser **parser);

// The next bytes, in pieces of any size; they need not stay.
void message_parser_push(struct message_parser *parser, struct view piece);

// The end of the message; the parser can only be freed after it. The caller
// frees `*ret_message`. RC_LIMIT: more than MESSAGE_SIZE_MAX bytes.
MUST_CHECK enum rc message_parser_finish(
    struct message_parser *parser, struct message **ret_message);
void message_free(struct message **message);

// All at once; `bytes` is at most MESSAGE_SIZE_MAX long.
struct message *message_parse(struct view bytes, size_t header_max);

#endif
