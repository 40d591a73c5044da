// SPDX-License-Identifier: Apache-2.0
// Email/changes (RFC 8621 section 4.3).
//
// The store tells which emails were made, changed, or are gone. What a client
// sees are the visible ones: one that got \Deleted everywhere is destroyed for
// it, and one that lost it is updated.
#include "base/clock.h"
#include "base/vec.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "net/session.h"
#include "store/view.h"

struct changing {
	struct jmap_changes changes;
	struct store_changes found;
	struct store_view *view; // of now, or later than what was found
	size_t at;               // of `found.made`, and then of `found.changed`
	VEC(uint64_t) created;
	VEC(uint64_t) updated;
	VEC(uint64_t) destroyed;
};

// The view is opened after the changes were read: an email that came after
// them is told by the next changes.
static enum rc begin(
    struct jmap_call *call, struct changing *changing, struct fault *fault)
{
	enum rc rc =
	    store_emails_changed(call->account, changing->changes.after,
		(size_t)changing->changes.max, &changing->found);
	if (rc != RC_OK)
		return rc;
	rc = store_view_open(
	    &call->asker, call->account, fault, &changing->view);
	for (size_t i = 0; i < changing->found.gone.count; i++)
		vec_push(&changing->destroyed, changing->found.gone.items[i]);
	return rc;
}

static enum rc is_visible(
    struct changing *changing, uint64_t id, bool *ret_visible)
{
	struct store_view_email email;
	enum rc rc = store_view_email(changing->view, id, &email);
	*ret_visible = rc == RC_OK || rc == RC_CORRUPT;
	return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

// RC_MORE: the time is over.
static enum rc look_at_emails(struct changing *changing)
{
	const struct store_ids *made = &changing->found.made;
	const struct store_ids *changed = &changing->found.changed;
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	for (; changing->at < made->count + changed->count; changing->at++) {
		bool is_new = changing->at < made->count;
		uint64_t id = is_new
				  ? made->items[changing->at]
				  : changed->items[changing->at - made->count];
		bool visible;
		enum rc rc = is_visible(changing, id, &visible);
		if (rc != RC_OK)
			return rc;
		if (visible && is_new)
			vec_push(&changing->created, id);
		else if (visible)
			vec_push(&changing->updated, id);
		else if (!is_new)
			vec_push(&changing->destroyed, id);
		if (changing->at % 64 == 63 && clock_monotonic_ms() >= until) {
			changing->at++;
			return RC_MORE;
		}
	}
	return RC_OK;
}

static void answer(struct jmap_call *call, const struct changing *changing)
{
	struct json_text *out = &call->out;
	jmap_changes_begin(call, &changing->changes, changing->found.next,
	    changing->found.more);
	jmap_changes_list(out, "created", JMAP_ID_EMAIL,
	    changing->created.items, changing->created.count);
	jmap_changes_list(out, "updated", JMAP_ID_EMAIL,
	    changing->updated.items, changing->updated.count);
	jmap_changes_list(out, "destroyed", JMAP_ID_EMAIL,
	    changing->destroyed.items, changing->destroyed.count);
	json_end_object(out);
}

static enum jmap_step email_changes(struct jmap_call *call)
{
	struct fault fault = {.text = ""};
	struct changing *changing = call->state;
	enum rc rc = RC_OK;
	if (!changing) {
		changing = call->state =
		    arena_zalloc(&call->arena, sizeof(*changing));
		if (!jmap_changes_read(call, &changing->changes) ||
		    !jmap_taken_all(call))
			return JMAP_DONE;
		rc = begin(call, changing, &fault);
		if (rc == RC_GONE)
			return jmap_fail(
			    call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
	}
	if (rc == RC_OK)
		rc = look_at_emails(changing);
	if (rc == RC_MORE)
		return JMAP_MORE;
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, &fault);
	answer(call, changing);
	return JMAP_DONE;
}

static void email_changes_end(struct jmap_call *call)
{
	struct changing *changing = call->state;
	if (!changing)
		return;
	store_changes_done(&changing->found);
	store_view_close(&changing->view);
	vec_done(&changing->created);
	vec_done(&changing->updated);
	vec_done(&changing->destroyed);
}

const struct jmap_method jmap_email_changes_methods[] = {
    {"Email/changes", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_changes,
	email_changes_end},
    {NULL},
};
