// SPDX-License-Identifier: Apache-2.0
// What changed for JMAP since a version: what a client that knew everything of
// that version has to be told to know everything of the view's. Besides the
// change log this needs the view, since JMAP does not see what has \Deleted: an
// email that gets \Deleted at its last visible place is gone, and one that
// loses it is made. Both are told exactly so, if all changes come in one
// answer. If they come in several (`more`), the last answer makes the client's
// knowledge right; before that it may be told that something it does not have
// changed.
//
// An answer tells of at most `limit` emails (at least 1), and of fewer after
// very many changes of few emails. RC_GONE: the log does not reach back far
// enough; read everything. RC_CORRUPT, RC_IO.
#ifndef ROOST_STORE_VIEW_CHANGES_H
#define ROOST_STORE_VIEW_CHANGES_H

#include "store/changes.h"
#include "store/object.h"
#include "store/view.h"

// Emails that came, changed (flags, keywords, mailboxes) or went.
MUST_CHECK enum rc store_view_emails_changed(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);
// Threads whose list of emails changed.
MUST_CHECK enum rc store_view_threads_changed(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);
// Mailboxes. An answer ends with the commit in which `limit` of them, or so
// many emails, have been told, and may have more mailboxes than `limit`. `what`
// tells what changed in each of `changed`. If it is STORE_CHANGED_MESSAGES
// alone, only counts can have changed (RFC 8621 section 2.2:
// updatedProperties). A mailbox is told whenever its counts may have changed,
// also because of an email of the same thread in another mailbox.
// STORE_CHANGED_NAME: its name, its parent, or its name below that.
MUST_CHECK enum rc store_view_mailboxes_changed(struct store_view *view,
    struct store_change_position after, size_t limit,
    struct store_changes *ret_changes);

#endif
