// SPDX-License-Identifier: Apache-2.0
// What SEARCH, SORT and THREAD have in common: the arguments, preparing the
// tree for the store, and the walk over the messages, in time slices.
#ifndef ROOST_IMAP_SEARCH_H
#define ROOST_IMAP_SEARCH_H

#include "imap/view.h"
#include "store/search.h"
#include "wire/imap_search_syntax.h"

struct search_set { // a set of UIDs that was made for the tree
	struct rangeset uids;
	struct search_set *next;
};

struct search_run {
	struct imap_command *command;
	struct imap_view *view;
	struct imap_search search;
	struct search_set *sets;    // owned, in the arena
	struct rangeset candidates; // no other message can match
	struct imap_view_cursor cursor;
	struct store_search *store; // owned
	// What has been found.
	struct rangeset uids;
	uint64_t highest; // the highest MODSEQ of all of them
	// Owned: for each range of `uids`, the sequence number of its first
	// message. NULL until it is needed, when the search is over.
	uint32_t *firsts;
	// How many messages could not be tested, because what is stored of them
	// is damaged. The others are found all the same.
	uint64_t unreadable;
};

// Parses the arguments and prepares everything; false when the tagged response
// has been decided.
MUST_CHECK bool search_run_begin(struct search_run *run,
    struct imap_command *command, enum imap_search_command which);
void search_run_end(struct search_run *run);

enum search_next {
	SEARCH_NEXT_FOUND, // *ret_message matches, and is in `uids`
	SEARCH_NEXT_PAUSE, // the time is used up: return IMAP_STEP_MORE
	SEARCH_NEXT_END,
};
enum search_next search_run_next(
    struct search_run *run, struct imap_view_message *ret_message);
// The number by which the command names a UID that was found: the UID itself or
// its sequence number. To be called only when the search is over.
uint32_t search_run_number(struct search_run *run, uint32_t uid);
// Writes " (MODSEQ n)" after the numbers, if the search asked for it (RFC 7162
// section 3.1.6).
void search_run_write_modseq(const struct search_run *run);
// Answers the tagged OK.
enum imap_step search_run_done(const struct search_run *run, const char *text);

// ---- search_tree.c ---------------------------------------------------------

// Prepares the tree for the store: strings become UTF-8; sets and \Recent
// become UIDs; object ids become numbers. RC_CHARSET; RC_INVALID (with a
// sentence in the command's fault).
MUST_CHECK enum rc search_tree_prepare(struct search_run *run);

#endif
