// SPDX-License-Identifier: Apache-2.0
// Mailbox/changes (RFC 8621 section 2.2).
#include "jmap/mailbox_changed.h"
#include "jmap/methods.h"
#include "jmap/object.h"

struct changing {
	struct jmap_changes changes;
	struct store_view *view;
	struct mailbox_changed changed;
};

// An answer has at most `max` ids. If more follows from a page of the log, a
// smaller page is tried.
static enum rc read_page(struct changing *changing)
{
	uint64_t max = changing->changes.max;
	for (uint64_t limit = max; limit > 0; limit /= 2) {
		mailbox_changed_done(&changing->changed);
		enum rc rc = mailbox_changed_read(changing->view,
		    changing->changes.after, (size_t)limit, &changing->changed);
		if (rc != RC_OK || changing->changed.items.count <= max)
			return rc;
	}
	return RC_GONE;
}

static void write_list(struct json_text *out, const char *name,
    const struct mailbox_changed *changed, unsigned first, unsigned unless)
{
	json_key(out, name);
	json_begin_array(out);
	for (size_t i = 0; i < changed->items.count; i++) {
		const struct mailbox_changed_item *item =
		    &changed->items.items[i];
		if (item->kind & first && !(item->kind & unless))
			jmap_id_add(out, JMAP_ID_MAILBOX, item->id);
	}
	json_end_array(out);
}

static bool only_counts(const struct mailbox_changed *changed)
{
	bool some = false;
	for (size_t i = 0; i < changed->items.count; i++) {
		unsigned kind = changed->items.items[i].kind;
		if (kind & (MAILBOX_MADE | MAILBOX_GONE))
			continue;
		if (kind & MAILBOX_OTHER)
			return false;
		some = true;
	}
	return some;
}

static void answer(struct jmap_call *call, const struct changing *changing)
{
	static const char *const counts[] = {
	    "totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};
	const struct mailbox_changed *changed = &changing->changed;
	struct json_text *out = &call->out;
	jmap_changes_begin(
	    call, &changing->changes, changed->next, changed->more);
	write_list(out, "created", changed, MAILBOX_MADE, MAILBOX_GONE);
	write_list(out, "updated", changed, MAILBOX_COUNTS | MAILBOX_OTHER,
	    MAILBOX_MADE | MAILBOX_GONE);
	write_list(out, "destroyed", changed, MAILBOX_GONE, MAILBOX_MADE);
	json_key(out, "updatedProperties");
	if (only_counts(changed)) {
		json_begin_array(out);
		for (size_t i = 0; i < ARRAY_LEN(counts); i++)
			json_add_string(out, view_of_string(counts[i]));
		json_end_array(out);
	} else {
		json_add_null(out);
	}
	json_end_object(out);
}

static enum jmap_step mailbox_changes(struct jmap_call *call)
{
	struct changing *changing = call->state =
	    arena_zalloc(&call->arena, sizeof(*changing));
	if (!jmap_changes_read(call, &changing->changes) ||
	    !jmap_taken_all(call) || !jmap_view_open(call, &changing->view))
		return JMAP_DONE;
	enum rc rc = read_page(changing);
	if (rc == RC_GONE)
		return jmap_fail(
		    call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	answer(call, changing);
	return JMAP_DONE;
}

static void mailbox_changes_end(struct jmap_call *call)
{
	struct changing *changing = call->state;
	if (!changing)
		return;
	mailbox_changed_done(&changing->changed);
	store_view_close(&changing->view);
}

const struct jmap_method jmap_mailbox_changes_methods[] = {
    {"Mailbox/changes", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT,
	mailbox_changes, mailbox_changes_end},
    {.name = NULL},
};
