// SPDX-License-Identifier: Apache-2.0
#include "http/rig_websocket.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/bytes.h"

#define SHOWN_MAX 100 // bytes of a frame

static const struct {
	char letter;
	unsigned char opcode;
} kinds[] = {{'C', 0}, {'T', 1}, {'B', 2}, {'X', 8}, {'P', 9}, {'O', 10}};

static unsigned char opcode_of(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].letter == letter)
			return kinds[i].opcode;
	return (unsigned char)ascii_hex_value(letter);
}

static char letter_of(unsigned char opcode)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].opcode == opcode)
			return kinds[i].letter;
	return "0123456789abcdef"[opcode];
}

static bool has(struct view word, char option)
{
	return view_find_char(word, option) != SIZE_MAX;
}

// ---- What the client sends -------------------------------------------------

static void add_head(struct buf *out, struct view word, size_t len)
{
	char bytes[8];
	char mask = has(word, '!') ? 0 : (char)0x80;
	buf_add_char(
	    out, (char)(opcode_of(word.ptr[0]) | (has(word, '.') ? 0x80 : 0) |
			(has(word, 'r') ? 0x40 : 0)));
	if (len <= 125) {
		buf_add_char(out, (char)(mask | (char)len));
	} else if (len <= UINT16_MAX) {
		buf_add_char(out, (char)(mask | 126));
		put_be16(bytes, (uint16_t)len);
		buf_add(out, view_of(bytes, 2));
	} else {
		buf_add_char(out, (char)(mask | 127));
		put_be64(bytes, len);
		buf_add(out, view_of(bytes, 8));
	}
}

static void add_masked(struct buf *out, struct view payload)
{
	static const char key[] = {0x37, (char)0xfa, 0x21, 0x3d};
	buf_add(out, view_of(key, 4));
	for (size_t i = 0; i < payload.len; i++)
		buf_add_char(out, (char)(payload.ptr[i] ^ key[i % 4]));
}

static void add_payload(struct buf *out, struct view word, struct view text)
{
	uint32_t number;
	char bytes[2];
	struct view code;
	if (has(word, 'x')) {
		if (!view_to_u32(text, &number))
			abort();
		while (number-- > 0)
			buf_add_char(out, 'x');
	} else if (word.ptr[0] == 'X' && text.len > 0) {
		if (!view_split(&text, ' ', &code) ||
		    !view_to_u32(code, &number))
			abort();
		put_be16(bytes, (uint16_t)number);
		buf_add(out, view_of(bytes, 2));
		buf_add(out, text);
	} else {
		buf_add(out, text);
	}
}

static void add_hex(struct buf *out, struct view text)
{
	for (size_t i = 0; i + 1 < text.len; i += 2)
		buf_add_char(out, (char)(ascii_hex_value(text.ptr[i]) << 4 |
					 ascii_hex_value(text.ptr[i + 1])));
}

static void add_line(struct buf *out, struct view line)
{
	struct view word;
	struct buf payload;
	if (!view_split(&line, ' ', &word))
		return;
	if (word.ptr[0] == 'H') {
		add_hex(out, line);
		return;
	}
	buf_init(&payload, (size_t)16 << 20);
	add_payload(&payload, word, line);
	add_head(out, word, payload.len);
	if (has(word, '!'))
		buf_add(out, buf_view(&payload));
	else
		add_masked(out, buf_view(&payload));
	buf_done(&payload);
}

void rig_websocket_add(struct buf *out, const char *text)
{
	struct view rest = view_of_string(text), line;
	while (view_split(&rest, '\n', &line))
		add_line(out, line);
}

// ---- What the server sends -------------------------------------------------

static void tell(unsigned char first, struct view payload, struct buf *out)
{
	unsigned char opcode = first & 15;
	if (out->len > 0)
		buf_add_char(out, '|');
	buf_add_char(out, letter_of(opcode));
	if (first & 0x80)
		buf_add_char(out, '.');
	if (first & 0x70)
		buf_add_char(out, 'r');
	if (payload.len > SHOWN_MAX) {
		buf_printf(out, "x %zu", payload.len);
	} else if (opcode == 8 && payload.len >= 2) {
		buf_printf(out, " %u", get_be16(payload.ptr));
		payload = view_from(payload, 2);
	}
	if (payload.len > 0 && payload.len <= SHOWN_MAX) {
		buf_add_char(out, ' ');
		buf_add(out, payload);
	}
}

// The frames of a server have no mask.
static bool take(
    struct view *sent, unsigned char *ret_first, struct view *ret_payload)
{
	size_t head = 2;
	if (sent->len < head)
		return false;
	uint64_t len = (unsigned char)sent->ptr[1];
	if (len == 126)
		head = 4;
	else if (len == 127)
		head = 10;
	if (sent->len < head)
		return false;
	if (len == 126)
		len = get_be16(sent->ptr + 2);
	else if (len == 127)
		len = get_be64(sent->ptr + 2);
	if (sent->len - head < len)
		return false;
	*ret_first = (unsigned char)sent->ptr[0];
	*ret_payload = view_slice(*sent, head, (size_t)len);
	*sent = view_from(*sent, head + (size_t)len);
	return true;
}

bool rig_websocket_take(
    struct view *sent, char *ret_kind, struct view *ret_payload)
{
	unsigned char first;
	if (!take(sent, &first, ret_payload))
		return false;
	*ret_kind = letter_of(first & 15);
	return true;
}

void rig_websocket_describe(struct view sent, struct buf *out)
{
	unsigned char first;
	struct view payload;
	while (take(&sent, &first, &payload))
		tell(first, payload, out);
	if (sent.len > 0)
		buf_add_literal(out, "…");
}
