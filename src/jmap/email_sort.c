// SPDX-License-Identifier: Apache-2.0
// A stable sort by each comparator, from the last one to the first.
#include "jmap/email_sort.h"

#include "base/clock.h"
#include "jmap/email_filter.h"
#include "jmap/object.h"
#include "net/session.h"
#include "store/sort.h"
#include "store/sort_order.h"

#define COMPARATORS_MAX 16

enum property {
	RECEIVED_AT,
	SIZE,
	FROM,
	TO,
	SUBJECT,
	SENT_AT,
	HAS_KEYWORD,
	ALL_IN_THREAD,
	SOME_IN_THREAD,
};

static const struct {
	const char *name;
	enum property property;
	enum search_sort_type type; // of those that the store sorts by
	bool by_store;
	bool has_keyword;
} properties[] = {
    {"receivedAt", RECEIVED_AT, 0, false, false},
    {"size", SIZE, 0, false, false},
    {"from", FROM, SEARCH_SORT_DISPLAY_FROM, true, false},
    {"to", TO, SEARCH_SORT_DISPLAY_TO, true, false},
    {"subject", SUBJECT, SEARCH_SORT_SUBJECT, true, false},
    {"sentAt", SENT_AT, SEARCH_SORT_DATE, true, false},
    {"hasKeyword", HAS_KEYWORD, 0, false, true},
    {"allInThreadHaveKeyword", ALL_IN_THREAD, 0, false, true},
    {"someInThreadHaveKeyword", SOME_IN_THREAD, 0, false, true},
};

struct comparator {
	enum property property;
	bool by_store;
	struct search_sort store;
	bool descending;
	struct catalog_keyword keyword;
	struct thread_keyword thread;
};

struct email_sort {
	struct jmap_moment *moment;
	struct comparator comparators[COMPARATORS_MAX];
	size_t count;
	bool begun;
	size_t left;             // comparators that are still to be applied
	struct store_sort *sort; // of the one that is applied now
	size_t added;            // slots that are in it
	size_t missing;          // of these, those that cannot be read
	uint32_t *lost;          // these; owned
	bool needs_threads;
};

// ---- Reading ---------------------------------------------------------------

static void set_keyword(struct jmap_call *call, struct email_sort *sort,
    struct comparator *comparator, struct view name)
{
	const struct jmap_catalog *catalog = sort->moment->catalog;
	if (comparator->property == HAS_KEYWORD) {
		jmap_catalog_keyword(
		    catalog, &call->arena, name, &comparator->keyword);
		return;
	}
	thread_keyword_init(catalog, &call->arena, name, &comparator->thread);
	sort->needs_threads = true;
}

static bool read_comparator(
    struct jmap_call *call, struct email_sort *sort, const json_t *json)
{
	struct jmap_comparator from;
	struct comparator *to = &sort->comparators[sort->count];
	size_t i = 0;
	if (!jmap_comparator_read(call, json, &from))
		return false;
	while (i < ARRAY_LEN(properties) &&
	       !view_eq(from.property, view_of_string(properties[i].name)))
		i++;
	if (i == ARRAY_LEN(properties) || sort->count == COMPARATORS_MAX - 1) {
		jmap_fail(call, JMAP_ERROR_UNSUPPORTED_SORT,
		    "emails are not sorted by this property, or by so many");
		return false;
	}
	if (properties[i].has_keyword && from.keyword.len == 0) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "the comparator has no keyword");
		return false;
	}
	*to = (struct comparator){
	    .property = properties[i].property,
	    .by_store = properties[i].by_store,
	    .store = {properties[i].type, from.descending},
	    .descending = from.descending,
	};
	if (properties[i].has_keyword)
		set_keyword(call, sort, to, from.keyword);
	sort->count++;
	return true;
}

bool email_sort_read(struct jmap_call *call, struct jmap_moment *moment,
    json_t *json, struct email_sort **ret_sort)
{
	struct email_sort *sort = arena_zalloc(&call->arena, sizeof(*sort));
	const json_t *item;
	size_t i;
	sort->moment = moment;
	*ret_sort = sort;
	json_array_foreach(json, i, item)
	{
		if (!read_comparator(call, sort, item))
			return false;
	}
	return true;
}

void email_sort_done(struct email_sort **sort)
{
	if (!*sort)
		return;
	if ((*sort)->sort)
		store_sort_free(&(*sort)->sort);
	free((*sort)->lost);
	*sort = NULL;
}

bool email_sort_descends(const struct email_sort *sort)
{
	// Without a sort, new mail comes first.
	return sort->count == 0 || sort->comparators[0].descending;
}

// The slots come in the order of this comparator.
static bool is_given(
    const struct email_sort *sort, const struct comparator *comparator)
{
	return comparator->property == RECEIVED_AT &&
	       comparator->descending == email_sort_descends(sort);
}

bool email_sort_is_plain(const struct email_sort *sort)
{
	return sort->count == 0 ||
	       (sort->count == 1 && is_given(sort, &sort->comparators[0]));
}

bool email_sort_is_constant(const struct email_sort *sort)
{
	for (size_t i = 0; i < sort->count; i++)
		if (sort->comparators[i].property == HAS_KEYWORD)
			return false;
	return !sort->needs_threads;
}

bool email_sort_needs_threads(const struct email_sort *sort)
{
	return sort->needs_threads;
}

// ---- Sorting ---------------------------------------------------------------

static uint64_t key_of(
    const struct email_sort *sort, struct comparator *comparator, uint32_t slot)
{
	const struct jmap_catalog *catalog = sort->moment->catalog;
	const struct catalog_email *email = catalog_email(catalog, slot);
	switch (comparator->property) {
	case RECEIVED_AT: return sort_key_of(email->received_at);
	case SIZE: return email->size;
	case HAS_KEYWORD:
		return jmap_catalog_has_keyword(
		    catalog, email, &comparator->keyword);
	case ALL_IN_THREAD:
		return thread_keyword_all(catalog, &comparator->thread, slot);
	case SOME_IN_THREAD:
		return thread_keyword_some(catalog, &comparator->thread, slot);
	case FROM:
	case TO:
	case SUBJECT:
	case SENT_AT: break; // the store sorts by these
	}
	return 0;
}

static void sort_by_catalog(const struct email_sort *sort,
    struct comparator *comparator, uint32_t *slots, size_t count)
{
	struct sort_item *items = mem_alloc((count + 1) * sizeof(*items));
	uint64_t flip = comparator->descending ? UINT64_MAX : 0;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct sort_item){
		    key_of(sort, comparator, slots[i]) ^ flip, slots[i]};
	sort_items(items, count);
	for (size_t i = 0; i < count; i++)
		slots[i] = (uint32_t)items[i].index;
	free(items);
}

// Adds slots to the store's sort until the time is over.
static enum rc add_slots(
    struct email_sort *sort, const uint32_t *slots, size_t count)
{
	uint64_t until = clock_monotonic_ms() + NET_SLICE_MS;
	for (; sort->added < count; sort->added++) {
		uint32_t slot = slots[sort->added];
		const struct catalog_email *email =
		    catalog_email(sort->moment->catalog, slot);
		struct store_message message = {
		    .uid = slot,
		    .size = email->size,
		    .email_id = email->id,
		    .internal_date = email->received_at,
		};
		enum rc rc = store_sort_add(sort->sort, &message);
		// It is gone by now, or damaged: it comes last.
		if (rc == RC_GONE || rc == RC_CORRUPT)
			sort->lost[sort->missing++] = slot;
		else if (rc != RC_OK)
			return rc;
		if (sort->added % 64 == 63 && clock_monotonic_ms() >= until) {
			sort->added++;
			return RC_MORE;
		}
	}
	return RC_OK;
}

static enum rc sort_by_store(struct email_sort *sort,
    const struct comparator *comparator, uint32_t *slots, size_t count)
{
	if (!sort->sort) {
		sort->sort =
		    store_sort_new(store_view_account(sort->moment->view),
			&comparator->store, 1);
		sort->added = 0;
		sort->missing = 0;
		sort->lost =
		    mem_realloc(sort->lost, (count + 1) * sizeof(*sort->lost));
	}
	enum rc rc = add_slots(sort, slots, count);
	if (rc != RC_OK)
		return rc;
	size_t sorted_count;
	const uint32_t *sorted = store_sort_finish(sort->sort, &sorted_count);
	memcpy(slots, sorted, sorted_count * sizeof(*slots));
	memcpy(
	    slots + sorted_count, sort->lost, sort->missing * sizeof(*slots));
	store_sort_free(&sort->sort);
	return RC_OK;
}

enum rc email_sort_run(struct email_sort *sort, uint32_t *slots, size_t count)
{
	if (!sort->begun) {
		sort->begun = true;
		sort->left = sort->count;
		// What they are in order by already.
		if (sort->left > 0 &&
		    is_given(sort, &sort->comparators[sort->left - 1]))
			sort->left--;
	}
	for (; sort->left > 0; sort->left--) {
		struct comparator *comparator =
		    &sort->comparators[sort->left - 1];
		if (!comparator->by_store) {
			sort_by_catalog(sort, comparator, slots, count);
			continue;
		}
		enum rc rc = sort_by_store(sort, comparator, slots, count);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}
