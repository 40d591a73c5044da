// SPDX-License-Identifier: Apache-2.0
// Thread/get and Thread/changes (RFC 8621 section 3).
#include "jmap/email.h"
#include "jmap/methods.h"
#include "store/view_changes.h"

static const struct jmap_property properties[] = {
    {"id", JMAP_KIND_ID, JMAP_SERVER_SET | JMAP_IMMUTABLE},
    {"emailIds", JMAP_KIND_ARRAY, JMAP_SERVER_SET},
};
enum { THREAD_EMAIL_IDS = 1 };

static const struct jmap_class thread_class = {
    "Thread", properties, ARRAY_LEN(properties)};

struct thread_get {
	struct jmap_get get;
	struct store_view *view;
	struct jmap_numbers all; // if no ids were given
};

static void write_thread(struct jmap_call *call, const struct jmap_get *get,
    uint64_t id, const struct store_view_thread_email *emails, size_t count)
{
	struct json_text *out = &call->out;
	json_begin_object(out);
	json_key(out, "id");
	jmap_id_add(out, JMAP_ID_THREAD, id);
	if (jmap_get_wants(get, THREAD_EMAIL_IDS)) {
		json_key(out, "emailIds");
		json_begin_array(out);
		for (size_t i = 0; i < count; i++)
			jmap_id_add(out, JMAP_ID_EMAIL, emails[i].email_id);
		json_end_array(out);
	}
	json_end_object(out);
}

static enum rc get_one(struct jmap_call *call)
{
	struct thread_get *state = call->state;
	const struct store_view_thread_email *emails;
	size_t count, at = state->get.at;
	uint64_t id;
	enum rc rc = RC_NOT_FOUND;
	if (state->get.all) {
		id = state->all.items[at];
		rc = store_view_thread(state->view, id, &emails, &count);
	} else if (jmap_id_read(state->get.ids[at], JMAP_ID_THREAD, &id)) {
		rc = store_view_thread(state->view, id, &emails, &count);
	}
	if (rc == RC_OK)
		write_thread(call, &state->get, id, emails, count);
	else if (rc == RC_NOT_FOUND && !state->get.all)
		jmap_get_not_found(&state->get, state->get.ids[at]);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool list_all(struct jmap_call *call, struct thread_get *state)
{
	struct fault fault = {.text = ""};
	struct jmap_numbers emails = {0};
	if (!jmap_emails_all(call, state->view, &emails)) {
		vec_done(&emails);
		return false;
	}
	vec_reserve(&state->all, emails.count + 1);
	enum rc rc = store_view_threads_of(
	    state->view, emails.items, emails.count, state->all.items);
	state->all.count = rc == RC_OK ? emails.count : 0;
	vec_done(&emails);
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, &fault);
		return false;
	}
	jmap_numbers_sort(&state->all);
	state->get.id_count = state->all.count;
	return jmap_get_may_have(call, state->all.count);
}

static bool begin(struct jmap_call *call)
{
	struct thread_get *state =
	    arena_zalloc(&call->arena, sizeof(struct thread_get));
	call->state = state;
	if (!jmap_get_read(call, &thread_class, NULL, &state->get) ||
	    !jmap_taken_all(call) || !jmap_view_open(call, &state->view))
		return false;
	if (state->get.all && !list_all(call, state))
		return false;
	jmap_get_begin(call, store_view_version(state->view));
	return true;
}

static enum jmap_step thread_get(struct jmap_call *call)
{
	if (!call->state && !begin(call))
		return JMAP_DONE;
	struct thread_get *state = call->state;
	return jmap_get_each(call, &state->get, get_one);
}

static void thread_get_end(struct jmap_call *call)
{
	struct thread_get *state = call->state;
	if (!state)
		return;
	jmap_get_done(&state->get);
	vec_done(&state->all);
	if (state->view)
		store_view_close(&state->view);
}

// ---- Thread/changes --------------------------------------------------------

static enum jmap_step thread_changes(struct jmap_call *call)
{
	struct jmap_changes changes;
	struct store_changes found;
	struct store_view *view;
	if (!jmap_changes_read(call, &changes) || !jmap_taken_all(call) ||
	    !jmap_view_open(call, &view))
		return JMAP_DONE;
	enum rc rc = store_view_threads_changed(
	    view, changes.after, (size_t)changes.max, &found);
	store_view_close(&view);
	return jmap_changes_answer(call, &changes, JMAP_ID_THREAD, rc, &found);
}

const struct jmap_method jmap_thread_methods[] = {
    {"Thread/get", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, thread_get,
	thread_get_end},
    {"Thread/changes", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, thread_changes,
	NULL},
    {.name = NULL},
};
