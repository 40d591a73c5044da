// SPDX-License-Identifier: Apache-2.0
// Email/parse (RFC 8621 section 4.9): blobs are read as messages.
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "jmap/email.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "net/session.h"
#include "wire/preview.h"

typedef VEC(struct view) id_list;

// What a call keeps while others have their turn.
struct email_parse {
	struct view *ids; // each once
	size_t id_count;
	size_t at;
	struct jmap_email_wishes wishes;
	struct charset_cache cache;
	struct arena arena; // of one email
	bool found_one;     // "parsed" was begun
	id_list not_parsable, not_found;
	// The blob that is read now.
	struct jmap_blob *blob; // NULL: none
	struct message_parser *parser;
};

// ---- One blob --------------------------------------------------------------

// What comes from the mail store is null.
static void write_metadata(
    const struct jmap_email_wishes *wishes, struct json_text *out)
{
	static const enum jmap_email_property unknown[] = {JMAP_EMAIL_ID,
	    JMAP_EMAIL_THREAD_ID, JMAP_EMAIL_MAILBOX_IDS, JMAP_EMAIL_KEYWORDS,
	    JMAP_EMAIL_RECEIVED_AT};
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		if (jmap_email_wants(wishes, unknown[i]))
			json_member_null(
			    out, jmap_email_class.properties[unknown[i]].name);
}

static void begin_entry(
    struct email_parse *state, struct view id, struct json_text *out)
{
	if (!state->found_one) {
		json_key(out, "parsed");
		json_begin_object(out);
		state->found_one = true;
	}
	json_key_view(out, id);
	json_begin_object(out);
}

static enum rc write_one(struct jmap_call *call, struct email_parse *state,
    struct view id, struct view record)
{
	struct jmap_email email = {
	    .call = call,
	    .arena = &state->arena,
	    .cache = &state->cache,
	    .blob_id = id,
	    .whole = state->blob,
	};
	enum rc rc = message_record_open(record, &email.record);
	if (rc != RC_OK)
		return rc;
	begin_entry(state, id, &call->out);
	write_metadata(&state->wishes, &call->out);
	rc = jmap_email_write(&email, &state->wishes, &call->out);
	json_end_object(&call->out);
	arena_reset(&state->arena);
	return rc;
}

// Something that has not a single field is no message.
static bool is_message(const struct message *message)
{
	struct view rest = message->header;
	struct header_field field;
	while (header_next(&rest, &field))
		if (field.name.len > 0)
			return true;
	return false;
}

#define HEADER_KEPT ((size_t)16 * 1024)

// The blob has been read.
static enum rc finish(
    struct jmap_call *call, struct email_parse *state, struct view id)
{
	struct message *message;
	struct buf preview CLEANUP(buf_done), record CLEANUP(buf_done);
	buf_init(&preview, PREVIEW_BYTES_MAX);
	buf_init(&record, MESSAGE_RECORD_MAX);
	enum rc rc = message_parser_finish(state->parser, &message);
	if (rc != RC_OK)
		return rc;
	if (is_message(message)) {
		preview_write(&state->cache, message, &preview);
		message_record_build(
		    &state->cache, message, buf_view(&preview), &record);
		rc = write_one(call, state, id, buf_view(&record));
	} else {
		vec_push(&state->not_parsable, id);
	}
	message_free(&message);
	return rc;
}

static void close_blob(struct email_parse *state)
{
	jmap_blob_close(&state->blob);
	message_parser_free(&state->parser);
}

// Reads a piece of the blob. RC_OK: this blob is done; RC_MORE.
static enum rc step(
    struct jmap_call *call, struct email_parse *state, struct view id)
{
	struct buf piece CLEANUP(buf_done);
	struct json_text before = call->out;
	size_t start = call->out.out->len;
	bool found_one = state->found_one;
	buf_init(&piece, 2 * JMAP_BLOB_PIECE);
	enum rc rc = jmap_blob_next(state->blob, &piece);
	message_parser_push(state->parser, buf_view(&piece));
	if (rc == RC_OK)
		return RC_MORE;
	if (rc == RC_END)
		rc = finish(call, state, id);
	close_blob(state);
	if (rc != RC_LIMIT)
		return rc;
	// Too large for a message, or too many messages in one another.
	call->out = before;
	buf_truncate(call->out.out, start);
	state->found_one = found_one;
	vec_push(&state->not_parsable, id);
	return RC_OK;
}

static enum rc parse_next(struct jmap_call *call, struct email_parse *state)
{
	struct view id = state->ids[state->at];
	enum rc rc;
	if (!state->blob) {
		rc = jmap_blob_find(call, id, &state->blob);
		if (rc == RC_NOT_FOUND || rc == RC_GONE) {
			vec_push(&state->not_found, id);
			state->at++;
			return RC_OK;
		}
		if (rc != RC_OK)
			return rc;
		state->parser = message_parser_new(HEADER_KEPT);
	}
	rc = step(call, state, id);
	if (rc == RC_MORE)
		return RC_OK;
	state->at++;
	return rc;
}

// ---- Arguments -------------------------------------------------------------

#define BIT(property) ((uint64_t)1 << (property))
// What is given if "properties" is missing.
#define DEFAULTS                                                               \
	((BIT(JMAP_EMAIL_SENT_AT + 1) - BIT(JMAP_EMAIL_MESSAGE_ID)) |          \
	    BIT(JMAP_EMAIL_HAS_ATTACHMENT) | BIT(JMAP_EMAIL_PREVIEW) |         \
	    BIT(JMAP_EMAIL_BODY_VALUES) | BIT(JMAP_EMAIL_TEXT_BODY) |          \
	    BIT(JMAP_EMAIL_HTML_BODY) | BIT(JMAP_EMAIL_ATTACHMENTS))

static bool read_properties(
    struct jmap_call *call, struct jmap_email_wishes *wishes)
{
	struct view *names = NULL;
	size_t count = 0, others = 0;
	uint64_t wanted = 0;
	struct header_property property;
	if (!jmap_take_strings(call, "properties", &names, &count))
		return false;
	if (!names)
		wanted = DEFAULTS;
	for (size_t i = 0; i < count; i++) {
		int number = jmap_property_find(&jmap_email_class, names[i]);
		if (number >= 0) {
			wanted |= BIT(number);
		} else if (header_property_read(names[i], &property)) {
			names[others++] = names[i];
		} else {
			jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
			    "Email has no property '%.*s'",
			    (int)(names[i].len < 100 ? names[i].len : 100),
			    names[i].ptr);
			return false;
		}
	}
	return jmap_email_wishes_read(call, wanted, names, others, wishes);
}

// "#key" becomes the real id; each blob is parsed once.
static bool read_ids(struct jmap_call *call, struct email_parse *state)
{
	struct view *ids = NULL;
	struct map seen;
	size_t count = 0;
	if (!jmap_take_strings(call, "blobIds", &ids, &count))
		return false;
	if (!ids) {
		jmap_fail(
		    call, JMAP_ERROR_INVALID_ARGUMENTS, "blobIds is missing");
		return false;
	}
	if (!jmap_get_may_have(call, count))
		return false;
	map_init(&seen);
	for (size_t i = 0; i < count; i++) {
		struct view id;
		if (!jmap_resolve_id(call, ids[i], &id))
			id = ids[i];
		if (!map_put(&seen, id, state))
			ids[state->id_count++] = id;
	}
	map_done(&seen);
	state->ids = ids;
	return true;
}

static bool begin(struct jmap_call *call)
{
	struct email_parse *state =
	    arena_zalloc(&call->arena, sizeof(struct email_parse));
	call->state = state;
	arena_init(&state->arena);
	charset_cache_init(&state->cache);
	if (!read_ids(call, state) || !read_properties(call, &state->wishes) ||
	    !jmap_taken_all(call))
		return false;
	json_begin_object(&call->out);
	json_member_string(&call->out, "accountId", call->account_id);
	return true;
}

// ---- The method ------------------------------------------------------------

static void end_list(
    struct json_text *out, const char *name, const id_list *ids)
{
	json_key(out, name);
	if (ids->count == 0) {
		json_add_null(out);
		return;
	}
	json_begin_array(out);
	for (size_t i = 0; i < ids->count; i++)
		json_add_string(out, ids->items[i]);
	json_end_array(out);
}

static enum jmap_step email_parse(struct jmap_call *call)
{
	struct fault fault = {.text = ""};
	if (!call->state && !begin(call))
		return JMAP_DONE;
	struct email_parse *state = call->state;
	struct json_text *out = &call->out;
	uint64_t end = clock_monotonic_ms() + NET_SLICE_MS;
	while (state->at < state->id_count) {
		enum rc rc = parse_next(call, state);
		if (rc != RC_OK)
			return jmap_fail_rc(call, rc, &fault);
		if (buf_status(out->out) != RC_OK)
			return JMAP_DONE;
		if (clock_monotonic_ms() >= end)
			return JMAP_MORE;
	}
	if (state->found_one)
		json_end_object(out);
	else
		json_member_null(out, "parsed");
	end_list(out, "notParsable", &state->not_parsable);
	end_list(out, "notFound", &state->not_found);
	json_end_object(out);
	return JMAP_DONE;
}

static void email_parse_end(struct jmap_call *call)
{
	struct email_parse *state = call->state;
	if (!state)
		return;
	close_blob(state);
	vec_done(&state->not_parsable);
	vec_done(&state->not_found);
	charset_cache_done(&state->cache);
	arena_done(&state->arena);
}

const struct jmap_method jmap_email_parse_methods[] = {
    {"Email/parse", JMAP_CAPABILITY_MAIL, JMAP_NEEDS_ACCOUNT, email_parse,
	email_parse_end},
    {.name = NULL},
};
