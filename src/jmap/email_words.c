// SPDX-License-Identifier: Apache-2.0
// The words and phrases in a String that is looked for, and what a keyword says
// of a thread.
#include "base/ascii.h"
#include "jmap/email_filter.h"

// ---- Words -----------------------------------------------------------------

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Where the quote at the beginning is closed; SIZE_MAX: it is not, and so it is
// an ordinary character.
static size_t closing(struct view text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == text.ptr[0])
			return i;
	}
	return SIZE_MAX;
}

static struct view unescape(struct arena *arena, struct view phrase)
{
	char *copy = arena_alloc(arena, phrase.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < phrase.len; i++) {
		if (phrase.ptr[i] == '\\' && i + 1 < phrase.len)
			i++;
		copy[len++] = phrase.ptr[i];
	}
	return view_of(copy, len);
}

bool email_filter_next_word(
    struct arena *arena, struct view *rest, struct view *ret_word)
{
	for (;;) {
		while (rest->len > 0 && is_space(rest->ptr[0]))
			*rest = view_from(*rest, 1);
		if (rest->len == 0)
			return false;
		size_t end = SIZE_MAX;
		if (rest->ptr[0] == '"' || rest->ptr[0] == '\'')
			end = closing(*rest);
		if (end == SIZE_MAX)
			break;
		struct view phrase = view_slice(*rest, 1, end - 1);
		*rest = view_from(*rest, end + 1);
		if (phrase.len == 0)
			continue;
		*ret_word = unescape(arena, phrase);
		return true;
	}
	size_t len = 0;
	while (len < rest->len && !is_space(rest->ptr[len]))
		len++;
	*ret_word = view_slice(*rest, 0, len);
	*rest = view_from(*rest, len);
	return true;
}

// ---- Threads ---------------------------------------------------------------

enum thread_keyword_bit {
	KNOWN = 1 << 0,
	SOME = 1 << 1,
	ALL = 1 << 2,
};

void thread_keyword_init(const struct jmap_catalog *catalog,
    struct arena *arena, struct view name, struct thread_keyword *ret_keyword)
{
	jmap_catalog_keyword(catalog, arena, name, &ret_keyword->keyword);
	ret_keyword->known = arena_zalloc(arena, catalog->emails.count + 1);
}

// Looks at the emails of a thread only once.
static uint8_t look(const struct jmap_catalog *catalog,
    struct thread_keyword *keyword, uint32_t slot)
{
	uint32_t head = catalog_email(catalog, slot)->head;
	uint8_t bits = keyword->known[head];
	if (bits & KNOWN)
		return bits;
	bits = KNOWN | ALL;
	for (uint32_t at = head; at != CATALOG_NONE;
	     at = catalog_email(catalog, at)->next) {
		const struct catalog_email *email = catalog_email(catalog, at);
		if (!catalog_is_visible(email))
			continue;
		if (jmap_catalog_has_keyword(catalog, email, &keyword->keyword))
			bits |= SOME;
		else
			bits &= (uint8_t)~ALL;
	}
	keyword->known[head] = bits;
	return bits;
}

bool thread_keyword_some(const struct jmap_catalog *catalog,
    struct thread_keyword *keyword, uint32_t slot)
{
	return look(catalog, keyword, slot) & SOME;
}

bool thread_keyword_all(const struct jmap_catalog *catalog,
    struct thread_keyword *keyword, uint32_t slot)
{
	return look(catalog, keyword, slot) & ALL;
}
