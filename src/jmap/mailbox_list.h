// SPDX-License-Identifier: Apache-2.0
// The results of Mailbox/query (RFC 8621 section 2.3): filtered and sorted, as
// a tree if that is wanted.
#ifndef ROOST_JMAP_MAILBOX_LIST_H
#define ROOST_JMAP_MAILBOX_LIST_H

#include "jmap/call.h"
#include "jmap/mailbox_order.h"

struct mailbox_list {
	// Set by the caller:
	struct store_view *view;
	const json_t *filter; // NULL: none
	json_t *sort;         // NULL: none
	bool sort_as_tree, filter_as_tree;
	// The results: positions in the view.
	VEC(size_t) items;
	struct mailbox_orders orders;
};

// False: an error was answered. In any case mailbox_list_done() has to be
// called.
MUST_CHECK bool mailbox_list_make(
    struct jmap_call *call, struct mailbox_list *list);
void mailbox_list_done(struct mailbox_list *list);

// The arguments of Mailbox/query and Mailbox/queryChanges alone.
MUST_CHECK bool mailbox_list_read(
    struct jmap_call *call, struct mailbox_list *list);

#endif
