// SPDX-License-Identifier: Apache-2.0
// What a search asks for, as a tree that does not depend on a protocol's
// syntax. The IMAP room makes it (imap_search_syntax.h), the store evaluates
// it. Everything is in the arena in which it was made.
#ifndef ROOST_WIRE_SEARCH_AST_H
#define ROOST_WIRE_SEARCH_AST_H

#include "wire/imap_set.h"

// The comments name the members that are used, besides `type`.
enum search_key_type {
	SEARCH_ALL,
	SEARCH_AND,      // children, two or more
	SEARCH_OR,       // children, two or more
	SEARCH_NOT,      // children, one
	SEARCH_SEQUENCE, // set; replaced by SEARCH_UIDS before the store gets
			 // it
	SEARCH_UID,      // set; replaced in the same way
	SEARCH_UIDS,     // uids
	SEARCH_FLAG,     // text: "\Seen", "\Recent", or a keyword
	SEARCH_BEFORE,   // day: internal date, in the zone in which it was
			 // written
	SEARCH_ON,       // day
	SEARCH_SINCE,    // day
	SEARCH_SENT_BEFORE,     // day: Date field, without its time and zone
	SEARCH_SENT_ON,         // day
	SEARCH_SENT_SINCE,      // day
	SEARCH_SAVED_BEFORE,    // day: save date (RFC 8514)
	SEARCH_SAVED_ON,        // day
	SEARCH_SAVED_SINCE,     // day
	SEARCH_SAVED_SUPPORTED, // the mailbox has save dates
	SEARCH_OLDER,           // number: internal date, seconds ago (RFC 5032)
	SEARCH_YOUNGER,         // number
	SEARCH_LARGER,          // number: octets
	SEARCH_SMALLER,         // number
	SEARCH_MODSEQ,   // number: this or higher (RFC 7162); field: the entry,
			 // "" for none
	SEARCH_HEADER,   // field, text; empty text: the field exists. Also for
			 // From, To, Cc, Bcc and Subject
	SEARCH_BODY,     // text
	SEARCH_TEXT,     // text: header or body
	SEARCH_EMAIL_ID, // text, exactly (RFC 8474)
	SEARCH_THREAD_ID, // text, exactly
	// A test of the caller's own (store/search.h): number says which. The
	// first needs only the entry, the second the email's description.
	SEARCH_ASK_ENTRY,
	SEARCH_ASK_RECORD,
};

// "NEW" is the AND of \Recent and NOT \Seen; "UNSEEN" is NOT \Seen; and so on.
struct search_key {
	enum search_key_type type;
	struct search_key *next;     // the next sibling
	struct search_key *children; // the first child
	// Strings: bytes in the search's charset, not converted. The caller
	// replaces them by UTF-8.
	struct view text;
	struct view field; // a header field's name, as given
	int64_t day;       // since 1970-01-01
	uint64_t number;
	struct imap_set set;         // as written
	const struct rangeset *uids; // owned by the caller that set it
};

enum search_sort_type { // RFC 5256, RFC 5957
	SEARCH_SORT_ARRIVAL,
	SEARCH_SORT_CC,
	SEARCH_SORT_DATE,
	SEARCH_SORT_DISPLAY_FROM,
	SEARCH_SORT_DISPLAY_TO,
	SEARCH_SORT_FROM,
	SEARCH_SORT_SIZE,
	SEARCH_SORT_SUBJECT,
	SEARCH_SORT_TO,
};

struct search_sort {
	enum search_sort_type type;
	bool reverse;
};

enum search_thread_type { // RFC 5256
	SEARCH_THREAD_ORDERED_SUBJECT,
	SEARCH_THREAD_REFERENCES,
};

#endif
