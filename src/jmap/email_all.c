// SPDX-License-Identifier: Apache-2.0
// All emails of an account, for a /get without ids.
#include "jmap/email.h"
#include "jmap/impl.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

void jmap_numbers_sort(struct jmap_numbers *numbers)
{
	size_t count = 0;
	if (numbers->count > 1)
		qsort(numbers->items, numbers->count, sizeof(*numbers->items),
		    compare);
	for (size_t i = 0; i < numbers->count; i++)
		if (count == 0 ||
		    numbers->items[count - 1] != numbers->items[i])
			numbers->items[count++] = numbers->items[i];
	numbers->count = count;
}

static enum rc collect(struct store_view *view, size_t position,
    struct jmap_numbers *ids, struct fault *fault)
{
	struct store_snapshot *snapshot;
	struct store_message message;
	enum rc rc = store_view_snapshot(view, position, fault, &snapshot);
	if (rc == RC_DENIED)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	uint32_t count = store_snapshot_count(snapshot);
	for (uint32_t i = 0; i < count; i++) {
		store_snapshot_get(snapshot, i, &message);
		if (!(message.flags & STORE_FLAG_DELETED))
			vec_push(ids, message.email_id);
	}
	return RC_OK;
}

bool jmap_emails_all(struct jmap_call *call, struct store_view *view,
    struct jmap_numbers *ret_ids)
{
	struct fault fault = {.text = ""};
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < store_view_mailbox_count(view);
	     i++)
		rc = collect(view, i, ret_ids, &fault);
	if (rc != RC_OK)
		jmap_fail_rc(call, rc, &fault);
	jmap_numbers_sort(ret_ids);
	return rc == RC_OK;
}
