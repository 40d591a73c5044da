// SPDX-License-Identifier: Apache-2.0
// Marks words in a text, for search snippets (RFC 8621 section 5). A word is
// found as a search finds it: both are folded (wire/fold.h, FOLD_SEARCH).
#ifndef ROOST_JMAP_SNIPPET_TEXT_H
#define ROOST_JMAP_SNIPPET_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

#define SNIPPET_PREVIEW_MAX 255 // octets (section 5)
// Of a text, this much is looked at.
#define SNIPPET_TEXT_MAX ((size_t)1 << 20)

struct snippet_words {
	struct view *items; // folded; in an arena
	size_t count;
};

// Adds a word or phrase.
void snippet_word_add(
    struct snippet_words *words, struct arena *arena, struct view word);

// Each returns false if no word is in the text (UTF-8), and writes nothing
// then.
//
// The whole text as HTML, with the words in <mark>.
bool snippet_mark(
    const struct snippet_words *words, struct view text, struct buf *out);
// What stands around the first word, in at most SNIPPET_PREVIEW_MAX octets.
bool snippet_preview(
    const struct snippet_words *words, struct view text, struct buf *out);

#endif
