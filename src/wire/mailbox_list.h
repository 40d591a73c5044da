// SPDX-License-Identifier: Apache-2.0
// Reads the value of From or Sender as RFC 5322 sections 3.4 and 4.4 have it,
// with UTF-8 (RFC 6532) and groups (RFC 6854), and refuses everything else.
// address.h finds the best meaning of any text; here a text has one meaning or
// none, because who may write a message is decided by it. Linear, no recursion.
//
// Of the obsolete forms, those are accepted that no program can read in another
// way: white space and comments around the dots of an address, dots in names
// ("J. Doe"), empty elements between commas, and dots anywhere in a local part.
// A route ("<@a:b@c>"), a control character, and bytes that are not UTF-8 are
// refused.
#ifndef ROOST_WIRE_MAILBOX_LIST_H
#define ROOST_WIRE_MAILBOX_LIST_H

#include "base/arena.h"
#include "base/rc.h"

#define MAILBOX_LIST_MAX       20  // mailboxes of a list
#define MAILBOX_LIST_NAMES_MAX 100 // names, of groups too, and comments

struct mailbox_list {
	struct mailbox_list_mailbox {
		struct view local;  // quotes and escapes decoded
		struct view domain; // or [literal], without white space
	} mailboxes[MAILBOX_LIST_MAX];
	size_t count;
	// What programs show beside the mailboxes: display names, names of
	// groups, comments. Quotes and escapes are decoded, encoded words are
	// not, and there are no blanks around dots. In no particular order.
	struct view names[MAILBOX_LIST_NAMES_MAX];
	size_t name_count;
	size_t groups;
};

// All of the result is in `arena`. RC_SYNTAX: the value is not a list of
// mailboxes and groups. RC_LIMIT: there are too many. A list may be empty.
MUST_CHECK enum rc mailbox_list_parse(
    struct arena *arena, struct view value, struct mailbox_list *ret_list);

#endif
