// SPDX-License-Identifier: Apache-2.0
// Text folded so that comparing bytes compares meaning, and the substring
// search that stands on it.
//
// The folding is i;unicode-casemap (RFC 5051 section 2): each code point is
// replaced by its simple titlecase mapping, and that by its full decomposition,
// canonical or compatible (marks are not reordered). So "É", "é" and "e" with
// U+0301 fold alike, as do full-width and plain letters. Case that takes more
// than one letter ("ß" and "SS") is not folded, as RFC 5051 has it.
#ifndef ROOST_WIRE_FOLD_H
#define ROOST_WIRE_FOLD_H

#include "base/buf.h"

struct UNormalizer2;

enum fold_mode {
	// RFC 5051 to the letter: sort keys, comparing subjects.
	FOLD_CASEMAP,
	// RFC 5051, then what a decomposition brought in is titlecased too (a
	// "ﬁ" ligature matches "FI"), and every run of SP, HTAB, CR and LF (and
	// of what folds to SP: no-break space, ideographic space …) becomes one
	// SP. So a needle with a space is found in a header folded over lines,
	// in a body broken
	// over lines, and in columns; a line end alone matches a space. Needle
	// and text fold alike, so nothing that RFC 9051 section 6.4.4 calls a
	// substring is missed.
	FOLD_SEARCH,
};

// The folded form is at most this many times longer (U+FDFA: 3 to 33 bytes).
#define FOLD_GROWTH_MAX 11

// Folded forms of code points met lately.
#define FOLD_CACHE_ENTRIES 128

struct fold {
	enum fold_mode mode;
	const struct UNormalizer2 *nfkd; // ICU's; shared, constant
	bool after_space; // FOLD_SEARCH: the last byte out was SP
	uint8_t held_len; // the beginning of a character
	char held[4];
	struct fold_cached {
		uint32_t code; // 0: none
		uint8_t len;
		char bytes[11]; // UTF-8, no space in it
	} cache[FOLD_CACHE_ENTRIES];
};

void fold_init(struct fold *fold, enum fold_mode mode);
// Adds `piece` (UTF-8; bad bytes become U+FFFD), folded, to `out`. A character
// may be cut between pieces.
void fold_feed(struct fold *fold, struct view piece, struct buf *out);
// The end of the text; ready for another.
void fold_end(struct fold *fold, struct buf *out);

// All of `text` at once.
void fold_text(enum fold_mode mode, struct view text, struct buf *out);

// Needles longer than this (folded) are refused.
#define FOLD_NEEDLE_MAX (256 * 1024)

// Looks for one needle in texts given in pieces, folded by FOLD_SEARCH. Found
// also across pieces. Linear whatever the pieces' sizes. Memory: three times
// the needle and 16 to 100 KiB while in use.
struct fold_matcher {
	struct buf needle; // folded
	struct buf window; // folded text not yet ruled out
	struct fold fold;
	bool found;
};

// RC_LIMIT when the needle is too long (nothing to be done() then). The empty
// needle is found in every text, the empty one too.
MUST_CHECK enum rc fold_matcher_init(
    struct fold_matcher *matcher, struct view needle);
void fold_matcher_done(struct fold_matcher *matcher);

// Looks at one more piece (UTF-8). True once the needle was found: the rest
// need not be given. False means "not yet": ask fold_matcher_end().
bool fold_matcher_feed(struct fold_matcher *matcher, struct view piece);
// The end of the text: the verdict. Ready for the next text afterwards.
bool fold_matcher_end(struct fold_matcher *matcher);
// Forgets the text so far: the next piece begins another.
void fold_matcher_reset(struct fold_matcher *matcher);

// The same for one short text.
bool fold_matcher_text(struct fold_matcher *matcher, struct view text);

#endif
