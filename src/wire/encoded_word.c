// SPDX-License-Identifier: Apache-2.0
// The bytes of adjacent words of one charset go through one decoder, so that a
// character split between them comes together (RFC 2047 section 5 forbids it;
// it is everywhere).
#include "wire/encoded_word.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/header.h"
#include "wire/transfer.h"
#include "wire/utf8.h"

#define PIECE_BYTES      1024
#define CHARSET_PART_MAX (CHARSET_NAME_MAX + 40) // with RFC 2231's language

struct words {
	struct charset_cache *cache;
	struct buf *out;
	struct view charset; // of the open decoder
	struct charset_decoder decoder;
	bool open;
	struct buf bytes; // of base64
};

// The charset between "=?" and "?": its length, or 0.
static size_t charset_len(struct view text)
{
	size_t len = 0;
	while (len < text.len && len < CHARSET_PART_MAX) {
		char c = text.ptr[len];
		if (c == '?')
			return len;
		if ((unsigned char)c <= ' ' || c & (char)0x80)
			return 0;
		len++;
	}
	return 0;
}

// The length of the encoded text before its "?="; SIZE_MAX when there is no end
// before the next "=?". A "?" inside is let through.
static size_t encoded_len(struct view text)
{
	size_t at = 0;
	for (;;) {
		size_t mark = view_find_char(view_from(text, at), '?');
		if (mark == SIZE_MAX)
			return SIZE_MAX;
		at += mark;
		if (at + 1 < text.len && text.ptr[at + 1] == '=')
			return at;
		if (at > 0 && text.ptr[at - 1] == '=')
			return SIZE_MAX;
		at++;
	}
}

bool encoded_word_read(struct view text, struct encoded_word *ret_word)
{
	struct encoded_word word;
	if (!view_starts_with(text, VIEW("=?")))
		return false;
	struct view rest = view_from(text, 2);
	size_t len = charset_len(rest);
	word.charset = view_slice(rest, 0, len);
	rest = view_from(rest, len + 1);
	if (len == 0 || rest.len < 4 || rest.ptr[1] != '?')
		return false;
	char kind = ascii_upper(rest.ptr[0]);
	if (kind != 'B' && kind != 'Q')
		return false;
	word.base64 = kind == 'B';
	rest = view_from(rest, 2);
	len = encoded_len(rest);
	if (len == SIZE_MAX)
		return false;
	word.text = view_slice(rest, 0, len);
	word.len = (size_t)(rest.ptr - text.ptr) + len + 2;
	*ret_word = word;
	return true;
}

static void close_word(struct words *words)
{
	if (!words->open)
		return;
	charset_decode_end(&words->decoder, words->out);
	charset_decoder_close(&words->decoder);
	words->open = false;
}

// Unfolds and adds what is no encoded word.
static void add_plain(struct words *words, struct view text)
{
	struct charset_decoder guess = {.kind = CHARSET_GUESS};
	struct buf unfolded;
	close_word(words);
	buf_init(&unfolded, text.len + 1);
	if (view_find_char(text, '\n') != SIZE_MAX) {
		header_unfold(text, &unfolded);
		text = buf_view(&unfolded);
	}
	if (charset_is_identity(&guess, text)) {
		buf_add(words->out, text);
	} else {
		charset_decode(&guess, text, words->out);
		charset_decode_end(&guess, words->out);
	}
	buf_done(&unfolded);
}

static void add_base64(struct words *words, struct view text)
{
	struct transfer_decoder base64;
	transfer_decoder_init(&base64, TRANSFER_BASE64);
	while (text.len) {
		struct view piece = view_slice(text, 0, PIECE_BYTES);
		text = view_from(text, piece.len);
		buf_reset(&words->bytes);
		transfer_decode(&base64, piece, &words->bytes);
		if (text.len == 0)
			transfer_decode_end(&base64, &words->bytes);
		charset_decode(
		    &words->decoder, buf_view(&words->bytes), words->out);
	}
}

// RFC 2047 section 4.2. Line ends inside, which no word may have, vanish.
static void add_q(struct words *words, struct view text)
{
	char bytes[PIECE_BYTES];
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\r' || c == '\n')
			continue;
		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < text.len &&
			   ascii_hex_value(text.ptr[i + 1]) >= 0 &&
			   ascii_hex_value(text.ptr[i + 2]) >= 0) {
			c = (char)(ascii_hex_value(text.ptr[i + 1]) << 4 |
				   ascii_hex_value(text.ptr[i + 2]));
			i += 2;
		}
		bytes[len++] = c;
		if (len == PIECE_BYTES) {
			charset_decode(
			    &words->decoder, view_of(bytes, len), words->out);
			len = 0;
		}
	}
	charset_decode(&words->decoder, view_of(bytes, len), words->out);
}

// Adds `word`, after the `between` that separates it from what came before.
// False: nobody knows its charset, and it is to be taken as plain text.
static bool add_word(
    struct words *words, const struct encoded_word *word, struct view between)
{
	// White space between two words is not shown (section 6.2).
	bool adjacent = words->open && view_trim(between).len == 0;
	if (!adjacent || !view_eq_nocase(words->charset, word->charset)) {
		struct charset_decoder decoder;
		if (charset_decoder_open(
			words->cache, word->charset, &decoder) != RC_OK)
			return false;
		if (!adjacent)
			add_plain(words, between);
		close_word(words);
		words->decoder = decoder;
		words->charset = word->charset;
		words->open = true;
	}
	if (word->base64)
		add_base64(words, word->text);
	else
		add_q(words, word->text);
	return true;
}

void encoded_word_decode(
    struct charset_cache *cache, struct view raw, struct buf *out)
{
	struct words words = {.cache = cache, .out = out};
	size_t from = out->len;
	struct view plain = raw; // not yet added
	size_t at = 0;           // looked at so far, in `plain`
	buf_init(&words.bytes, PIECE_BYTES + 16);
	for (;;) {
		size_t start = view_find(view_from(plain, at), VIEW("=?"));
		if (start == SIZE_MAX)
			break;
		at += start;
		struct encoded_word word;
		if (encoded_word_read(view_from(plain, at), &word) &&
		    add_word(&words, &word, view_slice(plain, 0, at))) {
			plain = view_from(plain, at + word.len);
			at = 0;
		} else {
			at += 2;
		}
	}
	if (plain.len)
		add_plain(&words, plain);
	close_word(&words);
	buf_done(&words.bytes);
	utf8_blank_controls(out, from);
}

bool encoded_word_is_needed(struct view raw)
{
	if (view_find(raw, VIEW("=?")) != SIZE_MAX)
		return true;
	for (size_t i = 0; i < raw.len; i++)
		if (ascii_is_control(raw.ptr[i]) && raw.ptr[i] != '\t')
			return true;
	return !utf8_is_valid(raw);
}

// The length of the comment at the front, nested ones included.
static size_t comment_len(struct view text)
{
	size_t depth = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return i + 1;
	}
	return text.len;
}

// Quotes, escapes and comments taken out of a phrase, white space squeezed.
static void plain_phrase(struct view raw, struct buf *out)
{
	bool quoted = false;
	bool space = false;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];
		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && c == '(') {
			i += comment_len(view_from(raw, i)) - 1;
			c = ' ';
		}
		if (ascii_is_space(c)) {
			space = true;
			continue;
		}
		if (c == '\\' && i + 1 < raw.len)
			c = raw.ptr[++i];
		if (space && out->len)
			buf_add_char(out, ' ');
		space = false;
		buf_add_char(out, c);
	}
}

void encoded_word_decode_phrase(
    struct charset_cache *cache, struct view raw, struct buf *out)
{
	struct buf phrase;
	buf_init(&phrase, raw.len + 1);
	plain_phrase(raw, &phrase);
	encoded_word_decode(cache, buf_view(&phrase), out);
	buf_done(&phrase);
}
