// SPDX-License-Identifier: Apache-2.0
// EmailSubmission/query and /queryChanges (RFC 8621 sections 7.3 and 7.4). All
// submissions of the account are looked at, but only their numbers are read.
#include "jmap/impl.h"
#include "jmap/submission.h"
#include "wire/date.h"
#include "wire/json_read.h"

#define SORT_MAX 8
// More changes are not worth a list.
#define CHANGES_MAX 20000

struct row {
	uint64_t id;
	uint64_t keys[3]; // by enum sort_key
};

enum sort_key { SORT_EMAIL, SORT_THREAD, SORT_SENT };

struct sort {
	struct {
		enum sort_key key;
		bool descending;
	} by[SORT_MAX];
	size_t count;
};

struct results {
	struct jmap_call *call;
	json_t *filter; // NULL: all
	struct sort sort;
	VEC(struct row) rows;
};

// ---- The filter ------------------------------------------------------------

static bool is_operator(const json_t *filter)
{
	return json_object_get(filter, "operator") != NULL;
}

static bool is_strings(const json_t *value)
{
	size_t i;
	const json_t *item;
	if (!json_is_array(value))
		return false;
	json_array_foreach(
	    value, i, item) if (!json_is_string(item)) return false;
	return true;
}

static bool read_date(const json_t *value, int64_t *ret_seconds)
{
	struct date date;
	if (!json_is_string(value) ||
	    date_parse_rfc3339(json_view(value), &date) != RC_OK ||
	    !view_ends_with(json_view(value), VIEW("Z")))
		return false;
	*ret_seconds = date.seconds;
	return true;
}

// False: an error was answered.
static bool check_condition(struct jmap_call *call, json_t *condition)
{
	const char *key;
	json_t *value;
	int64_t seconds;
	json_object_foreach(condition, key, value)
	{
		bool fits;
		if (strcmp(key, "identityIds") == 0 ||
		    strcmp(key, "emailIds") == 0 ||
		    strcmp(key, "threadIds") == 0) {
			fits = is_strings(value);
		} else if (strcmp(key, "undoStatus") == 0) {
			fits = json_is_string(value);
		} else if (strcmp(key, "before") == 0 ||
			   strcmp(key, "after") == 0) {
			fits = read_date(value, &seconds);
		} else {
			jmap_fail(call, JMAP_ERROR_UNSUPPORTED_FILTER,
			    "there is no condition '%.60s'", key);
			return false;
		}
		if (!fits) {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "the condition '%.60s' has a wrong type", key);
			return false;
		}
	}
	return true;
}

static bool check_filter(struct jmap_call *call, json_t *filter)
{
	size_t i;
	json_t *item;
	if (!json_is_object(filter)) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "the filter is not an object");
		return false;
	}
	if (!is_operator(filter))
		return check_condition(call, filter);
	struct view word = json_view(json_object_get(filter, "operator"));
	const json_t *conditions = json_object_get(filter, "conditions");
	if (!json_is_array(conditions) ||
	    (!view_eq(word, VIEW("AND")) && !view_eq(word, VIEW("OR")) &&
		!view_eq(word, VIEW("NOT")))) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "the filter's operator is wrong");
		return false;
	}
	json_array_foreach(
	    conditions, i, item) if (!check_filter(call, item)) return false;
	return true;
}

static bool has_id(const struct results *results, const json_t *ids,
    enum jmap_id_kind kind, uint64_t wanted)
{
	size_t i;
	const json_t *item;
	json_array_foreach(ids, i, item)
	{
		uint64_t number;
		struct view id;
		if (jmap_resolve_id(results->call, json_view(item), &id) &&
		    jmap_id_read(id, kind, &number) && number == wanted)
			return true;
	}
	return false;
}

static bool meets_one(const struct results *results, const char *key,
    const json_t *value, const struct submission *of)
{
	int64_t seconds;
	if (strcmp(key, "identityIds") == 0)
		return has_id(
		    results, value, JMAP_ID_IDENTITY, of->identity_id);
	if (strcmp(key, "emailIds") == 0)
		return has_id(results, value, JMAP_ID_EMAIL, of->email_id);
	if (strcmp(key, "threadIds") == 0)
		return has_id(results, value, JMAP_ID_THREAD, of->thread_id);
	if (strcmp(key, "undoStatus") == 0)
		return view_eq(json_view(value),
		    view_of_string(submission_undo_word(of->undo)));
	if (!read_date(value, &seconds))
		return false;
	return strcmp(key, "before") == 0 ? of->send_at < seconds
					  : of->send_at >= seconds;
}

// Recurses as deep as JSON may be nested (JSON_READ_DEPTH_MAX).
static bool meets(
    const struct results *results, json_t *filter, const struct submission *of)
{
	const char *key;
	json_t *value;
	size_t i;
	if (!is_operator(filter)) {
		json_object_foreach(
		    filter, key, value) if (!meets_one(results, key, value,
						of)) return false;
		return true;
	}
	// NOT: none of the conditions.
	struct view word = json_view(json_object_get(filter, "operator"));
	bool all = view_eq(word, VIEW("AND"));
	json_array_foreach(json_object_get(filter, "conditions"), i, value)
	{
		bool met = meets(results, value, of);
		if (all && !met)
			return false;
		if (!all && met)
			return view_eq(word, VIEW("OR"));
	}
	return !view_eq(word, VIEW("OR"));
}

// ---- The order -------------------------------------------------------------

static bool read_sort(
    struct jmap_call *call, const json_t *list, struct sort *ret_sort)
{
	static const struct {
		const char *name;
		enum sort_key key;
	} names[] = {
	    {"emailId", SORT_EMAIL}, {"threadId", SORT_THREAD},
	    {"sentAt", SORT_SENT},
	    {"sendAt", SORT_SENT}, // as the property is called
	};
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		struct jmap_comparator comparator;
		size_t n = 0;
		if (!jmap_comparator_read(call, item, &comparator))
			return false;
		while (
		    n < ARRAY_LEN(names) && !view_eq(comparator.property,
						view_of_string(names[n].name)))
			n++;
		if (n == ARRAY_LEN(names) || ret_sort->count == SORT_MAX) {
			jmap_fail(call, JMAP_ERROR_UNSUPPORTED_SORT, NULL);
			return false;
		}
		ret_sort->by[ret_sort->count].key = names[n].key;
		ret_sort->by[ret_sort->count++].descending =
		    comparator.descending;
	}
	return true;
}

static int compare(const void *left, const void *right, void *context)
{
	const struct row *a = left;
	const struct row *b = right;
	const struct sort *sort = context;
	for (size_t i = 0; i < sort->count; i++) {
		uint64_t x = a->keys[sort->by[i].key];
		uint64_t y = b->keys[sort->by[i].key];
		if (x != y)
			return (x < y) != sort->by[i].descending ? -1 : 1;
	}
	return (a->id > b->id) - (a->id < b->id);
}

static enum rc add_row(void *context, const struct store_object *object)
{
	struct results *results = context;
	struct submission of;
	if (submission_decode(object->bytes, &of) != RC_OK ||
	    (results->filter && !meets(results, results->filter, &of)))
		return RC_OK;
	struct row row = {
	    .id = object->id,
	    .keys = {[SORT_EMAIL] = of.email_id,
		[SORT_THREAD] = of.thread_id,
		[SORT_SENT] = (uint64_t)of.send_at},
	};
	vec_push(&results->rows, row);
	return RC_OK;
}

// Reads the filter and the order, and finds all results. False: an error was
// answered.
static bool find(struct results *results, json_t *filter, const json_t *sort,
    struct store_view *view)
{
	struct jmap_call *call = results->call;
	results->filter = filter;
	if ((filter && !check_filter(call, filter)) ||
	    !read_sort(call, sort, &results->sort))
		return false;
	enum rc rc = store_view_objects(
	    view, STORE_OBJECT_SUBMISSION, 0, add_row, results);
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, NULL);
		return false;
	}
	if (results->rows.count > 1)
		qsort_r(results->rows.items, results->rows.count,
		    sizeof(struct row), compare, &results->sort);
	return true;
}

// ---- /query ----------------------------------------------------------------

static size_t position_of(const struct results *results, struct view id)
{
	uint64_t number;
	if (!jmap_id_read(id, JMAP_ID_SUBMISSION, &number))
		return SIZE_MAX;
	for (size_t i = 0; i < results->rows.count; i++)
		if (results->rows.items[i].id == number)
			return i;
	return SIZE_MAX;
}

static void answer(const struct results *results,
    const struct jmap_query *query, uint64_t version)
{
	struct jmap_call *call = results->call;
	struct jmap_window window;
	if (!jmap_query_window(call, query, results->rows.count,
		position_of(results, query->anchor), &window))
		return;
	jmap_query_begin(call, version, true, window.first);
	for (size_t i = 0; i < window.count; i++)
		jmap_id_add(&call->out, JMAP_ID_SUBMISSION,
		    results->rows.items[window.first + i].id);
	jmap_query_end(call, query, results->rows.count);
}

enum jmap_step submission_query(struct jmap_call *call)
{
	struct jmap_query query;
	struct results results = {.call = call};
	struct store_view *view;
	if (!jmap_query_read(call, &query) || !jmap_taken_all(call) ||
	    !jmap_view_open(call, &view))
		return JMAP_DONE;
	if (find(&results, query.filter, query.sort, view))
		answer(&results, &query, store_view_version(view));
	vec_done(&results.rows);
	store_view_close(&view);
	return JMAP_DONE;
}

// ---- /queryChanges ---------------------------------------------------------

static bool contains(const struct store_ids *ids, uint64_t id)
{
	size_t low = 0;
	size_t high = ids->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ids->items[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ids->count && ids->items[low] == id;
}

static void write_ids(struct json_text *out, const struct store_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		jmap_id_add(out, JMAP_ID_SUBMISSION, ids->items[i]);
}

// Whatever changed is removed, and what of it is a result now is added (RFC
// 8620 section 5.6).
static void answer_changes(const struct results *results,
    const struct jmap_query_changes *asked, const struct store_changes *changes,
    uint64_t version)
{
	struct json_text *out = &results->call->out;
	json_begin_object(out);
	json_member_string(out, "accountId", results->call->account_id);
	jmap_state_member(out, "oldQueryState", asked->since);
	jmap_state_member(out, "newQueryState", version);
	if (asked->calculate_total)
		json_member_u64(out, "total", results->rows.count);
	json_key(out, "removed");
	json_begin_array(out);
	write_ids(out, &changes->changed);
	write_ids(out, &changes->gone);
	json_end_array(out);
	json_key(out, "added");
	json_begin_array(out);
	for (size_t i = 0; i < results->rows.count; i++) {
		uint64_t id = results->rows.items[i].id;
		if (!contains(&changes->made, id) &&
		    !contains(&changes->changed, id))
			continue;
		json_begin_object(out);
		json_key(out, "id");
		jmap_id_add(out, JMAP_ID_SUBMISSION, id);
		json_member_u64(out, "index", i);
		json_end_object(out);
	}
	json_end_array(out);
	json_end_object(out);
}

static void query_changes(struct results *results,
    const struct jmap_query_changes *asked, struct store_view *view)
{
	struct jmap_call *call = results->call;
	struct store_changes changes;
	if (!find(results, asked->filter, asked->sort, view))
		return;
	enum rc rc =
	    store_objects_changed(call->account, STORE_OBJECT_SUBMISSION,
		(struct store_change_position){.version = asked->since},
		CHANGES_MAX, &changes);
	if (rc == RC_GONE) {
		jmap_fail(call, JMAP_ERROR_CANNOT_CALCULATE_CHANGES, NULL);
		return;
	}
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, NULL);
		return;
	}
	size_t count =
	    changes.made.count + 2 * changes.changed.count + changes.gone.count;
	if (changes.more || (asked->has_max && count > asked->max))
		jmap_fail(call, JMAP_ERROR_TOO_MANY_CHANGES, NULL);
	else
		answer_changes(
		    results, asked, &changes, store_view_version(view));
	store_changes_done(&changes);
}

enum jmap_step submission_query_changes(struct jmap_call *call)
{
	struct jmap_query_changes asked;
	struct results results = {.call = call};
	struct store_view *view;
	if (!jmap_query_changes_read(call, &asked) || !jmap_taken_all(call) ||
	    !jmap_view_open(call, &view))
		return JMAP_DONE;
	query_changes(&results, &asked, view);
	vec_done(&results.rows);
	store_view_close(&view);
	return JMAP_DONE;
}
