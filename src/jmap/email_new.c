// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "jmap/email_set.h"
#include "jmap/impl.h"
#include "jmap/keyword.h"
#include "wire/json_read.h"

void email_news_done(struct email_news *news)
{
	for (size_t i = 0; i < news->items.count; i++)
		store_draft_free(&news->items.items[i].draft);
	vec_done(&news->items);
}

static bool invalid(struct jmap_set *set, struct view id, const char *property)
{
	const struct view names[] = {view_of_string(property), VIEW("")};
	jmap_set_failed(set, JMAP_SET_CREATE, id, JMAP_ERROR_INVALID_PROPERTIES,
	    NULL, names);
	return false;
}

static bool read_mailboxes(struct jmap_call *call, struct store_view *view,
    json_t *set, struct store_email_new *order)
{
	const char *key;
	json_t *value;
	if (!json_is_object(set) || json_object_size(set) == 0)
		return false;
	uint64_t *ids =
	    arena_alloc(&call->arena, json_object_size(set) * sizeof(*ids));
	json_object_foreach (set, key, value) {
		struct view id;
		uint64_t *number = &ids[order->mailbox_count];
		if (!json_is_true(value) ||
		    !jmap_resolve_id(call, view_of_string(key), &id) ||
		    !jmap_id_read(id, JMAP_ID_MAILBOX, number) ||
		    store_view_find(view, *number) ==
			store_view_mailbox_count(view))
			return false;
		order->mailbox_count++;
	}
	order->mailboxes = ids;
	return true;
}

bool email_new_places(struct jmap_call *call, struct jmap_set *set,
    struct store_view *view, struct view creation_id, json_t *object,
    struct store_email_new *order)
{
	json_t *keywords = json_object_get(object, "keywords");
	json_t *received = json_object_get(object, "receivedAt");
	if (!read_mailboxes(
		call, view, json_object_get(object, "mailboxIds"), order))
		return invalid(set, creation_id, "mailboxIds");
	if (keywords && !json_is_null(keywords) &&
	    jmap_keywords_read(&call->arena, keywords, &order->flags) != RC_OK)
		return invalid(set, creation_id, "keywords");
	if (received && !json_is_null(received)) {
		struct date date;
		if (!json_is_string(received) ||
		    date_parse_rfc3339(json_view(received), &date) != RC_OK)
			return invalid(set, creation_id, "receivedAt");
		order->has_date = true;
		order->received_at = date.seconds;
	}
	return true;
}

bool email_new_from_blob(struct jmap_call *call, struct jmap_set *set,
    struct view creation_id, struct view blob_id,
    struct store_draft **ret_draft)
{
	struct jmap_blob *blob;
	enum rc rc = jmap_blob_find(call, blob_id, &blob);
	if (rc == RC_NOT_FOUND)
		return invalid(set, creation_id, "blobId");
	struct store_draft *draft =
	    store_draft_new(call->request->jmap->options.store);
	if (rc == RC_OK)
		rc = jmap_blob_to_draft(blob, draft);
	if (rc == RC_OK)
		rc = store_draft_finish(draft);
	jmap_blob_close(&blob);
	if (rc == RC_OK) {
		*ret_draft = draft;
		return true;
	}
	store_draft_free(&draft);
	jmap_set_failed(set, JMAP_SET_CREATE, creation_id,
	    rc == RC_INVALID ? JMAP_ERROR_INVALID_EMAIL
			     : jmap_error_of(call, rc, NULL),
	    NULL, NULL);
	return false;
}

struct store_email_new *email_news_orders(
    struct jmap_call *call, const struct email_news *news)
{
	struct store_email_new *orders = arena_alloc(
	    &call->arena, (news->items.count + 1) * sizeof(*orders));
	for (size_t i = 0; i < news->items.count; i++) {
		orders[i] = news->items.items[i].order;
		orders[i].draft = news->items.items[i].draft;
	}
	return orders;
}

// ---- Results ---------------------------------------------------------------

enum jmap_error email_result_error(
    struct jmap_call *call, const struct store_email_result *result)
{
	switch (result->rc) {
	case RC_LIMIT:
		return result->mailbox_id ? JMAP_ERROR_TOO_MANY_KEYWORDS
					  : JMAP_ERROR_TOO_MANY_MAILBOXES;
	default: return jmap_error_of(call, result->rc, NULL);
	}
}

void email_news_results(struct jmap_call *call, struct jmap_set *set,
    const struct email_news *news, const struct store_email_new *orders)
{
	for (size_t i = 0; i < news->items.count; i++) {
		struct view creation_id = news->items.items[i].creation_id;
		const struct store_email_new *order = &orders[i];
		char id[JMAP_ID_TEXT];
		if (order->result.rc == RC_NOT_FOUND) {
			(void)invalid(set, creation_id, "mailboxIds");
			continue;
		}
		if (order->result.rc != RC_OK) {
			jmap_set_failed(set, JMAP_SET_CREATE, creation_id,
			    email_result_error(call, &order->result), NULL,
			    NULL);
			continue;
		}
		struct json_text *out = jmap_set_created(call, set, creation_id,
		    jmap_id_text(id, JMAP_ID_EMAIL, order->email_id));
		json_key(out, "blobId");
		jmap_id_add(out, JMAP_ID_BLOB, order->email_id);
		json_key(out, "threadId");
		jmap_id_add(out, JMAP_ID_THREAD, order->thread_id);
		json_member_u64(out, "size", order->size);
		json_end_object(out);
	}
}

struct store_view *email_view_open(struct jmap_call *call)
{
	struct store_view *view = NULL;
	struct fault fault;
	enum rc rc =
	    store_view_open(&call->asker, call->account, &fault, &view);
	if (rc == RC_OK)
		return view;
	jmap_fail_rc(call, rc, &fault);
	return NULL;
}

bool email_set_run(struct jmap_call *call, struct store_emails_set *set)
{
	struct fault fault = {0};
	enum rc rc = store_emails_set(&call->asker, call->account, set, &fault);
	if (rc == RC_OK)
		return true;
	if (rc == RC_GONE)
		jmap_fail(call, JMAP_ERROR_STATE_MISMATCH, NULL);
	else
		jmap_fail_rc(call, rc, &fault);
	return false;
}
