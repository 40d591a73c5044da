// SPDX-License-Identifier: Apache-2.0
// The arguments and the answers of /query and /queryChanges (RFC 8620 sections
// 5.5 and 5.6).
#include "jmap/impl.h"
#include "jmap/object.h"
#include "wire/json_read.h"

bool jmap_query_read(struct jmap_call *call, struct jmap_query *ret_query)
{
	*ret_query = (struct jmap_query){0};
	if (!jmap_take_object(call, "filter", &ret_query->filter) ||
	    !jmap_take_array(call, "sort", &ret_query->sort) ||
	    !jmap_take_i64(call, "position", &ret_query->position) ||
	    !jmap_take_id(call, "anchor", &ret_query->anchor) ||
	    !jmap_take_i64(call, "anchorOffset", &ret_query->anchor_offset) ||
	    !jmap_take_u64(
		call, "limit", &ret_query->has_limit, &ret_query->limit) ||
	    !jmap_take_bool(
		call, "calculateTotal", &ret_query->calculate_total))
		return false;
	if (!ret_query->has_limit || ret_query->limit > JMAP_QUERY_LIMIT_MAX)
		ret_query->limit = JMAP_QUERY_LIMIT_MAX;
	return true;
}

// Where the window begins: INT64_MIN: the anchor is not there.
static int64_t begin_of(
    const struct jmap_query *query, size_t total, size_t anchor)
{
	int64_t first = query->position;
	if (query->anchor.len > 0)
		first = anchor == SIZE_MAX
			    ? INT64_MIN
			    : (int64_t)anchor + query->anchor_offset;
	else if (first < 0)
		first += (int64_t)total;
	if (first == INT64_MIN)
		return first;
	if (first < 0)
		first = 0;
	return first > (int64_t)total ? (int64_t)total : first;
}

bool jmap_query_window(struct jmap_call *call, const struct jmap_query *query,
    size_t total, size_t anchor, struct jmap_window *ret_window)
{
	int64_t first = begin_of(query, total, anchor);
	if (first == INT64_MIN) {
		jmap_fail(call, JMAP_ERROR_ANCHOR_NOT_FOUND, NULL);
		return false;
	}
	size_t rest = total - (size_t)first;
	ret_window->first = (size_t)first;
	ret_window->count = rest < query->limit ? rest : (size_t)query->limit;
	return true;
}

void jmap_query_begin(struct jmap_call *call, uint64_t version,
    bool can_calculate_changes, size_t position)
{
	struct json_text *out = &call->out;
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	jmap_state_member(out, "queryState", version);
	json_member_bool(out, "canCalculateChanges", can_calculate_changes);
	json_member_u64(out, "position", position);
	json_key(out, "ids");
	json_begin_array(out);
}

void jmap_query_end(
    struct jmap_call *call, const struct jmap_query *query, size_t total)
{
	struct json_text *out = &call->out;
	json_end_array(out);
	if (query->calculate_total)
		json_member_u64(out, "total", total);
	// The server's own limit is told if it was less than the client's.
	if (query->limit == JMAP_QUERY_LIMIT_MAX)
		json_member_u64(out, "limit", query->limit);
	json_end_object(out);
}

bool jmap_query_changes_read(
    struct jmap_call *call, struct jmap_query_changes *ret_changes)
{
	*ret_changes = (struct jmap_query_changes){.since = UINT64_MAX};
	if (!jmap_take_object(call, "filter", &ret_changes->filter) ||
	    !jmap_take_array(call, "sort", &ret_changes->sort) ||
	    !jmap_take_string(
		call, "sinceQueryState", &ret_changes->since_text) ||
	    !jmap_take_u64(
		call, "maxChanges", &ret_changes->has_max, &ret_changes->max) ||
	    !jmap_take_id(call, "upToId", &ret_changes->up_to_id) ||
	    !jmap_take_bool(
		call, "calculateTotal", &ret_changes->calculate_total))
		return false;
	if (!ret_changes->since_text.ptr) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "sinceQueryState is missing");
		return false;
	}
	if (!jmap_state_read(ret_changes->since_text, &ret_changes->since)) {
		jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
		return false;
	}
	return true;
}

bool jmap_comparator_read(struct jmap_call *call, const json_t *comparator,
    struct jmap_comparator *ret_comparator)
{
	const json_t *property = json_object_get(comparator, "property");
	const json_t *ascending = json_object_get(comparator, "isAscending");
	const json_t *collation = json_object_get(comparator, "collation");
	const json_t *keyword = json_object_get(comparator, "keyword");
	if (!json_is_string(property) ||
	    (ascending && !json_is_boolean(ascending)) ||
	    (collation && !json_is_string(collation)) ||
	    (keyword && !json_is_string(keyword))) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "sort is not a list of Comparators");
		return false;
	}
	if (collation &&
	    !view_eq(json_view(collation), VIEW("i;unicode-casemap"))) {
		jmap_fail(call, JMAP_ERROR_UNSUPPORTED_SORT,
		    "the collation is not supported");
		return false;
	}
	*ret_comparator = (struct jmap_comparator){
	    .property = json_view(property),
	    .descending = json_is_false(ascending),
	    .keyword = keyword ? json_view(keyword) : VIEW(""),
	};
	return true;
}
