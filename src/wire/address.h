// SPDX-License-Identifier: Apache-2.0
// Parses address lists (RFC 5322 sections 3.4 and 4.4, RFC 6532) for ENVELOPE
// (RFC 9051 section 7.5.2). It never fails: malformed text gives the best
// possible result. Linear in time, no recursion.
#ifndef ROOST_WIRE_ADDRESS_H
#define ROOST_WIRE_ADDRESS_H

#include "base/arena.h"

// Further addresses of one list are left out.
#define ADDRESS_LIST_MAX 20000
// Comments that are nested deeper end at the first ")" (RFC 5322 has no limit).
#define ADDRESS_COMMENT_DEPTH_MAX 64

// A view with a NULL ptr is NIL; a view that is empty but not NULL is "". All
// are in the arena, unfolded, without control characters. Bytes over 0x7f are
// not changed.
//
//   an address      name may be NIL; mailbox and host are never NIL: a missing
//                   one is "" ("joe" has the host "")
//   group start     name, route and host NIL, mailbox = the group's name
//   group end       all NIL
struct address {
	struct address *next;
	// Display name, with quotes and escapes decoded. Encoded words are left
	// for encoded_word.h. If there is none, it is the text of the last
	// comment, as in "joe@example.org (Joe)".
	struct view name;
	struct view route;   // "@a,@b" (obs-route), nearly always NIL
	struct view mailbox; // quotes and escapes decoded
	struct view host;    // domain or [literal], without white space
};

struct address_list {
	struct address *first; // NULL when the list is empty
	size_t count;          // including the group markers
};

// Parses the value of From, To, … (it may be folded) into `arena`. Every group
// start has a group end.
void address_list_parse(
    struct arena *arena, struct view value, struct address_list *ret_list);

#endif
