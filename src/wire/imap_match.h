// SPDX-License-Identifier: Apache-2.0
// LIST and LSUB patterns (RFC 9051 section 6.3.9): "*" is anything, "%"
// anything without "/". Names and patterns are UTF-8. The first level INBOX
// matches in either case. Time is at most O(name * pattern), whatever the
// wildcards.
#ifndef ROOST_WIRE_IMAP_MATCH_H
#define ROOST_WIRE_IMAP_MATCH_H

#include "base/arena.h"
#include "base/rc.h"

#define IMAP_PATTERN_MAX    4096 // bytes with the reference; longer is refused
#define IMAP_MATCH_NAME_MAX 8192 // a longer name matches nothing

struct imap_pattern {
	struct view text;   // in the arena: runs of wildcards are made one
	size_t literal_len; // bytes before the first wildcard
	size_t min_len;     // bytes that are no wildcards
};

// `reference` and `pattern` one after the other, as RFC 9051 section 6.3.9 lets
// a server with one hierarchy do. RC_LIMIT: longer than IMAP_PATTERN_MAX.
MUST_CHECK enum rc imap_pattern_make(struct arena *arena, struct view reference,
    struct view pattern, struct imap_pattern *ret_pattern);

// Whether mailbox `name` is one that the pattern means.
bool imap_pattern_matches(const struct imap_pattern *pattern, struct view name);
// Whether a name below it (`name`, "/", and something more) could be. When not,
// a walk leaves out the whole subtree. An empty `name` is the root: a name
// without anything before it.
bool imap_pattern_matches_below(
    const struct imap_pattern *pattern, struct view name);

#endif
