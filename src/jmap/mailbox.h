// SPDX-License-Identifier: Apache-2.0
// What the methods of the type Mailbox have in common (RFC 8621 section 2).
#ifndef ROOST_JMAP_MAILBOX_H
#define ROOST_JMAP_MAILBOX_H

#include "jmap/object.h"
#include "store/view.h"

enum mailbox_property {
	MAILBOX_ID,
	MAILBOX_NAME,
	MAILBOX_PARENT_ID,
	MAILBOX_ROLE,
	MAILBOX_SORT_ORDER,
	MAILBOX_TOTAL_EMAILS,
	MAILBOX_UNREAD_EMAILS,
	MAILBOX_TOTAL_THREADS,
	MAILBOX_UNREAD_THREADS,
	MAILBOX_MY_RIGHTS,
	MAILBOX_IS_SUBSCRIBED,
	MAILBOX_PROPERTIES,
};

extern const struct jmap_class mailbox_class;

// A mailbox's role, "inbox" for INBOX; NULL: none.
const char *mailbox_role(const struct store_view_mailbox *mailbox);
// The special use of a role; false: there is no such role. Of "inbox" it is 0.
MUST_CHECK bool mailbox_role_read(struct view role, unsigned *ret_use);
// In which order programs show it. It follows from the role.
uint32_t mailbox_sort_order(const struct store_view_mailbox *mailbox);
// The name that users see: without those of the mailboxes above.
struct view mailbox_shown_name(const struct store_view_mailbox *mailbox);
void mailbox_write_rights(struct json_text *out, unsigned rights, bool inbox);

#endif
