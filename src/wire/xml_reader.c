// SPDX-License-Identifier: Apache-2.0
#include "wire/xml_reader.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "wire/utf8.h"

// ---- Characters ------------------------------------------------------------

static bool is_name_start(char c)
{
	return ascii_is_alpha(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name_char(char c)
{
	return is_name_start(c) || ascii_is_digit(c) || c == '-' || c == '.' ||
	       c == ':';
}

// The production Char of section 2.2.
static bool is_char(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) &&
	       code != 0xfffe && code != 0xffff;
}

static bool has_only_chars(struct view text)
{
	uint32_t code;
	if (!utf8_is_valid(text))
		return false;
	while (utf8_next(&text, &code))
		if (!is_char(code))
			return false;
	return true;
}

// ---- Pieces ----------------------------------------------------------------

static bool skip(struct xml_reader *reader, struct view text)
{
	if (!view_starts_with(reader->rest, text))
		return false;
	reader->rest = view_from(reader->rest, text.len);
	return true;
}

// Returns whether there was any.
static bool skip_space(struct xml_reader *reader)
{
	size_t len = 0;
	while (len < reader->rest.len && ascii_is_space(reader->rest.ptr[len]))
		len++;
	reader->rest = view_from(reader->rest, len);
	return len > 0;
}

// Removes everything up to and with `end`, and gives what is before it.
static bool take_until(
    struct xml_reader *reader, struct view end, struct view *ret_text)
{
	size_t at = view_find(reader->rest, end);
	if (at == SIZE_MAX)
		return false;
	*ret_text = view_slice(reader->rest, 0, at);
	reader->rest = view_from(reader->rest, at + end.len);
	return true;
}

// A name that may have one prefix: "name" or "prefix:name" ("Namespaces in
// XML", section 4).
static bool take_name(struct xml_reader *reader, struct view *ret_name)
{
	size_t len = 0;
	struct view rest = reader->rest;
	while (len < rest.len && is_name_char(rest.ptr[len]))
		len++;
	struct view name = view_slice(rest, 0, len);
	if (len == 0 || !is_name_start(name.ptr[0]) || !utf8_is_valid(name))
		return false;
	size_t colon = view_find_char(name, ':');
	if (colon != SIZE_MAX) {
		struct view local = view_from(name, colon + 1);
		if (local.len == 0 || !is_name_start(local.ptr[0]) ||
		    view_find_char(local, ':') != SIZE_MAX)
			return false;
	}
	*ret_name = name;
	reader->rest = view_from(rest, len);
	return true;
}

static struct view prefix_of(struct view name)
{
	size_t colon = view_find_char(name, ':');
	return colon == SIZE_MAX ? VIEW("") : view_slice(name, 0, colon);
}

static struct view local_of(struct view name)
{
	size_t colon = view_find_char(name, ':');
	return colon == SIZE_MAX ? name : view_from(name, colon + 1);
}

// ---- References ------------------------------------------------------------

static const struct {
	struct view name;
	char c;
} predefined[] = {
    {{"amp", 3}, '&'},
    {{"lt", 2}, '<'},
    {{"gt", 2}, '>'},
    {{"quot", 4}, '"'},
    {{"apos", 4}, '\''},
};

// What is between "&#" and ";" (section 4.1).
static bool read_number(struct view digits, uint32_t *ret_code)
{
	bool hex = view_starts_with(digits, VIEW("x"));
	uint32_t code = 0;
	if (hex)
		digits = view_from(digits, 1);
	if (digits.len == 0)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		int value = ascii_hex_value(digits.ptr[i]);
		if (value < 0 || (!hex && value > 9))
			return false;
		code = code * (hex ? 16 : 10) + (uint32_t)value;
		if (code > 0x10ffff)
			return false;
	}
	*ret_code = code;
	return is_char(code);
}

// `name` is what is between "&" and ";".
static bool add_reference(struct buf *out, struct view name)
{
	uint32_t code;
	if (view_starts_with(name, VIEW("#"))) {
		if (!read_number(view_from(name, 1), &code))
			return false;
		utf8_add(out, code);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(predefined); i++)
		if (view_eq(name, predefined[i].name)) {
			buf_add_char(out, predefined[i].c);
			return true;
		}
	return false;
}

// Decodes references, and makes every end of a line LF (section 2.11); in
// attributes white space becomes SP (section 3.3.3).
static enum rc decode(struct xml_reader *reader, struct view text,
    bool is_attribute, struct view *ret_text)
{
	struct buf out;
	enum rc rc = has_only_chars(text) ? RC_OK : RC_SYNTAX;
	buf_init(&out, text.len); // a reference is longer than its character
	for (size_t i = 0; i < text.len && rc == RC_OK; i++) {
		char c = text.ptr[i];
		if (c == '&') {
			struct view name = view_from(text, i + 1);
			size_t end =
			    view_find_char(view_slice(name, 0, 12), ';');
			if (end == SIZE_MAX ||
			    !add_reference(&out, view_slice(name, 0, end)))
				rc = RC_SYNTAX;
			i += end == SIZE_MAX ? 0 : end + 1;
			continue;
		}
		if (c == '\r') {
			if (i + 1 < text.len && text.ptr[i + 1] == '\n')
				continue;
			c = '\n';
		}
		buf_add_char(&out, is_attribute && ascii_is_space(c) ? ' ' : c);
	}
	if (rc == RC_OK)
		*ret_text = arena_copy(reader->arena, buf_view(&out));
	buf_done(&out);
	return rc;
}

// ---- Tags ------------------------------------------------------------------

static enum rc read_attribute(
    struct xml_reader *reader, struct xml_attribute *ret_attribute)
{
	struct view raw;
	if (!take_name(reader, &ret_attribute->name))
		return RC_SYNTAX;
	skip_space(reader);
	if (!skip(reader, VIEW("=")))
		return RC_SYNTAX;
	skip_space(reader);
	struct view quote = view_slice(reader->rest, 0, 1);
	if (!view_eq(quote, VIEW("\"")) && !view_eq(quote, VIEW("'")))
		return RC_SYNTAX;
	reader->rest = view_from(reader->rest, 1);
	if (!take_until(reader, quote, &raw) ||
	    view_find_char(raw, '<') != SIZE_MAX)
		return RC_SYNTAX;
	return decode(reader, raw, true, &ret_attribute->value);
}

// If the attribute declares a namespace, notes that.
static enum rc bind(
    struct xml_reader *reader, const struct xml_attribute *attribute)
{
	struct xml_binding binding = {.space = attribute->value};
	if (view_starts_with(attribute->name, VIEW("xmlns:")))
		binding.prefix = local_of(attribute->name);
	else if (!view_eq(attribute->name, VIEW("xmlns")))
		return RC_OK;
	if (reader->binding_count == XML_BINDINGS_MAX)
		return RC_LIMIT;
	reader->bindings[reader->binding_count++] = binding;
	return RC_OK;
}

static enum rc find_space(
    const struct xml_reader *reader, struct view prefix, struct view *ret_space)
{
	*ret_space = VIEW("");
	for (size_t i = reader->binding_count; i > 0; i--)
		if (view_eq(reader->bindings[i - 1].prefix, prefix)) {
			*ret_space = reader->bindings[i - 1].space;
			return RC_OK;
		}
	// A prefix has to be declared.
	return prefix.len == 0 || view_eq(prefix, VIEW("xml")) ? RC_OK
							       : RC_SYNTAX;
}

// Reads all attributes, up to ">" or "/>".
static enum rc read_attributes(
    struct xml_reader *reader, struct xml_attribute *list, size_t *ret_count)
{
	size_t count = 0;
	for (;;) {
		bool space = skip_space(reader);
		if (view_starts_with(reader->rest, VIEW(">")) ||
		    view_starts_with(reader->rest, VIEW("/>")))
			break;
		if (!space)
			return RC_SYNTAX;
		if (count == XML_ATTRIBUTES_MAX)
			return RC_LIMIT;
		enum rc rc = read_attribute(reader, &list[count]);
		if (rc != RC_OK)
			return rc;
		for (size_t i = 0; i < count; i++)
			if (view_eq(list[i].name, list[count].name))
				return RC_SYNTAX; // section 3.1
		rc = bind(reader, &list[count]);
		if (rc != RC_OK)
			return rc;
		count++;
	}
	*ret_count = count;
	return RC_OK;
}

static const struct xml_attribute *copy_attributes(
    struct arena *arena, const struct xml_attribute *list, size_t count)
{
	if (count == 0)
		return NULL;
	struct xml_attribute *copy = arena_alloc(arena, count * sizeof(*list));
	memcpy(copy, list, count * sizeof(*list));
	return copy;
}

static enum rc read_open(struct xml_reader *reader, struct xml_token *ret_token)
{
	struct xml_attribute list[XML_ATTRIBUTES_MAX];
	struct xml_element element = {.bindings = reader->binding_count};
	size_t count;
	if (reader->depth == XML_DEPTH_MAX)
		return RC_LIMIT;
	if (!take_name(reader, &element.written))
		return RC_SYNTAX;
	enum rc rc = read_attributes(reader, list, &count);
	if (rc == RC_OK)
		rc = find_space(
		    reader, prefix_of(element.written), &element.space);
	if (rc != RC_OK)
		return rc;
	reader->close_again = skip(reader, VIEW("/"));
	if (!skip(reader, VIEW(">")))
		return RC_SYNTAX;
	reader->open[reader->depth++] = element;
	reader->began = true;
	*ret_token = (struct xml_token){
	    .kind = XML_OPEN,
	    .name = local_of(element.written),
	    .space = element.space,
	    .attributes = copy_attributes(reader->arena, list, count),
	    .attribute_count = count,
	};
	return RC_OK;
}

static void give_close(struct xml_reader *reader, struct xml_token *ret_token)
{
	const struct xml_element *element = &reader->open[--reader->depth];
	reader->binding_count = element->bindings;
	*ret_token = (struct xml_token){
	    .kind = XML_CLOSE,
	    .name = local_of(element->written),
	    .space = element->space,
	};
}

static enum rc read_close(
    struct xml_reader *reader, struct xml_token *ret_token)
{
	struct view name;
	if (reader->depth == 0 || !take_name(reader, &name) ||
	    !view_eq(name, reader->open[reader->depth - 1].written))
		return RC_SYNTAX;
	skip_space(reader);
	if (!skip(reader, VIEW(">")))
		return RC_SYNTAX;
	give_close(reader, ret_token);
	return RC_OK;
}

// ---- What is skipped -------------------------------------------------------

static enum rc skip_comment(struct xml_reader *reader)
{
	struct view text;
	// "--" may stand only at the end (section 2.5).
	if (!take_until(reader, VIEW("--"), &text) ||
	    !skip(reader, VIEW(">")) || !has_only_chars(text))
		return RC_SYNTAX;
	return RC_OK;
}

static enum rc skip_instruction(struct xml_reader *reader)
{
	struct view text, name;
	if (!take_until(reader, VIEW("?>"), &text) || !has_only_chars(text))
		return RC_SYNTAX;
	struct xml_reader within = {.rest = text};
	// "xml" is for the declaration, which may only be at the very front.
	if (!take_name(&within, &name) || view_eq_nocase(name, VIEW("xml")))
		return RC_SYNTAX;
	return RC_OK;
}

// The value after `name` in the declaration, without its quotes; left alone if
// the name is not there.
static enum rc declared(
    struct view declaration, struct view name, struct view *ret_value)
{
	size_t at = view_find(declaration, name);
	if (at == SIZE_MAX)
		return RC_OK;
	struct view value = view_trim(view_from(declaration, at + name.len));
	if (!view_starts_with(value, VIEW("=")))
		return RC_SYNTAX;
	value = view_trim(view_from(value, 1));
	struct view quote = view_slice(value, 0, 1);
	value = view_from(value, 1);
	size_t end = quote.len ? view_find(value, quote) : SIZE_MAX;
	if (end == SIZE_MAX)
		return RC_SYNTAX;
	*ret_value = view_slice(value, 0, end);
	return RC_OK;
}

// Each byte of ISO-8859-1 is the code point of its character.
static void convert_latin1(struct xml_reader *reader)
{
	struct buf out;
	buf_init(&out, 2 * reader->rest.len);
	for (size_t i = 0; i < reader->rest.len; i++)
		utf8_add(&out, (unsigned char)reader->rest.ptr[i]);
	reader->rest = arena_copy(reader->arena, buf_view(&out));
	buf_done(&out);
}

// The declaration at the front (section 2.8): only its encoding is of interest.
static enum rc skip_declaration(struct xml_reader *reader)
{
	struct view text, encoding = VIEW("utf-8");
	if (!view_starts_with(reader->rest, VIEW("<?xml")) ||
	    reader->rest.len < 6 || !ascii_is_space(reader->rest.ptr[5]))
		return RC_OK;
	if (!take_until(reader, VIEW("?>"), &text) || !has_only_chars(text))
		return RC_SYNTAX;
	enum rc rc = declared(text, VIEW("encoding"), &encoding);
	if (rc != RC_OK)
		return rc;
	if (view_eq_nocase(encoding, VIEW("iso-8859-1"))) {
		convert_latin1(reader);
		return RC_OK;
	}
	return view_eq_nocase(encoding, VIEW("utf-8")) ||
		       view_eq_nocase(encoding, VIEW("us-ascii"))
		   ? RC_OK
		   : RC_CHARSET;
}

// ---- Text ------------------------------------------------------------------

static enum rc read_text(struct xml_reader *reader, struct xml_token *ret_token)
{
	size_t len = view_find_char(reader->rest, '<');
	struct view raw = view_slice(reader->rest, 0, len);
	reader->rest = view_from(reader->rest, raw.len);
	// Section 2.4.
	if (view_find(raw, VIEW("]]>")) != SIZE_MAX)
		return RC_SYNTAX;
	*ret_token = (struct xml_token){.kind = XML_TEXT};
	return decode(reader, raw, false, &ret_token->text);
}

static enum rc read_cdata(
    struct xml_reader *reader, struct xml_token *ret_token)
{
	struct view text;
	if (reader->depth == 0 || !take_until(reader, VIEW("]]>"), &text) ||
	    !has_only_chars(text))
		return RC_SYNTAX;
	*ret_token = (struct xml_token){.kind = XML_TEXT, .text = text};
	return RC_OK;
}

// ---- The document ----------------------------------------------------------

void xml_reader_init(
    struct xml_reader *reader, struct arena *arena, struct view text)
{
	*reader = (struct xml_reader){.arena = arena, .rest = text};
	skip(reader, VIEW("\xef\xbb\xbf")); // a byte order mark
}

// Skips or reads what begins with "<". Sets `*ret_found` if it gives a token.
static enum rc read_markup(
    struct xml_reader *reader, struct xml_token *ret_token, bool *ret_found)
{
	*ret_found = false;
	if (skip(reader, VIEW("<!--")))
		return skip_comment(reader);
	if (skip(reader, VIEW("<?")))
		return skip_instruction(reader);
	*ret_found = true;
	if (skip(reader, VIEW("<![CDATA["))) {
		enum rc rc = read_cdata(reader, ret_token);
		*ret_found = rc == RC_OK && ret_token->text.len > 0;
		return rc;
	}
	if (view_starts_with(reader->rest, VIEW("<!DOCTYPE")))
		return RC_INVALID;
	if (skip(reader, VIEW("</")))
		return read_close(reader, ret_token);
	if (!skip(reader, VIEW("<")) || (reader->began && reader->depth == 0))
		return RC_SYNTAX; // a second root
	return read_open(reader, ret_token);
}

// Outside of the root there may be white space only.
static enum rc read_outside(struct xml_reader *reader)
{
	skip_space(reader);
	if (reader->rest.len > 0)
		return reader->rest.ptr[0] == '<' ? RC_OK : RC_SYNTAX;
	return reader->began ? RC_END : RC_SYNTAX;
}

enum rc xml_next(struct xml_reader *reader, struct xml_token *ret_token)
{
	bool found = false;
	if (reader->close_again) {
		reader->close_again = false;
		give_close(reader, ret_token);
		return RC_OK;
	}
	enum rc rc = RC_OK;
	if (!reader->began)
		rc = skip_declaration(reader);
	while (rc == RC_OK && !found) {
		if (reader->depth == 0) {
			rc = read_outside(reader);
			if (rc == RC_END) {
				*ret_token =
				    (struct xml_token){.kind = XML_DONE};
				return RC_OK;
			}
		} else if (reader->rest.len == 0) {
			rc = RC_SYNTAX;
		} else if (reader->rest.ptr[0] != '<') {
			return read_text(reader, ret_token);
		}
		if (rc == RC_OK)
			rc = read_markup(reader, ret_token, &found);
	}
	return rc;
}

enum rc xml_read_text(struct xml_reader *reader, struct view *ret_text)
{
	struct xml_token token;
	struct buf all;
	buf_init(&all, SIZE_MAX / 2);
	enum rc rc = xml_next(reader, &token);
	while (rc == RC_OK && token.kind == XML_TEXT) {
		buf_add(&all, token.text);
		rc = xml_next(reader, &token);
	}
	if (rc == RC_OK && token.kind != XML_CLOSE)
		rc = RC_SYNTAX;
	if (rc == RC_OK)
		*ret_text =
		    view_trim(arena_copy(reader->arena, buf_view(&all)));
	buf_done(&all);
	return rc;
}

enum rc xml_skip(struct xml_reader *reader)
{
	struct xml_token token;
	size_t depth = reader->depth;
	enum rc rc = RC_OK;
	while (rc == RC_OK && reader->depth >= depth)
		rc = xml_next(reader, &token);
	return rc;
}

struct view xml_attribute(const struct xml_token *token, struct view name)
{
	for (size_t i = 0; i < token->attribute_count; i++)
		if (view_eq(token->attributes[i].name, name))
			return token->attributes[i].value;
	return VIEW("");
}
