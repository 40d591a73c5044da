// SPDX-License-Identifier: Apache-2.0
#include "jmap/email_list.h"

#include "base/clock.h"
#include "jmap/impl.h"
#include "net/session.h"

// ---- Beginning -------------------------------------------------------------

bool email_list_is_by_thread(const struct email_list *list)
{
	return list->collapse || email_filter_needs_threads(list->filter) ||
	       email_sort_needs_threads(list->sort);
}

// Without a test, the number of results is known.
static enum rc set_total(struct email_list *list)
{
	const struct jmap_catalog *catalog = list->moment.catalog;
	const struct store_view_counts *counts;
	struct store_view *view = list->moment.view;
	uint32_t box = email_filter_box(list->filter);
	if (!email_filter_is_all(list->filter) || !list->wants_total)
		return RC_OK;
	if (box == CATALOG_NONE) {
		list->has_total = !list->collapse;
		list->total = catalog->visible;
		return RC_OK;
	}
	enum rc rc = store_view_counts(view, &counts);
	if (rc != RC_OK)
		return rc;
	counts += store_view_find(view, catalog->boxes.items[box].id);
	list->has_total = true;
	list->total = list->collapse ? counts->threads : counts->emails;
	return RC_OK;
}

static void find_anchor(struct email_list *list)
{
	uint64_t id;
	list->anchor_slot = CATALOG_NONE;
	if (list->anchor.len > 0 &&
	    jmap_id_read(list->anchor, JMAP_ID_EMAIL, &id))
		list->anchor_slot = jmap_catalog_find(list->moment.catalog, id);
}

static bool read_arguments(struct jmap_call *call, struct email_list *list)
{
	struct view anchor = list->anchor;
	if (!email_filter_read(
		call, &list->moment, list->filter_json, &list->filter) ||
	    !email_sort_read(call, &list->moment, list->sort_json, &list->sort))
		return false;
	if (jmap_resolve_id(call, anchor, &anchor))
		list->anchor = anchor;
	find_anchor(list);
	return true;
}

// RC_MORE: call again.
static enum rc begin(
    struct jmap_call *call, struct email_list *list, struct fault *fault)
{
	enum rc rc = RC_OK;
	if (!list->moment.catalog)
		rc = jmap_moment_open(call->request->jmap->catalogs,
		    &call->asker, call->account, fault, &list->moment);
	if (rc != RC_OK)
		return rc;
	if (!list->filter && !read_arguments(call, list))
		return RC_INVALID;
	if (email_list_is_by_thread(list))
		rc = jmap_catalog_threads(&list->moment);
	if (rc != RC_OK)
		return rc;
	list->order = jmap_catalog_order(
	    list->moment.catalog, email_filter_box(list->filter));
	if (list->collapse && !list->seen)
		list->seen =
		    mem_zalloc(list->moment.catalog->emails.count / 8 + 1);
	list->anchor_at = SIZE_MAX;
	rc = set_total(list);
	list->begun = rc == RC_OK;
	return rc;
}

// ---- Results ---------------------------------------------------------------

static bool is_enough(const struct email_list *list)
{
	if (list->all)
		return false;
	if (list->anchor.len == 0)
		return list->slots.count >= list->first + list->count;
	if (list->anchor_slot == CATALOG_NONE)
		return true;
	if (list->anchor_at == SIZE_MAX)
		return false;
	int64_t first = (int64_t)list->anchor_at + list->anchor_offset;
	return list->slots.count >=
	       (uint64_t)(first > 0 ? first : 0) + list->count;
}

// The next one in the order of the results.
static void add_result(struct email_list *list, uint32_t slot)
{
	if (list->collapse) {
		uint32_t head = catalog_email(list->moment.catalog, slot)->head;
		uint8_t bit = (uint8_t)(1u << head % 8);
		if (list->seen[head / 8] & bit)
			return;
		list->seen[head / 8] |= bit;
	}
	if (slot == list->anchor_slot)
		list->anchor_at = list->slots.count;
	vec_push(&list->slots, slot);
}

static uint32_t next_slot(const struct email_list *list)
{
	size_t at = email_sort_descends(list->sort)
			? list->order->count - 1 - list->at
			: list->at;
	return list->order->slots[at];
}

// Tests emails in the order of the catalog until there are enough results, or
// the time is over.
static enum rc test_emails(struct email_list *list)
{
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	bool plain = email_sort_is_plain(list->sort);
	size_t pause = email_filter_reads(list->filter) ? 4 : 2048;
	while (list->at < list->order->count && !(plain && is_enough(list))) {
		uint32_t slot = next_slot(list);
		bool matches;
		enum rc rc = email_filter_test(list->filter, slot, &matches);
		if (rc != RC_OK && rc != RC_CORRUPT)
			return rc;
		list->at++;
		if (rc == RC_OK && matches && plain)
			add_result(list, slot);
		else if (rc == RC_OK && matches)
			vec_push(&list->found, slot);
		if (list->at % pause == 0 && clock_monotonic_ms() >= until)
			return RC_MORE;
	}
	if (plain)
		list->complete = list->at == list->order->count;
	return RC_OK;
}

static enum rc sort_emails(struct email_list *list)
{
	enum rc rc =
	    email_sort_run(list->sort, list->found.items, list->found.count);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < list->found.count; i++)
		add_result(list, list->found.items[i]);
	list->complete = true;
	list->sorted = true;
	return RC_OK;
}

enum jmap_step email_list_begin(struct jmap_call *call, struct email_list *list)
{
	struct fault fault = {.text = ""};
	enum rc rc = list->begun ? RC_OK : begin(call, list, &fault);
	if (rc == RC_OK || call->failed)
		return JMAP_DONE;
	return rc == RC_MORE ? JMAP_MORE : jmap_fail_rc(call, rc, &fault);
}

enum jmap_step email_list_make(struct jmap_call *call, struct email_list *list)
{
	if (email_list_begin(call, list) == JMAP_MORE)
		return JMAP_MORE;
	if (call->failed)
		return JMAP_DONE;
	enum rc rc = test_emails(list);
	if (rc == RC_OK && !email_sort_is_plain(list->sort))
		rc = sort_emails(list);
	if (rc == RC_MORE)
		return JMAP_MORE;
	if (rc != RC_OK)
		return jmap_fail_rc(call, rc, NULL);
	if (list->complete) {
		list->has_total = true;
		list->total = list->slots.count;
	}
	return JMAP_DONE;
}

void email_list_done(struct email_list *list)
{
	email_filter_done(&list->filter);
	email_sort_done(&list->sort);
	vec_done(&list->slots);
	vec_done(&list->found);
	free(list->seen);
	list->seen = NULL;
	jmap_moment_done(&list->moment);
}
