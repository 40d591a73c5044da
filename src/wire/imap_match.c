// SPDX-License-Identifier: Apache-2.0
// This file matches LIST patterns; see the header. The code reads the pattern
// once, byte by byte. It keeps the set of all places in the name where the
// pattern read so far can end. So it tries nothing twice, and no combination of
// wildcards makes it slow.
#include "wire/imap_match.h"

#include "base/ascii.h"

static bool is_wildcard(char c)
{
	return c == '*' || c == '%';
}

enum rc imap_pattern_make(struct arena *arena, struct view reference,
    struct view pattern, struct imap_pattern *ret_pattern)
{
	if (reference.len > IMAP_PATTERN_MAX ||
	    pattern.len > IMAP_PATTERN_MAX - reference.len)
		return RC_LIMIT;
	size_t total = reference.len + pattern.len;
	char *text = arena_alloc(arena, total + 1);
	size_t len = 0;
	for (size_t i = 0; i < total; i++) {
		char c = i < reference.len ? reference.ptr[i]
					   : pattern.ptr[i - reference.len];
		// "%%" means "%". A "*" next to other wildcards means "*".
		if (len && is_wildcard(c) && is_wildcard(text[len - 1])) {
			if (c == '*')
				text[len - 1] = '*';
			continue;
		}
		text[len++] = c;
	}
	struct imap_pattern made = {.text = view_of(text, len)};
	for (size_t i = 0; i < len; i++)
		made.min_len += !is_wildcard(text[i]);
	while (made.literal_len < len && !is_wildcard(text[made.literal_len]))
		made.literal_len++;
	*ret_pattern = made;
	return RC_OK;
}

// Returns how many bytes of `name` match in upper and lower case. These are the
// bytes of the first level, if it is INBOX (RFC 9051 section 5.1).
static size_t inbox_len(struct view name)
{
	struct view inbox = VIEW("INBOX");
	if (!view_starts_with_nocase(name, inbox) ||
	    (name.len > inbox.len && name.ptr[inbox.len] != '/'))
		return 0;
	return inbox.len;
}

static bool same(struct view name, size_t inbox, size_t at, char c)
{
	if (at < inbox)
		return ascii_lower(name.ptr[at]) == ascii_lower(c);
	return name.ptr[at] == c;
}

struct walk {
	struct view name;
	size_t inbox;
	size_t low;  // the lowest place in the set
	size_t high; // the highest place in the set
	bool reach[IMAP_MATCH_NAME_MAX + 2];
};

static void walk_literal(struct walk *walk, char c)
{
	struct view name = walk->name;
	size_t end = walk->high < name.len ? walk->high : name.len - 1;
	size_t low = SIZE_MAX;
	size_t high = 0;
	for (size_t at = end + 1; name.len && at > walk->low; at--) {
		bool yes =
		    walk->reach[at - 1] && same(name, walk->inbox, at - 1, c);
		walk->reach[at] = yes;
		if (!yes)
			continue;
		low = at;
		if (high == 0)
			high = at;
	}
	walk->reach[walk->low] = false;
	walk->low = low;
	walk->high = high;
}

static void walk_wildcard(struct walk *walk, char wildcard)
{
	struct view name = walk->name;
	bool open = false;
	for (size_t at = walk->low; at <= name.len; at++) {
		if (walk->reach[at])
			open = true;
		else if (open)
			walk->reach[at] = true;
		else
			continue;
		if (at > walk->high)
			walk->high = at;
		if (wildcard == '%' && at < name.len && name.ptr[at] == '/')
			open = false;
		if (!open && at >= walk->high)
			return;
	}
}

// Compares the literal start of the pattern with the start of the name.
static bool begins_alike(
    const struct imap_pattern *pattern, struct view name, size_t inbox)
{
	size_t len =
	    pattern->literal_len < name.len ? pattern->literal_len : name.len;
	for (size_t at = 0; at < len; at++)
		if (!same(name, inbox, at, pattern->text.ptr[at]))
			return false;
	return true;
}

// Walks the pattern. If `below` is true, the function returns true when the
// whole name is matched and some pattern is left. A name below this one can
// then match.
static bool walk_pattern(const struct imap_pattern *pattern, struct view name,
    size_t inbox, bool below)
{
	struct view text = pattern->text;
	struct walk walk;
	walk.name = name;
	walk.inbox = inbox;
	memset(walk.reach, 0, name.len + 1);
	walk.low = walk.high = pattern->literal_len;
	walk.reach[walk.low] = true;
	for (size_t i = pattern->literal_len; i < text.len; i++) {
		char c = text.ptr[i];
		if (below && walk.high == name.len && walk.reach[name.len])
			return true;
		if (!is_wildcard(c))
			walk_literal(&walk, c);
		else if (c == '*' && (i + 1 == text.len || below))
			return true; // "*" matches the rest of the name
		else
			walk_wildcard(&walk, c);
		if (walk.low > walk.high)
			return false;
	}
	return !below && walk.high == name.len && walk.reach[name.len];
}

bool imap_pattern_matches(const struct imap_pattern *pattern, struct view name)
{
	if (name.len > IMAP_MATCH_NAME_MAX || name.len < pattern->min_len)
		return false;
	size_t inbox = inbox_len(name);
	if (!begins_alike(pattern, name, inbox))
		return false;
	if (pattern->literal_len == pattern->text.len)
		return name.len == pattern->text.len;
	return walk_pattern(pattern, name, inbox, false);
}

bool imap_pattern_matches_below(
    const struct imap_pattern *pattern, struct view name)
{
	if (name.len >= IMAP_MATCH_NAME_MAX)
		return false;
	char with_slash[IMAP_MATCH_NAME_MAX];
	size_t inbox = inbox_len(name);
	if (name.len) {
		memcpy(with_slash, name.ptr, name.len);
		with_slash[name.len] = '/';
		name = view_of(with_slash, name.len + 1);
	}
	if (!begins_alike(pattern, name, inbox))
		return false;
	if (pattern->literal_len > name.len)
		return true;
	return walk_pattern(pattern, name, inbox, true);
}
