// SPDX-License-Identifier: Apache-2.0
// Emails as JMAP shows them (RFC 8621 section 4.1). Email/get and Email/parse
// read the same wishes and write the same properties; only what the wishes need
// is read.
#ifndef ROOST_JMAP_EMAIL_H
#define ROOST_JMAP_EMAIL_H

#include "jmap/blob.h"
#include "jmap/header_form.h"
#include "jmap/object.h"
#include "store/view.h"
#include "wire/charset.h"
#include "wire/header_value.h"
#include "wire/imap_structure_read.h"
#include "wire/message_record.h"

// ---- The properties --------------------------------------------------------

enum jmap_email_property {
	JMAP_EMAIL_ID,
	JMAP_EMAIL_BLOB_ID,
	JMAP_EMAIL_THREAD_ID,
	JMAP_EMAIL_MAILBOX_IDS,
	JMAP_EMAIL_KEYWORDS,
	JMAP_EMAIL_SIZE,
	JMAP_EMAIL_RECEIVED_AT,
	JMAP_EMAIL_MESSAGE_ID, // from here on, fields of the header
	JMAP_EMAIL_IN_REPLY_TO,
	JMAP_EMAIL_REFERENCES,
	JMAP_EMAIL_SENDER,
	JMAP_EMAIL_FROM,
	JMAP_EMAIL_TO,
	JMAP_EMAIL_CC,
	JMAP_EMAIL_BCC,
	JMAP_EMAIL_REPLY_TO,
	JMAP_EMAIL_SUBJECT,
	JMAP_EMAIL_SENT_AT, // up to here
	JMAP_EMAIL_HEADERS,
	JMAP_EMAIL_BODY_STRUCTURE,
	JMAP_EMAIL_BODY_VALUES,
	JMAP_EMAIL_TEXT_BODY,
	JMAP_EMAIL_HTML_BODY,
	JMAP_EMAIL_ATTACHMENTS,
	JMAP_EMAIL_HAS_ATTACHMENT,
	JMAP_EMAIL_PREVIEW,
	JMAP_EMAIL_PROPERTIES,
};
extern const struct jmap_class jmap_email_class;

// EmailBodyPart (section 4.1.4).
enum jmap_part_property {
	JMAP_PART_PART_ID,
	JMAP_PART_BLOB_ID,
	JMAP_PART_SIZE,
	JMAP_PART_HEADERS,
	JMAP_PART_NAME,
	JMAP_PART_TYPE,
	JMAP_PART_CHARSET,
	JMAP_PART_DISPOSITION,
	JMAP_PART_CID,
	JMAP_PART_LANGUAGE,
	JMAP_PART_LOCATION,
	JMAP_PART_SUB_PARTS,
	JMAP_PART_PROPERTIES,
};
extern const struct jmap_class jmap_part_class; // its first one is "partId"

// A wanted property that is read from fields of a header:
// "header:Subject:asText", or "subject".
struct jmap_header_wish {
	struct view name; // of the property
	struct header_property of;
};

// ---- What the client wants -------------------------------------------------

struct jmap_email_wishes {
	uint64_t wanted; // bits of enum jmap_email_property
	struct jmap_header_wish *headers;
	size_t header_count;
	uint64_t part_wanted; // bits of enum jmap_part_property
	struct jmap_header_wish *part_headers;
	size_t part_header_count;
	bool fetch_text, fetch_html, fetch_all;
	uint64_t max_bytes; // of a body value; 0: no limit
};

// Reads bodyProperties and the other arguments that Email/get and Email/parse
// have besides. `wanted` and `others` are from "properties". False: an error
// was answered.
MUST_CHECK bool jmap_email_wishes_read(struct jmap_call *call, uint64_t wanted,
    const struct view *others, size_t other_count,
    struct jmap_email_wishes *ret_wishes);
static inline bool jmap_email_wants(
    const struct jmap_email_wishes *wishes, enum jmap_email_property property)
{
	return wishes->wanted >> property & 1;
}

// ---- One email -------------------------------------------------------------

// The parts of a message, and how a client shows them (section 4.1.4).
struct jmap_email_parts {
	const struct structure_part *fields;
	const struct message_record_part *parts;
	uint32_t count; // of the whole table, with parts of inner messages
	// Numbers of parts.
	uint32_t *text, *html, *attachments;
	size_t text_count, html_count, attachment_count;
	bool has_attachment;
};

// A message that is written as an Email.
struct jmap_email {
	struct jmap_call *call;
	struct arena *arena; // for this email
	struct charset_cache *cache;
	struct view blob_id; // of the message
	struct message_record record;
	// The bytes: opened when they are needed.
	struct jmap_blob *whole; // owned
	struct store_reader
	    *reader; // NULL: `whole` is there from the beginning
	uint64_t email_id;
	struct jmap_email_parts *parts; // NULL until needed
};

void jmap_email_done(struct jmap_email *email);

// Writes the wanted properties that come from the message itself, as members of
// an object that was begun: all but id, threadId, mailboxIds, keywords and
// receivedAt.
MUST_CHECK enum rc jmap_email_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out);

// ---- All of them -----------------------------------------------------------

struct jmap_numbers {
	uint64_t *items; // owned
	size_t count;
	size_t capacity;
};

// Ascending, each once.
void jmap_numbers_sort(struct jmap_numbers *numbers);
// Adds the numbers of all visible emails. False: an error was answered.
MUST_CHECK bool jmap_emails_all(struct jmap_call *call, struct store_view *view,
    struct jmap_numbers *ret_ids);

// ---- The pieces ------------------------------------------------------------

// email_header.c: the properties of a header block.
void jmap_headers_write(struct jmap_email *email, struct view header,
    const struct jmap_header_wish *wishes, size_t count, struct json_text *out);
// "headers": all fields, raw.
void jmap_headers_list(struct view header, struct json_text *out);

// email_parts.c. RC_CORRUPT.
MUST_CHECK enum rc jmap_email_parts_read(struct arena *arena,
    const struct message_record *record, struct jmap_email_parts **ret_parts);
// Whether the part is of this type ("text"; with `subtype` NULL, of any such).
bool jmap_part_is(const struct jmap_email_parts *parts, uint32_t index,
    const char *type, const char *subtype);

// email_body.c: bodyStructure and the lists of parts, as the value of a key.
MUST_CHECK enum rc jmap_structure_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out);
MUST_CHECK enum rc jmap_part_list_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, const uint32_t *indexes,
    size_t count, struct json_text *out);
void jmap_part_id_text(uint32_t index, char ret_text[12]);

// email_value.c: bodyValues.
MUST_CHECK enum rc jmap_values_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out);
// The longest beginning of `text` of at most `max` bytes that cuts no character
// and, in HTML, no tag.
struct view jmap_value_cut(struct view text, size_t max, bool is_html);

// email_write.c: the bytes of a part of the message.
MUST_CHECK enum rc jmap_email_range(struct jmap_email *email, uint64_t offset,
    uint64_t len, enum transfer_encoding encoding, struct jmap_blob **ret_blob);

#endif
