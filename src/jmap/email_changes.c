// SPDX-License-Identifier: Apache-2.0
// Email/changes (RFC 8621 section 4.3).
#include "jmap/methods.h"
#include "jmap/object.h"
#include "store/view_changes.h"

static enum jmap_step email_changes(struct jmap_call *call)
{
	struct jmap_changes changes;
	struct store_changes found;
	struct store_view *view;
	if (!jmap_changes_read(call, &changes) || !jmap_taken_all(call) ||
	    !jmap_view_open(call, &view))
		return JMAP_DONE;
	enum rc rc = store_view_emails_changed(
	    view, changes.after, (size_t)changes.max, &found);
	store_view_close(&view);
	return jmap_changes_answer(call, &changes, JMAP_ID_EMAIL, rc, &found);
}

const struct jmap_method jmap_email_changes_methods[] = {
    {"Email/changes", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_changes,
	NULL},
    {.name = NULL},
};
