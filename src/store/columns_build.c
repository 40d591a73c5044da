// SPDX-License-Identifier: Apache-2.0
// Building the sort columns.
#include "base/mem.h"
#include "store/columns.h"
#include "store/derive_blocks.h"

#define BLOCK_BYTES_MAX                                                        \
	((size_t)COLUMNS_BLOCK *                                               \
	    (64 + COLUMNS_TEXT_COUNT * STORE_SORT_STRING_MAX))

struct scratch {
	struct fold fold;
	struct buf texts;
};

static void *scratch_new(void)
{
	struct scratch *scratch = mem_alloc(sizeof(*scratch));
	fold_init(&scratch->fold, FOLD_CASEMAP);
	buf_init(&scratch->texts, BLOCK_BYTES_MAX * FOLD_GROWTH_MAX);
	return scratch;
}

static void scratch_free(void *context)
{
	struct scratch *scratch = context;
	buf_done(&scratch->texts);
	free(scratch);
}

static enum rc put_email(
    void *context, uint64_t email_id, struct view value, struct buf *block)
{
	struct scratch *scratch = context;
	struct record_email email;
	struct message_record record;
	struct view bytes;
	enum rc rc = record_email_get(value, &email, &bytes);
	if (rc == RC_OK)
		rc = message_record_open(bytes, &record);
	if (rc != RC_OK)
		return rc;
	struct columns_entry entry = {.email_id = email_id,
	    .has_date = record.flags & MESSAGE_RECORD_DATE,
	    .date = record.date.seconds};
	size_t lens[COLUMNS_TEXT_COUNT];
	buf_reset(&scratch->texts);
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++) {
		size_t before = scratch->texts.len;
		columns_fold(&scratch->fold,
		    record.text[columns_text_of((enum columns_text)i)],
		    &scratch->texts);
		lens[i] = scratch->texts.len - before;
	}
	struct view rest = buf_view(&scratch->texts);
	for (size_t i = 0; i < COLUMNS_TEXT_COUNT; i++) {
		entry.text[i] = view_slice(rest, 0, lens[i]);
		rest = view_from(rest, lens[i]);
	}
	columns_put(&entry, block);
	return RC_OK;
}

static enum rc take_email(
    struct view *rest, uint64_t number, uint64_t *ret_email_id)
{
	struct columns_entry entry;
	enum rc rc = columns_take(rest, number, &entry);
	if (rc == RC_OK)
		*ret_email_id = entry.email_id;
	return rc;
}

static const struct block_kind kind = {
    .emails = COLUMNS_BLOCK,
    .bytes_max = BLOCK_BYTES_MAX,
    .scratch_new = scratch_new,
    .scratch_free = scratch_free,
    .put = put_email,
    .take = take_email,
};

const struct derive_tenant columns_tenant = {
    .number = 1,
    .format = 1,
    .kind = &kind,
};
