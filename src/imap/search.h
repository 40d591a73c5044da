// SPDX-License-Identifier: Apache-2.0
// What SEARCH, SORT and THREAD have in common: arguments, the tree made ready
// for the store, and the walk over the messages, in slices.
#ifndef ROOST_IMAP_SEARCH_H
#define ROOST_IMAP_SEARCH_H

#include "imap/view.h"
#include "store/search.h"
#include "wire/imap_search_syntax.h"

// A search goes on for this long before the thread may do something else.
#define SEARCH_SLICE_MS 50

struct search_set { // a set of UIDs made for the tree
	struct rangeset uids;
	struct search_set *next;
};

struct search_run {
	struct imap_command *command;
	struct imap_view *view;
	struct imap_search search;
	struct search_set *sets;    // owned, in the arena
	struct rangeset candidates; // nothing else can match
	struct imap_view_cursor cursor;
	struct store_search *store; // owned
	uint64_t slice_end;         // of the monotonic clock
	// What was found.
	struct rangeset uids;
	uint64_t highest; // MODSEQ of all of them
	// Owned: the sequence number of the first of each range of `uids`;
	// NULL until it is needed, when the search is over.
	uint32_t *firsts;
	// Messages that could not be looked at, as what is stored of them is
	// damaged: the others are found all the same.
	uint64_t unreadable;
};

// Parses the arguments and makes everything ready; false when the tagged
// response is decided.
MUST_CHECK bool search_run_begin(struct search_run *run,
    struct imap_command *command, enum imap_search_command which);
void search_run_end(struct search_run *run);

enum search_next {
	SEARCH_NEXT_FOUND, // *ret_message matches, and is in `uids`
	SEARCH_NEXT_PAUSE, // time is up: give IMAP_STEP_MORE
	SEARCH_NEXT_END,
};
// A slice begins with the step.
void search_run_slice(struct search_run *run);
enum search_next search_run_next(
    struct search_run *run, struct imap_view_message *ret_message);
// The number the command answers with for a UID that was found: itself or its
// sequence number. Once the search is over.
uint32_t search_run_number(struct search_run *run, uint32_t uid);
// " (MODSEQ n)" behind the numbers, if the search asked for it (RFC 7162
// section 3.1.6).
void search_run_write_modseq(const struct search_run *run);
// The tagged OK.
enum imap_step search_run_done(const struct search_run *run, const char *text);

// ---- search_tree.c ---------------------------------------------------------

// Makes the tree ready for the store: strings as UTF-8, sets as UIDs, \Recent
// as UIDs, object ids as numbers. RC_CHARSET; RC_INVALID (sentence in the
// command's fault).
MUST_CHECK enum rc search_tree_prepare(struct search_run *run);

#endif
