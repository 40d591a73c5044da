// SPDX-License-Identifier: Apache-2.0
// Writes an Email: decides what has to be read for it.
#include "base/mem.h"
#include "jmap/email.h"

#define HEADER_MAX ((size_t)16 << 20)

void jmap_email_done(struct jmap_email *email)
{
	jmap_blob_close(&email->whole);
}

enum rc jmap_email_range(struct jmap_email *email, uint64_t offset,
    uint64_t len, enum transfer_encoding encoding, struct jmap_blob **ret_blob)
{
	if (!email->whole)
		email->whole = jmap_blob_of_email(
		    email->reader, email->email_id, email->record.size);
	return jmap_blob_of_range(
	    email->whole, offset, len, encoding, ret_blob);
}

// ---- The header ------------------------------------------------------------

// The header of a stored email comes in one piece.
static enum rc read_header(
    struct jmap_email *email, struct buf *bytes, struct view *ret_header)
{
	struct jmap_blob *blob;
	if (email->reader)
		return store_reader_header(
		    email->reader, email->email_id, ret_header);
	enum rc rc = jmap_email_range(
	    email, 0, email->record.header_len, TRANSFER_7BIT, &blob);
	if (rc != RC_OK)
		return rc;
	rc = jmap_blob_read(blob, bytes);
	jmap_blob_close(&blob);
	*ret_header = buf_view(bytes);
	return rc == RC_LIMIT ? RC_OK : rc; // the rest is not shown
}

static enum rc write_header(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	struct buf bytes CLEANUP(buf_done);
	struct view header;
	bool list = jmap_email_wants(wishes, JMAP_EMAIL_HEADERS);
	buf_init(&bytes, HEADER_MAX);
	if (!list && wishes->header_count == 0)
		return RC_OK;
	enum rc rc = read_header(email, &bytes, &header);
	if (rc != RC_OK)
		return rc;
	if (list) {
		json_key(out, "headers");
		jmap_headers_list(header, out);
	}
	jmap_headers_write(
	    email, header, wishes->headers, wishes->header_count, out);
	return RC_OK;
}

// ---- The body --------------------------------------------------------------

#define BODY                                                                   \
	((uint64_t)1 << JMAP_EMAIL_BODY_STRUCTURE |                            \
	    (uint64_t)1 << JMAP_EMAIL_BODY_VALUES |                            \
	    (uint64_t)1 << JMAP_EMAIL_TEXT_BODY |                              \
	    (uint64_t)1 << JMAP_EMAIL_HTML_BODY |                              \
	    (uint64_t)1 << JMAP_EMAIL_ATTACHMENTS |                            \
	    (uint64_t)1 << JMAP_EMAIL_HAS_ATTACHMENT)

static enum rc write_body_property(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, enum jmap_email_property property,
    struct json_text *out)
{
	const struct jmap_email_parts *parts = email->parts;
	json_key(out, jmap_email_class.properties[property].name);
	if (property == JMAP_EMAIL_BODY_STRUCTURE)
		return jmap_structure_write(email, wishes, out);
	if (property == JMAP_EMAIL_BODY_VALUES)
		return jmap_values_write(email, wishes, out);
	if (property == JMAP_EMAIL_TEXT_BODY)
		return jmap_part_list_write(
		    email, wishes, parts->text, parts->text_count, out);
	if (property == JMAP_EMAIL_HTML_BODY)
		return jmap_part_list_write(
		    email, wishes, parts->html, parts->html_count, out);
	if (property == JMAP_EMAIL_ATTACHMENTS)
		return jmap_part_list_write(email, wishes, parts->attachments,
		    parts->attachment_count, out);
	json_add_bool(out, parts->has_attachment);
	return RC_OK;
}

static enum rc write_body(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	if (!(wishes->wanted & BODY))
		return RC_OK;
	enum rc rc =
	    jmap_email_parts_read(email->arena, &email->record, &email->parts);
	for (unsigned i = 0; rc == RC_OK && i < JMAP_EMAIL_PROPERTIES; i++)
		if (wishes->wanted & BODY & (uint64_t)1 << i)
			rc = write_body_property(email, wishes, i, out);
	return rc;
}

enum rc jmap_email_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	if (jmap_email_wants(wishes, JMAP_EMAIL_BLOB_ID))
		json_member_string(out, "blobId", email->blob_id);
	if (jmap_email_wants(wishes, JMAP_EMAIL_SIZE))
		json_member_u64(out, "size", email->record.size);
	if (jmap_email_wants(wishes, JMAP_EMAIL_PREVIEW))
		json_member_string(
		    out, "preview", email->record.text[MESSAGE_RECORD_PREVIEW]);
	enum rc rc = write_header(email, wishes, out);
	return rc == RC_OK ? write_body(email, wishes, out) : rc;
}
