// SPDX-License-Identifier: Apache-2.0
// The LIST response (RFC 9051 section 7.3.1) and its special-use attributes
// (RFC 6154 section 2).
#ifndef ROOST_IMAP_LIST_LINE_H
#define ROOST_IMAP_LIST_LINE_H

#include "imap/impl.h"

enum imap_list_attribute { // or-ed
	IMAP_LIST_NONEXISTENT = 1 << 0,
	IMAP_LIST_NOSELECT = 1 << 1,
	IMAP_LIST_SUBSCRIBED = 1 << 2,
	IMAP_LIST_HAS_CHILDREN = 1 << 3,
	IMAP_LIST_HAS_NO_CHILDREN = 1 << 4,
};

enum imap_list_criterion { // or-ed: of CHILDINFO
	IMAP_LIST_CHILD_SUBSCRIBED = 1 << 0,
	IMAP_LIST_CHILD_SPECIAL_USE = 1 << 1,
};

struct imap_list_line {
	const char *word;     // "LIST" or "LSUB"
	unsigned attributes;  // of enum imap_list_attribute
	unsigned special_use; // of enum store_special_use
	struct view name;
	unsigned childinfo;   // of enum imap_list_criterion; 0: none
	struct view old_name; // OLDNAME; empty: none
};

// Tells a client of IMAP4rev2 that the mailbox that it called `said` has
// another name. The attributes `also` are added to the mailbox's own. Writes
// nothing when it is the same name (RFC 9051 section 6.3.9.7).
void imap_list_tell_old_name(
    struct imap_command *command, struct view said, unsigned also);

void imap_list_line_write(
    struct imap_command *command, const struct imap_list_line *line);

// The special use with this name ("\Sent" and so on); 0 when there is none.
unsigned imap_special_use_find(struct view name);

#endif
