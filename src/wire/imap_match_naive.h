// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers: LIST patterns by the words of RFC 9051 section 6.3.9,
// slowly, to compare the real matcher with.
#ifndef ROOST_WIRE_IMAP_MATCH_NAIVE_H
#define ROOST_WIRE_IMAP_MATCH_NAIVE_H

#include "base/ascii.h"
#include "wire/imap_match.h"

// Places of `name` where the whole of `pattern` may end; `reach` holds
// name.len + 1 of them and is the set it may begin at.
static inline void naive_walk(
    struct view pattern, struct view name, size_t inbox, bool *reach)
{
	for (size_t i = 0; i < pattern.len; i++) {
		char c = pattern.ptr[i];
		if (c == '*' || c == '%') {
			for (size_t at = 0; at < name.len; at++)
				if (reach[at] &&
				    (c == '*' || name.ptr[at] != '/'))
					reach[at + 1] = true;
			continue;
		}
		for (size_t at = name.len; at-- > 0;) {
			bool same = name.ptr[at] == c ||
				    (at < inbox && ascii_lower(name.ptr[at]) ==
						       ascii_lower(c));
			reach[at + 1] = reach[at] && same;
		}
		reach[0] = false;
	}
}

static inline size_t naive_inbox(struct view name)
{
	struct view first;
	struct view rest = name;
	bool is = view_split(&rest, '/', &first) &&
		  view_eq_nocase(first, VIEW("INBOX"));
	return is ? first.len : 0;
}

// `pattern` with its reference, wildcards not made one.
static inline bool naive_matches(struct view pattern, struct view name)
{
	bool reach[512] = {true};
	if (name.len + 1 > sizeof(reach))
		abort();
	naive_walk(pattern, name, naive_inbox(name), reach);
	return reach[name.len];
}

// Whether some longer name matches: after some beginning of the pattern that
// eats `name` and "/", something is left; or the last one, "*", may go on.
static inline bool naive_matches_below(struct view pattern, struct view name)
{
	char text[512];
	if (name.len + 2 > sizeof(text))
		abort();
	size_t inbox = naive_inbox(name);
	if (name.len)
		memcpy(text, name.ptr, name.len);
	text[name.len] = '/';
	if (name.len)
		name = view_of(text, name.len + 1);
	for (size_t used = 0; used <= pattern.len; used++) {
		bool reach[513] = {true};
		naive_walk(view_slice(pattern, 0, used), name, inbox, reach);
		bool goes_on = used && pattern.ptr[used - 1] == '*';
		if (reach[name.len] && (used < pattern.len || goes_on))
			return true;
	}
	return false;
}

#endif
