// SPDX-License-Identifier: Apache-2.0
// Reading emails of another account, of which copies are to be made.
#include "base/mem.h"
#include "store/emails_set_impl.h"
#include "store/view_impl.h"

static enum rc get(struct store_view *view, enum record_kind kind,
    uint64_t email_id, struct buf *ret_value)
{
	struct record_key key = record_key_u64(kind, email_id);
	return engine_snapshot_get(
	    view->from, record_key_view(&key), ret_value);
}

static enum rc read_lacks(
    struct store_view *view, uint64_t email_id, uint64_t *ret_lacks)
{
	struct buf value;
	buf_init(&value, 64);
	*ret_lacks = 0;
	enum rc rc = get(view, RECORD_LINES, email_id, &value);
	if (rc == RC_OK)
		rc = record_lines_get(buf_view(&value), ret_lacks);
	buf_done(&value);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

// The records are looked at here, so that a damaged one fails only this email.
static enum rc read_records(
    struct store_view *view, uint64_t email_id, struct plan_source *source)
{
	struct record_email email;
	struct record_head head;
	struct view bytes;
	enum rc rc = get(view, RECORD_EMAIL, email_id, &source->email);
	if (rc == RC_OK)
		rc = get(view, RECORD_HEAD, email_id, &source->head);
	if (rc == RC_NOT_FOUND)
		return RC_CORRUPT;
	if (rc == RC_OK)
		rc = record_email_get(buf_view(&source->email), &email, &bytes);
	if (rc == RC_OK)
		rc = record_head_get(buf_view(&source->head), &head, &bytes);
	if (rc == RC_OK)
		rc = read_lacks(view, email_id, &source->lacks);
	return rc;
}

static enum rc read_source(
    const struct store_email_new *new, struct plan_source *source)
{
	struct store_view_email email;
	struct store_snapshot *snapshot;
	struct store_message message;
	enum rc rc = store_view_email(new->from, new->from_email, &email);
	if (rc == RC_OK)
		rc = store_view_snapshot(
		    new->from, email.places[0].position, NULL, &snapshot);
	if (rc != RC_OK)
		return rc;
	store_snapshot_get(snapshot, email.places[0].index, &message);
	source->size = message.size;
	source->internal_date = message.internal_date;
	source->zone_minutes = message.zone_minutes;
	return read_records(new->from, new->from_email, source);
}

struct plan_source *plan_sources_read(struct store_emails_set *set)
{
	struct plan_source *sources =
	    mem_zalloc((set->made_count + 1) * sizeof(*sources));
	for (size_t i = 0; i < set->made_count; i++) {
		const struct store_email_new *new = &set->made[i];
		buf_init(&sources[i].email, ENGINE_VALUE_MAX);
		buf_init(&sources[i].head, ENGINE_VALUE_MAX);
		if (!new->draft)
			sources[i].rc = read_source(new, &sources[i]);
	}
	return sources;
}

void plan_sources_free(struct plan_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_done(&sources[i].email);
		buf_done(&sources[i].head);
	}
	free(sources);
}
