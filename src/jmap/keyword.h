// SPDX-License-Identifier: Apache-2.0
// JMAP's keywords and IMAP's flags (RFC 8621 section 4.1.1): $seen, $flagged,
// $answered and $draft are system flags, all others are keywords of both.
#ifndef ROOST_JMAP_KEYWORD_H
#define ROOST_JMAP_KEYWORD_H

#include <jansson.h>

#include "base/arena.h"
#include "store/change.h"
#include "wire/json_text.h"

// "$seen" is STORE_FLAG_SEEN; 0: it is no system flag.
unsigned jmap_system_flag(struct view keyword);
// Whether it can be a keyword: 1 to 255 characters, not those that IMAP
// excludes.
bool jmap_keyword_is_valid(struct view keyword);
// Reads a set of keywords ("String[Boolean]", every value true). The names are
// in the arena. RC_INVALID: it is none.
MUST_CHECK enum rc jmap_keywords_read(
    struct arena *arena, json_t *set, struct store_flags *ret_flags);
// Writes such a set. System flags come first.
void jmap_keywords_write(struct json_text *out, unsigned flags,
    const struct view *keywords, size_t count);

#endif
