// SPDX-License-Identifier: Apache-2.0
// Each sort key is a column with one number for each message; the strings are
// folded and kept in one buffer. Sorting is stable and goes from the last key
// to the first.
#include "store/sort.h"

#include "base/mem.h"
#include "store/columns.h"
#include "store/derive_impl.h"
#include "store/email.h"
#include "store/sort_order.h"

struct column {
	struct search_sort sort;
	uint64_t *numbers; // of dates and sizes; owned, like all arrays here
	size_t numbers_room;
	struct sort_string *strings; // of all other keys
	size_t strings_room;
};

// When this many descriptions had to be read one by one, columns are worth
// building. It is more than the emails whose block is not full yet.
#define MISSED_MANY (2 * COLUMNS_BLOCK)

struct store_sort {
	struct store_account *account;
	struct columns_reader *ready; // NULL until needed
	unsigned missed;              // how many emails were not in it
	struct store_reader *reader;  // NULL until needed
	struct column *columns;
	size_t column_count;
	bool reads;
	struct fold fold;
	struct buf bytes; // of all strings
	uint32_t *uids;
	size_t uids_room;
	size_t count;
};

// Which string a key sorts by; COLUMNS_TEXT_COUNT for a key that is a number.
static enum columns_text text_of(enum search_sort_type type)
{
	switch (type) {
	case SEARCH_SORT_CC: return COLUMNS_CC;
	case SEARCH_SORT_DISPLAY_FROM: return COLUMNS_DISPLAY_FROM;
	case SEARCH_SORT_DISPLAY_TO: return COLUMNS_DISPLAY_TO;
	case SEARCH_SORT_FROM: return COLUMNS_FROM;
	case SEARCH_SORT_SUBJECT: return COLUMNS_SUBJECT;
	case SEARCH_SORT_TO: return COLUMNS_TO;
	case SEARCH_SORT_ARRIVAL:
	case SEARCH_SORT_DATE:
	case SEARCH_SORT_SIZE: break;
	}
	return COLUMNS_TEXT_COUNT;
}

static bool is_string(const struct column *column)
{
	return text_of(column->sort.type) != COLUMNS_TEXT_COUNT;
}

struct store_sort *store_sort_new(struct store_account *account,
    const struct search_sort *keys, size_t key_count)
{
	struct store_sort *sort = mem_zalloc(sizeof(*sort));
	sort->account = account;
	sort->columns = mem_zalloc((key_count + 1) * sizeof(sort->columns[0]));
	sort->column_count = key_count;
	for (size_t i = 0; i < key_count; i++) {
		sort->columns[i].sort = keys[i];
		if (keys[i].type != SEARCH_SORT_ARRIVAL &&
		    keys[i].type != SEARCH_SORT_SIZE)
			sort->reads = true;
	}
	fold_init(&sort->fold, FOLD_CASEMAP);
	buf_init(&sort->bytes, STORE_SORT_STRINGS_MAX);
	return sort;
}

void store_sort_free(struct store_sort **sort)
{
	struct store_sort *old = *sort;
	*sort = NULL;
	if (!old)
		return;
	for (size_t i = 0; i < old->column_count; i++) {
		free(old->columns[i].numbers);
		free(old->columns[i].strings);
	}
	columns_reader_free(&old->ready);
	store_reader_free(&old->reader);
	buf_done(&old->bytes);
	free(old->columns);
	free(old->uids);
	free(old);
}

bool store_sort_reads(const struct store_sort *sort)
{
	return sort->reads;
}

// What an email is sorted by: its columns, or its description if it has none.
struct keys {
	// The texts in `columns` are set, and folded; otherwise those in
	// `record` are.
	bool ready;
	struct columns_entry columns;
	struct message_record record;
};

static MUST_CHECK enum rc keys_of(
    struct store_sort *sort, uint64_t email_id, struct keys *keys)
{
	uint64_t thread_id;
	if (!sort->ready)
		sort->ready = columns_reader_new(sort->account);
	keys->ready = columns_find(sort->ready, email_id, &keys->columns);
	if (keys->ready)
		return RC_OK;
	if (++sort->missed == MISSED_MANY)
		derive_want(sort->account, &columns_tenant);
	if (!sort->reader)
		sort->reader = store_reader_new(sort->account);
	enum rc rc = store_reader_record(
	    sort->reader, email_id, &keys->record, &thread_id);
	if (rc != RC_OK)
		return rc;
	keys->columns.has_date = keys->record.flags & MESSAGE_RECORD_DATE;
	keys->columns.date = keys->record.date.seconds;
	return RC_OK;
}

static void string_add(
    struct store_sort *sort, struct column *column, const struct keys *keys)
{
	enum columns_text text = text_of(column->sort.type);
	column->strings = mem_grow(column->strings, &column->strings_room,
	    sort->count + 1, sizeof(column->strings[0]));
	size_t offset = sort->bytes.len;
	if (keys->ready)
		buf_add(&sort->bytes, keys->columns.text[text]);
	else
		columns_fold(&sort->fold,
		    keys->record.text[columns_text_of(text)], &sort->bytes);
	column->strings[sort->count] = (struct sort_string){
	    .offset = offset, .len = (uint32_t)(sort->bytes.len - offset)};
}

static uint64_t number_of(enum search_sort_type type,
    const struct store_message *message, const struct columns_entry *columns)
{
	if (type == SEARCH_SORT_SIZE)
		return message->size;
	if (type == SEARCH_SORT_DATE && columns->has_date)
		return sort_key_of(columns->date);
	return sort_key_of(message->internal_date);
}

enum rc store_sort_add(
    struct store_sort *sort, const struct store_message *message)
{
	struct keys keys = {.ready = false};
	enum rc rc = RC_OK;
	if (sort->reads)
		rc = keys_of(sort, message->email_id, &keys);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < sort->column_count; i++) {
		struct column *column = &sort->columns[i];
		if (is_string(column)) {
			string_add(sort, column, &keys);
			continue;
		}
		column->numbers =
		    mem_grow(column->numbers, &column->numbers_room,
			sort->count + 1, sizeof(column->numbers[0]));
		column->numbers[sort->count] =
		    number_of(column->sort.type, message, &keys.columns);
	}
	rc = buf_status(&sort->bytes);
	if (rc != RC_OK)
		return rc;
	sort->uids = mem_grow(sort->uids, &sort->uids_room, sort->count + 1,
	    sizeof(sort->uids[0]));
	sort->uids[sort->count++] = message->uid;
	return RC_OK;
}

// Sorts the items by one column. REVERSE reverses only this column: items that
// are equal keep their order (RFC 5256 section 3, REVERSE).
static void column_sort(const struct store_sort *sort,
    const struct column *column, struct sort_item *items)
{
	if (is_string(column)) {
		sort_items_by_string(items, sort->count, buf_view(&sort->bytes),
		    column->strings);
		if (!column->sort.reverse)
			return;
		for (size_t i = 0; i < sort->count; i++)
			items[i].key = ~items[i].key;
	} else {
		uint64_t flip = column->sort.reverse ? UINT64_MAX : 0;
		for (size_t i = 0; i < sort->count; i++)
			items[i].key = column->numbers[items[i].index] ^ flip;
	}
	sort_items(items, sort->count);
}

const uint32_t *store_sort_finish(struct store_sort *sort, size_t *ret_count)
{
	struct sort_item *items =
	    mem_alloc((sort->count + 1) * sizeof(items[0]));
	for (size_t i = 0; i < sort->count; i++)
		items[i].index = i;
	for (size_t i = sort->column_count; i-- > 0;)
		column_sort(sort, &sort->columns[i], items);
	uint32_t *sorted = mem_alloc((sort->count + 1) * sizeof(sorted[0]));
	for (size_t i = 0; i < sort->count; i++)
		sorted[i] = sort->uids[items[i].index];
	free(items);
	free(sort->uids);
	sort->uids = sorted;
	*ret_count = sort->count;
	return sorted;
}
