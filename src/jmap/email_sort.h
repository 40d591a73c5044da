// SPDX-License-Identifier: Apache-2.0
// The order of Email/query (RFC 8621 section 4.4.2). Emails that are equal by
// all comparators are in the order of receivedAt and then of ids; this is
// descending if the first comparator is.
#ifndef ROOST_JMAP_EMAIL_SORT_H
#define ROOST_JMAP_EMAIL_SORT_H

#include "jmap/call.h"
#include "jmap/catalog.h"

struct email_sort;

// Reads the argument "sort" (NULL: none). The result is in the call's arena.
// False: an error was answered. In any case email_sort_done() has to be called.
MUST_CHECK bool email_sort_read(struct jmap_call *call,
    struct jmap_moment *moment, json_t *json, struct email_sort **ret_sort);
void email_sort_done(struct email_sort **sort);

// Whether the order is that of the catalog, or its reverse.
bool email_sort_is_plain(const struct email_sort *sort);
bool email_sort_descends(const struct email_sort *sort);
// Whether the place of an email never changes.
bool email_sort_is_constant(const struct email_sort *sort);
bool email_sort_needs_threads(const struct email_sort *sort);

// Puts the slots into order. They are given in the order of the catalog, or its
// reverse, as email_sort_descends() says. RC_MORE: call again with the same
// slots. RC_LIMIT: too much to sort. RC_IO.
MUST_CHECK enum rc email_sort_run(
    struct email_sort *sort, uint32_t *slots, size_t count);

#endif
