// SPDX-License-Identifier: Apache-2.0
// Email/import and Email/copy (RFC 8621 sections 4.7 and 4.8).
#include "jmap/email_set.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "wire/header.h"
#include "wire/json_read.h"

static const struct jmap_class import_class = {.name = "EmailImport"};

#define HEADER_MAX ((size_t)256 * 1024)

// The date behind the last ";" of the first Received field (RFC 5322 section
// 3.6.7).
static bool received_date(struct view header, struct date *ret_date)
{
	struct header_field field;
	if (!header_find(header, VIEW("Received"), &field))
		return false;
	struct view rest = field.value;
	while (view_find_char(rest, ';') != SIZE_MAX)
		rest = view_from(rest, view_find_char(rest, ';') + 1);
	return date_parse_rfc5322(rest, ret_date) == RC_OK;
}

// False: it does not begin with a header field.
static bool read_header(
    struct store_draft *draft, struct store_email_new *order)
{
	struct buf head;
	struct header_field field;
	struct date date;
	buf_init(&head, HEADER_MAX);
	bool good = store_draft_read(draft, 0, HEADER_MAX, &head) == RC_OK;
	struct view rest = buf_view(&head);
	good = good && header_next(&rest, &field) && field.name.len > 0;
	if (good && !order->has_date && received_date(buf_view(&head), &date)) {
		order->has_date = true;
		order->received_at = date.seconds;
		order->zone_minutes = date.zone_minutes;
	}
	buf_done(&head);
	return good;
}

static void import_one(struct jmap_call *call, struct jmap_set *set,
    struct store_view *view, struct email_news *news, struct view id,
    json_t *object)
{
	struct email_new item = {.creation_id = id};
	json_t *blob = json_object_get(object, "blobId");
	if (!email_new_places(call, set, view, id, object, &item.order) ||
	    !email_new_from_blob(call, set, id,
		json_is_string(blob) ? json_view(blob) : VIEW(""), &item.draft))
		return;
	if (!read_header(item.draft, &item.order)) {
		store_draft_free(&item.draft);
		jmap_set_failed(set, JMAP_SET_CREATE, id,
		    JMAP_ERROR_INVALID_EMAIL, NULL, NULL);
		return;
	}
	vec_push(&news->items, item);
}

// Members that an EmailImport does not have.
static bool is_known(struct jmap_set *set, struct view id, json_t *object)
{
	static const char *const names[] = {
	    "blobId", "mailboxIds", "keywords", "receivedAt"};
	const char *key;
	json_t *value;
	json_object_foreach (object, key, value) {
		bool known = false;
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			known |= view_eq(
			    view_of_string(key), view_of_string(names[i]));
		if (!known) {
			const struct view wrong[] = {
			    view_of_string(key), VIEW("")};
			jmap_set_failed(set, JMAP_SET_CREATE, id,
			    JMAP_ERROR_INVALID_PROPERTIES, NULL, wrong);
			return false;
		}
	}
	return true;
}

static void answer(struct jmap_call *call, struct jmap_set *set,
    uint64_t before, uint64_t after)
{
	struct json_text *out = &call->out;
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	jmap_state_member(out, "oldState", before);
	jmap_state_member(out, "newState", after);
	json_end_object(&set->done[JMAP_SET_CREATE]);
	json_end_object(&set->failed[JMAP_SET_CREATE]);
	jmap_set_add_list(out, "created", set->done_count[JMAP_SET_CREATE],
	    &set->done_text[JMAP_SET_CREATE]);
	jmap_set_add_list(out, "notCreated", set->failed_count[JMAP_SET_CREATE],
	    &set->failed_text[JMAP_SET_CREATE]);
	json_end_object(out);
}

static void import_all(struct jmap_call *call, struct jmap_set *set,
    struct store_view *view, struct email_news *news, json_t *emails)
{
	const char *key;
	json_t *object;
	uint64_t before = store_view_version(view);
	json_object_foreach (emails, key, object)
		if (is_known(set, view_of_string(key), object))
			import_one(
			    call, set, view, news, view_of_string(key), object);
	struct store_emails_set order = {
	    .made = email_news_orders(call, news),
	    .made_count = news->items.count,
	    .if_version = set->has_if_in_state ? before : 0,
	    .after = before,
	};
	if (news->items.count > 0 && !email_set_run(call, &order))
		return;
	email_news_results(call, set, news, order.made);
	answer(call, set, before, order.after);
}

static bool all_objects(json_t *emails)
{
	const char *key;
	json_t *object;
	json_object_foreach (emails, key, object)
		if (!json_is_object(object))
			return false;
	return true;
}

static void import_checked(struct jmap_call *call, json_t *emails,
    struct view state, struct jmap_set *set)
{
	struct email_news news = {0};
	struct store_view *view = email_view_open(call);
	if (!view)
		return;
	set->has_if_in_state = state.ptr != NULL;
	if (set->has_if_in_state && !jmap_state_read(state, &set->if_in_state))
		set->if_in_state = UINT64_MAX;
	if (jmap_set_in_state(call, set, store_view_version(view)))
		import_all(call, set, view, &news, emails);
	store_view_close(&view);
	email_news_done(&news);
}

static enum jmap_step email_import(struct jmap_call *call)
{
	json_t *emails = NULL;
	struct view state = {0};
	struct jmap_set set;
	if (!jmap_take_object(call, "emails", &emails) ||
	    !jmap_take_string(call, "ifInState", &state) ||
	    !jmap_taken_all(call))
		return JMAP_DONE;
	if (!emails || !all_objects(emails))
		return jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "emails is missing, or not a map of objects");
	if (json_object_size(emails) >
	    call->request->jmap->options.limits.objects_set)
		return jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
		    "more emails than maxObjectsInSet");
	jmap_set_init(call, &import_class, &set);
	import_checked(call, emails, state, &set);
	jmap_set_done(&set);
	return JMAP_DONE;
}

// A user has one account today, and nothing is copied within an account (RFC
// 8620 section 5.4).
static enum jmap_step email_copy(struct jmap_call *call)
{
	struct view from = {0};
	if (!jmap_take_id(call, "fromAccountId", &from))
		return JMAP_DONE;
	if (from.len == 0 || view_eq(from, call->account_id))
		return jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "fromAccountId has to be another account");
	return jmap_fail(call, JMAP_ERROR_FROM_ACCOUNT_NOT_FOUND, NULL);
}

const struct jmap_method jmap_email_import_methods[] = {
    {"Email/import", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	email_import, NULL},
    {"Email/copy", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	email_copy, NULL},
    {.name = NULL},
};
