// SPDX-License-Identifier: Apache-2.0
#include "account/json.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "wire/utf8.h"

// What is left to read.
struct reader {
	struct arena *arena;
	struct view rest;
	unsigned depth;
};

static bool read_value(struct reader *reader, struct account_json *ret_value);

static void skip_space(struct reader *reader)
{
	while (reader->rest.len > 0 && ascii_is_space(reader->rest.ptr[0]))
		reader->rest = view_from(reader->rest, 1);
}

// Takes this character, and the space before it.
static bool take(struct reader *reader, char c)
{
	skip_space(reader);
	if (reader->rest.len == 0 || reader->rest.ptr[0] != c)
		return false;
	reader->rest = view_from(reader->rest, 1);
	return true;
}

// ---- Strings (section 7) ---------------------------------------------------

static bool hex_code(struct view text, uint32_t *ret_code)
{
	uint32_t code = 0;
	if (text.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		int digit = ascii_hex_value(text.ptr[i]);
		if (digit < 0)
			return false;
		code = code << 4 | (uint32_t)digit;
	}
	*ret_code = code;
	return true;
}

// The length of the escape "\uXXXX", or of two that are a pair; 0: it is none.
static size_t unicode_escape(struct view text, uint32_t *ret_code)
{
	uint32_t high, low;
	if (!hex_code(view_from(text, 2), &high) || high == 0)
		return 0;
	if (high < 0xd800 || high > 0xdfff) {
		*ret_code = high;
		return 6;
	}
	if (high > 0xdbff || !view_eq(view_slice(text, 6, 2), VIEW("\\u")) ||
	    !hex_code(view_from(text, 8), &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

// Decodes the escape at the front of `text`. Returns its length; 0: it is none.
static size_t decode_escape(struct view text, char *out, size_t *len)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t code;
	if (text.len < 2)
		return 0;
	const char *found = text.ptr[1] ? strchr(from, text.ptr[1]) : NULL;
	if (found) {
		out[(*len)++] = to[found - from];
		return 2;
	}
	size_t used = text.ptr[1] == 'u' ? unicode_escape(text, &code) : 0;
	if (used > 0)
		*len += utf8_encode(code, out + *len);
	return used;
}

// A decoded string is never longer than its text.
static bool decode(struct arena *arena, struct view text, struct view *ret_text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;
	while (text.len > 0) {
		size_t used = 1;
		if (ascii_is_control(text.ptr[0]) && text.ptr[0] != 0x7f)
			return false;
		if (text.ptr[0] != '\\')
			out[len++] = text.ptr[0];
		else
			used = decode_escape(text, out, &len);
		if (used == 0)
			return false;
		text = view_from(text, used);
	}
	*ret_text = view_of(out, len);
	return utf8_is_valid(*ret_text);
}

// The bytes between the quotes; the first quote has been taken.
static bool take_quoted(struct reader *reader, struct view *ret_inner)
{
	struct view text = reader->rest;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\') {
			i++;
		} else if (text.ptr[i] == '"') {
			*ret_inner = view_slice(text, 0, i);
			reader->rest = view_from(text, i + 1);
			return true;
		}
	}
	return false;
}

static bool read_string(struct reader *reader, struct view *ret_text)
{
	struct view inner;
	return take(reader, '"') && take_quoted(reader, &inner) &&
	       decode(reader->arena, inner, ret_text);
}

// ---- Numbers and words -----------------------------------------------------

static size_t digits(struct view text, size_t at)
{
	size_t from = at;
	while (at < text.len && ascii_is_digit(text.ptr[at]))
		at++;
	return at - from;
}

// Section 6.
static bool read_number(struct reader *reader, struct view *ret_text)
{
	struct view text = reader->rest;
	size_t at = text.len > 0 && text.ptr[0] == '-', count;
	bool zero = at < text.len && text.ptr[at] == '0';
	count = digits(text, at);
	if (count == 0 || (zero && count > 1))
		return false;
	at += count;
	if (at < text.len && text.ptr[at] == '.') {
		count = digits(text, at + 1);
		if (count == 0)
			return false;
		at += 1 + count;
	}
	if (at < text.len && ascii_lower(text.ptr[at]) == 'e') {
		at++;
		if (at < text.len &&
		    (text.ptr[at] == '+' || text.ptr[at] == '-'))
			at++;
		count = digits(text, at);
		if (count == 0)
			return false;
		at += count;
	}
	*ret_text = view_slice(text, 0, at);
	reader->rest = view_from(text, at);
	return true;
}

static bool take_word(struct reader *reader, struct view word)
{
	if (!view_starts_with(reader->rest, word))
		return false;
	reader->rest = view_from(reader->rest, word.len);
	return true;
}

// ---- Objects and arrays ----------------------------------------------------

static bool has_name(const struct account_json_object *object, struct view name)
{
	for (size_t i = 0; i < object->count; i++)
		if (view_eq(object->members[i].name, name))
			return true;
	return false;
}

static bool read_member(
    struct reader *reader, struct account_json_object *object)
{
	struct account_json_member member;
	if (object->count == ACCOUNT_JSON_MEMBERS ||
	    !read_string(reader, &member.name) ||
	    has_name(object, member.name) || !take(reader, ':') ||
	    !read_value(reader, &member.value))
		return false;
	object->members[object->count++] = member;
	return true;
}

static bool read_members(
    struct reader *reader, struct account_json_object *ret_object)
{
	struct account_json_object object = {0};
	object.members = arena_alloc(
	    reader->arena, ACCOUNT_JSON_MEMBERS * sizeof(*object.members));
	if (!take(reader, '{'))
		return false;
	if (!take(reader, '}')) {
		do {
			if (!read_member(reader, &object))
				return false;
		} while (take(reader, ','));
		if (!take(reader, '}'))
			return false;
	}
	*ret_object = object;
	return true;
}

static bool read_items(struct reader *reader)
{
	struct account_json item;
	if (!take(reader, '['))
		return false;
	if (take(reader, ']'))
		return true;
	do {
		if (!read_value(reader, &item))
			return false;
	} while (take(reader, ','));
	return take(reader, ']');
}

static bool read_nested(struct reader *reader, bool object)
{
	struct account_json_object ignored;
	if (++reader->depth > ACCOUNT_JSON_DEPTH)
		return false;
	bool good =
	    object ? read_members(reader, &ignored) : read_items(reader);
	reader->depth--;
	return good;
}

// ---- Values ----------------------------------------------------------------

static bool read_word(struct reader *reader, struct account_json *value)
{
	static const struct {
		struct view word;
		enum account_json_kind kind;
	} words[] = {
	    {{"null", 4}, ACCOUNT_JSON_NULL},
	    {{"false", 5}, ACCOUNT_JSON_FALSE},
	    {{"true", 4}, ACCOUNT_JSON_TRUE},
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!take_word(reader, words[i].word))
			continue;
		*value = (struct account_json){words[i].kind, words[i].word};
		return true;
	}
	value->kind = ACCOUNT_JSON_NUMBER;
	return read_number(reader, &value->text);
}

static bool read_value(struct reader *reader, struct account_json *ret_value)
{
	struct account_json value = {0};
	skip_space(reader);
	struct view start = reader->rest;
	if (start.len == 0)
		return false;
	switch (start.ptr[0]) {
	case '"':
		value.kind = ACCOUNT_JSON_STRING;
		if (!read_string(reader, &value.text))
			return false;
		break;
	case '{':
	case '[':
		value.kind = start.ptr[0] == '{' ? ACCOUNT_JSON_OBJECT
						 : ACCOUNT_JSON_ARRAY;
		if (!read_nested(reader, start.ptr[0] == '{'))
			return false;
		value.text = view_slice(start, 0, start.len - reader->rest.len);
		break;
	default:
		if (!read_word(reader, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool account_json_read(struct arena *arena, struct view text,
    struct account_json_object *ret_object)
{
	struct reader reader = {.arena = arena, .rest = text, .depth = 1};
	if (!read_members(&reader, ret_object))
		return false;
	skip_space(&reader);
	return reader.rest.len == 0;
}

void account_json_open(struct arena *arena, struct account_json value,
    struct account_json_object *ret_object)
{
	*ret_object = (struct account_json_object){0};
	if (value.kind == ACCOUNT_JSON_OBJECT &&
	    !account_json_read(arena, value.text, ret_object))
		*ret_object = (struct account_json_object){0};
}

struct account_json account_json_get(
    const struct account_json_object *object, const char *name)
{
	for (size_t i = 0; i < object->count; i++)
		if (view_eq(object->members[i].name, view_of_string(name)))
			return object->members[i].value;
	return (struct account_json){0};
}

bool account_json_string(const struct account_json_object *object,
    const char *name, struct view *ret_text)
{
	struct account_json value = account_json_get(object, name);
	if (value.kind != ACCOUNT_JSON_STRING)
		return false;
	*ret_text = value.text;
	return true;
}

bool account_json_next(
    struct arena *arena, struct view *rest, struct account_json *ret_value)
{
	struct reader reader = {.arena = arena, .rest = *rest};
	if ((!take(&reader, '[') && !take(&reader, ',')) ||
	    !read_value(&reader, ret_value))
		return false;
	*rest = reader.rest;
	return true;
}
