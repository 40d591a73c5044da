// SPDX-License-Identifier: Apache-2.0
// This file has modified UTF-7; see the header. The base64 of RFC 3501 section
// 5.1.3 uses "," instead of "/" and has no padding. It encodes UTF-16 in
// network byte order.
#include "wire/imap_utf7.h"

#include "wire/utf8.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

static bool is_printable(uint32_t code)
{
	return code >= 0x20 && code <= 0x7e;
}

struct bits {
	uint32_t value;
	unsigned count;
};

static void put_unit(struct buf *out, struct bits *bits, uint32_t unit)
{
	bits->value = bits->value << 16 | unit;
	bits->count += 16;
	while (bits->count >= 6) {
		bits->count -= 6;
		buf_add_char(out, alphabet[bits->value >> bits->count & 63]);
	}
	bits->value &= 63;
}

static void put_code(struct buf *out, struct bits *bits, uint32_t code)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		put_unit(out, bits, 0xd800 | code >> 10);
		code = 0xdc00 | (code & 0x3ff);
	}
	put_unit(out, bits, code);
}

static void end_run(struct buf *out, struct bits *bits)
{
	if (bits->count)
		buf_add_char(
		    out, alphabet[bits->value << (6 - bits->count) & 63]);
	buf_add_char(out, '-');
	*bits = (struct bits){0};
}

static enum rc finish(
    struct buf *out, size_t start, bool overflowed, enum rc rc)
{
	if (rc == RC_OK)
		rc = buf_status(out);
	if (rc == RC_OK)
		out->overflowed = overflowed;
	else
		buf_truncate(out, start);
	return rc;
}

enum rc imap_utf7_encode(struct view name, struct buf *out)
{
	size_t start = out->len;
	bool overflowed = out->overflowed;
	out->overflowed = false;
	bool shifted = false;
	struct bits bits = {0};
	while (name.len) {
		uint32_t code;
		size_t len;
		if (utf8_peek(name, &code, &len) != RC_OK || code == 0)
			return finish(out, start, overflowed, RC_INVALID);
		name = view_from(name, len);
		if (shifted == is_printable(code)) {
			if (shifted)
				end_run(out, &bits);
			else
				buf_add_char(out, '&');
			shifted = !shifted;
		}
		if (shifted)
			put_code(out, &bits, code);
		else if (code == '&')
			buf_add_literal(out, "&-");
		else
			buf_add_char(out, (char)code);
	}
	if (shifted)
		end_run(out, &bits);
	return finish(out, start, overflowed, RC_OK);
}

struct decoder {
	struct view text;
	size_t at;
	struct buf *out;
	uint32_t high; // the first half of a surrogate pair, or 0
};

static bool take_unit(struct decoder *decoder, uint32_t unit)
{
	if (decoder->high) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		utf8_add(decoder->out,
		    0x10000 + ((decoder->high & 0x3ff) << 10) + (unit & 0x3ff));
		decoder->high = 0;
		return true;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		decoder->high = unit;
		return true;
	}
	// Base64 must not encode NUL or a character that represents itself.
	if (unit == 0 || is_printable(unit) ||
	    (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	utf8_add(decoder->out, unit);
	return true;
}

// Decodes the base64 after "&" and reads its "-".
static bool decode_run(struct decoder *decoder)
{
	struct bits bits = {0};
	for (; decoder->at < decoder->text.len; decoder->at++) {
		int value = base64_value(decoder->text.ptr[decoder->at]);
		if (value < 0)
			break;
		bits.value = bits.value << 6 | (uint32_t)value;
		bits.count += 6;
		if (bits.count < 16)
			continue;
		bits.count -= 16;
		if (!take_unit(decoder, bits.value >> bits.count & 0xffff))
			return false;
		bits.value &= (1u << bits.count) - 1;
	}
	if (decoder->at == decoder->text.len ||
	    decoder->text.ptr[decoder->at] != '-')
		return false;
	if (decoder->high || bits.count >= 6 || bits.value)
		return false;
	decoder->at++;
	return true;
}

static bool decode(struct decoder *decoder)
{
	struct view text = decoder->text;
	bool after_run = false;
	while (decoder->at < text.len) {
		char c = text.ptr[decoder->at];
		if (!is_printable((unsigned char)c))
			return false;
		decoder->at++;
		if (c != '&') {
			buf_add_char(decoder->out, c);
			after_run = false;
		} else if (decoder->at < text.len &&
			   text.ptr[decoder->at] == '-') {
			buf_add_char(decoder->out, '&');
			decoder->at++;
			after_run = false;
		} else {
			if (after_run || !decode_run(decoder))
				return false;
			after_run = true;
		}
	}
	return true;
}

enum rc imap_utf7_decode(struct view text, struct buf *out, size_t *ret_bad)
{
	size_t start = out->len;
	bool overflowed = out->overflowed;
	out->overflowed = false;
	struct decoder decoder = {.text = text, .out = out};
	bool ok = decode(&decoder);
	if (!ok && ret_bad)
		*ret_bad = decoder.at;
	return finish(out, start, overflowed, ok ? RC_OK : RC_INVALID);
}
