// SPDX-License-Identifier: Apache-2.0
// Parses the arguments of SEARCH, SORT and THREAD into the tree of search_ast.h
// (RFC 9051 section 6.4.4, RFC 3501 section 6.4.4, RFC 4731 ESEARCH, RFC 5182
// SEARCHRES, RFC 5032 WITHIN, RFC 5256 SORT and THREAD, RFC 5957 display sorts,
// RFC 7162 MODSEQ, RFC 8474 ids, RFC 8514 save dates).
#ifndef ROOST_WIRE_IMAP_SEARCH_SYNTAX_H
#define ROOST_WIRE_IMAP_SEARCH_SYNTAX_H

#include "wire/imap_parse.h"
#include "wire/search_ast.h"

// The maximum of keys in one search; parentheses, NOT and OR count, too.
// IMAP_DEPTH_MAX limits nesting. "OR a OR b OR c d" is one level, because it
// becomes one OR.
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
	bool has_return;  // RETURN was given: the answer is an ESEARCH
	unsigned returns; // RETURN () means IMAP_RETURN_ALL
	bool has_charset; // CHARSET was given (SORT and THREAD: always)
	struct view
	    charset; // its name, not checked; "US-ASCII" if none was given
	struct search_key *root; // never NULL
	// What the tree contains:
	bool has_modseq;   // MODSEQ: this command enables CONDSTORE
	bool has_saved;    // "$"
	bool has_sequence; // a set of message sequence numbers
	bool has_strings;  // a string to which `charset` applies

	struct search_sort *sort; // SORT
	size_t sort_count;
	enum search_thread_type thread; // THREAD
};

// Parses what follows the command's name and its space, to the end of the
// command. An unknown threading algorithm or sort criterion is RC_SYNTAX.
MUST_CHECK enum rc imap_search_parse(struct imap_cursor *cursor,
    enum imap_search_command command, struct imap_search *ret_search);

// Parses search-key *(SP search-key) alone: sets `root` and the four "has_"
// members after it. All other members must be zero.
MUST_CHECK enum rc imap_search_parse_keys(
    struct imap_cursor *cursor, struct imap_search *search);

#endif
