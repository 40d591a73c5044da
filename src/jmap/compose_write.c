// SPDX-License-Identifier: Apache-2.0
// Writes the message: header fields, then the parts, each encoded as its
// content needs.
#include <string.h>

#include "jmap/compose.h"
#include "jmap/random.h"
#include "wire/base64.h"
#include "wire/field_write.h"
#include "wire/json_read.h"
#include "wire/utf8.h"

#define FIELD_MAX   ((size_t)1024 * 1024) // bytes of one field
#define BASE64_LINE 57                    // bytes that make 76 characters

struct output {
	struct compose *compose;
	const struct compose_source *source;
	struct store_draft *draft;
	enum rc rc; // the first failure
};

static void put(struct output *output, struct view bytes)
{
	if (output->rc == RC_OK && bytes.len > 0)
		output->rc = store_draft_add(output->draft, bytes);
}

static void put_buf(struct output *output, struct buf *text)
{
	if (output->rc == RC_OK && buf_status(text) != RC_OK)
		output->rc = RC_LIMIT;
	put(output, buf_view(text));
	buf_done(text);
}

static struct view text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_string(value) ? json_view(value) : VIEW("");
}

// ---- Header fields ---------------------------------------------------------

static void add_addresses(
    struct field_writer *writer, json_t *list, bool more_groups)
{
	size_t i, count = json_array_size(list);
	json_t *address;
	json_array_foreach (list, i, address)
		field_add_mailbox(writer, text_of(address, "name"),
		    text_of(address, "email"), i + 1 < count || more_groups);
}

// Addresses outside of a group have a group without a name (section 4.1.2.4).
static void add_groups(struct field_writer *writer, json_t *groups)
{
	size_t i, count = json_array_size(groups);
	json_t *group;
	json_array_foreach (groups, i, group) {
		json_t *list = json_object_get(group, "addresses");
		bool named = json_is_string(json_object_get(group, "name"));
		bool more = i + 1 < count;
		if (named)
			field_begin_group(writer, text_of(group, "name"));
		add_addresses(writer, list, !named && more);
		if (named)
			field_end_group(writer, more);
	}
}

static void add_bracketed(
    struct field_writer *writer, json_t *list, bool commas)
{
	size_t i, count = json_array_size(list);
	json_t *id;
	json_array_foreach (list, i, id) {
		struct buf text;
		buf_init(&text, 1000);
		buf_printf(&text, "<%.*s>%s", VIEW_FMT(json_view(id)),
		    commas && i + 1 < count ? "," : "");
		field_add_token(writer, buf_view(&text));
		buf_done(&text);
	}
}

static void add_value(struct field_writer *writer, enum header_form form,
    struct buf *out, json_t *value)
{
	struct date date;
	switch (form) {
	case HEADER_FORM_RAW: buf_add(out, json_view(value)); return;
	case HEADER_FORM_TEXT: field_add_text(writer, json_view(value)); return;
	case HEADER_FORM_ADDRESSES: add_addresses(writer, value, false); return;
	case HEADER_FORM_GROUPED_ADDRESSES: add_groups(writer, value); return;
	case HEADER_FORM_MESSAGE_IDS:
		add_bracketed(writer, value, false);
		return;
	case HEADER_FORM_URLS: add_bracketed(writer, value, true); return;
	case HEADER_FORM_DATE:
		if (date_parse_rfc3339(json_view(value), &date) == RC_OK)
			field_add_date(writer, date);
		return;
	}
}

static void put_field(
    struct output *output, const struct compose_field *field, json_t *value)
{
	struct buf text;
	struct field_writer writer;
	// A field without any address or id has no value: it is left out.
	if (json_is_array(value) && json_array_size(value) == 0)
		return;
	buf_init(&text, FIELD_MAX);
	field_begin(&writer, &text, field->property.field);
	add_value(&writer, field->property.form, &text, value);
	field_end(&writer);
	put_buf(output, &text);
}

static void put_fields(
    struct output *output, const struct compose_field *fields, size_t count)
{
	size_t n;
	json_t *value;
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].property.all) {
			put_field(output, &fields[i], fields[i].value);
			continue;
		}
		json_array_foreach (fields[i].value, n, value)
			put_field(output, &fields[i], value);
	}
}

// What every message has (RFC 5322 section 3.6).
static void put_missing_fields(struct output *output)
{
	const struct compose *compose = output->compose;
	struct buf text;
	struct field_writer writer;
	buf_init(&text, FIELD_MAX);
	if (!compose->has_date) {
		field_begin(&writer, &text, VIEW("Date"));
		field_add_date(&writer, output->source->now);
		field_end(&writer);
	}
	if (!compose->has_message_id) {
		char random[33];
		jmap_random_text(random, 16);
		buf_printf(&text, "Message-ID: <%s@%s>\r\n", random,
		    output->source->server_name);
	}
	buf_add_literal(&text, "MIME-Version: 1.0\r\n");
	put_buf(output, &text);
}

// ---- Encodings -------------------------------------------------------------

// What is known of content after one look at all of it.
struct content_kind {
	bool has_8bit;
	bool has_nul;
	bool has_long_line;
	size_t line;
	uint64_t bytes, high_bytes;
};

static void look(struct content_kind *kind, struct view piece)
{
	for (size_t i = 0; i < piece.len; i++) {
		unsigned char c = (unsigned char)piece.ptr[i];
		kind->bytes++;
		kind->high_bytes += c >= 0x80;
		kind->has_nul |= c == 0;
		kind->line = c == '\n' ? 0 : kind->line + 1;
		kind->has_long_line |= kind->line > FIELD_LINE_MAX_SMTP;
	}
	kind->has_8bit = kind->high_bytes > 0;
}

static enum rc look_at_piece(void *context, struct view piece)
{
	look(context, piece);
	return RC_OK;
}

// Base64 in lines, piece by piece.
struct base64_lines {
	struct output *output;
	char held[BASE64_LINE];
	size_t held_len;
};

static void put_line(struct base64_lines *lines)
{
	struct buf text;
	buf_init(&text, 100);
	base64_encode(view_of(lines->held, lines->held_len), &text);
	buf_add_literal(&text, "\r\n");
	put_buf(lines->output, &text);
	lines->held_len = 0;
}

static enum rc put_base64(void *context, struct view piece)
{
	struct base64_lines *lines = context;
	while (piece.len > 0) {
		size_t room = BASE64_LINE - lines->held_len;
		struct view part = view_slice(piece, 0, room);
		memcpy(lines->held + lines->held_len, part.ptr, part.len);
		lines->held_len += part.len;
		piece = view_from(piece, part.len);
		if (lines->held_len == BASE64_LINE)
			put_line(lines);
	}
	return lines->output->rc;
}

static void end_base64(struct base64_lines *lines)
{
	if (lines->held_len > 0)
		put_line(lines);
}

// Quoted-printable (RFC 2045 section 6.7) of text whose lines end with CRLF.
static void put_quoted_printable(struct output *output, struct view text)
{
	struct buf out;
	size_t line = 0;
	buf_init(&out, text.len * 4 + 100);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n') {
			buf_add_literal(&out, "\r\n");
			line = 0;
			i++;
			continue;
		}
		bool at_end = i + 1 == text.len || text.ptr[i + 1] == '\r';
		bool plain = (c >= ' ' && c < 0x7f && c != '=') || c == '\t';
		// A blank at the end of a line would be lost.
		if ((c == ' ' || c == '\t') && at_end)
			plain = false;
		if (line + (plain ? 1 : 3) > 75) {
			buf_add_literal(&out, "=\r\n");
			line = 0;
		}
		if (plain)
			buf_add_char(&out, (char)c);
		else
			buf_printf(&out, "=%02X", c);
		line += plain ? 1 : 3;
	}
	put_buf(output, &out);
}

// Lines end with CRLF, whatever the client sent.
static void normalise(struct view text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\r' || c == '\n') {
			buf_add_literal(out, "\r\n");
			i += c == '\r' && i + 1 < text.len &&
			     text.ptr[i + 1] == '\n';
		} else if (c != '\0') {
			buf_add_char(out, c);
		}
	}
}

// ---- Parts -----------------------------------------------------------------

static void add_type(struct field_writer *writer, struct buf *text,
    const struct compose_part *part, const char *boundary)
{
	field_begin(writer, text, VIEW("Content-Type"));
	field_add_token(writer, part->type);
	if (part->has_text)
		field_add_param(writer, "charset", VIEW("utf-8"));
	else if (part->charset.len > 0)
		field_add_param(writer, "charset", part->charset);
	if (part->name.len > 0)
		field_add_param(writer, "name", part->name);
	if (boundary)
		field_add_param(writer, "boundary", view_of_string(boundary));
	field_end(writer);
}

static void add_languages(
    struct field_writer *writer, struct buf *text, json_t *list)
{
	size_t i, count = json_array_size(list);
	json_t *language;
	field_begin(writer, text, VIEW("Content-Language"));
	json_array_foreach (list, i, language) {
		struct buf token;
		buf_init(&token, 200);
		buf_add(&token, json_view(language));
		if (i + 1 < count)
			buf_add_char(&token, ',');
		field_add_token(writer, buf_view(&token));
		buf_done(&token);
	}
	field_end(writer);
}

static bool has_field(const struct compose_part *part, struct view name)
{
	for (size_t i = 0; i < part->fields.count; i++)
		if (view_eq_nocase(part->fields.items[i].property.field, name))
			return true;
	return false;
}

// All fields but the encoding.
static void put_part_fields(struct output *output,
    const struct compose_part *part, const char *boundary)
{
	struct buf text;
	struct field_writer writer;
	buf_init(&text, FIELD_MAX);
	if (!has_field(part, VIEW("Content-Type")))
		add_type(&writer, &text, part, boundary);
	if (part->disposition.len > 0 ||
	    (part->name.len > 0 && part->blob_id.len > 0)) {
		field_begin(&writer, &text, VIEW("Content-Disposition"));
		field_add_token(&writer, part->disposition.len > 0
					     ? part->disposition
					     : VIEW("attachment"));
		if (part->name.len > 0)
			field_add_param(&writer, "filename", part->name);
		field_end(&writer);
	}
	if (part->cid.len > 0)
		buf_printf(
		    &text, "Content-ID: <%.*s>\r\n", VIEW_FMT(part->cid));
	if (part->location.len > 0) {
		field_begin(&writer, &text, VIEW("Content-Location"));
		field_add_text(&writer, part->location);
		field_end(&writer);
	}
	if (json_array_size(part->language) > 0)
		add_languages(&writer, &text, part->language);
	put_buf(output, &text);
	put_fields(output, part->fields.items, part->fields.count);
}

static void put_encoding(struct output *output, const char *name)
{
	struct buf text;
	buf_init(&text, 100);
	buf_printf(&text, "Content-Transfer-Encoding: %s\r\n\r\n", name);
	put_buf(output, &text);
}

static void put_text(struct output *output, struct view value)
{
	struct buf text;
	struct content_kind kind = {0};
	buf_init(&text, value.len * 2 + 2);
	normalise(value, &text);
	look(&kind, buf_view(&text));
	if (!kind.has_8bit && !kind.has_long_line) {
		put_encoding(output, "7bit");
		put_buf(output, &text);
		return;
	}
	// Quoted-printable can be read as it is if most of it is ASCII.
	if (kind.high_bytes * 6 <= kind.bytes) {
		put_encoding(output, "quoted-printable");
		put_quoted_printable(output, buf_view(&text));
	} else {
		struct base64_lines lines = {.output = output};
		put_encoding(output, "base64");
		(void)put_base64(&lines, buf_view(&text));
		end_base64(&lines);
	}
	buf_done(&text);
}

static enum rc put_piece(void *context, struct view piece)
{
	struct output *output = context;
	put(output, piece);
	return output->rc;
}

static void put_blob(struct output *output, const struct compose_part *part)
{
	const struct compose_source *source = output->source;
	struct content_kind kind = {0};
	enum rc rc;
	if (output->rc != RC_OK)
		return;
	// A message in a message must not be encoded (RFC 2046 section 5.2.1).
	if (view_eq(part->type, VIEW("message/rfc822")) ||
	    view_eq(part->type, VIEW("message/global"))) {
		rc = source->read(
		    source->context, part->blob_id, look_at_piece, &kind);
		if (rc == RC_OK && !kind.has_nul && !kind.has_long_line) {
			put_encoding(output, kind.has_8bit ? "8bit" : "7bit");
			rc = source->read(
			    source->context, part->blob_id, put_piece, output);
			if (output->rc == RC_OK)
				output->rc = rc;
			return;
		}
	}
	struct base64_lines lines = {.output = output};
	put_encoding(output, "base64");
	rc = source->read(source->context, part->blob_id, put_base64, &lines);
	if (output->rc == RC_OK)
		output->rc = rc;
	end_base64(&lines);
}

static void put_part(struct output *output, const struct compose_part *part);

static void put_multipart(
    struct output *output, const struct compose_part *part)
{
	char boundary[JMAP_BOUNDARY_LEN + 1], line[50];
	jmap_random_boundary(boundary);
	put_part_fields(output, part, boundary);
	put(output, VIEW("\r\n"));
	for (size_t i = 0; i < part->subs.count; i++) {
		int len = snprintf(line, sizeof(line), "%s--%s\r\n",
		    i > 0 ? "\r\n" : "", boundary);
		put(output, view_of(line, (size_t)len));
		put_part(output, part->subs.items[i]);
	}
	int len = snprintf(line, sizeof(line), "\r\n--%s--\r\n", boundary);
	put(output, view_of(line, (size_t)len));
}

static void put_part(struct output *output, const struct compose_part *part)
{
	if (view_starts_with(part->type, VIEW("multipart/"))) {
		put_multipart(output, part);
		return;
	}
	put_part_fields(output, part, NULL);
	if (part->has_text)
		put_text(output, part->text);
	else
		put_blob(output, part);
}

enum rc compose_write(struct compose *compose,
    const struct compose_source *source, struct store_draft *draft)
{
	struct output output = {
	    .compose = compose, .source = source, .draft = draft};
	static const struct compose_part empty = {
	    .type = {"text/plain", 10}, .has_text = true};
	put_fields(&output, compose->fields.items, compose->fields.count);
	put_missing_fields(&output);
	put_part(&output, compose->root ? compose->root : &empty);
	return output.rc;
}
