// SPDX-License-Identifier: Apache-2.0
// The properties that come from the fields of a header (RFC 8621 sections 4.1.2
// and 4.1.3).
#include "base/mem.h"
#include "jmap/email.h"

// Of a value in any form. Normalization makes text at most three times as long,
// and a character of one byte at most three.
#define VALUE_MAX ((size_t)32 << 20)

static void add_addresses(struct charset_cache *cache,
    const struct address *address, struct json_text *out)
{
	struct buf text CLEANUP(buf_done);
	buf_init(&text, VALUE_MAX);
	json_begin_object(out);
	json_key(out, "name");
	if (address->name.ptr) {
		header_name(cache, address->name, &text);
		json_add_string(out, buf_view(&text));
	} else {
		json_add_null(out);
	}
	buf_reset(&text);
	header_email(address, &text);
	json_member_string(out, "email", buf_view(&text));
	json_end_object(out);
}

static bool is_group_mark(const struct address *address)
{
	return !address->host.ptr;
}

static void write_addresses(
    struct jmap_email *email, struct view value, struct json_text *out)
{
	struct address_list list;
	address_list_parse(email->arena, value, &list);
	json_begin_array(out);
	for (const struct address *at = list.first; at; at = at->next)
		if (!is_group_mark(at))
			add_addresses(email->cache, at, out);
	json_end_array(out);
}

static void begin_group(
    struct jmap_email *email, const struct address *mark, struct json_text *out)
{
	struct buf text CLEANUP(buf_done);
	buf_init(&text, VALUE_MAX);
	json_begin_object(out);
	json_key(out, "name");
	if (mark) {
		header_name(email->cache, mark->mailbox, &text);
		json_add_string(out, buf_view(&text));
	} else {
		json_add_null(out);
	}
	json_key(out, "addresses");
	json_begin_array(out);
}

static void end_group(struct json_text *out)
{
	json_end_array(out);
	json_end_object(out);
}

// Addresses in no group are in groups without a name.
static void write_grouped(
    struct jmap_email *email, struct view value, struct json_text *out)
{
	struct address_list list;
	bool open = false;
	address_list_parse(email->arena, value, &list);
	json_begin_array(out);
	for (const struct address *at = list.first; at; at = at->next) {
		bool mark = is_group_mark(at);
		if (open && mark) {
			end_group(out);
			open = false;
		}
		if (!open && (!mark || at->mailbox.ptr)) {
			begin_group(email, mark ? at : NULL, out);
			open = true;
		}
		if (!mark)
			add_addresses(email->cache, at, out);
	}
	if (open)
		end_group(out);
	json_end_array(out);
}

// Strings, or null if there is none.
static void write_strings(struct jmap_email *email, struct view value,
    bool (*next)(struct arena *arena, struct view *rest, struct view *ret_text),
    struct json_text *out)
{
	struct view text;
	if (!next(email->arena, &value, &text)) {
		json_add_null(out);
		return;
	}
	json_begin_array(out);
	do {
		json_add_string(out, text);
	} while (next(email->arena, &value, &text));
	json_end_array(out);
}

static void write_date(struct view value, struct json_text *out)
{
	struct date date;
	struct buf text CLEANUP(buf_done);
	buf_init(&text, 40);
	if (date_parse_rfc5322(value, &date) != RC_OK) {
		json_add_null(out);
		return;
	}
	date_format_rfc3339_zone(date, &text);
	json_add_string(out, buf_view(&text));
}

static void write_raw(const struct header_field *field, struct json_text *out)
{
	struct buf text CLEANUP(buf_done);
	buf_init(&text, field->whole.len);
	header_raw(field, &text);
	json_add_string(out, buf_view(&text));
}

static void write_text(
    struct jmap_email *email, struct view value, struct json_text *out)
{
	struct buf text CLEANUP(buf_done);
	buf_init(&text, VALUE_MAX);
	header_text(email->cache, value, &text);
	json_add_string(out, buf_view(&text));
}

static void write_value(struct jmap_email *email,
    const struct header_field *field, enum header_form form,
    struct json_text *out)
{
	switch (form) {
	case HEADER_FORM_RAW: write_raw(field, out); return;
	case HEADER_FORM_TEXT: write_text(email, field->value, out); return;
	case HEADER_FORM_ADDRESSES:
		write_addresses(email, field->value, out);
		return;
	case HEADER_FORM_GROUPED_ADDRESSES:
		write_grouped(email, field->value, out);
		return;
	case HEADER_FORM_MESSAGE_IDS:
		write_strings(email, field->value, header_id_next, out);
		return;
	case HEADER_FORM_DATE: write_date(field->value, out); return;
	case HEADER_FORM_URLS:
		write_strings(email, field->value, header_url_next, out);
		return;
	}
}

// ---- Which fields ----------------------------------------------------------

// The last field of the name, for each property that does not want all.
static void find_last(struct view header, const struct jmap_header_wish *wishes,
    size_t count, struct header_field *ret_fields)
{
	struct header_field field;
	while (header_next(&header, &field))
		for (size_t i = 0; i < count; i++)
			if (view_eq_nocase(field.name, wishes[i].of.field))
				ret_fields[i] = field;
}

static void write_all(struct jmap_email *email, struct view header,
    const struct jmap_header_wish *wish, struct json_text *out)
{
	struct header_field field;
	json_begin_array(out);
	while (header_next(&header, &field))
		if (view_eq_nocase(field.name, wish->of.field))
			write_value(email, &field, wish->of.form, out);
	json_end_array(out);
}

void jmap_headers_write(struct jmap_email *email, struct view header,
    const struct jmap_header_wish *wishes, size_t count, struct json_text *out)
{
	struct header_field *last =
	    arena_zalloc(email->arena, (count + 1) * sizeof(*last));
	find_last(header, wishes, count, last);
	for (size_t i = 0; i < count; i++) {
		json_key_view(out, wishes[i].name);
		if (wishes[i].of.all)
			write_all(email, header, &wishes[i], out);
		else if (last[i].whole.len > 0)
			write_value(email, &last[i], wishes[i].of.form, out);
		else
			json_add_null(out);
	}
}

void jmap_headers_list(struct view header, struct json_text *out)
{
	struct header_field field;
	json_begin_array(out);
	while (header_next(&header, &field)) {
		if (field.name.len == 0)
			continue; // a line that is no field
		json_begin_object(out);
		json_member_string(out, "name", field.name);
		json_key(out, "value");
		write_raw(&field, out);
		json_end_object(out);
	}
	json_end_array(out);
}
