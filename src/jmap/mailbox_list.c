// SPDX-License-Identifier: Apache-2.0
#include "jmap/mailbox_list.h"

#include "base/buf.h"
#include "jmap/object.h"
#include "wire/fold.h"
#include "wire/json_read.h"

#define COMPARATORS_MAX 8

// What is known of a mailbox while the list is made.
struct row {
	size_t position;    // in the view
	size_t parent;      // the parent's position, SIZE_MAX: none
	struct view folded; // its name, as it is compared
	uint32_t sort_order;
	bool matches;
};

struct making {
	struct jmap_call *call;
	struct mailbox_list *list;
	struct row *rows; // by position
	size_t count;
	struct jmap_comparator comparators[COMPARATORS_MAX];
	size_t comparator_count;
};

static bool fail(struct making *making, enum jmap_error error, const char *what,
    const char *name)
{
	jmap_fail(making->call, error, "%s: %.100s", what, name);
	return false;
}

static struct view fold(
    struct arena *arena, enum fold_mode mode, struct view text)
{
	struct buf folded;
	buf_init(&folded, text.len * FOLD_GROWTH_MAX + 64);
	fold_text(mode, text, &folded);
	struct view copy = arena_copy(arena, buf_view(&folded));
	buf_done(&folded);
	return copy;
}

static void make_rows(struct making *making)
{
	const struct store_view *view = making->list->view;
	struct arena *arena = &making->call->arena;
	making->count = store_view_mailbox_count(view);
	making->rows =
	    arena_zalloc(arena, (making->count + 1) * sizeof(*making->rows));
	for (size_t i = 0; i < making->count; i++) {
		const struct store_view_mailbox *mailbox =
		    store_view_mailbox(view, i);
		making->rows[i] = (struct row){
		    .position = i,
		    .parent = mailbox->parent_id
				  ? store_view_find(view, mailbox->parent_id)
				  : SIZE_MAX,
		    .folded =
			fold(arena, FOLD_CASEMAP, mailbox_shown_name(mailbox)),
		    .sort_order =
			mailbox_order_of(&making->list->orders, mailbox),
		};
	}
}

// ---- The filter ------------------------------------------------------------

enum condition { PARENT_ID, NAME, ROLE, HAS_ANY_ROLE, IS_SUBSCRIBED };

static const struct {
	struct jmap_property property;
	enum condition condition;
} conditions[] = {
    {{"parentId", JMAP_KIND_ID, JMAP_NULLABLE}, PARENT_ID},
    {{"name", JMAP_KIND_STRING, 0}, NAME},
    {{"role", JMAP_KIND_STRING, JMAP_NULLABLE}, ROLE},
    {{"hasAnyRole", JMAP_KIND_BOOL, 0}, HAS_ANY_ROLE},
    {{"isSubscribed", JMAP_KIND_BOOL, 0}, IS_SUBSCRIBED},
};

static bool has_parent(const struct making *making,
    const struct store_view_mailbox *mailbox, const json_t *value)
{
	struct view id;
	uint64_t number;
	if (json_is_null(value))
		return mailbox->parent_id == 0;
	return jmap_resolve_id(making->call, json_view(value), &id) &&
	       jmap_id_read(id, JMAP_ID_MAILBOX, &number) &&
	       mailbox->parent_id == number;
}

static bool has_name(struct making *making,
    const struct store_view_mailbox *mailbox, const json_t *value)
{
	struct arena *arena = &making->call->arena;
	struct view name =
	    fold(arena, FOLD_SEARCH, mailbox_shown_name(mailbox));
	struct view wanted = fold(arena, FOLD_SEARCH, json_view(value));
	return view_find(name, wanted) != SIZE_MAX || wanted.len == 0;
}

static bool test(struct making *making, enum condition condition,
    const struct row *row, const json_t *value)
{
	const struct store_view_mailbox *mailbox =
	    store_view_mailbox(making->list->view, row->position);
	const char *role = mailbox_role(mailbox);
	switch (condition) {
	case PARENT_ID: return has_parent(making, mailbox, value);
	case NAME: return has_name(making, mailbox, value);
	case ROLE:
		if (json_is_null(value))
			return !role;
		return role && view_eq(json_view(value), view_of_string(role));
	case HAS_ANY_ROLE: return json_is_true(value) == (role != NULL);
	case IS_SUBSCRIBED:
		return json_is_true(value) == mailbox->info.subscribed;
	}
	return false;
}

static size_t condition_of(const char *name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(conditions) &&
	       !view_eq(view_of_string(name),
		   view_of_string(conditions[i].property.name)))
		i++;
	return i;
}

static bool check_condition(
    struct making *making, const char *name, json_t *value)
{
	size_t i = condition_of(name);
	if (i == ARRAY_LEN(conditions))
		return fail(making, JMAP_ERROR_UNSUPPORTED_FILTER,
		    "there is no such condition", name);
	if (!jmap_property_fits(&conditions[i].property, value))
		return fail(making, JMAP_ERROR_INVALID_ARGUMENTS,
		    "a condition has the wrong type", name);
	return true;
}

// Checks the whole filter, before anything is tested. The depth of JSON is
// limited.
static bool check(struct making *making, const json_t *filter)
{
	json_t *object = (json_t *)(uintptr_t)filter;
	const char *name;
	json_t *value;
	size_t i;
	if (!json_is_object(filter))
		return fail(making, JMAP_ERROR_INVALID_ARGUMENTS,
		    "a condition is not an object", "filter");
	struct view word = json_view(json_object_get(filter, "operator"));
	if (!json_object_get(filter, "operator")) {
		json_object_foreach(object, name, value)
		{
			if (!check_condition(making, name, value))
				return false;
		}
		return true;
	}
	const json_t *list = json_object_get(filter, "conditions");
	if (!json_is_array(list) || json_object_size(filter) != 2 ||
	    !(view_eq(word, VIEW("AND")) || view_eq(word, VIEW("OR")) ||
		view_eq(word, VIEW("NOT"))))
		return fail(making, JMAP_ERROR_INVALID_ARGUMENTS,
		    "this is not a FilterOperator", "filter");
	json_array_foreach(list, i, value)
	{
		if (!check(making, value))
			return false;
	}
	return true;
}

static bool matches(
    struct making *making, const struct row *row, const json_t *filter)
{
	json_t *object = (json_t *)(uintptr_t)filter;
	const json_t *list = json_object_get(filter, "conditions");
	const char *name;
	json_t *value;
	size_t i;
	if (!json_object_get(filter, "operator")) {
		json_object_foreach(object, name, value)
		{
			if (!test(making,
				conditions[condition_of(name)].condition, row,
				value))
				return false;
		}
		return true;
	}
	// AND ends at the first that does not match, OR and NOT at the first
	// that does.
	struct view word = json_view(json_object_get(filter, "operator"));
	bool is_and = view_eq(word, VIEW("AND"));
	json_array_foreach(list, i, value)
	{
		if (matches(making, row, value) != is_and)
			return view_eq(word, VIEW("OR"));
	}
	return !view_eq(word, VIEW("OR"));
}

static bool filter_rows(struct making *making)
{
	const struct mailbox_list *list = making->list;
	if (list->filter && !check(making, list->filter))
		return false;
	for (size_t i = 0; i < making->count; i++) {
		struct row *row = &making->rows[i];
		row->matches =
		    !list->filter || matches(making, row, list->filter);
		// A parent comes before its children.
		if (list->filter_as_tree && row->parent != SIZE_MAX &&
		    !making->rows[row->parent].matches)
			row->matches = false;
	}
	return true;
}

// ---- The sort --------------------------------------------------------------

static bool read_sort(struct making *making)
{
	static const char *const names[] = {"sortOrder", "name", "parentId"};
	const json_t *item;
	size_t i;
	json_array_foreach(making->list->sort, i, item)
	{
		struct jmap_comparator *to =
		    &making->comparators[making->comparator_count];
		size_t n = 0;
		if (!jmap_comparator_read(making->call, item, to))
			return false;
		while (n < ARRAY_LEN(names) &&
		       !view_eq(to->property, view_of_string(names[n])))
			n++;
		if (n == ARRAY_LEN(names) ||
		    ++making->comparator_count == COMPARATORS_MAX)
			return fail(making, JMAP_ERROR_UNSUPPORTED_SORT,
			    "mailboxes are not sorted by this, or by so many",
			    "sort");
	}
	return true;
}

static int compare_by(const struct making *making, struct view property,
    const struct row *a, const struct row *b)
{
	if (view_eq(property, VIEW("name")))
		return view_compare(a->folded, b->folded);
	uint64_t left = a->sort_order;
	uint64_t right = b->sort_order;
	if (view_eq(property, VIEW("parentId"))) {
		const struct store_view *view = making->list->view;
		left = store_view_mailbox(view, a->position)->parent_id;
		right = store_view_mailbox(view, b->position)->parent_id;
	}
	return (left > right) - (left < right);
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct making *making = context;
	const struct row *left = &making->rows[*(const size_t *)a];
	const struct row *right = &making->rows[*(const size_t *)b];
	for (size_t i = 0; i < making->comparator_count; i++) {
		const struct jmap_comparator *by = &making->comparators[i];
		int order = compare_by(making, by->property, left, right);
		if (order != 0)
			return by->descending ? -order : order;
	}
	return (left->position > right->position) -
	       (left->position < right->position);
}

// Orders sorted mailboxes so that each comes before those below it, which come
// before the next one of its level. `first_child` and `next_sibling` make the
// tree; the last item is the root.
static void sort_tree(const struct making *making, size_t *sorted)
{
	size_t count = making->count;
	struct arena *arena = &making->call->arena;
	size_t *first_child = arena_alloc(arena, (count + 1) * sizeof(size_t));
	size_t *next_sibling = arena_alloc(arena, (count + 1) * sizeof(size_t));
	for (size_t i = 0; i <= count; i++)
		first_child[i] = next_sibling[i] = SIZE_MAX;
	for (size_t i = count; i-- > 0;) {
		size_t parent = making->rows[sorted[i]].parent;
		size_t to = parent == SIZE_MAX ? count : parent;
		next_sibling[sorted[i]] = first_child[to];
		first_child[to] = sorted[i];
	}
	size_t at = first_child[count];
	for (size_t i = 0; i < count; i++) {
		sorted[i] = at;
		if (first_child[at] != SIZE_MAX) {
			at = first_child[at];
			continue;
		}
		while (at != SIZE_MAX && next_sibling[at] == SIZE_MAX)
			at = making->rows[at].parent;
		at = at == SIZE_MAX ? SIZE_MAX : next_sibling[at];
		if (at == SIZE_MAX)
			break;
	}
}

static void collect(struct making *making)
{
	struct mailbox_list *list = making->list;
	size_t *sorted = arena_alloc(
	    &making->call->arena, (making->count + 1) * sizeof(*sorted));
	for (size_t i = 0; i < making->count; i++)
		sorted[i] = i;
	if (making->count > 1)
		qsort_r(sorted, making->count, sizeof(*sorted), compare_rows,
		    making);
	if (list->sort_as_tree)
		sort_tree(making, sorted);
	for (size_t i = 0; i < making->count; i++)
		if (making->rows[sorted[i]].matches)
			vec_push(&list->items, sorted[i]);
}

bool mailbox_list_make(struct jmap_call *call, struct mailbox_list *list)
{
	struct making making = {.call = call, .list = list};
	enum rc rc = mailbox_orders_read(list->view, &list->orders);
	if (rc != RC_OK) {
		jmap_fail_rc(call, rc, NULL);
		return false;
	}
	make_rows(&making);
	if (!read_sort(&making) || !filter_rows(&making))
		return false;
	collect(&making);
	return true;
}

void mailbox_list_done(struct mailbox_list *list)
{
	vec_done(&list->items);
	mailbox_orders_done(&list->orders);
}

bool mailbox_list_read(struct jmap_call *call, struct mailbox_list *list)
{
	return jmap_take_bool(call, "sortAsTree", &list->sort_as_tree) &&
	       jmap_take_bool(call, "filterAsTree", &list->filter_as_tree);
}
