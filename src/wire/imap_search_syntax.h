// SPDX-License-Identifier: Apache-2.0
// The arguments of SEARCH, SORT and THREAD (RFC 9051 section 6.4.4, RFC 3501
// section 6.4.4, RFC 4731 ESEARCH, RFC 5182 SEARCHRES, RFC 5032 WITHIN, RFC
// 5256 SORT and THREAD, RFC 5957 display sorts, RFC 7162 MODSEQ, RFC 8474 ids,
// RFC 8514 save dates) as a tree of search_ast.h.
#ifndef ROOST_WIRE_IMAP_SEARCH_SYNTAX_H
#define ROOST_WIRE_IMAP_SEARCH_SYNTAX_H

#include "wire/imap_parse.h"
#include "wire/search_ast.h"

// Keys in one search; parentheses, NOT and OR count too. Nesting is limited by
// IMAP_DEPTH_MAX, where "OR a OR b OR c d" is one level: it becomes one OR.
#define IMAP_SEARCH_KEYS_MAX 8192
#define IMAP_SORT_KEYS_MAX   32

enum imap_search_command {
	IMAP_SEARCH_COMMAND,
	IMAP_SORT_COMMAND,
	IMAP_THREAD_COMMAND,
};

enum imap_search_return { // or-ed
	IMAP_RETURN_MIN = 1,
	IMAP_RETURN_MAX = 2,
	IMAP_RETURN_ALL = 4,
	IMAP_RETURN_COUNT = 8,
	IMAP_RETURN_SAVE = 16,
};

struct imap_search {
	bool has_return;         // RETURN was given: answer with ESEARCH
	unsigned returns;        // RETURN () gives IMAP_RETURN_ALL
	bool has_charset;        // CHARSET was given (SORT and THREAD: always)
	struct view charset;     // its name, unchecked; "US-ASCII" without one
	struct search_key *root; // never NULL
	// Something in the tree …
	bool has_modseq;   // … is MODSEQ: a CONDSTORE enabling command
	bool has_saved;    // … refers to "$"
	bool has_sequence; // … is a set of message sequence numbers
	bool has_strings;  // … holds a string that `charset` applies to

	struct search_sort *sort; // SORT
	size_t sort_count;
	enum search_thread_type thread; // THREAD
};

// Everything behind the command's name and its space, to the end of the
// command. An unknown threading algorithm is RC_SYNTAX, as is an unknown sort
// criterion.
MUST_CHECK enum rc imap_search_parse(struct imap_cursor *cursor,
    enum imap_search_command command, struct imap_search *ret_search);

// search-key *(SP search-key) alone: sets `root` and the four "has_" members
// after it, of a search that is zero otherwise.
MUST_CHECK enum rc imap_search_parse_keys(
    struct imap_cursor *cursor, struct imap_search *search);

#endif
