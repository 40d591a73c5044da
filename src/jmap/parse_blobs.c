// SPDX-License-Identifier: Apache-2.0
#include "jmap/parse_blobs.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "jmap/email.h"
#include "jmap/impl.h"
#include "net/session.h"

#define HEADER_KEPT ((size_t)16 * 1024)

// ---- Arguments -------------------------------------------------------------

// "#key" becomes the real id; each blob is parsed once.
bool parse_blobs_read(struct jmap_call *call, struct parse_blobs *state)
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

void parse_blobs_begin(struct jmap_call *call)
{
	json_begin_object(&call->out);
	json_member_string(&call->out, "accountId", call->account_id);
}

// ---- One blob --------------------------------------------------------------

static void begin_entry(
    struct parse_blobs *state, struct view id, struct json_text *out)
{
	if (!state->found_one) {
		json_key(out, "parsed");
		json_begin_object(out);
		state->found_one = true;
	}
	json_key_view(out, id);
	json_begin_object(out);
}

// The blob has been read.
static enum rc finish(
    struct jmap_call *call, struct parse_blobs *state, struct view id)
{
	struct message *message;
	enum rc rc = message_parser_finish(state->parser, &message);
	if (rc != RC_OK)
		return rc;
	begin_entry(state, id, &call->out);
	rc = state->write(call, state->context, id, message, state->blob);
	json_end_object(&call->out);
	message_free(&message);
	return rc;
}

static void close_blob(struct parse_blobs *state)
{
	jmap_blob_close(&state->blob);
	message_parser_free(&state->parser);
}

// Reads a piece of the blob. RC_OK: this blob is done; RC_MORE.
static enum rc step(
    struct jmap_call *call, struct parse_blobs *state, struct view id)
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
	if (rc != RC_LIMIT && rc != RC_SYNTAX)
		return rc;
	// It is none; or it is too large for a message, or has too many
	// messages in one another.
	call->out = before;
	buf_truncate(call->out.out, start);
	state->found_one = found_one;
	vec_push(&state->not_parsable, id);
	return RC_OK;
}

static enum rc parse_next(struct jmap_call *call, struct parse_blobs *state)
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

// ---- The answer ------------------------------------------------------------

static void end_list(
    struct json_text *out, const char *name, const parse_blobs_ids *ids)
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

enum jmap_step parse_blobs_run(
    struct jmap_call *call, struct parse_blobs *state)
{
	struct fault fault = {.text = ""};
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

void parse_blobs_done(struct parse_blobs *state)
{
	close_blob(state);
	vec_done(&state->not_parsable);
	vec_done(&state->not_found);
}
