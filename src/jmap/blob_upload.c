// SPDX-License-Identifier: Apache-2.0
// Blob/upload (RFC 9404 section 4.1): an upload is put together from texts,
// base64 and ranges of other blobs.
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "jmap/blob.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "net/session.h"
#include "store/upload.h"
#include "wire/base64.h"
#include "wire/json_read.h"

struct blob_upload {
	json_t *create;
	void *iterator;      // of `create`
	struct jmap_set set; // for the lists of the answer
};

static const struct jmap_class blob_class = {.name = "Blob"};

// Why a creation failed: a SetError.
struct failure {
	enum jmap_error error;
	const char *why;
	struct view blob_id; // that was not found
};

static bool fails(
    struct failure *failure, enum jmap_error error, const char *why)
{
	failure->error = error;
	failure->why = why;
	return false;
}

#define INVALID JMAP_ERROR_INVALID_PROPERTIES

// ---- The sources -----------------------------------------------------------

static enum rc add_base64(struct store_upload *upload, struct view text)
{
	struct buf bytes CLEANUP(buf_done);
	buf_init(&bytes, text.len);
	enum rc rc = base64_decode(text, &bytes);
	return rc == RC_OK ? store_upload_add(upload, buf_view(&bytes)) : rc;
}

// Adds `length` bytes from `offset` on; UINT64_MAX: all that follow.
// RC_INVALID: the blob is too short.
static enum rc add_range(struct store_upload *upload, struct jmap_blob *blob,
    uint64_t offset, uint64_t length)
{
	struct buf bytes CLEANUP(buf_done);
	bool to_end = length == UINT64_MAX;
	enum rc rc = RC_OK;
	buf_init(&bytes, 2 * JMAP_BLOB_PIECE);
	while (rc == RC_OK && (offset > 0 || length > 0)) {
		buf_reset(&bytes);
		rc = jmap_blob_next(blob, &bytes);
		if (rc != RC_OK)
			break;
		struct view piece = buf_view(&bytes);
		size_t skip = offset < piece.len ? (size_t)offset : piece.len;
		offset -= skip;
		piece = view_from(piece, skip);
		if (piece.len > length)
			piece.len = (size_t)length;
		if (!to_end)
			length -= piece.len;
		rc = store_upload_add(upload, piece);
	}
	if (rc != RC_END)
		return rc;
	return offset == 0 && (to_end || length == 0) ? RC_OK : RC_INVALID;
}

static bool read_number(
    const json_t *source, const char *name, uint64_t *ret_number)
{
	const json_t *value = json_object_get(source, name);
	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ret_number = (uint64_t)json_integer_value(value);
	return true;
}

static bool add_blob(struct jmap_call *call, struct store_upload *upload,
    const json_t *source, struct failure *failure)
{
	struct jmap_blob *blob;
	struct view id = json_view(json_object_get(source, "blobId"));
	uint64_t offset = 0, length = UINT64_MAX;
	if (!read_number(source, "offset", &offset) ||
	    !read_number(source, "length", &length))
		return fails(
		    failure, INVALID, "offset or length is no UnsignedInt");
	enum rc rc = jmap_blob_find(call, id, &blob);
	if (rc == RC_NOT_FOUND || rc == RC_GONE) {
		failure->blob_id = id;
		return fails(failure, JMAP_ERROR_BLOB_NOT_FOUND, NULL);
	}
	if (rc == RC_OK)
		rc = add_range(upload, blob, offset, length);
	jmap_blob_close(&blob);
	if (rc == RC_INVALID)
		return fails(failure, INVALID, "a blob is too short");
	if (rc == RC_LIMIT)
		return fails(failure, JMAP_ERROR_TOO_LARGE, NULL);
	return rc == RC_OK ||
	       fails(failure, jmap_error_of(call, rc, NULL), NULL);
}

static bool add_source(struct jmap_call *call, struct store_upload *upload,
    const json_t *source, struct failure *failure)
{
	static const char *const names[] = {
	    "data:asText", "data:asBase64", "blobId"};
	const json_t *values[3];
	int kind = -1;
	for (int i = 0; i < 3; i++) {
		values[i] = json_object_get(source, names[i]);
		if (!values[i] || json_is_null(values[i]))
			continue;
		if (kind >= 0 || !json_is_string(values[i]))
			return fails(failure, INVALID,
			    "a source is exactly one of data:asText, "
			    "data:asBase64 and blobId");
		kind = i;
	}
	if (kind < 0)
		return fails(failure, INVALID, "a source has no data");
	if (kind == 2)
		return add_blob(call, upload, source, failure);
	struct view text = json_view(values[kind]);
	enum rc rc = kind == 0 ? store_upload_add(upload, text)
			       : add_base64(upload, text);
	if (rc == RC_SYNTAX)
		return fails(failure, INVALID, "data:asBase64 is no base64");
	if (rc == RC_LIMIT)
		return fails(failure, JMAP_ERROR_TOO_LARGE, NULL);
	return rc == RC_OK ||
	       fails(failure, jmap_error_of(call, rc, NULL), NULL);
}

// ---- One creation ----------------------------------------------------------

static bool add_sources(struct jmap_call *call, struct store_upload *upload,
    json_t *object, struct failure *failure)
{
	const json_t *data = json_object_get(object, "data");
	const json_t *type = json_object_get(object, "type");
	uint64_t most = call->request->jmap->options.limits.upload_bytes;
	size_t i;
	const json_t *source;
	if (!json_is_array(data))
		return fails(failure, INVALID, "data is no array");
	if (type && !json_is_null(type) && !json_is_string(type))
		return fails(failure, INVALID, "type is no string");
	if (json_array_size(data) > JMAP_DATA_SOURCES_MAX)
		return fails(
		    failure, JMAP_ERROR_TOO_LARGE, "too many data sources");
	json_array_foreach(data, i, source)
	{
		if (!json_is_object(source))
			return fails(failure, INVALID, "a source is no object");
		if (!add_source(call, upload, source, failure))
			return false;
		if (store_upload_size(upload) > most)
			return fails(failure, JMAP_ERROR_TOO_LARGE, NULL);
	}
	return true;
}

static void note_done(struct jmap_call *call, struct blob_upload *state,
    struct view creation_id, struct view id, const json_t *object,
    uint64_t size)
{
	const json_t *type = json_object_get(object, "type");
	struct json_text *out =
	    jmap_set_created(call, &state->set, creation_id, id);
	json_member_string(out, "type",
	    json_is_string(type) ? json_view(type)
				 : VIEW("application/octet-stream"));
	json_member_u64(out, "size", size);
	json_end_object(out);
}

static void note_failed(struct blob_upload *state, struct view creation_id,
    const struct failure *failure)
{
	struct json_text *out = jmap_set_failed_more(
	    &state->set, JMAP_SET_CREATE, creation_id, failure->error);
	if (failure->why)
		json_member_string(
		    out, "description", view_of_string(failure->why));
	if (failure->error == INVALID) {
		json_key(out, "properties");
		json_begin_array(out);
		json_add_string(out, VIEW("data"));
		json_end_array(out);
	}
	if (failure->blob_id.ptr) {
		json_key(out, "notFound");
		json_begin_array(out);
		json_add_string(out, failure->blob_id);
		json_end_array(out);
	}
	json_end_object(out);
}

static void create_one(struct jmap_call *call, struct blob_upload *state,
    struct view creation_id, json_t *object)
{
	struct failure failure = {.why = NULL};
	struct fault fault = {.text = ""};
	char id[STORE_UPLOAD_ID_LEN + 2] = {JMAP_ID_UPLOAD};
	struct store *store = call->request->jmap->options.store;
	struct store_upload *upload =
	    store_upload_new(store, call->request->user.user.account);
	bool good = json_is_object(object)
			? add_sources(call, upload, object, &failure)
			: fails(&failure, INVALID, "it is no object");
	if (good) {
		enum rc rc = store_upload_finish(upload, &fault, id + 1);
		good = rc == RC_OK ||
		       fails(&failure, jmap_error_of(call, rc, &fault), NULL);
	}
	if (good)
		note_done(call, state, creation_id, view_of_string(id), object,
		    store_upload_size(upload));
	else
		note_failed(state, creation_id, &failure);
	store_upload_free(&upload);
}

// ---- The method ------------------------------------------------------------

static bool begin(struct jmap_call *call)
{
	const struct jmap_limits *limits = &call->request->jmap->options.limits;
	struct blob_upload *state =
	    arena_zalloc(&call->arena, sizeof(struct blob_upload));
	call->state = state;
	jmap_set_init(call, &blob_class, &state->set);
	if (!jmap_take_object(call, "create", &state->create) ||
	    !jmap_taken_all(call))
		return false;
	if (json_object_size(state->create) > limits->objects_set) {
		jmap_fail(call, JMAP_ERROR_REQUEST_TOO_LARGE,
		    "more objects than maxObjectsInSet");
		return false;
	}
	state->iterator = json_object_iter(state->create);
	return true;
}

static enum jmap_step blob_upload(struct jmap_call *call)
{
	if (!call->state && !begin(call))
		return JMAP_DONE;
	struct blob_upload *state = call->state;
	struct jmap_set *set = &state->set;
	struct json_text *out = &call->out;
	uint64_t end = clock_monotonic_ms() + NET_SLICE_MS;
	while (state->iterator) {
		create_one(call, state,
		    view_of_string(json_object_iter_key(state->iterator)),
		    json_object_iter_value(state->iterator));
		state->iterator =
		    json_object_iter_next(state->create, state->iterator);
		if (clock_monotonic_ms() >= end)
			return JMAP_MORE;
	}
	json_begin_object(out);
	json_member_string(out, "accountId", call->account_id);
	json_end_object(&set->done[JMAP_SET_CREATE]);
	json_end_object(&set->failed[JMAP_SET_CREATE]);
	jmap_set_add_list(out, "created", set->done_count[JMAP_SET_CREATE],
	    &set->done_text[JMAP_SET_CREATE]);
	jmap_set_add_list(out, "notCreated", set->failed_count[JMAP_SET_CREATE],
	    &set->failed_text[JMAP_SET_CREATE]);
	json_end_object(out);
	return JMAP_DONE;
}

static void blob_upload_end(struct jmap_call *call)
{
	struct blob_upload *state = call->state;
	if (!state)
		return;
	jmap_set_done(&state->set);
}

const struct jmap_method jmap_blob_upload_methods[] = {
    {"Blob/upload", JMAP_CAPABILITY_BLOB, JMAP_NEEDS_ACCOUNT | JMAP_CHANGES,
	blob_upload, blob_upload_end},
    {.name = NULL},
};
