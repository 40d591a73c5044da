// SPDX-License-Identifier: Apache-2.0
// The results of Email/query: filtered, sorted, and with one email a thread if
// that is wanted. Only as many are made as are needed.
#ifndef ROOST_JMAP_EMAIL_LIST_H
#define ROOST_JMAP_EMAIL_LIST_H

#include "jmap/email_filter.h"
#include "jmap/email_sort.h"

struct email_list {
	// Set by the caller:
	json_t *filter_json, *sort_json; // borrowed; NULL: none
	bool collapse;                   // collapseThreads
	bool all;                        // all results are needed
	bool wants_total;
	struct view anchor;    // those from this email on,
	int64_t anchor_offset; // or so many behind it
	uint64_t first, count; // or, without an anchor, from this result on
	// The results, the first ones of all. They end where `complete` says.
	VEC(uint32_t) slots;
	bool complete;
	bool has_total;
	size_t total;
	size_t anchor_at; // SIZE_MAX: it is not among `slots`
	// The rest is the list's own.
	struct jmap_moment moment;
	struct email_filter *filter;
	struct email_sort *sort;
	bool begun;
	const struct catalog_order *order;
	size_t at;           // in the order: how many were tested
	VEC(uint32_t) found; // what has to be sorted
	bool sorted;
	uint8_t *seen; // bits, by the heads of threads; owned
	uint32_t anchor_slot;
};

// Opens the moment and reads filter and sort. Begin with all zero but what the
// caller sets. JMAP_MORE: call again. JMAP_DONE: done, or an error was answered
// (call->failed). In any case email_list_done() has to be called.
enum jmap_step email_list_begin(
    struct jmap_call *call, struct email_list *list);
// Begins, if that was not done, and makes the results. What it returns is the
// same.
enum jmap_step email_list_make(struct jmap_call *call, struct email_list *list);
void email_list_done(struct email_list *list);

// Whether a change of one email can change what becomes of the others of its
// thread.
bool email_list_is_by_thread(const struct email_list *list);

#endif
