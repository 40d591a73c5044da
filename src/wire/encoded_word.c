// SPDX-License-Identifier: Apache-2.0
// Adjacent words of one charset are one text that a program has cut. Their
// bytes go through one charset decoder. So a character, an escape sequence or a
// shift state may continue in the next word. The encodings work in the same
// way: one Q word may end in "=C" and the next begin with "3", and base64 may
// be cut at any place. RFC 2047 section 5 forbids all this, but programs send
// it.
#include "wire/encoded_word.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/header.h"
#include "wire/transfer.h"
#include "wire/utf8.h"

#define PIECE_BYTES      1024
#define CHARSET_PART_MAX (CHARSET_NAME_MAX + 40) // with an RFC 2231 language

struct words {
	struct charset_cache *cache;
	struct buf *out;
	struct view charset; // the charset of the open decoder
	struct charset_decoder decoder;
	bool open;
	bool strict;
	size_t word_from; // strict: where in `out` the open words begin
	bool base64;      // the last word is base64
	bool base64_cut;  // its base64 continues in the next word
	struct transfer_decoder transfer;
	char escape[2]; // Q: "=" and a digit from the end of the last word
	size_t escape_len;
	struct buf bytes; // decoded bytes for the charset's decoder
};

// Returns the length of the charset between "=?" and "?", or 0.
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

// Returns the length of the encoded text before its "?=". Returns SIZE_MAX if
// the next "=?" comes before an end. The text may contain a "?".
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

static void flush_bytes(struct words *words)
{
	charset_decode(&words->decoder, buf_view(&words->bytes), words->out);
	buf_reset(&words->bytes);
}

static void add_byte(struct words *words, char c)
{
	buf_add_char(&words->bytes, c);
	if (words->bytes.len >= PIECE_BYTES)
		flush_bytes(words);
}

// Finishes the last word. It adds the bytes that were held because the next
// word could continue them.
static void end_encoding(struct words *words)
{
	for (size_t i = 0; i < words->escape_len; i++)
		add_byte(words, words->escape[i]);
	words->escape_len = 0;
	if (words->base64)
		transfer_decode_end(&words->transfer, &words->bytes);
	flush_bytes(words);
}

// Removes control characters from what the words gave.
static void drop_controls(struct buf *out, size_t from)
{
	size_t to = from;
	for (size_t i = from; i < out->len; i++)
		if (!ascii_is_control(out->ptr[i]))
			out->ptr[to++] = out->ptr[i];
	buf_truncate(out, to);
}

static void close_word(struct words *words)
{
	if (!words->open)
		return;
	end_encoding(words);
	charset_decode_end(&words->decoder, words->out);
	charset_decoder_close(&words->decoder);
	words->open = false;
	if (words->strict)
		drop_controls(words->out, words->word_from);
}

// Unfolds and adds text that is not an encoded word.
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

static size_t base64_len(struct view text)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++)
		len += !ascii_is_space(text.ptr[i]);
	return len;
}

// Tells whether a program cut base64 inside its groups of four. The text is in
// `first` and the words adjacent to it, which begin in `rest`. Only the joined
// words have whole groups then.
static bool base64_is_cut(const struct encoded_word *first, struct view rest)
{
	struct encoded_word word = *first;
	size_t total = 0;
	bool odd = false;
	do {
		size_t len = base64_len(word.text);
		total += len;
		odd = odd || len % 4;
		while (rest.len && ascii_is_space(*rest.ptr))
			rest = view_from(rest, 1);
		if (!encoded_word_read(rest, &word))
			break;
		rest = view_from(rest, word.len);
	} while (word.base64 && view_eq_nocase(word.charset, first->charset));
	return odd && total % 4 == 0;
}

static void add_base64(struct words *words, struct view text)
{
	while (text.len) {
		struct view piece = view_slice(text, 0, PIECE_BYTES);
		text = view_from(text, piece.len);
		transfer_decode(&words->transfer, piece, &words->bytes);
		flush_bytes(words);
	}
	if (!words->base64_cut)
		end_encoding(words);
}

static void add_q_char(struct words *words, char c)
{
	bool digit = ascii_hex_value(c) >= 0;
	if (words->escape_len == 2 && digit) {
		words->escape_len = 0;
		add_byte(words, (char)(ascii_hex_value(words->escape[1]) << 4 |
				       ascii_hex_value(c)));
		return;
	}
	if (words->escape_len == 1 && digit) {
		words->escape[words->escape_len++] = c;
		return;
	}
	for (size_t i = 0; i < words->escape_len; i++)
		add_byte(words, words->escape[i]);
	words->escape_len = 0;
	if (c == '=')
		words->escape[words->escape_len++] = c;
	else
		add_byte(words, c == '_' ? ' ' : c);
}

// Decodes a Q word (RFC 2047 section 4.2). It removes line ends, which are not
// allowed in a word.
static void add_q(struct words *words, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r' && text.ptr[i] != '\n')
			add_q_char(words, text.ptr[i]);
	flush_bytes(words);
}

// Opens the charset of a word. If the charset is unknown, only the ASCII
// characters are read, as in the body of a part (text_stream.h).
static void open_charset(
    struct words *words, struct view charset, bool adjacent)
{
	struct charset_decoder decoder = {.kind = CHARSET_GUESS};
	if (charset_decoder_open(words->cache, charset, &decoder) != RC_OK)
		decoder.cache = words->cache;
	words->charset = charset;
	// "utf-8" and "UTF8*en" are the same charset.
	if (adjacent && charset_is_same(&words->decoder, &decoder)) {
		charset_decoder_close(&decoder);
		return;
	}
	close_word(words);
	words->decoder = decoder;
	words->open = true;
	words->word_from = words->out->len;
	words->base64 = false;
}

// Adds `word`. `between` is the text between it and the last word; `rest` is
// the text after it.
static void add_word(struct words *words, const struct encoded_word *word,
    struct view between, struct view rest)
{
	// RFC 2047 section 6.2: white space between two words is not shown.
	bool adjacent = words->open && view_trim(between).len == 0;
	if (!adjacent)
		add_plain(words, between);
	if (!adjacent || !view_eq_nocase(words->charset, word->charset))
		open_charset(words, word->charset, adjacent);
	if (word->base64 != words->base64) {
		end_encoding(words);
		words->base64 = word->base64;
		words->base64_cut = word->base64 && base64_is_cut(word, rest);
		transfer_decoder_init(&words->transfer, TRANSFER_BASE64);
	}
	if (word->base64)
		add_base64(words, word->text);
	else
		add_q(words, word->text);
}

// Whether RFC 2047 allows the word: sections 2 (no blanks inside) and 5 (where
// it may stand). `before` is the text since the last word, `after` what comes.
static bool is_allowed(
    const struct encoded_word *word, struct view before, struct view after)
{
	struct encoded_word next;
	for (size_t i = 0; i < word->text.len; i++)
		if (ascii_is_space(word->text.ptr[i]))
			return false;
	if (before.len > 0 && !ascii_is_space(before.ptr[before.len - 1]))
		return false;
	if (after.len > 0 && !ascii_is_space(*after.ptr) &&
	    !encoded_word_read(after, &next))
		return false;
	return charset_is_known(word->charset);
}

static void decode(struct words *words, struct view raw)
{
	struct view plain = raw; // text that is not added yet
	size_t at = 0;           // bytes of `plain` that were read
	buf_init(&words->bytes, 2 * PIECE_BYTES);
	for (;;) {
		size_t start = view_find(view_from(plain, at), VIEW("=?"));
		if (start == SIZE_MAX)
			break;
		at += start;
		struct encoded_word word;
		struct view between = view_slice(plain, 0, at);
		if (encoded_word_read(view_from(plain, at), &word) &&
		    (!words->strict || is_allowed(&word, between,
					   view_from(plain, at + word.len)))) {
			plain = view_from(plain, at + word.len);
			at = 0;
			add_word(words, &word, between, plain);
		} else {
			at += 2;
		}
	}
	if (plain.len)
		add_plain(words, plain);
	close_word(words);
	buf_done(&words->bytes);
}

void encoded_word_decode(
    struct charset_cache *cache, struct view raw, struct buf *out)
{
	struct words words = {.cache = cache, .out = out};
	size_t from = out->len;
	decode(&words, raw);
	utf8_blank_controls(out, from);
}

void encoded_word_decode_strictly(
    struct charset_cache *cache, struct view raw, struct buf *out)
{
	struct words words = {.cache = cache, .out = out, .strict = true};
	decode(&words, raw);
}
