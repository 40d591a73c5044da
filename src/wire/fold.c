// SPDX-License-Identifier: Apache-2.0
// The code handles 16 bytes of ASCII at a time. For other code points that need
// Unicode's tables, it asks ICU. The matcher folds text into a window and looks
// for the needle there with memmem(), which is linear in glibc.
#include "wire/fold.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/ascii.h"
#include "wire/utf8.h"

#define DECOMPOSE_MAX 32 // UTF-16 units; the longest decomposition has 18

// ---- ASCII --------------------------------------------------------------

struct block {
	uint8_t bytes __attribute__((vector_size(16)));
};

static struct block load(const char *from)
{
	struct block block;
	memcpy(&block, from, sizeof(block));
	return block;
}

static bool any_set(struct block block)
{
	uint64_t words[2];
	memcpy(words, &block, sizeof(words));
	return (words[0] | words[1]) != 0;
}

// Converts 16 bytes of ASCII to upper case.
static void store_upper(struct block block, char *to)
{
	struct block lower;
	lower.bytes = (uint8_t __attribute__((vector_size(16))))(
	    (block.bytes >= 'a') & (block.bytes <= 'z'));
	block.bytes -= lower.bytes & 32;
	memcpy(to, &block, sizeof(block));
}

// Tells whether a block has a control character or two spaces in a row. Such a
// block needs more work. `before` is the block that begins one byte earlier.
static bool has_space_run(struct block block, struct block before)
{
	struct block found;
	found.bytes = (uint8_t __attribute__((vector_size(16))))(
	    (block.bytes < ' ') |
	    ((block.bytes == ' ') & (before.bytes == ' ')));
	return any_set(found);
}

static char *fold_ascii_byte(struct fold *fold, char c, char *to)
{
	if (fold->mode == FOLD_SEARCH) {
		bool space = ascii_is_space(c);
		bool drop = space && fold->after_space;
		fold->after_space = space;
		if (drop)
			return to;
		if (space)
			c = ' ';
	}
	*to++ = ascii_upper(c);
	return to;
}

static void fold_ascii(struct fold *fold, struct view text, struct buf *out)
{
	char *start = buf_reserve(out, text.len);
	if (!start)
		return;
	char *to = start;
	const char *from = text.ptr;
	const char *end = from + text.len;
	if (from < end)
		to = fold_ascii_byte(fold, *from++, to);
	while (end - from >= 16) {
		struct block block = load(from);
		bool plain = true;
		if (fold->mode == FOLD_SEARCH)
			plain = !has_space_run(block, load(from - 1)) &&
				!(fold->after_space && *from == ' ');
		if (plain) {
			store_upper(block, to);
			from += 16;
			to += 16;
			fold->after_space = from[-1] == ' ';
			continue;
		}
		for (int i = 0; i < 16; i++)
			to = fold_ascii_byte(fold, *from++, to);
	}
	while (from < end)
		to = fold_ascii_byte(fold, *from++, to);
	buf_commit(out, (size_t)(to - start));
}

// ---- The rest of Unicode ------------------------------------------------

static void emit(struct fold *fold, uint32_t code, struct buf *out)
{
	if (fold->mode == FOLD_SEARCH) {
		if (code == ' ' && fold->after_space)
			return;
		fold->after_space = code == ' ';
	}
	utf8_add(out, code);
}

static uint32_t title_of(uint32_t code)
{
	return (uint32_t)u_totitle((UChar32)code);
}

// Decomposes a Hangul syllable by arithmetic (Unicode 15, section 3.12).
static void fold_hangul(struct fold *fold, uint32_t code, struct buf *out)
{
	uint32_t index = code - 0xac00;
	emit(fold, 0x1100 + index / 588, out);
	emit(fold, 0x1161 + index % 588 / 28, out);
	if (index % 28)
		emit(fold, 0x11a7 + index % 28, out);
}

// Gives the decomposed title case of `code` from ICU's tables.
static void fold_by_table(struct fold *fold, uint32_t code, struct buf *out)
{
	UChar units[DECOMPOSE_MAX];
	UErrorCode error = U_ZERO_ERROR;
	code = title_of(code);
	int32_t len = unorm2_getDecomposition(
	    fold->nfkd, (UChar32)code, units, DECOMPOSE_MAX, &error);
	if (len < 0 || U_FAILURE(error)) {
		emit(fold, code, out);
		return;
	}
	for (int32_t at = 0; at < len;) {
		code = units[at++];
		if (code >= 0xd800 && code <= 0xdbff && at < len)
			code = 0x10000u + ((code - 0xd800) << 10) +
			       (units[at++] - 0xdc00u);
		if (fold->mode == FOLD_SEARCH)
			code = title_of(code);
		emit(fold, code, out);
	}
}

static void fold_code(struct fold *fold, uint32_t code, struct buf *out)
{
	// Unified ideographs have no case and no decomposition.
	if (code >= 0x4e00 && code <= 0x9fff) {
		emit(fold, code, out);
		return;
	}
	if (code >= 0xac00 && code <= 0xd7a3) {
		fold_hangul(fold, code, out);
		return;
	}
	struct fold_cached *cached = &fold->cache[code % FOLD_CACHE_ENTRIES];
	if (cached->code == code) {
		buf_add(out, view_of(cached->bytes, cached->len));
		fold->after_space = false;
		return;
	}
	size_t from = out->len;
	fold_by_table(fold, code, out);
	struct view folded = view_from(buf_view(out), from);
	if (folded.len == 0 || folded.len > sizeof(cached->bytes) ||
	    out->overflowed || view_find_char(folded, ' ') != SIZE_MAX)
		return;
	cached->code = code;
	cached->len = (uint8_t)folded.len;
	memcpy(cached->bytes, folded.ptr, folded.len);
}

// Completes the character whose first bytes are held (see charset.c).
static void fold_held(struct fold *fold, struct view *piece, struct buf *out)
{
	while (fold->held_len && piece->len) {
		uint32_t code;
		size_t len;
		fold->held[fold->held_len] = piece->ptr[0];
		struct view held = view_of(fold->held, fold->held_len + 1u);
		enum rc rc = utf8_peek(held, &code, &len);
		if (rc == RC_INVALID) {
			emit(fold, UTF8_REPLACEMENT, out);
			fold->held_len = 0;
			return;
		}
		*piece = view_from(*piece, 1);
		fold->held_len++;
		if (rc == RC_OK) {
			fold_code(fold, code, out);
			fold->held_len = 0;
		}
	}
}

void fold_init(struct fold *fold, enum fold_mode mode)
{
	UErrorCode error = U_ZERO_ERROR;
	*fold = (struct fold){.mode = mode};
	fold->nfkd = unorm2_getNFKDInstance(&error);
	if (U_FAILURE(error))
		abort(); // ICU has no data, so the server cannot work
}

void fold_feed(struct fold *fold, struct view piece, struct buf *out)
{
	fold_held(fold, &piece, out);
	while (piece.len && !out->overflowed) {
		if (!(piece.ptr[0] & 0x80)) {
			size_t plain = utf8_ascii_len(piece);
			fold_ascii(fold, view_slice(piece, 0, plain), out);
			piece = view_from(piece, plain);
			continue;
		}
		uint32_t code = UTF8_REPLACEMENT;
		size_t len;
		switch ((int)utf8_peek(piece, &code, &len)) {
		case RC_OK: fold_code(fold, code, out); break;
		case RC_MORE:
			memcpy(fold->held, piece.ptr, len);
			fold->held_len = (uint8_t)len;
			break;
		default: emit(fold, UTF8_REPLACEMENT, out); break;
		}
		piece = view_from(piece, len);
	}
}

void fold_end(struct fold *fold, struct buf *out)
{
	if (fold->held_len)
		emit(fold, UTF8_REPLACEMENT, out);
	fold->held_len = 0;
	fold->after_space = false;
}

void fold_text(enum fold_mode mode, struct view text, struct buf *out)
{
	struct fold fold;
	fold_init(&fold, mode);
	fold_feed(&fold, text, out);
	fold_end(&fold, out);
}
