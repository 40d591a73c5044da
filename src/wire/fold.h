// SPDX-License-Identifier: Apache-2.0
// Folds text so that texts with the same meaning become the same bytes.
//
// The folding is i;unicode-casemap (RFC 5051 section 2): each code point is
// replaced by its simple titlecase mapping, and that by its full decomposition,
// canonical or compatible (marks are not reordered). So "É", "é" and "e" with
// U+0301 fold to the same bytes, and so do full-width and plain letters. As in
// RFC 5051, case that changes the number of letters ("ß" and "SS") is not
// folded.
#ifndef ROOST_WIRE_FOLD_H
#define ROOST_WIRE_FOLD_H

#include "base/buf.h"

struct UNormalizer2;

enum fold_mode {
	// Exactly RFC 5051: for sort keys, and for comparing subjects.
	FOLD_CASEMAP,
	// RFC 5051, and two steps more. The letters that a decomposition
	// produced are titlecased too (the ligature "ﬁ" matches "FI"). Every
	// run of SP, HTAB, CR and LF, and of characters that fold to SP
	// (no-break space, ideographic space …), becomes one SP. So a needle
	// with a space is found in a folded header, in a body across a line
	// end, and in columns; a line end alone matches a space. Needle and
	// text are folded alike, so this finds everything that RFC 9051 section
	// 6.4.4 calls a substring.
	FOLD_SEARCH,
};

// The folded form is at most this many times as long (U+FDFA: 3 become 33
// bytes).
#define FOLD_GROWTH_MAX 11

// A cache for the folded forms of code points.
#define FOLD_CACHE_ENTRIES 128

struct fold {
	enum fold_mode mode;
	const struct UNormalizer2 *nfkd; // ICU's; shared, does not change
	bool after_space; // FOLD_SEARCH: the last output byte was SP
	uint8_t held_len; // bytes of an incomplete character
	char held[4];
	struct fold_cached {
		uint32_t code; // 0: the entry is free
		uint8_t len;
		char bytes[11]; // UTF-8, without spaces
	} cache[FOLD_CACHE_ENTRIES];
};

void fold_init(struct fold *fold, enum fold_mode mode);
// Folds `piece` (UTF-8; bad bytes become U+FFFD) and adds it to `out`. A
// character may be cut between two pieces.
void fold_feed(struct fold *fold, struct view piece, struct buf *out);
// Ends the text. The object can then be used for another text.
void fold_end(struct fold *fold, struct buf *out);

// Folds all of `text` at once.
void fold_text(enum fold_mode mode, struct view text, struct buf *out);

#endif
