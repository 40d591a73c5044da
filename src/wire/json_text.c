// SPDX-License-Identifier: Apache-2.0
#include "wire/json_text.h"

#include <assert.h>

#include "wire/date.h"
#include "wire/utf8.h"

void json_text_init(struct json_text *text, struct buf *out)
{
	*text = (struct json_text){.out = out};
}

// Before a value or a key: a comma, if something stands before it.
static void begin_item(struct json_text *text)
{
	uint64_t bit = (uint64_t)1 << text->depth;
	if (text->keyed) {
		text->keyed = false;
		return;
	}
	if (text->filled & bit)
		buf_add_char(text->out, ',');
	text->filled |= bit;
}

static void begin(struct json_text *text, char c)
{
	begin_item(text);
	buf_add_char(text->out, c);
	assert(text->depth + 1 < JSON_DEPTH_MAX);
	text->depth++;
	text->filled &= ~((uint64_t)1 << text->depth);
}

static void end(struct json_text *text, char c)
{
	assert(text->depth > 0 && !text->keyed);
	text->depth--;
	buf_add_char(text->out, c);
}

void json_begin_object(struct json_text *text)
{
	begin(text, '{');
}

void json_end_object(struct json_text *text)
{
	end(text, '}');
}

void json_begin_array(struct json_text *text)
{
	begin(text, '[');
}

void json_end_array(struct json_text *text)
{
	end(text, ']');
}

// Whether the byte stands for itself in a string.
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void add_escaped(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"': buf_add_literal(out, "\\\""); return;
	case '\\': buf_add_literal(out, "\\\\"); return;
	case '\n': buf_add_literal(out, "\\n"); return;
	case '\r': buf_add_literal(out, "\\r"); return;
	case '\t': buf_add_literal(out, "\\t"); return;
	default: buf_printf(out, "\\u%04x", c); return;
	}
}

static void add_quoted(struct buf *out, struct view value)
{
	bool valid = utf8_is_valid(value);
	size_t from = 0;
	buf_add_char(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if (is_plain(c))
			continue;
		struct view run = view_slice(value, from, i - from);
		if (valid)
			buf_add(out, run);
		else
			utf8_add_valid(out, run);
		add_escaped(out, c);
		from = i + 1;
	}
	if (valid)
		buf_add(out, view_from(value, from));
	else
		utf8_add_valid(out, view_from(value, from));
	buf_add_char(out, '"');
}

void json_key_view(struct json_text *text, struct view name)
{
	assert(!text->keyed);
	begin_item(text);
	add_quoted(text->out, name);
	buf_add_char(text->out, ':');
	text->keyed = true;
}

void json_key(struct json_text *text, const char *name)
{
	json_key_view(text, view_of_string(name));
}

void json_add_string(struct json_text *text, struct view value)
{
	begin_item(text);
	add_quoted(text->out, value);
}

void json_add_u64(struct json_text *text, uint64_t value)
{
	begin_item(text);
	buf_add_u64(text->out, value);
}

void json_add_i64(struct json_text *text, int64_t value)
{
	begin_item(text);
	buf_printf(text->out, "%lld", (long long)value);
}

void json_add_bool(struct json_text *text, bool value)
{
	begin_item(text);
	buf_add(text->out, value ? VIEW("true") : VIEW("false"));
}

void json_add_null(struct json_text *text)
{
	begin_item(text);
	buf_add_literal(text->out, "null");
}

void json_add_utc_date(struct json_text *text, int64_t seconds)
{
	begin_item(text);
	buf_add_char(text->out, '"');
	date_format_rfc3339(seconds, text->out);
	buf_add_char(text->out, '"');
}

void json_add_raw(struct json_text *text, struct view json)
{
	begin_item(text);
	buf_add(text->out, json);
}

void json_member_string(
    struct json_text *text, const char *name, struct view value)
{
	json_key(text, name);
	json_add_string(text, value);
}

void json_member_u64(struct json_text *text, const char *name, uint64_t value)
{
	json_key(text, name);
	json_add_u64(text, value);
}

void json_member_bool(struct json_text *text, const char *name, bool value)
{
	json_key(text, name);
	json_add_bool(text, value);
}

void json_member_null(struct json_text *text, const char *name)
{
	json_key(text, name);
	json_add_null(text);
}
