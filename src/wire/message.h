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
// of the multipart around them. (A digest of a busy list has about 100 parts,
// and people forward a few hundred messages at once.)
#define MESSAGE_PARTS_MAX 1000
// The maximum of levels that are described. (Clients read BODYSTRUCTURE
// recursively and crash long before 1,000.) A multipart or message at a deeper
// level is described as an opaque leaf.
#define MESSAGE_DEPTH_MAX 100
// How many bytes of a boundary are compared (RFC 2046 section 5.1.1 allows 70).
#define MESSAGE_BOUNDARY_MAX 255
// How many bytes are kept of one header field's value, and of all values
// together (each counts MESSAGE_FIELD_COST bytes more).
#define MESSAGE_FIELD_MAX  65535
#define MESSAGE_FIELDS_MAX (256 * 1024)
#define MESSAGE_FIELD_COST 32
// How many raw bytes are kept of the text part from which the preview is made.
#define MESSAGE_SAMPLE_MAX (32 * 1024) // because HTML begins with much style

// A parser never holds more than this, whatever the bytes: a stranger can have
// very many messages under way. (Besides, it holds `header_max` bytes.)
#define MESSAGE_PARSER_MEMORY_MAX ((size_t)1024 * 1024)

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

// The values, unfolded and trimmed. NUL is replaced by "?", bare CR by SP. If a
// field occurs twice, the first one counts. Only fields that are there take
// memory; message_field() reads them.
struct message_fields {
	uint32_t have; // 1 << enum message_field, for each field that is there
	struct view values[]; // of these, in the order of enum message_field
};

// The value of a field; its ptr is NULL when the field is missing.
static inline struct view message_field(
    const struct message_fields *fields, enum message_field field)
{
	uint32_t bit = UINT32_C(1) << field;
	if (!(fields->have & bit))
		return view_of(NULL, 0);
	return fields->values[__builtin_popcount(fields->have & (bit - 1))];
}

// Where the type of a part comes from.
enum message_type_source {
	MESSAGE_TYPE_FIELD,  // its Content-Type
	MESSAGE_TYPE_TEXT,   // it has none that can be used: plain text
	MESSAGE_TYPE_DIGEST, // it has none, in a digest: a message
	MESSAGE_TYPE_OPAQUE, // a limit; it is shown as octets
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
	// The type to show: with defaults filled in and mistakes corrected (a
	// leaf is never multipart/x). message_part_type() gives it with its
	// parameters.
	enum message_type_source source;
	struct view type;
	struct view subtype;
	const struct message_fields *fields; // never NULL
};

struct message {
	struct arena arena; // owns everything below except `parts`
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
	struct message_part *parts; // owned; pre-order; [0] is the message
	// The beginning of the body from which the preview is made; still
	// encoded.
	uint32_t sample_part; // MESSAGE_NO_PART when there is none
	struct view sample;
	bool sample_truncated; // the part is longer
};

// The part's type with its parameters. These are parsed each time, because they
// can take ten times the memory of the field. Views point into the message or
// `arena`.
struct content_value message_part_type(
    struct arena *arena, const struct message_part *part);

struct message_parser;

// `header_max`: how many bytes of the message's header are kept.
struct message_parser *message_parser_new(size_t header_max);
void message_parser_free(struct message_parser **parser);

// Adds the next bytes, in pieces of any size. The parser does not refer to them
// after the call.
void message_parser_push(struct message_parser *parser, struct view piece);

// The bytes that the parser holds. Cheap.
size_t message_parser_memory(const struct message_parser *parser);

// Ends the message. After this call the parser can only be freed. The caller
// frees `*ret_message`. RC_LIMIT: more than MESSAGE_SIZE_MAX bytes.
MUST_CHECK enum rc message_parser_finish(
    struct message_parser *parser, struct message **ret_message);
void message_free(struct message **message);

#endif
