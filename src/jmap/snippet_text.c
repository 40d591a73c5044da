// SPDX-License-Identifier: Apache-2.0
#include "jmap/snippet_text.h"

#include "base/vec.h"
#include "wire/fold.h"

// A text is looked through in pieces of this many bytes, which overlap, so that
// a word at the end of one is whole in the next.
#define PIECE   ((size_t)32 << 10)
#define OVERLAP ((size_t)1 << 10)
// How much is shown before the first word.
#define BEFORE ((size_t)48)

#define MARK       VIEW("<mark>")
#define MARK_END   VIEW("</mark>")
#define CUT        VIEW("...")
#define MARK_BYTES (sizeof("<mark></mark>") - 1)

struct hit {
	size_t from;
	size_t to;
};

struct hits {
	struct hit *items; // owned; in order, and they do not overlap
	size_t count;
	size_t capacity;
};

void snippet_word_add(
    struct snippet_words *words, struct arena *arena, struct view word)
{
	struct buf folded;
	buf_init(&folded, word.len * FOLD_GROWTH_MAX + 64);
	fold_text(FOLD_SEARCH, word, &folded);
	struct view *items =
	    arena_alloc(arena, (words->count + 1) * sizeof(*items));
	if (words->count)
		memcpy(items, words->items, words->count * sizeof(*items));
	items[words->count] = arena_copy(arena, buf_view(&folded));
	if (folded.len > 0) {
		words->items = items;
		words->count++;
	}
	buf_done(&folded);
}

// ---- Finding ---------------------------------------------------------------

// A text, folded, and where each folded byte comes from.
struct folded {
	struct buf bytes;
	VEC(struct hit) from; // the character
};

static size_t char_len(struct view text, size_t at)
{
	size_t len = 1;
	while (at + len < text.len && (text.ptr[at + len] & 0xc0) == 0x80)
		len++;
	return len;
}

static void fold_all(struct view text, struct folded *folded)
{
	struct fold fold;
	fold_init(&fold, FOLD_SEARCH);
	buf_init(&folded->bytes, text.len * FOLD_GROWTH_MAX + 64);
	folded->from.count = 0;
	for (size_t at = 0; at < text.len;) {
		size_t len = char_len(text, at);
		fold_feed(&fold, view_slice(text, at, len), &folded->bytes);
		while (folded->from.count < folded->bytes.len)
			vec_push(&folded->from, (struct hit){at, at + len});
		at += len;
	}
}

static void folded_done(struct folded *folded)
{
	buf_done(&folded->bytes);
	vec_done(&folded->from);
}

static int compare_hits(const void *a, const void *b)
{
	const struct hit *left = a;
	const struct hit *right = b;
	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return (left->to < right->to) - (left->to > right->to);
}

static void join_hits(struct hits *hits)
{
	size_t kept = 0;
	if (hits->count > 1)
		qsort(hits->items, hits->count, sizeof(*hits->items),
		    compare_hits);
	for (size_t i = 0; i < hits->count; i++) {
		struct hit hit = hits->items[i];
		if (kept > 0 && hit.from < hits->items[kept - 1].to) {
			if (hit.to > hits->items[kept - 1].to)
				hits->items[kept - 1].to = hit.to;
			continue;
		}
		hits->items[kept++] = hit;
	}
	hits->count = kept;
}

static void find_hits(
    const struct snippet_words *words, struct view text, struct hits *hits)
{
	struct folded folded = {0};
	fold_all(text, &folded);
	hits->count = 0;
	for (size_t i = 0; i < words->count; i++) {
		struct view word = words->items[i];
		struct view all = buf_view(&folded.bytes);
		size_t from = 0;
		size_t at;
		while (
		    (at = view_find(view_from(all, from), word)) != SIZE_MAX) {
			from += at;
			vec_push(hits,
			    (struct hit){folded.from.items[from].from,
				folded.from.items[from + word.len - 1].to});
			from += word.len;
		}
	}
	join_hits(hits);
	folded_done(&folded);
}

// ---- Writing ---------------------------------------------------------------

static struct view escaped(struct view character)
{
	switch (character.ptr[0]) {
	case '&': return VIEW("&amp;");
	case '<': return VIEW("&lt;");
	case '>': return VIEW("&gt;");
	case '"': return VIEW("&quot;");
	case '\'': return VIEW("&#39;");
	default: return character;
	}
}

static bool is_space(char c)
{
	return (unsigned char)c <= ' ';
}

// Adds text[from .. to), escaped, with one space for white space, in at most
// `max` octets. Gives where it stopped.
static size_t add_text(struct view text, size_t from, size_t to, size_t max,
    bool *after_space, struct buf *out)
{
	size_t end = out->len + max;
	while (from < to) {
		size_t len = char_len(text, from);
		struct view one = escaped(view_slice(text, from, len));
		bool space = is_space(text.ptr[from]);
		if (space)
			one = *after_space ? VIEW("") : VIEW(" ");
		if (out->len + one.len > end)
			return from;
		buf_add(out, one);
		*after_space = space;
		from += len;
	}
	return from;
}

bool snippet_mark(
    const struct snippet_words *words, struct view text, struct buf *out)
{
	struct hits hits = {0};
	bool after_space = true;
	size_t at = 0;
	text = view_slice(text, 0, SNIPPET_TEXT_MAX);
	find_hits(words, text, &hits);
	for (size_t i = 0; i < hits.count; i++) {
		struct hit hit = hits.items[i];
		(void)add_text(
		    text, at, hit.from, text.len * 6, &after_space, out);
		buf_add(out, MARK);
		(void)add_text(
		    text, hit.from, hit.to, text.len * 6, &after_space, out);
		buf_add(out, MARK_END);
		at = hit.to;
	}
	bool found = hits.count > 0;
	if (found)
		(void)add_text(
		    text, at, text.len, text.len * 6, &after_space, out);
	vec_done(&hits);
	return found;
}

// Where the preview begins: at the beginning of a word, if there is one near.
static size_t begin_before(struct view text, size_t hit)
{
	size_t first = hit;
	size_t octets = 0;
	while (first > 0) {
		size_t at = first - 1;
		while (at > 0 && (text.ptr[at] & 0xc0) == 0x80)
			at--;
		octets += escaped(view_slice(text, at, first - at)).len;
		if (octets > BEFORE)
			break;
		first = at;
	}
	if (first == 0)
		return 0;
	size_t word = first;
	while (word < hit && !is_space(text.ptr[word]))
		word++;
	while (word < hit && is_space(text.ptr[word]))
		word++;
	return word < hit ? word : first;
}

// What is left of the preview, when "..." must still fit behind it.
static size_t room(const struct buf *out, size_t start)
{
	size_t used = out->len - start + CUT.len;
	return used < SNIPPET_PREVIEW_MAX ? SNIPPET_PREVIEW_MAX - used : 0;
}

static void write_preview(
    struct view text, bool is_first, const struct hits *hits, struct buf *out)
{
	size_t start = out->len;
	size_t at = begin_before(text, hits->items[0].from);
	bool after_space = true;
	if (at > 0 || !is_first)
		buf_add(out, CUT);
	for (size_t i = 0; i < hits->count; i++) {
		struct hit hit = hits->items[i];
		at = add_text(
		    text, at, hit.from, room(out, start), &after_space, out);
		size_t left = room(out, start);
		if (at < hit.from || left <= MARK_BYTES + 8)
			break;
		buf_add(out, MARK);
		at = add_text(
		    text, at, hit.to, left - MARK_BYTES, &after_space, out);
		buf_add(out, MARK_END);
		if (at < hit.to)
			break;
	}
	at = add_text(text, at, text.len, room(out, start), &after_space, out);
	if (at < text.len)
		buf_add(out, CUT);
	else if (after_space && out->len > start)
		buf_truncate(out, out->len - 1);
}

bool snippet_preview(
    const struct snippet_words *words, struct view text, struct buf *out)
{
	struct hits hits = {0};
	size_t at = 0;
	bool found = false;
	text = view_slice(text, 0, SNIPPET_TEXT_MAX);
	while (at < text.len && !found) {
		struct view piece = view_slice(text, at, PIECE + OVERLAP);
		find_hits(words, piece, &hits);
		found = hits.count > 0;
		if (found) {
			write_preview(piece, at == 0, &hits, out);
			break;
		}
		at += PIECE;
		while (at < text.len && (text.ptr[at] & 0xc0) == 0x80)
			at--;
	}
	vec_done(&hits);
	return found;
}
