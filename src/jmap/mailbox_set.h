// SPDX-License-Identifier: Apache-2.0
// One call of Mailbox/set (RFC 8621 section 2.5). Each mailbox is created,
// changed or destroyed by commits of its own; a view is opened for each,
// because a change of one mailbox changes the names of others.
#ifndef ROOST_JMAP_MAILBOX_SET_H
#define ROOST_JMAP_MAILBOX_SET_H

#include "jmap/mailbox.h"

struct mailbox_set {
	struct jmap_set set;
	uint64_t old_version;
	bool remove_emails;      // onDestroyRemoveEmails
	struct store_view *view; // now
	// What is to be done, in this order: the keys of the objects, or ids.
	struct view *keys[JMAP_SET_PARTS];
	size_t counts[JMAP_SET_PARTS];
	int part;
	size_t at;
};

// Opens the view again, after a change.
MUST_CHECK enum rc mailbox_set_refresh(
    struct jmap_call *call, struct mailbox_set *setting, struct fault *fault);
// The mailbox with this id, or with the creation id "#…"; NULL: none.
const struct store_view_mailbox *mailbox_set_find(
    struct jmap_call *call, const struct mailbox_set *setting, struct view key);

// Each does what is wanted of one mailbox, and notes the result.
void mailbox_set_create(struct jmap_call *call, struct mailbox_set *setting,
    struct view key, json_t *object);
void mailbox_set_update(struct jmap_call *call, struct mailbox_set *setting,
    struct view key, json_t *patch);
void mailbox_set_destroy(
    struct jmap_call *call, struct mailbox_set *setting, struct view key);

#endif
