// SPDX-License-Identifier: Apache-2.0
// Email/changes (RFC 8621 section 4.3).
#include "jmap/methods.h"
#include "jmap/object.h"
#include "store/view_changes.h"

static void answer(struct jmap_call *call, const struct jmap_changes *changes,
    const struct store_changes *found)
{
	struct json_text *out = &call->out;
	jmap_changes_begin(call, changes, found->next, found->more);
	jmap_changes_list(out, "created", JMAP_ID_EMAIL, found->made.items,
	    found->made.count);
	jmap_changes_list(out, "updated", JMAP_ID_EMAIL, found->changed.items,
	    found->changed.count);
	jmap_changes_list(out, "destroyed", JMAP_ID_EMAIL, found->gone.items,
	    found->gone.count);
	json_end_object(out);
}

static enum jmap_step email_changes(struct jmap_call *call)
{
	struct fault fault = {.text = ""};
	struct jmap_changes changes;
	struct store_changes found;
	struct store_view *view;
	if (!jmap_changes_read(call, &changes) || !jmap_taken_all(call))
		return JMAP_DONE;
	enum rc rc =
	    store_view_open(&call->asker, call->account, &fault, &view);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, &fault);
	rc = store_view_emails_changed(
	    view, changes.after, (size_t)changes.max, &found);
	if (rc == RC_GONE)
		jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
	else if (rc != RC_OK)
		jmap_fail_rc(call, rc, &fault);
	if (rc == RC_OK) {
		answer(call, &changes, &found);
		store_changes_done(&found);
	}
	store_view_close(&view);
	return JMAP_DONE;
}

const struct jmap_method jmap_email_changes_methods[] = {
    {"Email/changes", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_changes,
	NULL},
    {.name = NULL},
};
