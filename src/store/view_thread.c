// SPDX-License-Identifier: Apache-2.0
// Threads in a view.
#include "base/mem.h"
#include "store/thread_table.h"
#include "store/view_impl.h"

enum rc view_load_threads(struct store_view *view)
{
	return view->threads ? RC_OK
			     : thread_table_get(
				   view->account, view->from, &view->threads);
}

// An email that the table does not have is damaged, or there is none.
enum rc store_view_threads_of(struct store_view *view,
    const uint64_t *email_ids, size_t count, uint64_t *ret_thread_ids)
{
	enum rc rc = view_load_threads(view);
	if (rc == RC_OK)
		thread_table_find(
		    view->threads, email_ids, count, ret_thread_ids);
	return rc;
}

// RFC 8621 section 3: by receivedAt; emails of the same time by id.
static int compare_emails(const void *a, const void *b)
{
	const struct store_view_thread_email *left = a;
	const struct store_view_thread_email *right = b;
	if (left->received_at != right->received_at)
		return left->received_at < right->received_at ? -1 : 1;
	return (left->email_id > right->email_id) -
	       (left->email_id < right->email_id);
}

static enum rc add_email(struct store_view *view, uint64_t email_id)
{
	struct store_view_email email;
	enum rc rc = store_view_email(view, email_id, &email);
	if (rc == RC_OK)
		vec_push(&view->thread, (struct store_view_thread_email){
					    email_id, email.received_at});
	// One that cannot be read is left out, as a place of an email is.
	return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;
	return (*left > *right) - (*left < *right);
}

enum rc store_view_thread(struct store_view *view, uint64_t thread_id,
    const struct store_view_thread_email **ret_emails, size_t *ret_count)
{
	struct thread_ids ids = {0};
	enum rc rc = view_load_threads(view);
	if (rc != RC_OK)
		return rc;
	view->thread.count = 0;
	thread_table_emails(view->threads, thread_id, &ids);
	if (ids.count > 1)
		qsort(ids.items, ids.count, sizeof(*ids.items), compare_ids);
	for (size_t i = 0; rc == RC_OK && i < ids.count; i++)
		rc = add_email(view, ids.items[i]);
	vec_done(&ids);
	if (rc == RC_OK && view->thread.count == 0)
		rc = RC_NOT_FOUND;
	if (rc != RC_OK)
		return rc;
	qsort(view->thread.items, view->thread.count,
	    sizeof(*view->thread.items), compare_emails);
	*ret_emails = view->thread.items;
	*ret_count = view->thread.count;
	return RC_OK;
}
