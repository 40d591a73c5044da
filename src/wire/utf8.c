// SPDX-License-Identifier: Apache-2.0
// Unicode's table 3-7 defines a well-formed sequence (RFC 3629 section 4).
#include "wire/utf8.h"

#include <string.h>

#include "base/ascii.h"

size_t utf8_ascii_len(struct view text)
{
	const uint64_t high = 0x8080808080808080u;
	size_t at = 0;
	for (; text.len - at >= 32; at += 32) {
		uint64_t words[4];
		memcpy(words, text.ptr + at, sizeof(words));
		if ((words[0] | words[1] | words[2] | words[3]) & high)
			break;
	}
	while (at < text.len && !((unsigned char)text.ptr[at] & 0x80))
		at++;
	return at;
}

bool utf8_is_ascii(struct view text)
{
	return utf8_ascii_len(text) == text.len;
}

// Returns the number of bytes of a character that begins with `lead`, and the
// range of its second byte. Returns 0 if no character begins with `lead`.
static size_t sequence_of(
    unsigned char lead, unsigned char *ret_low, unsigned char *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0) {
		if (lead == 0xe0)
			*ret_low = 0xa0; // lower bytes have a shorter form
		if (lead == 0xed)
			*ret_high = 0x9f; // higher bytes are surrogates
		return 3;
	}
	if (lead == 0xf0)
		*ret_low = 0x90;
	if (lead == 0xf4)
		*ret_high = 0x8f; // U+10FFFF is the last code point
	return 4;
}

enum rc utf8_peek(struct view text, uint32_t *ret_code, size_t *ret_len)
{
	unsigned char low;
	unsigned char high;
	unsigned char lead = (unsigned char)text.ptr[0];
	size_t need = sequence_of(lead, &low, &high);
	*ret_len = 1;
	if (need == 0)
		return RC_INVALID;
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = lead & masks[need];
	for (size_t i = 1; i < need; i++) {
		if (i == text.len)
			return RC_MORE;
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < low || c > high)
			return RC_INVALID;
		code = code << 6 | (c & 0x3f);
		low = 0x80;
		high = 0xbf;
		*ret_len = i + 1;
	}
	*ret_code = code;
	return RC_OK;
}

bool utf8_next(struct view *text, uint32_t *ret_code)
{
	if (text->len == 0)
		return false;
	size_t len;
	*ret_code = UTF8_REPLACEMENT;
	uint32_t code;
	if (utf8_peek(*text, &code, &len) == RC_OK)
		*ret_code = code;
	text->ptr += len;
	text->len -= len;
	return true;
}

bool utf8_is_valid(struct view text)
{
	for (;;) {
		text = view_from(text, utf8_ascii_len(text));
		if (text.len == 0)
			return true;
		uint32_t code;
		size_t len;
		while (text.len && text.ptr[0] & 0x80) {
			if (utf8_peek(text, &code, &len) != RC_OK)
				return false;
			text.ptr += len;
			text.len -= len;
		}
	}
}

size_t utf8_encode(uint32_t code, char out[4])
{
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = UTF8_REPLACEMENT;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

void utf8_add(struct buf *out, uint32_t code)
{
	char bytes[4];
	buf_add(out, view_of(bytes, utf8_encode(code, bytes)));
}

void utf8_add_valid(struct buf *out, struct view text)
{
	while (text.len) {
		// Copies the longest valid run at once.
		size_t good = utf8_ascii_len(text);
		uint32_t code;
		size_t len = 0;
		enum rc rc = RC_OK;
		while (good < text.len) {
			rc = utf8_peek(view_from(text, good), &code, &len);
			if (rc != RC_OK)
				break;
			good += len;
		}
		buf_add(out, view_slice(text, 0, good));
		if (rc != RC_OK) {
			utf8_add(out, UTF8_REPLACEMENT);
			good += len;
		}
		text = view_from(text, good);
	}
}

void utf8_blank_controls(struct buf *buf, size_t from)
{
	for (size_t i = from; i < buf->len; i++)
		if (ascii_is_control(buf->ptr[i]) && buf->ptr[i] != '\t')
			buf->ptr[i] = ' ';
}

struct view utf8_truncate(struct view text, size_t max_bytes)
{
	if (text.len <= max_bytes)
		return text;
	// The loop goes back to the first byte of the character at the cut. It
	// goes back at most three bytes.
	size_t len = max_bytes;
	for (int i = 0; i < 3 && len > 0; i++, len--)
		if (((unsigned char)text.ptr[len] & 0xc0) != 0x80)
			break;
	if (((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len = max_bytes; // this text is not UTF-8
	return view_slice(text, 0, len);
}

struct view utf8_truncate_codes(struct view text, size_t max_codes)
{
	struct view rest = text;
	uint32_t code;
	while (max_codes > 0 && utf8_next(&rest, &code))
		max_codes--;
	text.len -= rest.len;
	return text;
}
