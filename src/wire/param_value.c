// SPDX-License-Identifier: Apache-2.0
#include "wire/param_value.h"

#include "base/ascii.h"
#include "wire/encoded_word.h"
#include "wire/utf8.h"

// This enum says which form of `name` a parameter's name has.
enum form {
	FORM_OTHER,    // a different parameter
	FORM_PLAIN,    // "filename"
	FORM_EXTENDED, // "filename*"
	FORM_SEGMENT,  // "filename*1", "filename*1*"
};

static enum form form_of(struct view full, struct view name,
    uint32_t *ret_segment, bool *ret_extended)
{
	if (!view_starts_with_nocase(full, name))
		return FORM_OTHER;
	struct view rest = view_from(full, name.len);
	if (rest.len == 0)
		return FORM_PLAIN;
	if (rest.ptr[0] != '*')
		return FORM_OTHER;
	rest = view_from(rest, 1);
	if (rest.len == 0)
		return FORM_EXTENDED;
	*ret_extended = rest.ptr[rest.len - 1] == '*';
	rest.len -= *ret_extended;
	if (!view_to_u32(rest, ret_segment) ||
	    *ret_segment >= PARAM_SEGMENTS_MAX)
		return FORM_OTHER;
	return FORM_SEGMENT;
}

// Takes "charset'language'" from the front (RFC 2231 section 4) and opens the
// decoder. If there are not two quotes, the whole text is the value.
static void open_charset(struct charset_cache *cache, struct view *value,
    struct charset_decoder *decoder)
{
	struct view charset = view_of(NULL, 0);
	size_t first = view_find_char(*value, '\'');
	if (first != SIZE_MAX) {
		struct view rest = view_from(*value, first + 1);
		size_t second = view_find_char(rest, '\'');
		if (second != SIZE_MAX) {
			charset = view_slice(*value, 0, first);
			*value = view_from(rest, second + 1);
		}
	}
	if (charset_decoder_open(cache, charset, decoder) != RC_OK)
		*decoder = (struct charset_decoder){.kind = CHARSET_GUESS};
}

// Decodes "%XX". If two hex digits do not follow, the "%" stays.
static void add_percent(
    struct charset_decoder *decoder, struct view value, struct buf *out)
{
	while (value.len) {
		size_t plain = view_find_char(value, '%');
		if (plain == SIZE_MAX)
			plain = value.len;
		charset_decode(decoder, view_slice(value, 0, plain), out);
		value = view_from(value, plain);
		if (value.len == 0)
			return;
		char c = '%';
		size_t len = 1;
		if (value.len >= 3 && ascii_hex_value(value.ptr[1]) >= 0 &&
		    ascii_hex_value(value.ptr[2]) >= 0) {
			c = (char)(ascii_hex_value(value.ptr[1]) << 4 |
				   ascii_hex_value(value.ptr[2]));
			len = 3;
		}
		charset_decode(decoder, view_of(&c, 1), out);
		value = view_from(value, len);
	}
}

struct segment {
	const struct param *param; // NULL: missing
	bool extended;
};

static void join_segments(struct charset_cache *cache,
    const struct segment *segments, struct buf *out)
{
	struct charset_decoder decoder = {.kind = CHARSET_GUESS};
	for (size_t i = 0; i < PARAM_SEGMENTS_MAX && segments[i].param; i++) {
		struct view value = segments[i].param->value;
		if (i == 0 && segments[i].extended)
			open_charset(cache, &value, &decoder);
		if (segments[i].extended)
			add_percent(&decoder, value, out);
		else
			charset_decode(&decoder, value, out);
	}
	charset_decode_end(&decoder, out);
	charset_decoder_close(&decoder);
}

// Joins segments that have no percent encoding. Some programs know only half of
// RFC 2231 and split encoded words between segments. So the function joins the
// segments before it decodes them.
static void join_plain_segments(struct charset_cache *cache,
    const struct segment *segments, struct buf *out)
{
	struct buf joined;
	size_t len = 0;
	for (size_t i = 0; i < PARAM_SEGMENTS_MAX && segments[i].param; i++)
		len += segments[i].param->value.len;
	buf_init(&joined, len);
	for (size_t i = 0; i < PARAM_SEGMENTS_MAX && segments[i].param; i++)
		buf_add(&joined, segments[i].param->value);
	encoded_word_decode(cache, buf_view(&joined), out);
	buf_done(&joined);
}

enum rc param_value_decode(struct charset_cache *cache,
    const struct param *params, size_t count, struct view name, struct buf *out)
{
	const struct param *plain = NULL;
	struct segment whole = {NULL, true}; // for a single "name*"
	struct segment segments[PARAM_SEGMENTS_MAX] = {{NULL, false}};
	bool any_extended = false;
	for (size_t i = 0; i < count; i++) {
		uint32_t number = 0;
		bool extended = false;
		switch (form_of(params[i].name, name, &number, &extended)) {
		case FORM_OTHER: break;
		case FORM_PLAIN: plain = plain ? plain : &params[i]; break;
		case FORM_EXTENDED: whole.param = &params[i]; break;
		case FORM_SEGMENT:
			if (segments[number].param)
				break; // only the first one counts
			segments[number].param = &params[i];
			segments[number].extended = extended;
			any_extended = any_extended || extended;
			break;
		}
	}
	size_t from = out->len;
	if (whole.param)
		join_segments(
		    cache, (struct segment[]){whole, {NULL, false}}, out);
	else if (segments[0].param && any_extended)
		join_segments(cache, segments, out);
	else if (segments[0].param)
		join_plain_segments(cache, segments, out);
	else if (plain)
		encoded_word_decode(cache, plain->value, out);
	else
		return RC_NOT_FOUND;
	utf8_blank_controls(out, from);
	return buf_status(out);
}
