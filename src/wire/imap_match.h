// SPDX-License-Identifier: Apache-2.0
// Patterns of LIST and LSUB (RFC 9051 section 6.3.9): "*" stands for any text,
// "%" for any text without "/". Names and patterns are UTF-8. For the first
// level INBOX the case does not matter. Time is at most O(name * pattern),
// whatever the wildcards.
#ifndef ROOST_WIRE_IMAP_MATCH_H
#define ROOST_WIRE_IMAP_MATCH_H

#include "base/arena.h"
#include "base/rc.h"

#define IMAP_PATTERN_MAX                                                       \
	4096 // bytes with the reference; longer ones are refused
#define IMAP_MATCH_NAME_MAX 8192 // a longer name matches no pattern

struct imap_pattern {
	struct view
	    text; // in the arena; several wildcards together are made one
	size_t literal_len; // bytes before the first wildcard
	size_t min_len;     // bytes that are not wildcards
};

// Joins `reference` and `pattern`, as RFC 9051 section 6.3.9 allows a server
// with one hierarchy to do. RC_LIMIT: longer than IMAP_PATTERN_MAX.
MUST_CHECK enum rc imap_pattern_make(struct arena *arena, struct view reference,
    struct view pattern, struct imap_pattern *ret_pattern);

// Whether the pattern matches the mailbox `name`.
bool imap_pattern_matches(const struct imap_pattern *pattern, struct view name);
// Whether the pattern could match a name below this one (`name`, "/", and
// more). If not, a walk can skip the whole subtree. The empty `name` is the
// root: there is nothing before the names below it.
bool imap_pattern_matches_below(
    const struct imap_pattern *pattern, struct view name);

#endif
