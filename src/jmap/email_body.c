// SPDX-License-Identifier: Apache-2.0
// EmailBodyPart (RFC 8621 section 4.1.4): bodyStructure, and the lists of
// parts. Nearly all of it is in the stored description; only the header fields
// of a part, and the size of one that is encoded, are read from the message.
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "jmap/email.h"
#include "wire/utf8.h"

#define TEXT_MAX   ((size_t)4 << 20) // of a name
#define HEADER_MAX ((size_t)16 << 20)
// Levels of subParts; what is deeper is not shown. Each takes two levels of
// JSON, which have a limit, too.
#define LEVELS_MAX 20

void jmap_part_id_text(uint32_t index, char ret_text[12])
{
	snprintf(ret_text, 12, "%u", index);
}

// ---- The size of what is encoded -------------------------------------------

#define LINE_MAX_BYTES 1024

static bool is_clean(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!ascii_is_alnum(c) && c != '+' && c != '/' && c != '=' &&
		    c != '\r' && c != '\n')
			return false;
	}
	return true;
}

// Base64 in lines of one length has a size that can be told from the length of
// the part, its lines and its end. False: it is not regular. (Damage in the
// middle that leaves the length as it is goes unnoticed.)
static bool size_of_regular(const struct message_record_part *part,
    struct view begin, struct view end, uint64_t *ret_size)
{
	size_t line = view_find_char(begin, '\r');
	if (!is_clean(begin) || !is_clean(end))
		return false;
	if (line == SIZE_MAX) // one line
		line = part->body_len;
	uint64_t full = (uint64_t)part->body_lines * (line + 2);
	if (line == 0 || line % 4 != 0 || full > part->body_len)
		return false;
	uint64_t last = part->body_len - full;
	if (last > line || last % 4 != 0)
		return false;
	end = view_trim(end);
	size_t padding = 0;
	while (padding < 2 && padding < end.len &&
	       end.ptr[end.len - 1 - padding] == '=')
		padding++;
	uint64_t chars = part->body_lines * (uint64_t)line + last;
	*ret_size = chars / 4 * 3 - padding;
	return chars > 0;
}

static enum rc read_range(
    struct jmap_email *email, uint64_t offset, uint64_t len, struct buf *out)
{
	struct jmap_blob *blob;
	enum rc rc = jmap_email_range(email, offset, len, TRANSFER_7BIT, &blob);
	if (rc == RC_OK)
		rc = jmap_blob_read(blob, out);
	jmap_blob_close(&blob);
	return rc;
}

// Reads the two ends of a long part. One that is not regular is decoded.
static enum rc size_of_base64(struct jmap_email *email,
    const struct message_record_part *part, uint64_t *ret_size)
{
	struct buf begin CLEANUP(buf_done), end CLEANUP(buf_done);
	struct jmap_blob *blob;
	uint64_t few =
	    part->body_len < LINE_MAX_BYTES ? part->body_len : LINE_MAX_BYTES;
	buf_init(&begin, LINE_MAX_BYTES);
	buf_init(&end, LINE_MAX_BYTES);
	enum rc rc = read_range(email, part->body_offset, few, &begin);
	if (rc == RC_OK)
		rc = read_range(
		    email, part->body_offset + part->body_len - few, few, &end);
	if (rc == RC_OK && part->body_len > LINE_MAX_BYTES &&
	    size_of_regular(part, buf_view(&begin), buf_view(&end), ret_size))
		return RC_OK;
	if (rc == RC_OK)
		rc = jmap_email_range(email, part->body_offset, part->body_len,
		    part->encoding, &blob);
	if (rc != RC_OK)
		return rc;
	rc = jmap_blob_size(blob, ret_size);
	jmap_blob_close(&blob);
	return rc;
}

static enum rc part_size(struct jmap_email *email,
    const struct message_record_part *part, uint64_t *ret_size)
{
	struct jmap_blob *blob;
	*ret_size = part->body_len;
	if (part->kind == MESSAGE_MULTIPART || part->body_len == 0 ||
	    transfer_is_identity(part->encoding))
		return RC_OK;
	if (part->encoding == TRANSFER_BASE64)
		return size_of_base64(email, part, ret_size);
	enum rc rc = jmap_email_range(
	    email, part->body_offset, part->body_len, part->encoding, &blob);
	if (rc != RC_OK)
		return rc;
	rc = jmap_blob_size(blob, ret_size);
	jmap_blob_close(&blob);
	return rc;
}

// ---- Texts -----------------------------------------------------------------

static void add_lower(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, ascii_lower(text.ptr[i]));
}

static void write_lower(struct json_text *out, struct view text)
{
	struct buf lower CLEANUP(buf_done);
	buf_init(&lower, TEXT_MAX);
	add_lower(&lower, view_trim(text));
	json_add_string(out, buf_view(&lower));
}

static void write_type(
    const struct structure_part *fields, struct json_text *out)
{
	struct buf type CLEANUP(buf_done);
	buf_init(&type, TEXT_MAX);
	add_lower(&type, fields->type);
	buf_add_char(&type, '/');
	add_lower(&type, fields->subtype);
	json_add_string(out, buf_view(&type));
}

// The "filename" of Content-Disposition, or the "name" of Content-Type.
static void write_name(struct jmap_email *email,
    const struct structure_part *fields, struct json_text *out)
{
	struct buf name CLEANUP(buf_done);
	buf_init(&name, TEXT_MAX);
	enum rc rc =
	    param_value_decode(email->cache, fields->disposition_params,
		fields->disposition_param_count, VIEW("filename"), &name);
	if (rc == RC_NOT_FOUND)
		rc = param_value_decode(email->cache, fields->params,
		    fields->param_count, VIEW("name"), &name);
	utf8_blank_controls(&name, 0);
	if (rc == RC_OK)
		json_add_string(out, buf_view(&name));
	else
		json_add_null(out);
}

static void write_charset(
    const struct structure_part *fields, struct json_text *out)
{
	struct view charset = {NULL, 0};
	for (size_t i = 0; i < fields->param_count && !charset.ptr; i++)
		if (view_eq_nocase(fields->params[i].name, VIEW("charset")))
			charset = fields->params[i].value;
	bool is_text = view_eq_nocase(fields->type, VIEW("text"));
	// What the parser fills in for a missing one, and RFC 2045 section 5.2.
	if (is_text && (charset.len == 0 || view_eq(charset, VIEW("US-ASCII"))))
		charset = VIEW("us-ascii");
	if (charset.ptr)
		json_add_string(out, charset);
	else
		json_add_null(out);
}

static void write_cid(struct jmap_email *email,
    const struct structure_part *fields, struct json_text *out)
{
	struct view rest = fields->id, id;
	if (!rest.ptr) {
		json_add_null(out);
		return;
	}
	if (!header_id_next(email->arena, &rest, &id))
		id = view_trim(fields->id);
	json_add_string(out, id);
}

static void write_languages(
    const struct structure_part *fields, struct json_text *out)
{
	if (!fields->languages) {
		json_add_null(out);
		return;
	}
	json_begin_array(out);
	for (size_t i = 0; i < fields->language_count; i++)
		json_add_string(out, fields->languages[i]);
	json_end_array(out);
}

// A URI has no white space; a long one is folded (RFC 2557 section 4.4.1).
static void write_location(
    const struct structure_part *fields, struct json_text *out)
{
	struct buf text CLEANUP(buf_done);
	buf_init(&text, fields->location.len);
	if (!fields->location.ptr) {
		json_add_null(out);
		return;
	}
	for (size_t i = 0; i < fields->location.len; i++)
		if (!ascii_is_space(fields->location.ptr[i]))
			buf_add_char(&text, fields->location.ptr[i]);
	json_add_string(out, buf_view(&text));
}

static void write_blob_id(
    struct jmap_email *email, uint32_t index, struct json_text *out)
{
	char text[JMAP_ID_MAX + 16];
	int len = snprintf(
	    text, sizeof(text), "%.*s-%u", VIEW_FMT(email->blob_id), index);
	json_add_string(out, view_of(text, (size_t)len));
}

// ---- A part ----------------------------------------------------------------

static enum rc write_headers(struct jmap_email *email,
    const struct jmap_email_wishes *wishes,
    const struct message_record_part *part, struct json_text *out)
{
	struct buf header CLEANUP(buf_done);
	bool list = wishes->part_wanted >> JMAP_PART_HEADERS & 1;
	buf_init(&header, HEADER_MAX);
	if (!list && wishes->part_header_count == 0)
		return RC_OK;
	enum rc rc =
	    read_range(email, part->header_offset, part->header_len, &header);
	if (rc == RC_LIMIT)
		rc = RC_OK; // the rest of the fields is not shown
	if (rc != RC_OK)
		return rc;
	if (list) {
		json_key(out, "headers");
		jmap_headers_list(buf_view(&header), out);
	}
	jmap_headers_write(email, buf_view(&header), wishes->part_headers,
	    wishes->part_header_count, out);
	return RC_OK;
}

static enum rc write_property(struct jmap_email *email, uint32_t index,
    enum jmap_part_property property, struct json_text *out)
{
	const struct message_record_part *part = &email->parts->parts[index];
	const struct structure_part *fields = &email->parts->fields[index];
	bool multipart = part->kind == MESSAGE_MULTIPART;
	char text[12];
	uint64_t size = 0;
	enum rc rc = RC_OK;
	json_key(out, jmap_part_class.properties[property].name);
	switch (property) {
	case JMAP_PART_PART_ID:
		jmap_part_id_text(index, text);
		if (multipart)
			json_add_null(out);
		else
			json_add_string(out, view_of_string(text));
		break;
	case JMAP_PART_BLOB_ID:
		if (multipart)
			json_add_null(out);
		else
			write_blob_id(email, index, out);
		break;
	case JMAP_PART_SIZE:
		rc = part_size(email, part, &size);
		json_add_u64(out, size);
		break;
	case JMAP_PART_NAME: write_name(email, fields, out); break;
	case JMAP_PART_TYPE: write_type(fields, out); break;
	case JMAP_PART_CHARSET: write_charset(fields, out); break;
	case JMAP_PART_DISPOSITION:
		if (fields->disposition.ptr)
			write_lower(out, fields->disposition);
		else
			json_add_null(out);
		break;
	case JMAP_PART_CID: write_cid(email, fields, out); break;
	case JMAP_PART_LANGUAGE: write_languages(fields, out); break;
	case JMAP_PART_LOCATION: write_location(fields, out); break;
	case JMAP_PART_SUB_PARTS: json_add_null(out); break;
	case JMAP_PART_HEADERS:
	case JMAP_PART_PROPERTIES: break;
	}
	return rc;
}

// The members of a part's object, without subParts if those follow.
static enum rc write_members(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, uint32_t index, bool has_sub_parts,
    struct json_text *out)
{
	enum rc rc = RC_OK;
	for (unsigned i = 0; rc == RC_OK && i < JMAP_PART_PROPERTIES; i++)
		if (wishes->part_wanted >> i & 1 && i != JMAP_PART_HEADERS &&
		    !(has_sub_parts && i == JMAP_PART_SUB_PARTS))
			rc = write_property(email, index, i, out);
	if (rc == RC_OK)
		rc = write_headers(
		    email, wishes, &email->parts->parts[index], out);
	return rc;
}

enum rc jmap_part_list_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, const uint32_t *indexes,
    size_t count, struct json_text *out)
{
	enum rc rc = RC_OK;
	json_begin_array(out);
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		json_begin_object(out);
		rc = write_members(email, wishes, indexes[i], false, out);
		json_end_object(out);
	}
	json_end_array(out);
	return rc;
}

// A multipart always has its subParts, even if bodyProperties does not name
// them: bodyStructure is "the full MIME structure".
enum rc jmap_structure_write(struct jmap_email *email,
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	const struct jmap_email_parts *parts = email->parts;
	uint32_t ends[LEVELS_MAX + 1]; // of the multiparts that are open
	size_t open = 0;
	enum rc rc = RC_OK;
	for (uint32_t at = 0; rc == RC_OK && at < parts->parts[0].next;) {
		const struct message_record_part *part = &parts->parts[at];
		bool multipart = part->kind == MESSAGE_MULTIPART;
		bool deeper = multipart && open < LEVELS_MAX;
		json_begin_object(out);
		rc = write_members(email, wishes, at, multipart, out);
		if (multipart) {
			json_key(out, "subParts");
			json_begin_array(out);
			ends[open++] = deeper ? part->next : at;
		} else {
			json_end_object(out);
		}
		at = deeper ? at + 1 : part->next;
		while (open > 0 && ends[open - 1] <= at) {
			json_end_array(out);
			json_end_object(out);
			open--;
		}
	}
	// After a failure the answer is dropped, but its form is kept.
	while (open-- > 0) {
		json_end_array(out);
		json_end_object(out);
	}
	return rc;
}
