// SPDX-License-Identifier: Apache-2.0
// A cursor moves over the value of the field. Each function takes the text that
// it understands from the front. A syntax error never stops the parser: it
// skips the text up to the next ";".
#include "wire/content_type.h"

#include "base/ascii.h"

// If comments nest deeper than this, the comment ends at the first ")".
#define COMMENT_DEPTH_MAX 64

// Returns the length of the comment at the front of `text`. `text` begins with
// "(".
static size_t comment_len(struct view text)
{
	unsigned depth = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == '(' && depth < COMMENT_DEPTH_MAX)
			depth++;
		else if (text.ptr[i] == ')' && --depth == 0)
			return i + 1;
	}
	return text.len;
}

// Skips white space and comments (CFWS, RFC 5322 section 3.2.2).
static void skip_cfws(struct view *rest)
{
	while (rest->len) {
		if (ascii_is_space(*rest->ptr))
			*rest = view_from(*rest, 1);
		else if (*rest->ptr == '(')
			*rest = view_from(*rest, comment_len(*rest));
		else
			return;
	}
}

static bool is_word_end(char c)
{
	return ascii_is_space(c) || c == '/' || c == ';' || c == '(' ||
	       c == ',' || c == '"' || c == '=';
}

static struct view take_word(struct view *rest)
{
	skip_cfws(rest);
	size_t len = 0;
	while (len < rest->len && !is_word_end(rest->ptr[len]))
		len++;
	struct view word = view_slice(*rest, 0, len);
	*rest = view_from(*rest, len);
	return word;
}

// Reads the string at the front of `*rest`, which begins with a quote. If there
// is no closing quote, the string continues to the end.
static struct view take_quoted(struct arena *arena, struct view *rest)
{
	struct view text = view_from(*rest, 1);
	size_t len = 0;
	bool escapes = false;
	while (len < text.len && text.ptr[len] != '"') {
		if (text.ptr[len] == '\\' && len + 1 < text.len) {
			escapes = true;
			len++;
		}
		len++;
	}
	*rest = view_from(text, len + 1);
	text = view_slice(text, 0, len);
	if (!escapes)
		return text;
	char *plain = arena_alloc(arena, text.len);
	size_t plain_len = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\' && i + 1 < text.len)
			i++;
		plain[plain_len++] = text.ptr[i];
	}
	return view_of(plain, plain_len);
}

// Reads a value without quotes, up to the ";", because many programs write
// "name=a b.pdf". A comment is only a comment at the end of the value. So
// "us-ascii (Plain text)" has a comment (RFC 2045 section 5.1), but "a (1).pdf"
// has none.
static struct view take_bare(struct view *rest)
{
	size_t len = view_find_char(*rest, ';');
	struct view text = view_trim(view_slice(*rest, 0, len));
	*rest = view_from(*rest, len);
	size_t open = view_find_char(text, '(');
	if (open == SIZE_MAX)
		return text;
	struct view tail = view_from(text, open);
	skip_cfws(&tail);
	return tail.len ? text : view_trim(view_slice(text, 0, open));
}

static bool take_param(
    struct arena *arena, struct view *rest, struct param *ret_param)
{
	struct param param;
	param.name = take_word(rest);
	skip_cfws(rest);
	bool found = param.name.len && rest->len && *rest->ptr == '=';
	if (found) {
		*rest = view_from(*rest, 1);
		skip_cfws(rest);
		if (rest->len && *rest->ptr == '"')
			param.value = take_quoted(arena, rest);
		else
			param.value = take_bare(rest);
		*ret_param = param;
	}
	size_t end = view_find_char(*rest, ';');
	*rest = end == SIZE_MAX ? view_from(*rest, rest->len)
				: view_from(*rest, end + 1);
	return found;
}

static void take_params(
    struct arena *arena, struct view rest, struct content_value *value)
{
	struct param *params = NULL;
	size_t capacity = 0;
	// The parser skips any text after the type, up to the first ";".
	size_t begin = view_find_char(rest, ';');
	if (begin == SIZE_MAX)
		return;
	rest = view_from(rest, begin + 1);
	while (rest.len && value->param_count < CONTENT_PARAMS_MAX) {
		struct param param;
		if (!take_param(arena, &rest, &param))
			continue;
		params = arena_grow(arena, params, &capacity,
		    value->param_count + 1, sizeof(*params));
		params[value->param_count++] = param;
	}
	value->params = params;
}

bool content_type_parse(
    struct arena *arena, struct view value, struct content_value *ret_type)
{
	struct content_value type = {.type = take_word(&value)};
	skip_cfws(&value);
	if (type.type.len && value.len && *value.ptr == '/') {
		value = view_from(value, 1);
		type.subtype = take_word(&value);
	}
	if (!type.subtype.len) {
		*ret_type = (struct content_value){
		    .type = VIEW("text"), .subtype = VIEW("plain")};
		return false;
	}
	take_params(arena, value, &type);
	*ret_type = type;
	return true;
}

bool content_disposition_parse(
    struct arena *arena, struct view value, struct content_value *ret_value)
{
	struct content_value disposition = {.type = take_word(&value)};
	if (!disposition.type.len)
		return false;
	take_params(arena, value, &disposition);
	*ret_value = disposition;
	return true;
}

size_t content_language_parse(
    struct arena *arena, struct view value, struct view **ret_tags)
{
	struct view *tags = NULL;
	size_t count = 0;
	size_t capacity = 0;
	while (value.len && count < CONTENT_LANGUAGES_MAX) {
		struct view tag = take_word(&value);
		if (tag.len) {
			tags = arena_grow(
			    arena, tags, &capacity, count + 1, sizeof(*tags));
			tags[count++] = tag;
		} else {
			value = view_from(value, 1); // a comma or bad text
		}
	}
	*ret_tags = tags;
	return count;
}

// This struct has the pieces of a parameter's name such as "base*3*" (RFC 2231
// sections 3 and 4.1).
struct segment {
	struct view base;
	uint32_t number;
	bool extended;
};

static bool segment_parse(struct view name, struct segment *ret_segment)
{
	struct segment segment = {.extended = view_ends_with(name, VIEW("*"))};
	if (segment.extended)
		name.len--;
	size_t star = view_find_char(name, '*');
	if (star == SIZE_MAX || star == 0)
		return false;
	if (!view_to_u32(view_from(name, star + 1), &segment.number) ||
	    segment.number >= CONTENT_PARAMS_MAX)
		return false;
	segment.base = view_slice(name, 0, star);
	*ret_segment = segment;
	return true;
}

struct join {
	const struct param *pieces[CONTENT_PARAMS_MAX]; // index: number
	bool extended[CONTENT_PARAMS_MAX];
	size_t count; // number of pieces before the first gap
	bool any_extended;
	size_t len; // length of the joined value with its percent encoding
};

// Collects the segments of a value. `first` is one of its segments.
static void join_collect(const struct content_value *value,
    const struct segment *first, struct join *join)
{
	*join = (struct join){.count = 0};
	for (size_t i = 0; i < value->param_count; i++) {
		struct segment segment;
		if (!segment_parse(value->params[i].name, &segment) ||
		    !view_eq_nocase(segment.base, first->base) ||
		    join->pieces[segment.number])
			continue;
		join->pieces[segment.number] = &value->params[i];
		join->extended[segment.number] = segment.extended;
	}
	while (join->count < CONTENT_PARAMS_MAX && join->pieces[join->count]) {
		size_t i = join->count++;
		join->any_extended |= join->extended[i];
		join->len += join->pieces[i]->value.len;
	}
	if (join->any_extended)
		join->len = join->len * 3 + 2;
}

// Tells whether `c` is an attribute-char (RFC 2231 section 7).
static bool is_attribute_char(char c)
{
	return ascii_is_alnum(c) || (c && memchr("!#$&+-.^_`{|}~", c, 14));
}

static size_t percent_encode(struct view text, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (is_attribute_char(text.ptr[i])) {
			out[len++] = text.ptr[i];
			continue;
		}
		out[len++] = '%';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	return len;
}

static struct param join_finish(
    struct arena *arena, const struct segment *first, const struct join *join)
{
	struct param param = {.name = first->base};
	char *out = arena_alloc(arena, join->len);
	size_t len = 0;
	if (join->any_extended) {
		// The field has "base*" just before the number.
		param.name.len++;
		if (!join->extended[0]) {
			memcpy(out, "''", 2); // no charset, no language
			len = 2;
		}
	}
	for (size_t i = 0; i < join->count; i++) {
		struct view value = join->pieces[i]->value;
		if (join->any_extended && !join->extended[i]) {
			len += percent_encode(value, out + len);
		} else if (value.len) {
			memcpy(out + len, value.ptr, value.len);
			len += value.len;
		}
	}
	param.value = view_of(out, len);
	return param;
}

size_t content_params_join(struct arena *arena,
    const struct content_value *value, struct param **ret_params)
{
	if (!value->param_count) {
		*ret_params = NULL;
		return 0;
	}
	struct param *joined =
	    arena_alloc(arena, value->param_count * sizeof(*joined));
	bool swallowed[CONTENT_PARAMS_MAX] = {false};
	for (size_t i = 0; i < value->param_count; i++) {
		joined[i] = value->params[i];
		struct segment first;
		if (swallowed[i] ||
		    !segment_parse(value->params[i].name, &first) ||
		    first.number != 0)
			continue;
		struct join join;
		join_collect(value, &first, &join);
		if (join.pieces[0] != &value->params[i])
			continue; // this is a second "name*0"
		for (size_t j = 1; j < join.count; j++)
			swallowed[join.pieces[j] - value->params] = true;
		joined[i] = join_finish(arena, &first, &join);
	}
	size_t count = 0;
	for (size_t i = 0; i < value->param_count; i++) {
		if (!swallowed[i])
			joined[count++] = joined[i];
	}
	*ret_params = joined;
	return count;
}

static bool param_plain(const struct param *params, size_t count,
    struct view name, struct view *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (view_eq_nocase(params[i].name, name)) {
			*ret = params[i].value;
			return true;
		}
	}
	return false;
}

// Decodes "charset'language'%41bc" (RFC 2231 section 4) to the bytes "Abc".
static struct view extended_bytes(struct arena *arena, struct view value)
{
	size_t first = view_find_char(value, '\'');
	size_t second = first == SIZE_MAX
			    ? SIZE_MAX
			    : view_find_char(view_from(value, first + 1), '\'');
	if (second != SIZE_MAX)
		value = view_from(value, first + 1 + second + 1);
	char *out = arena_alloc(arena, value.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c == '%' && i + 2 < value.len &&
		    ascii_hex_value(value.ptr[i + 1]) >= 0 &&
		    ascii_hex_value(value.ptr[i + 2]) >= 0) {
			c = (char)(ascii_hex_value(value.ptr[i + 1]) << 4 |
				   ascii_hex_value(value.ptr[i + 2]));
			i += 2;
		}
		out[len++] = c;
	}
	return view_of(out, len);
}

bool content_param_find(struct arena *arena, const struct content_value *value,
    struct view name, struct view *ret)
{
	// The plain form has priority. Programs that do not know RFC 2231 use
	// the plain form, and all programs should see the same parts.
	if (param_plain(value->params, value->param_count, name, ret))
		return true;
	struct param *joined;
	size_t count = content_params_join(arena, value, &joined);
	if (param_plain(joined, count, name, ret))
		return true;
	for (size_t i = 0; i < count; i++) {
		struct view full = joined[i].name;
		if (full.len == name.len + 1 && full.ptr[name.len] == '*' &&
		    view_starts_with_nocase(full, name)) {
			*ret = extended_bytes(arena, joined[i].value);
			return true;
		}
	}
	return false;
}
