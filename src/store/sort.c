// SPDX-License-Identifier: Apache-2.0
// Each sort key is a column of one number a message; strings lie folded in one
// buffer. Sorting is stable and goes from the last key to the first.
#include "store/sort.h"

#include "base/mem.h"
#include "store/email.h"
#include "store/sort_order.h"
#include "wire/fold.h"
#include "wire/utf8.h"

struct column {
	struct search_sort sort;
	uint64_t *numbers; // owned, as all here: of dates and sizes
	size_t numbers_room;
	struct sort_string *strings; // else
	size_t strings_room;
};

struct store_sort {
	struct store_account *account;
	struct store_reader *reader; // NULL until needed
	struct column *columns;
	size_t column_count;
	bool reads;
	struct fold fold;
	struct buf bytes; // of all strings
	uint32_t *uids;
	size_t uids_room;
	size_t count;
};

// Where the record has a key's string.
static enum message_record_text text_of(enum search_sort_type type)
{
	switch (type) {
	case SEARCH_SORT_CC: return MESSAGE_RECORD_CC_MAILBOX;
	case SEARCH_SORT_DISPLAY_FROM: return MESSAGE_RECORD_FROM_DISPLAY;
	case SEARCH_SORT_DISPLAY_TO: return MESSAGE_RECORD_TO_DISPLAY;
	case SEARCH_SORT_FROM: return MESSAGE_RECORD_FROM_MAILBOX;
	case SEARCH_SORT_SUBJECT: return MESSAGE_RECORD_SUBJECT_BASE;
	case SEARCH_SORT_TO: return MESSAGE_RECORD_TO_MAILBOX;
	case SEARCH_SORT_ARRIVAL:
	case SEARCH_SORT_DATE:
	case SEARCH_SORT_SIZE: break;
	}
	return MESSAGE_RECORD_TEXT_COUNT; // none
}

static bool is_string(const struct column *column)
{
	return text_of(column->sort.type) != MESSAGE_RECORD_TEXT_COUNT;
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

static void string_add(
    struct store_sort *sort, struct column *column, struct view text)
{
	column->strings = mem_grow(column->strings, &column->strings_room,
	    sort->count + 1, sizeof(column->strings[0]));
	// Nothing shrinks to less than a quarter when it is folded; so enough
	// is left, and a key of a megabyte costs no more than one of 4,000
	// bytes.
	text = utf8_truncate(text, 4 * STORE_SORT_STRING_MAX);
	size_t offset = sort->bytes.len;
	fold_feed(&sort->fold, text, &sort->bytes);
	fold_end(&sort->fold, &sort->bytes);
	size_t len = sort->bytes.len - offset;
	if (len > STORE_SORT_STRING_MAX)
		len = STORE_SORT_STRING_MAX;
	buf_truncate(&sort->bytes, offset + len);
	column->strings[sort->count] =
	    (struct sort_string){.offset = offset, .len = (uint32_t)len};
}

static uint64_t number_of(enum search_sort_type type,
    const struct store_message *message, const struct message_record *record)
{
	if (type == SEARCH_SORT_SIZE)
		return message->size;
	if (type == SEARCH_SORT_DATE)
		return sort_key_of(
		    sort_sent_date(record, message->internal_date));
	return sort_key_of(message->internal_date);
}

enum rc store_sort_add(
    struct store_sort *sort, const struct store_message *message)
{
	struct message_record record = {0};
	if (sort->reads) {
		uint64_t thread_id;
		if (!sort->reader)
			sort->reader = store_reader_new(sort->account);
		enum rc rc = store_reader_record(
		    sort->reader, message->email_id, &record, &thread_id);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < sort->column_count; i++) {
		struct column *column = &sort->columns[i];
		if (is_string(column)) {
			string_add(sort, column,
			    record.text[text_of(column->sort.type)]);
			continue;
		}
		column->numbers =
		    mem_grow(column->numbers, &column->numbers_room,
			sort->count + 1, sizeof(column->numbers[0]));
		column->numbers[sort->count] =
		    number_of(column->sort.type, message, &record);
	}
	enum rc rc = buf_status(&sort->bytes);
	if (rc != RC_OK)
		return rc;
	sort->uids = mem_grow(sort->uids, &sort->uids_room, sort->count + 1,
	    sizeof(sort->uids[0]));
	sort->uids[sort->count++] = message->uid;
	return RC_OK;
}

// Sorts the items by one column. REVERSE turns only that around: equal ones
// stay as they are (RFC 5256 section 3, REVERSE).
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
