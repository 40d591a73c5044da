// SPDX-License-Identifier: Apache-2.0
// Address lists (RFC 5322 sections 3.4 and 4.4, RFC 6532) as ENVELOPE shows
// them (RFC 9051 section 7.5.2). Never fails: what is not well formed comes out
// as well as it can be. Linear in time, no recursion.
#ifndef ROOST_WIRE_ADDRESS_H
#define ROOST_WIRE_ADDRESS_H

#include "base/arena.h"

// More addresses than this in one list are left out.
#define ADDRESS_LIST_MAX 20000
// Comments nested deeper than this end at the first ")" (RFC 5322 has no
// limit).
#define ADDRESS_COMMENT_DEPTH_MAX 64

// A view with a NULL ptr is NIL; one that is empty but not NULL is "". In the
// arena, unfolded, without control characters. Bytes over 0x7f are passed
// through as they came.
//
//   an address      name may be NIL; mailbox and host are never NIL: what is
//                   missing is "" ("joe" has the host "")
//   group start     name, route and host NIL, mailbox = the group's name
//   group end       all NIL
struct address {
	struct address *next;
	// Display name: quotes and escapes undone, encoded words left for
	// encoded_word.h. When there is none, the last comment's text, as in
	// "joe@example.org (Joe)".
	struct view name;
	struct view route;   // "@a,@b" (obs-route), nearly always NIL
	struct view mailbox; // quotes and escapes undone
	struct view host;    // domain or [literal], white space taken out
};

struct address_list {
	struct address *first; // NULL when there is none
	size_t count;          // markers included
};

// Parses the value of From, To, … (folding included) into `arena`. Every group
// start has its end.
void address_list_parse(
    struct arena *arena, struct view value, struct address_list *ret_list);

#endif
