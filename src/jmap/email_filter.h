// SPDX-License-Identifier: Apache-2.0
// The filter of Email/query and its relatives (RFC 8621 section 4.4.1). It is
// read into a tree of search keys (store/search.h): conditions on what the
// catalog knows are tested first, and an email is only read if they do not
// decide.
#ifndef ROOST_JMAP_EMAIL_FILTER_H
#define ROOST_JMAP_EMAIL_FILTER_H

#include "jmap/call.h"
#include "jmap/catalog.h"
#include "store/search.h"

struct email_filter;

// Reads `json` (NULL: no filter) for the moment, whose catalog is there. The
// filter is in the arena of the call. False: an error was answered. In any case
// email_filter_done() has to be called.
MUST_CHECK bool email_filter_read(struct jmap_call *call,
    struct jmap_moment *moment, const json_t *json,
    struct email_filter **ret_filter);
void email_filter_done(struct email_filter **filter);

// The box in which all emails that match are; CATALOG_NONE: they may be
// anywhere.
uint32_t email_filter_box(const struct email_filter *filter);
// Whether all emails of that box match.
bool email_filter_is_all(const struct email_filter *filter);
// Whether the catalog has to know the threads.
bool email_filter_needs_threads(const struct email_filter *filter);
// Whether an email that matches once matches as long as it is visible.
bool email_filter_is_constant(const struct email_filter *filter);
// Whether emails may have to be read.
bool email_filter_reads(const struct email_filter *filter);

// RC_CORRUPT: the email cannot be read, and does not match. RC_IO.
MUST_CHECK enum rc email_filter_test(
    struct email_filter *filter, uint32_t slot, bool *ret_matches);

// ---- What a keyword says of a thread ---------------------------------------

struct thread_keyword {
	struct catalog_keyword keyword;
	uint8_t *known; // by the slot of the thread's head; in the arena
};
void thread_keyword_init(const struct jmap_catalog *catalog,
    struct arena *arena, struct view name, struct thread_keyword *ret_keyword);
bool thread_keyword_some(const struct jmap_catalog *catalog,
    struct thread_keyword *keyword, uint32_t slot);
bool thread_keyword_all(const struct jmap_catalog *catalog,
    struct thread_keyword *keyword, uint32_t slot);

// ---- Words -----------------------------------------------------------------

// Takes the next word or phrase from a String that is looked for: a phrase is
// in quotes, and \ escapes quotes in it. The result is in the arena, or in
// `*rest`. False: there is none.
bool email_filter_next_word(
    struct arena *arena, struct view *rest, struct view *ret_word);

#endif
