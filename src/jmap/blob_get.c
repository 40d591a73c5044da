// SPDX-License-Identifier: Apache-2.0
// Blob/get (RFC 9404 section 4.2).
#include <openssl/evp.h>

#include "base/mem.h"
#include "jmap/blob.h"
#include "jmap/impl.h"
#include "jmap/methods.h"
#include "jmap/object.h"
#include "jmap/session.h"
#include "net/session.h"
#include "wire/base64.h"
#include "wire/utf8.h"

enum {
	BLOB_ID,
	BLOB_DATA,
	BLOB_TEXT,
	BLOB_BASE64,
	BLOB_SHA,
	BLOB_SHA_256,
	BLOB_SIZE,
};

static const struct jmap_property properties[] = {
    [BLOB_ID] = {"id", JMAP_KIND_ID, 0},
    [BLOB_DATA] = {"data", JMAP_KIND_STRING, 0},
    [BLOB_TEXT] = {"data:asText", JMAP_KIND_STRING, JMAP_ON_REQUEST},
    [BLOB_BASE64] = {"data:asBase64", JMAP_KIND_STRING, JMAP_ON_REQUEST},
    [BLOB_SHA] = {"digest:sha", JMAP_KIND_STRING, JMAP_ON_REQUEST},
    [BLOB_SHA_256] = {"digest:sha-256", JMAP_KIND_STRING, JMAP_ON_REQUEST},
    [BLOB_SIZE] = {"size", JMAP_KIND_U64, 0},
};

static const struct jmap_class blob_class = {
    "Blob", properties, ARRAY_LEN(properties)};

// ---- The capability (section 3.1) ------------------------------------------

void jmap_blob_capability(const struct jmap *jmap, struct json_text *out)
{
	static const char *const types[] = {"Mailbox", "Thread", "Email"};
	static const char *const digests[] = {"sha", "sha-256"};
	json_member_u64(
	    out, "maxSizeBlobSet", jmap->options.limits.upload_bytes);
	json_member_u64(out, "maxDataSources", JMAP_DATA_SOURCES_MAX);
	json_key(out, "supportedTypeNames");
	json_begin_array(out);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		json_add_string(out, view_of_string(types[i]));
	json_end_array(out);
	json_key(out, "supportedDigestAlgorithms");
	json_begin_array(out);
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		json_add_string(out, view_of_string(digests[i]));
	json_end_array(out);
}

// ---- One blob --------------------------------------------------------------

#define DIGESTS 2

struct blob_get {
	struct jmap_get get;
	uint64_t offset, length; // UINT64_MAX: all
	// The blob that is read now.
	struct jmap_blob *blob; // NULL: none
	uint64_t read;          // bytes of it so far
	struct buf data;        // of the range
	EVP_MD_CTX *digests[DIGESTS];
};

static bool wants_data(const struct blob_get *state)
{
	return jmap_get_wants(&state->get, BLOB_DATA) ||
	       jmap_get_wants(&state->get, BLOB_TEXT) ||
	       jmap_get_wants(&state->get, BLOB_BASE64);
}

static bool wants_digest(const struct blob_get *state)
{
	return jmap_get_wants(&state->get, BLOB_SHA) ||
	       jmap_get_wants(&state->get, BLOB_SHA_256);
}

static void close_blob(struct blob_get *state)
{
	jmap_blob_close(&state->blob);
	buf_done(&state->data);
	for (size_t i = 0; i < DIGESTS; i++) {
		EVP_MD_CTX_free(state->digests[i]);
		state->digests[i] = NULL;
	}
}

static enum rc open_blob(
    struct jmap_call *call, struct blob_get *state, struct view id)
{
	const EVP_MD *kinds[DIGESTS] = {EVP_sha1(), EVP_sha256()};
	enum rc rc =
	    jmap_blob_open(call->account, &call->asker, id, &state->blob);
	if (rc != RC_OK)
		return rc;
	state->read = 0;
	buf_init(
	    &state->data, call->request->jmap->options.limits.response_bytes);
	for (unsigned i = 0; i < DIGESTS; i++) {
		if (!jmap_get_wants(&state->get, BLOB_SHA + i))
			continue;
		state->digests[i] = EVP_MD_CTX_new();
		if (EVP_DigestInit_ex(state->digests[i], kinds[i], NULL) != 1)
			return RC_UNSUPPORTED;
	}
	return RC_OK;
}

// Uses those bytes of the piece that are in the range.
static void take_piece(struct blob_get *state, struct view piece)
{
	uint64_t begin = state->read;
	state->read += piece.len;
	if (state->offset > begin)
		piece = view_from(piece, state->offset - begin < piece.len
					     ? (size_t)(state->offset - begin)
					     : piece.len);
	uint64_t from = begin > state->offset ? begin - state->offset : 0;
	uint64_t rest = state->length > from ? state->length - from : 0;
	if (piece.len > rest)
		piece.len = (size_t)rest;
	if (wants_data(state))
		buf_add(&state->data, piece);
	for (size_t i = 0; i < DIGESTS; i++)
		if (state->digests[i])
			(void)EVP_DigestUpdate(
			    state->digests[i], piece.ptr, piece.len);
}

// Reads a piece. RC_END: what is wanted has been read.
static enum rc read_piece(struct blob_get *state)
{
	struct buf piece CLEANUP(buf_done);
	uint64_t size;
	bool known = jmap_blob_size_known(state->blob, &size);
	uint64_t end = state->length < UINT64_MAX - state->offset
			   ? state->offset + state->length
			   : UINT64_MAX;
	bool enough =
	    state->read >= end || (!wants_data(state) && !wants_digest(state));
	buf_init(&piece, 2 * JMAP_BLOB_PIECE);
	if (known && enough) {
		state->read = size;
		return RC_END;
	}
	enum rc rc = jmap_blob_next(state->blob, &piece);
	take_piece(state, buf_view(&piece));
	return buf_status(&state->data) == RC_OK ? rc : RC_LIMIT;
}

// ---- Writing ---------------------------------------------------------------

static void write_base64(
    struct json_text *out, const char *name, struct view bytes)
{
	struct buf text CLEANUP(buf_done);
	buf_init(&text, bytes.len / 3 * 4 + 8);
	base64_encode(bytes, &text);
	json_member_string(out, name, buf_view(&text));
}

static void write_data(struct blob_get *state, struct json_text *out)
{
	struct view data = buf_view(&state->data);
	bool wants_any = jmap_get_wants(&state->get, BLOB_DATA);
	bool wants_text = jmap_get_wants(&state->get, BLOB_TEXT);
	bool valid = utf8_is_valid(data);
	if ((wants_any || wants_text) && valid)
		json_member_string(out, "data:asText", data);
	else if (wants_text)
		json_member_null(out, "data:asText");
	if (jmap_get_wants(&state->get, BLOB_BASE64) || (wants_any && !valid))
		write_base64(out, "data:asBase64", data);
	if ((wants_any || wants_text) && !valid)
		json_member_bool(out, "isEncodingProblem", true);
}

static void write_digests(struct blob_get *state, struct json_text *out)
{
	for (unsigned i = 0; i < DIGESTS; i++) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		unsigned len = 0;
		if (!state->digests[i])
			continue;
		(void)EVP_DigestFinal_ex(state->digests[i], digest, &len);
		write_base64(
		    out, properties[BLOB_SHA + i].name, view_of(digest, len));
	}
}

static void write_blob(struct blob_get *state, struct view id, uint64_t size,
    struct json_text *out)
{
	bool past_end =
	    state->offset > size || (state->length != UINT64_MAX &&
					state->length > size - state->offset);
	json_begin_object(out);
	json_member_string(out, "id", id);
	if (wants_data(state))
		write_data(state, out);
	write_digests(state, out);
	if ((wants_data(state) || wants_digest(state)) && past_end)
		json_member_bool(out, "isTruncated", true);
	if (jmap_get_wants(&state->get, BLOB_SIZE))
		json_member_u64(out, "size", size);
	json_end_object(out);
}

// RC_MORE: the blob goes on.
static enum rc get_one(struct jmap_call *call)
{
	struct blob_get *state = call->state;
	struct view id = state->get.ids[state->get.at];
	enum rc rc = RC_OK;
	if (!state->blob)
		rc = open_blob(call, state, id);
	if (rc == RC_OK)
		rc = read_piece(state);
	if (rc == RC_OK)
		return RC_MORE;
	if (rc == RC_END) {
		write_blob(state, id, state->read, &call->out);
		rc = RC_OK;
	} else if (rc == RC_NOT_FOUND || rc == RC_GONE) {
		jmap_get_not_found(&state->get, id);
		rc = RC_OK;
	} else if (rc == RC_LIMIT) {
		call->out.out->overflowed = true; // the answer is too long
		rc = RC_OK;
	}
	close_blob(state);
	return rc;
}

// ---- The method ------------------------------------------------------------

static bool begin(struct jmap_call *call)
{
	bool has;
	struct blob_get *state =
	    arena_zalloc(&call->arena, sizeof(struct blob_get));
	call->state = state;
	state->length = UINT64_MAX;
	if (!jmap_get_read(call, &blob_class, NULL, &state->get) ||
	    !jmap_take_u64(call, "offset", &has, &state->offset) ||
	    !jmap_take_u64(call, "length", &has, &state->length) ||
	    !jmap_taken_all(call))
		return false;
	if (state->get.all) {
		jmap_fail(call, JMAP_ERROR_INVALID_ARGUMENTS,
		    "blobs are got by their ids");
		return false;
	}
	// Blobs have no state.
	json_begin_object(&call->out);
	json_member_string(&call->out, "accountId", call->account_id);
	json_key(&call->out, "list");
	json_begin_array(&call->out);
	return true;
}

static enum jmap_step blob_get(struct jmap_call *call)
{
	if (!call->state && !begin(call))
		return JMAP_DONE;
	struct blob_get *state = call->state;
	return jmap_get_each(call, &state->get, get_one);
}

static void blob_get_end(struct jmap_call *call)
{
	struct blob_get *state = call->state;
	if (!state)
		return;
	close_blob(state);
	jmap_get_done(&state->get);
}

const struct jmap_method jmap_blob_get_methods[] = {
    {"Blob/get", JMAP_CAPABILITY_BLOB, JMAP_NEEDS_ACCOUNT, blob_get,
	blob_get_end},
    {.name = NULL},
};
