// SPDX-License-Identifier: Apache-2.0
// See header.h. Everything is linear in the header's length.
#include "delivery/header.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/date.h"
#include "wire/header.h"

// ---- Holding it ------------------------------------------------------------

void delivery_header_init(struct delivery_header *header)
{
	*header = (struct delivery_header){0};
	buf_init(&header->bytes, DELIVERY_HEADER_MAX);
}

void delivery_header_done(struct delivery_header *header)
{
	buf_done(&header->bytes);
}

// Whether the line that has just ended is blank, by the rule of wire/header.h.
static bool line_is_blank(const struct delivery_header *header)
{
	const char *line = header->bytes.ptr + header->line;
	size_t len = header->bytes.len - header->line;
	return len == 1 || (len == 2 && line[0] == '\r');
}

enum rc delivery_header_add(
    struct delivery_header *header, struct view bytes, struct view *ret_body)
{
	*ret_body = bytes;
	if (header->bytes.len == 0 && bytes.len && ascii_is_blank(*bytes.ptr))
		return RC_OK;
	while (bytes.len) {
		size_t lf = view_find_char(bytes, '\n');
		size_t len = lf == SIZE_MAX ? bytes.len : lf + 1;
		if (len > DELIVERY_HEADER_MAX - header->bytes.len) {
			*ret_body = bytes;
			return RC_LIMIT;
		}
		buf_add(&header->bytes, view_slice(bytes, 0, len));
		bytes = view_from(bytes, len);
		if (lf == SIZE_MAX)
			break;
		if (line_is_blank(header)) {
			buf_truncate(&header->bytes, header->line);
			header->blank = true;
			*ret_body = bytes;
			return RC_OK;
		}
		header->line = header->bytes.len;
	}
	*ret_body = bytes;
	return RC_MORE;
}

void delivery_header_end(struct delivery_header *header)
{
	struct buf *bytes = &header->bytes;
	if (bytes->len == 0 || bytes->ptr[bytes->len - 1] == '\n')
		return;
	if (bytes->len > DELIVERY_HEADER_MAX - 2)
		buf_truncate(bytes, DELIVERY_HEADER_MAX - 2);
	buf_add_literal(bytes, "\r\n");
}

// ---- Looking at it ---------------------------------------------------------

static bool is_called(const struct header_field *field, struct view name)
{
	return field->name.len && view_eq_nocase(field->name, name);
}

bool delivery_header_has_bare(struct view header)
{
	for (size_t at = 0; at < header.len; at++) {
		char c = header.ptr[at];
		if (c == '\n')
			return true;
		if (c != '\r')
			continue;
		if (++at == header.len || header.ptr[at] != '\n')
			return true;
	}
	return false;
}

// Compares the letters of a line up to its colon with a name.
static bool spells(struct view line, struct view name)
{
	size_t at = 0;
	for (size_t i = 0; i < line.len && line.ptr[i] != ':'; i++) {
		char c = line.ptr[i];
		if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7f)
			continue;
		if (at == name.len || ascii_lower(c) != name.ptr[at++])
			return false;
	}
	return at == name.len;
}

bool delivery_header_hides_writer(struct view header)
{
	struct header_field field;
	while (header_next(&header, &field)) {
		if (view_find_char(field.whole, ':') == SIZE_MAX)
			continue;
		if (is_called(&field, VIEW("From")) ||
		    is_called(&field, VIEW("Sender")))
			continue;
		if (spells(field.whole, VIEW("from")) ||
		    spells(field.whole, VIEW("sender")))
			return true;
	}
	return false;
}

void delivery_header_look(struct view header, struct delivery_fields *ret)
{
	struct header_field field;
	*ret = (struct delivery_fields){0};
	while (header_next(&header, &field)) {
		if (is_called(&field, VIEW("Received")))
			ret->received++;
		else if (is_called(&field, VIEW("Delivered-To")))
			ret->delivered_to++;
		else if (is_called(&field, VIEW("From")) && !ret->from++)
			ret->from_value = field.value;
		else if (is_called(&field, VIEW("Sender")) && !ret->sender++)
			ret->sender_value = field.value;
		else if (is_called(&field, VIEW("Date")))
			ret->has_date = true;
		else if (is_called(&field, VIEW("Message-ID"))) {
			if (!ret->has_message_id)
				ret->message_id = view_trim(field.value);
			ret->has_message_id = true;
		}
	}
}

// ---- Putting it right ------------------------------------------------------

static bool goes(
    const struct header_field *field, const struct delivery_fix *fix)
{
	if (is_called(field, VIEW("Return-Path")))
		return true;
	if (fix->forged && is_called(field, VIEW("Authentication-Results")))
		return fix->forged(fix->context, field->value);
	return fix->submission && (is_called(field, VIEW("Bcc")) ||
				      is_called(field, VIEW("Resent-Bcc")));
}

static bool is_mbox_line(struct view line)
{
	return view_starts_with(line, VIEW("From ")) ||
	       view_starts_with(line, VIEW(">From "));
}

static void add_missing(const struct delivery_fields *fields,
    const struct delivery_fix *fix, struct buf *out)
{
	if (!fields->from && fix->from.len) {
		buf_add_literal(out, "From: <");
		buf_add(out, fix->from);
		buf_add_literal(out, ">\r\n");
	}
	if (!fields->has_date) {
		buf_add_literal(out, "Date: ");
		date_format_rfc5322((struct date){.seconds = fix->now}, out);
		buf_add_literal(out, "\r\n");
	}
	if (!fields->has_message_id) {
		buf_add_literal(out, "Message-ID: ");
		buf_add(out, fix->message_id);
		buf_add_literal(out, "\r\n");
	}
}

void delivery_header_fix(
    struct view header, const struct delivery_fix *fix, struct buf *out)
{
	struct delivery_fields fields;
	struct header_field field;
	delivery_header_look(header, &fields);
	bool first = true;
	while (header_next(&header, &field)) {
		bool mbox =
		    first && field.name.len == 0 && is_mbox_line(field.whole);
		first = false;
		if (mbox || goes(&field, fix))
			continue;
		buf_add(out, field.whole);
		if (!view_ends_with(field.whole, VIEW("\n")))
			buf_add_literal(out, "\r\n");
	}
	if (fix->submission)
		add_missing(&fields, fix, out);
}
