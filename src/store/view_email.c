// SPDX-License-Identifier: Apache-2.0
// Emails in a view: where they are, and what all their places say together.
#include "base/ascii.h"
#include "base/bytes.h"
#include "store/reader_impl.h"
#include "store/thread_table.h"
#include "store/view_impl.h"

// What is collected of an email's places.
struct collecting {
	struct store_view *view;
	struct store_view_email *email;
	enum rc broken; // a place that could not be read
};

static void add_keyword(struct store_view *view, struct view name)
{
	char lower[STORE_KEYWORD_NAME_MAX];
	size_t len = name.len < sizeof(lower) ? name.len : sizeof(lower);
	for (size_t i = 0; i < len; i++)
		lower[i] = ascii_lower(name.ptr[i]);
	buf_add(&view->keyword_bytes, view_of(lower, len));
	// The bytes may still move, so only the length is noted.
	vec_push(&view->keywords, view_of(NULL, len));
}

static void add_keywords(struct store_view *view,
    const struct store_snapshot *snapshot, const struct store_message *message)
{
	unsigned count = store_snapshot_keyword_count(snapshot);
	for (unsigned n = 0; message->has_keywords && n < count; n++)
		if (store_keyword_set_has(&message->keywords, n))
			add_keyword(view, store_snapshot_keyword(snapshot, n));
}

static void add_place(void *context, uint64_t mailbox_id, uint32_t uid)
{
	struct collecting *collecting = context;
	struct store_view *view = collecting->view;
	struct store_view_email *email = collecting->email;
	struct store_snapshot *snapshot;
	struct store_message message;
	uint32_t index;
	size_t position = store_view_find(view, mailbox_id);
	if (position == view->count)
		return;
	enum rc rc = store_view_snapshot(view, position, NULL, &snapshot);
	if (rc == RC_DENIED)
		return;
	if (rc != RC_OK) {
		collecting->broken = rc;
		return;
	}
	if (store_snapshot_find(snapshot, uid, &index) != RC_OK)
		return; // the check reports it
	store_snapshot_get(snapshot, index, &message);
	if (message.flags & STORE_FLAG_DELETED ||
	    message.email_id != email->email_id)
		return;
	if (view->email_places.count == 0) {
		email->size = message.size;
		email->received_at = message.internal_date;
	}
	vec_push(&view->email_places,
	    (struct store_view_place){mailbox_id, position, uid, index});
	email->flags |= message.flags;
	add_keywords(view, snapshot, &message);
}

static int compare_names(const void *a, const void *b)
{
	const struct view *left = a;
	const struct view *right = b;
	return view_compare(*left, *right);
}

// Gives the keywords their bytes; sorts them, and keeps each once.
static size_t finish_keywords(struct store_view *view)
{
	struct view rest = buf_view(&view->keyword_bytes);
	struct view *items = view->keywords.items;
	size_t count = view->keywords.count;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		size_t len = items[i].len;
		items[i] = view_slice(rest, 0, len);
		rest = view_from(rest, len);
	}
	if (count > 1)
		qsort(items, count, sizeof(*items), compare_names);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !view_eq(items[kept - 1], items[i]))
			items[kept++] = items[i];
	return kept;
}

enum rc view_walk_places(struct store_view *view, uint64_t email_id,
    view_each_place *each, void *context)
{
	struct record_key prefix = record_key_u64(RECORD_LOCATION, email_id);
	struct view key;
	struct view value;
	if (!view->places) {
		struct record_key all = record_key_kind(RECORD_LOCATION);
		enum rc rc = engine_cursor_open(
		    view->from, record_key_view(&all), &view->places);
		if (rc != RC_OK)
			return rc;
	}
	engine_cursor_seek(view->places, record_key_view(&prefix));
	for (;;) {
		enum rc rc = engine_cursor_next(view->places, &key, &value);
		if (rc == RC_END)
			return RC_OK;
		if (rc != RC_OK)
			return rc;
		if (!view_starts_with(key, record_key_view(&prefix)))
			return RC_OK;
		if (key.len == 21)
			each(context, get_be64(key.ptr + 9),
			    get_be32(key.ptr + 17));
	}
}

enum rc store_view_email(struct store_view *view, uint64_t email_id,
    struct store_view_email *ret_email)
{
	struct store_view_email email = {.email_id = email_id};
	struct collecting collecting = {.view = view, .email = &email};
	view->email_places.count = 0;
	view->keywords.count = 0;
	buf_reset(&view->keyword_bytes);
	enum rc rc = view_walk_places(view, email_id, add_place, &collecting);
	if (rc != RC_OK)
		return rc;
	// A damaged mailbox hides its own places, and no others.
	if (view->email_places.count == 0)
		return collecting.broken != RC_OK ? collecting.broken
						  : RC_NOT_FOUND;
	email.places = view->email_places.items;
	email.place_count = view->email_places.count;
	email.keyword_count = finish_keywords(view);
	email.keywords = view->keywords.items;
	*ret_email = email;
	return RC_OK;
}

enum rc store_view_thread_of(
    struct store_view *view, uint64_t email_id, uint64_t *ret_thread_id)
{
	if (view->threads) {
		uint64_t thread_id;
		thread_table_find(view->threads, &email_id, 1, &thread_id);
		if (thread_id) {
			*ret_thread_id = thread_id;
			return RC_OK;
		}
	}
	enum rc rc =
	    reader_thread(store_view_reader(view), email_id, ret_thread_id);
	return rc == RC_GONE ? RC_NOT_FOUND : rc;
}
