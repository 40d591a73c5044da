// SPDX-License-Identifier: Apache-2.0
#include "jmap/email_filter.h"

#include "jmap/attachment.h"
#include "jmap/impl.h"
#include "jmap/object.h"
#include "wire/date.h"
#include "wire/json_read.h"

// ---- The conditions --------------------------------------------------------

enum condition {
	IN_MAILBOX,
	IN_MAILBOX_OTHER_THAN,
	BEFORE,
	AFTER,
	MIN_SIZE,
	MAX_SIZE,
	ALL_IN_THREAD,
	SOME_IN_THREAD,
	NONE_IN_THREAD,
	HAS_KEYWORD,
	NOT_KEYWORD,
	HAS_ATTACHMENT,
	TEXT,
	FROM,
	TO,
	CC,
	BCC,
	SUBJECT,
	BODY,
	HEADER,
};

static const struct {
	const char *name;
	enum condition condition;
	enum jmap_kind kind; // of its value
	const char *field;   // of the header, that is searched
} conditions[] = {
    {"inMailbox", IN_MAILBOX, JMAP_KIND_ID, NULL},
    {"inMailboxOtherThan", IN_MAILBOX_OTHER_THAN, JMAP_KIND_STRINGS, NULL},
    {"before", BEFORE, JMAP_KIND_UTC_DATE, NULL},
    {"after", AFTER, JMAP_KIND_UTC_DATE, NULL},
    {"minSize", MIN_SIZE, JMAP_KIND_U64, NULL},
    {"maxSize", MAX_SIZE, JMAP_KIND_U64, NULL},
    {"allInThreadHaveKeyword", ALL_IN_THREAD, JMAP_KIND_STRING, NULL},
    {"someInThreadHaveKeyword", SOME_IN_THREAD, JMAP_KIND_STRING, NULL},
    {"noneInThreadHaveKeyword", NONE_IN_THREAD, JMAP_KIND_STRING, NULL},
    {"hasKeyword", HAS_KEYWORD, JMAP_KIND_STRING, NULL},
    {"notKeyword", NOT_KEYWORD, JMAP_KIND_STRING, NULL},
    {"hasAttachment", HAS_ATTACHMENT, JMAP_KIND_BOOL, NULL},
    {"text", TEXT, JMAP_KIND_STRING, NULL},
    {"from", FROM, JMAP_KIND_STRING, "From"},
    {"to", TO, JMAP_KIND_STRING, "To"},
    {"cc", CC, JMAP_KIND_STRING, "Cc"},
    {"bcc", BCC, JMAP_KIND_STRING, "Bcc"},
    {"subject", SUBJECT, JMAP_KIND_STRING, "Subject"},
    {"body", BODY, JMAP_KIND_STRING, NULL},
    {"header", HEADER, JMAP_KIND_STRINGS, NULL},
};

// A condition that the catalog decides.
struct entry_test {
	enum condition condition;
	uint64_t number; // a size, or seconds
	uint32_t *boxes;
	size_t box_count;
	struct catalog_keyword keyword;
	struct thread_keyword thread;
};

struct email_filter {
	struct jmap_call *call;
	struct jmap_moment *moment;
	VEC(struct entry_test) tests;
	struct search_key *root;
	struct store_search *search;
	uint32_t box;
	bool is_all;
	bool needs_threads;
};

// ---- Testing ---------------------------------------------------------------

static bool has_other_box(const struct jmap_catalog *catalog,
    const struct catalog_email *email, const struct entry_test *test)
{
	struct catalog_place place = email->place;
	uint32_t more = email->more;
	do {
		size_t i = 0;
		while (i < test->box_count && test->boxes[i] != place.box)
			i++;
		if (i == test->box_count)
			return true;
	} while (catalog_next_place(catalog, &more, &place));
	return false;
}

static bool test_entry(
    void *context, uint64_t number, const struct store_message *message)
{
	struct email_filter *filter = context;
	const struct jmap_catalog *catalog = filter->moment->catalog;
	struct entry_test *test = &filter->tests.items[number];
	uint32_t slot = message->uid;
	const struct catalog_email *email = catalog_email(catalog, slot);
	switch (test->condition) {
	case IN_MAILBOX:
		return test->box_count > 0 &&
		       jmap_catalog_in_box(catalog, email, test->boxes[0]);
	case IN_MAILBOX_OTHER_THAN: return has_other_box(catalog, email, test);
	case BEFORE: return email->received_at < (int64_t)test->number;
	case AFTER: return email->received_at >= (int64_t)test->number;
	case MIN_SIZE: return email->size >= test->number;
	case MAX_SIZE: return email->size < test->number;
	case ALL_IN_THREAD:
		return thread_keyword_all(catalog, &test->thread, slot);
	case SOME_IN_THREAD:
		return thread_keyword_some(catalog, &test->thread, slot);
	case NONE_IN_THREAD:
		return !thread_keyword_some(catalog, &test->thread, slot);
	case HAS_KEYWORD:
		return jmap_catalog_has_keyword(catalog, email, &test->keyword);
	case NOT_KEYWORD:
		return !jmap_catalog_has_keyword(
		    catalog, email, &test->keyword);
	case HAS_ATTACHMENT:
	case TEXT:
	case FROM:
	case TO:
	case CC:
	case BCC:
	case SUBJECT:
	case BODY:
	case HEADER: break; // have other keys
	}
	return false;
}

static bool test_record(
    void *context, uint64_t number, const struct message_record *record)
{
	(void)context;
	return jmap_has_attachment(record) == (number != 0);
}

enum rc email_filter_test(
    struct email_filter *filter, uint32_t slot, bool *ret_matches)
{
	const struct catalog_email *email =
	    catalog_email(filter->moment->catalog, slot);
	if (filter->is_all) {
		*ret_matches = true;
		return RC_OK;
	}
	struct store_message message = {
	    .uid = slot,
	    .size = email->size,
	    .email_id = email->id,
	    .internal_date = email->received_at,
	};
	*ret_matches = false;
	return store_search_test(filter->search, &message, ret_matches);
}

// ---- Making keys -----------------------------------------------------------

static struct search_key *new_key(
    struct email_filter *filter, enum search_key_type type)
{
	struct search_key *key =
	    arena_zalloc(&filter->call->arena, sizeof(*key));
	key->type = type;
	return key;
}

static void add_child(struct search_key *parent, struct search_key *child)
{
	child->next = parent->children;
	parent->children = child;
}

static struct search_key *text_key(struct email_filter *filter,
    enum search_key_type type, struct view field, struct view word)
{
	struct search_key *key = new_key(filter, type);
	key->field = field;
	key->text = word;
	return key;
}

// One word, wherever `text` looks (RFC 8621 section 4.4.1).
static struct search_key *anywhere(
    struct email_filter *filter, struct view word)
{
	struct search_key *any = new_key(filter, SEARCH_OR);
	add_child(any, text_key(filter, SEARCH_BODY, VIEW(""), word));
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		if (conditions[i].field)
			add_child(any,
			    text_key(filter, SEARCH_HEADER,
				view_of_string(conditions[i].field), word));
	return any;
}

// All words of the string have to match.
static struct search_key *words_key(struct email_filter *filter,
    enum condition condition, struct view field, struct view text)
{
	struct search_key *all = new_key(filter, SEARCH_AND);
	struct view word;
	while (email_filter_next_word(&filter->call->arena, &text, &word)) {
		struct search_key *key;
		if (condition == TEXT)
			key = anywhere(filter, word);
		else if (condition == BODY)
			key = text_key(filter, SEARCH_BODY, VIEW(""), word);
		else
			key = text_key(filter, SEARCH_HEADER, field, word);
		add_child(all, key);
	}
	return all;
}

static struct search_key *header_key(
    struct email_filter *filter, const json_t *value)
{
	size_t count = json_array_size(value);
	if (count != 1 && count != 2)
		return NULL;
	struct view field = json_view(json_array_get(value, 0));
	if (field.len == 0)
		return NULL;
	if (count == 1)
		return text_key(filter, SEARCH_HEADER, field, VIEW(""));
	return words_key(
	    filter, HEADER, field, json_view(json_array_get(value, 1)));
}

// ---- Making tests ----------------------------------------------------------

// Of an id that no mailbox has: CATALOG_NONE.
static uint32_t box_of(struct email_filter *filter, struct view id)
{
	const struct jmap_moment *moment = filter->moment;
	uint64_t number;
	if (!jmap_resolve_id(filter->call, id, &id) ||
	    !jmap_id_read(id, JMAP_ID_MAILBOX, &number) ||
	    store_view_find(moment->view, number) ==
		store_view_mailbox_count(moment->view))
		return CATALOG_NONE;
	return jmap_catalog_box(moment->catalog, number);
}

static void add_box(
    struct email_filter *filter, struct entry_test *test, struct view id)
{
	uint32_t box = box_of(filter, id);
	if (box != CATALOG_NONE)
		test->boxes[test->box_count++] = box;
}

static void set_boxes(
    struct email_filter *filter, struct entry_test *test, const json_t *value)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	test->boxes = arena_alloc(
	    &filter->call->arena, (count + 1) * sizeof(*test->boxes));
	if (!json_is_array(value)) {
		add_box(filter, test, json_view(value));
		return;
	}
	for (size_t i = 0; i < count; i++)
		add_box(filter, test, json_view(json_array_get(value, i)));
}

static void set_keyword(
    struct email_filter *filter, struct entry_test *test, struct view name)
{
	const struct jmap_catalog *catalog = filter->moment->catalog;
	struct arena *arena = &filter->call->arena;
	if (test->condition == HAS_KEYWORD || test->condition == NOT_KEYWORD) {
		jmap_catalog_keyword(catalog, arena, name, &test->keyword);
		return;
	}
	thread_keyword_init(catalog, arena, name, &test->thread);
	filter->needs_threads = true;
}

static struct search_key *entry_key(
    struct email_filter *filter, enum condition condition, const json_t *value)
{
	struct entry_test test = {.condition = condition};
	struct date date;
	if (condition == IN_MAILBOX || condition == IN_MAILBOX_OTHER_THAN)
		set_boxes(filter, &test, value);
	else if (condition == MIN_SIZE || condition == MAX_SIZE)
		test.number = (uint64_t)json_integer_value(value);
	else if (condition != BEFORE && condition != AFTER)
		set_keyword(filter, &test, json_view(value));
	else if (date_parse_rfc3339(json_view(value), &date) == RC_OK)
		test.number = (uint64_t)date.seconds;
	struct search_key *key = new_key(filter, SEARCH_ASK_ENTRY);
	key->number = filter->tests.count;
	vec_push(&filter->tests, test);
	return key;
}

// ---- Reading ---------------------------------------------------------------

static bool fail(struct email_filter *filter, enum jmap_error error,
    const char *what, const char *name)
{
	jmap_fail(filter->call, error, "%s: %.100s", what, name);
	return false;
}

static bool read_condition(struct email_filter *filter, const char *name,
    json_t *value, struct search_key **ret_key)
{
	size_t i = 0;
	while (
	    i < ARRAY_LEN(conditions) &&
	    !view_eq(view_of_string(name), view_of_string(conditions[i].name)))
		i++;
	if (i == ARRAY_LEN(conditions))
		return fail(filter, JMAP_ERROR_UNSUPPORTED_FILTER,
		    "there is no such condition", name);
	struct jmap_property property = {
	    conditions[i].name, conditions[i].kind, 0};
	struct search_key *key = NULL;
	if (!jmap_property_fits(&property, value))
		return fail(filter, JMAP_ERROR_INVALID_ARGUMENTS,
		    "a condition has the wrong type", name);
	switch (conditions[i].condition) {
	case HAS_ATTACHMENT:
		key = new_key(filter, SEARCH_ASK_RECORD);
		key->number = json_is_true(value);
		break;
	case HEADER: key = header_key(filter, value); break;
	case TEXT:
	case FROM:
	case TO:
	case CC:
	case BCC:
	case SUBJECT:
	case BODY:
		key = words_key(filter, conditions[i].condition,
		    view_of_string(conditions[i].field), json_view(value));
		break;
	case IN_MAILBOX:
	case IN_MAILBOX_OTHER_THAN:
	case BEFORE:
	case AFTER:
	case MIN_SIZE:
	case MAX_SIZE:
	case ALL_IN_THREAD:
	case SOME_IN_THREAD:
	case NONE_IN_THREAD:
	case HAS_KEYWORD:
	case NOT_KEYWORD:
		key = entry_key(filter, conditions[i].condition, value);
		break;
	}
	if (!key)
		return fail(filter, JMAP_ERROR_INVALID_ARGUMENTS,
		    "header has a name, and perhaps a text", name);
	*ret_key = key;
	return true;
}

static bool read_any(struct email_filter *filter, const json_t *json,
    struct search_key **ret_key);

static bool read_operator(struct email_filter *filter, const json_t *json,
    struct search_key **ret_key)
{
	struct view name = json_view(json_object_get(json, "operator"));
	const json_t *list = json_object_get(json, "conditions");
	const json_t *item;
	size_t i;
	bool is_not = view_eq(name, VIEW("NOT"));
	bool is_or = view_eq(name, VIEW("OR"));
	if (!json_is_array(list) || json_object_size(json) != 2 ||
	    !(is_not || is_or || view_eq(name, VIEW("AND"))))
		return fail(filter, JMAP_ERROR_INVALID_ARGUMENTS,
		    "this is not a FilterOperator", "filter");
	// NOT: none of the conditions matches (RFC 8620 section 5.5).
	struct search_key *key =
	    new_key(filter, is_not || is_or ? SEARCH_OR : SEARCH_AND);
	json_array_foreach(list, i, item)
	{
		struct search_key *child;
		if (!read_any(filter, item, &child))
			return false;
		add_child(key, child);
	}
	if (is_not) {
		*ret_key = new_key(filter, SEARCH_NOT);
		add_child(*ret_key, key);
	} else {
		*ret_key = key;
	}
	return true;
}

// The depth of JSON is limited.
static bool read_any(struct email_filter *filter, const json_t *json,
    struct search_key **ret_key)
{
	const char *name;
	json_t *value;
	if (!json_is_object(json))
		return fail(filter, JMAP_ERROR_INVALID_ARGUMENTS,
		    "a condition is not an object", "filter");
	if (json_object_get(json, "operator"))
		return read_operator(filter, json, ret_key);
	*ret_key = new_key(filter, SEARCH_AND);
	// Jansson's macro for this is not for a const object.
	void *at = json_object_iter((json_t *)(uintptr_t)json);
	for (; at; at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
		struct search_key *child;
		name = json_object_iter_key(at);
		value = json_object_iter_value(at);
		if (!read_condition(filter, name, value, &child))
			return false;
		add_child(*ret_key, child);
	}
	return true;
}

// Looks for a box that all emails must be in, in an AND of conditions.
static void find_box(struct email_filter *filter, const struct search_key *key)
{
	if (key->type == SEARCH_AND) {
		for (key = key->children; key; key = key->next)
			find_box(filter, key);
		return;
	}
	if (key->type != SEARCH_ASK_ENTRY)
		return;
	const struct entry_test *test = &filter->tests.items[key->number];
	if (test->condition == IN_MAILBOX && test->box_count > 0 &&
	    filter->box == CATALOG_NONE)
		filter->box = test->boxes[0];
}

// Whether the key says nothing but that an email is in the box.
static bool says_all(
    const struct email_filter *filter, const struct search_key *key)
{
	if (key->type == SEARCH_AND) {
		for (key = key->children; key; key = key->next)
			if (!says_all(filter, key))
				return false;
		return true;
	}
	if (key->type != SEARCH_ASK_ENTRY)
		return false;
	const struct entry_test *test = &filter->tests.items[key->number];
	return test->condition == IN_MAILBOX && test->box_count > 0 &&
	       test->boxes[0] == filter->box;
}

bool email_filter_read(struct jmap_call *call, struct jmap_moment *moment,
    const json_t *json, struct email_filter **ret_filter)
{
	struct fault fault;
	struct email_filter *filter =
	    arena_zalloc(&call->arena, sizeof(*filter));
	*ret_filter = filter;
	filter->call = call;
	filter->moment = moment;
	filter->box = CATALOG_NONE;
	if (!json)
		filter->root = new_key(filter, SEARCH_AND);
	else if (!read_any(filter, json, &filter->root))
		return false;
	find_box(filter, filter->root);
	filter->is_all = says_all(filter, filter->root);
	struct store_search_asks asks = {test_entry, test_record, filter};
	if (store_search_new_of_emails(call->account,
		store_view_reader(moment->view), filter->root, &asks, &fault,
		&filter->search) == RC_OK)
		return true;
	jmap_fail(call, JMAP_ERROR_UNSUPPORTED_FILTER, "%s", fault.text);
	return false;
}

void email_filter_done(struct email_filter **filter)
{
	if (!*filter)
		return;
	if ((*filter)->search)
		store_search_free(&(*filter)->search);
	vec_done(&(*filter)->tests);
	*filter = NULL;
}

uint32_t email_filter_box(const struct email_filter *filter)
{
	return filter->box;
}

bool email_filter_is_all(const struct email_filter *filter)
{
	return filter->is_all;
}

bool email_filter_needs_threads(const struct email_filter *filter)
{
	return filter->needs_threads;
}

bool email_filter_is_constant(const struct email_filter *filter)
{
	for (size_t i = 0; i < filter->tests.count; i++) {
		enum condition condition = filter->tests.items[i].condition;
		if (condition != BEFORE && condition != AFTER &&
		    condition != MIN_SIZE && condition != MAX_SIZE)
			return false;
	}
	return true;
}

bool email_filter_reads(const struct email_filter *filter)
{
	return store_search_reads(filter->search);
}
