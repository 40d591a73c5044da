// SPDX-License-Identifier: Apache-2.0
// Email/get (RFC 8621 section 4.2).
#include "base/mem.h"
#include "jmap/email.h"
#include "jmap/impl.h"
#include "jmap/keyword.h"
#include "jmap/methods.h"
#include "store/view.h"

// What a call keeps while others have their turn.
struct email_get {
	struct jmap_get get;
	struct jmap_email_wishes wishes;
	struct store_view *view;
	struct charset_cache cache;
	struct arena arena; // of one email
};

static bool takes(struct view name)
{
	struct header_property property;
	return header_property_read(name, &property);
}

// ---- One email -------------------------------------------------------------

static void write_mailboxes(
    const struct store_view_email *seen, struct json_text *out)
{
	uint64_t last = 0;
	json_key(out, "mailboxIds");
	json_begin_object(out);
	for (size_t i = 0; i < seen->place_count; i++) {
		if (seen->places[i].mailbox_id == last)
			continue; // twice in one mailbox
		last = seen->places[i].mailbox_id;
		jmap_id_key(out, JMAP_ID_MAILBOX, last);
		json_add_bool(out, true);
	}
	json_end_object(out);
}

// What the mail store knows, and not the message.
static void write_metadata(const struct jmap_email_wishes *wishes,
    const struct store_view_email *seen, uint64_t thread_id,
    struct json_text *out)
{
	json_key(out, "id");
	jmap_id_add(out, JMAP_ID_EMAIL, seen->email_id);
	if (jmap_email_wants(wishes, JMAP_EMAIL_THREAD_ID)) {
		json_key(out, "threadId");
		jmap_id_add(out, JMAP_ID_THREAD, thread_id);
	}
	if (jmap_email_wants(wishes, JMAP_EMAIL_MAILBOX_IDS))
		write_mailboxes(seen, out);
	if (jmap_email_wants(wishes, JMAP_EMAIL_KEYWORDS)) {
		json_key(out, "keywords");
		jmap_keywords_write(
		    out, seen->flags, seen->keywords, seen->keyword_count);
	}
	if (jmap_email_wants(wishes, JMAP_EMAIL_RECEIVED_AT)) {
		json_key(out, "receivedAt");
		json_add_utc_date(out, seen->received_at);
	}
}

static enum rc write_one(struct jmap_call *call, struct email_get *state,
    const struct store_view_email *seen)
{
	char blob_id[JMAP_ID_TEXT];
	uint64_t thread_id;
	struct jmap_email email = {
	    .call = call,
	    .arena = &state->arena,
	    .cache = &state->cache,
	    .blob_id = jmap_id_text(blob_id, JMAP_ID_BLOB, seen->email_id),
	    .reader = store_view_reader(state->view),
	    .email_id = seen->email_id,
	};
	enum rc rc = store_reader_record(
	    email.reader, seen->email_id, &email.record, &thread_id);
	if (rc != RC_OK)
		return rc;
	json_begin_object(&call->out);
	write_metadata(&state->wishes, seen, thread_id, &call->out);
	rc = jmap_email_write(&email, &state->wishes, &call->out);
	json_end_object(&call->out);
	jmap_email_done(&email);
	arena_reset(&state->arena);
	return rc;
}

// What is damaged is as if it were not there, so that a list with it can be
// shown.
static enum rc get_one(struct jmap_call *call)
{
	struct email_get *state = call->state;
	struct view id = state->get.ids[state->get.at];
	struct store_view_email seen;
	struct json_text before = call->out;
	size_t start = call->out.out->len;
	uint64_t number;
	enum rc rc = RC_NOT_FOUND;
	if (jmap_id_read(id, JMAP_ID_EMAIL, &number))
		rc = store_view_email(state->view, number, &seen);
	if (rc == RC_OK)
		rc = write_one(call, state, &seen);
	if (rc != RC_NOT_FOUND && rc != RC_GONE && rc != RC_CORRUPT)
		return rc;
	if (rc == RC_CORRUPT)
		(void)jmap_error_of(call, rc, NULL); // it is logged
	call->out = before;
	buf_truncate(call->out.out, start);
	jmap_get_not_found(&state->get, id);
	return RC_OK;
}

// ---- All ids ---------------------------------------------------------------

static struct view id_text(struct jmap_call *call, uint64_t number)
{
	char text[JMAP_ID_TEXT];
	return arena_copy(
	    &call->arena, jmap_id_text(text, JMAP_ID_EMAIL, number));
}

// "ids" is null: every email that there is, if they are not too many (RFC 8620
// section 5.1).
static bool list_all(struct jmap_call *call, struct email_get *state)
{
	struct jmap_numbers ids = {0};
	bool good = jmap_emails_all(call, state->view, &ids) &&
		    jmap_get_may_have(call, ids.count);
	if (good) {
		state->get.ids = arena_alloc(
		    &call->arena, (ids.count + 1) * sizeof(*state->get.ids));
		for (size_t i = 0; i < ids.count; i++)
			state->get.ids[i] = id_text(call, ids.items[i]);
		state->get.id_count = ids.count;
	}
	vec_done(&ids);
	return good;
}

// ---- The method ------------------------------------------------------------

static bool begin(struct jmap_call *call)
{
	struct email_get *state =
	    arena_zalloc(&call->arena, sizeof(struct email_get));
	call->state = state;
	arena_init(&state->arena);
	charset_cache_init(&state->cache);
	if (!jmap_get_read(call, &jmap_email_class, takes, &state->get) ||
	    !jmap_email_wishes_read(call, state->get.wanted, state->get.others,
		state->get.other_count, &state->wishes) ||
	    !jmap_taken_all(call) || !jmap_view_open(call, &state->view))
		return false;
	if (state->get.all && !list_all(call, state))
		return false;
	jmap_get_begin(call, store_view_version(state->view));
	return true;
}

static enum jmap_step email_get(struct jmap_call *call)
{
	if (!call->state && !begin(call))
		return JMAP_DONE;
	struct email_get *state = call->state;
	return jmap_get_each(call, &state->get, get_one);
}

static void email_get_end(struct jmap_call *call)
{
	struct email_get *state = call->state;
	if (!state)
		return;
	jmap_get_done(&state->get);
	if (state->view)
		store_view_close(&state->view);
	charset_cache_done(&state->cache);
	arena_done(&state->arena);
}

const struct jmap_method jmap_email_get_methods[] = {
    {"Email/get", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_get,
	email_get_end},
    {.name = NULL},
};
