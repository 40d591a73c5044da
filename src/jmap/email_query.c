// SPDX-License-Identifier: Apache-2.0
// Email/query (RFC 8621 section 4.4).
#include "jmap/email_list.h"
#include "jmap/methods.h"
#include "jmap/object.h"

struct querying {
	struct jmap_query query;
	struct email_list list;
};

// Which results have to be made for the window that is wanted.
static void set_needed(struct querying *querying)
{
	const struct jmap_query *query = &querying->query;
	struct email_list *list = &querying->list;
	list->filter_json = query->filter;
	list->sort_json = query->sort;
	list->anchor = query->anchor;
	list->wants_total = query->calculate_total;
	list->anchor_offset = query->anchor_offset;
	list->first = (uint64_t)query->position;
	list->count = query->limit;
	list->all = query->anchor.len == 0 && query->position < 0;
}

static bool read_arguments(struct jmap_call *call, struct querying *querying)
{
	if (!jmap_take_bool(
		call, "collapseThreads", &querying->list.collapse) ||
	    !jmap_query_read(call, &querying->query) || !jmap_taken_all(call))
		return false;
	set_needed(querying);
	return true;
}

static void answer(struct jmap_call *call, const struct querying *querying)
{
	const struct email_list *list = &querying->list;
	const struct jmap_query *query = &querying->query;
	const struct jmap_catalog *catalog = list->moment.catalog;
	struct jmap_window window;
	if (!jmap_query_window(
		call, query, list->slots.count, list->anchor_at, &window))
		return;
	jmap_query_begin(call, catalog->version, true, window.first);
	for (size_t i = 0; i < window.count; i++)
		jmap_id_add(&call->out, JMAP_ID_EMAIL,
		    catalog_email(catalog, list->slots.items[window.first + i])
			->id);
	jmap_query_end(call, query, list->total);
}

static enum jmap_step email_query(struct jmap_call *call)
{
	struct querying *querying = call->state;
	if (!querying) {
		querying = call->state =
		    arena_zalloc(&call->arena, sizeof(*querying));
		if (!read_arguments(call, querying))
			return JMAP_DONE;
	}
	struct email_list *list = &querying->list;
	if (email_list_make(call, list) == JMAP_MORE)
		return JMAP_MORE;
	if (call->failed)
		return JMAP_DONE;
	if (querying->query.calculate_total && !list->has_total) {
		// They are counted only if nothing else tells.
		list->all = true;
		return JMAP_MORE;
	}
	answer(call, querying);
	return JMAP_DONE;
}

static void email_query_end(struct jmap_call *call)
{
	struct querying *querying = call->state;
	if (querying)
		email_list_done(&querying->list);
}

const struct jmap_method jmap_email_query_methods[] = {
    {"Email/query", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_query,
	email_query_end},
    {.name = NULL},
};
