// SPDX-License-Identifier: Apache-2.0
// A blob is a source, the bytes of an email or of an upload, and layers over
// it. Each layer takes a range of what is below it, and decodes it. Nearly all
// blobs have no layer (messages) or one (their parts).
#include "jmap/blob.h"

#include "base/mem.h"
#include "store/upload.h"
#include "store/view.h"

#define SOURCE_PIECE ((size_t)64 * 1024)

struct layer {
	uint64_t offset, len; // of what is below
	enum transfer_encoding encoding;
	// Where the reading is.
	uint64_t skip, rest; // bytes below, to leave out and to take
	struct transfer_decoder decoder;
	struct buf raw;
};

struct jmap_blob {
	struct store *store;
	struct store_reader *reader; // NULL: an upload
	struct store_view *view;     // owned; NULL: the reader is another's
	uint64_t email_id;
	struct store_upload_info upload;
	uint64_t source_size;
	uint64_t source_at, source_end;
	struct layer layers[JMAP_BLOB_LAYERS];
	size_t layer_count;
};

// ---- Reading ---------------------------------------------------------------

static enum rc source_next(struct jmap_blob *blob, struct buf *out)
{
	uint64_t rest = blob->source_end - blob->source_at;
	size_t len = rest < SOURCE_PIECE ? (size_t)rest : SOURCE_PIECE;
	if (len == 0)
		return RC_END;
	size_t before = out->len;
	enum rc rc = blob->reader
			 ? store_reader_bytes(blob->reader, blob->email_id,
			       blob->source_at, len, out)
			 : store_upload_read(blob->store, &blob->upload,
			       blob->source_at, len, out);
	if (rc == RC_OK && out->len - before != len)
		rc = RC_CORRUPT; // it is shorter than its record says
	blob->source_at += len;
	return rc;
}

// Bytes from below, without what is left out. Empty: there are no more.
static enum rc layer_input(
    struct jmap_blob *blob, size_t level, struct view *ret_piece);

static void layer_decode(
    struct layer *layer, struct view piece, struct buf *out)
{
	if (transfer_is_identity(layer->encoding))
		buf_add(out, piece);
	else
		transfer_decode(&layer->decoder, piece, out);
}

// Adds the next bytes that the blob has with `level` layers.
static enum rc level_next(struct jmap_blob *blob, size_t level, struct buf *out)
{
	if (level == 0)
		return source_next(blob, out);
	struct layer *layer = &blob->layers[level - 1];
	size_t before = out->len;
	struct view piece;
	while (out->len == before && layer->rest > 0) {
		enum rc rc = layer_input(blob, level, &piece);
		if (rc != RC_OK)
			return rc;
		layer_decode(layer, piece, out);
		layer->rest = piece.len > 0 ? layer->rest - piece.len : 0;
		if (layer->rest == 0 && !transfer_is_identity(layer->encoding))
			transfer_decode_end(&layer->decoder, out);
		if (buf_status(out) != RC_OK)
			return RC_LIMIT;
	}
	return out->len > before ? RC_OK : RC_END;
}

// The levels are few (JMAP_BLOB_LAYERS).
static enum rc layer_input(
    struct jmap_blob *blob, size_t level, struct view *ret_piece)
{
	struct layer *layer = &blob->layers[level - 1];
	struct view piece;
	do {
		buf_reset(&layer->raw);
		enum rc rc = level_next(blob, level - 1, &layer->raw);
		if (rc != RC_OK && rc != RC_END)
			return rc;
		piece = buf_view(&layer->raw);
		size_t skipped =
		    layer->skip < piece.len ? (size_t)layer->skip : piece.len;
		layer->skip -= skipped;
		piece = view_from(piece, skipped);
	} while (piece.len == 0 && layer->raw.len > 0);
	size_t most = layer->rest < SIZE_MAX ? (size_t)layer->rest : SIZE_MAX;
	*ret_piece = view_slice(piece, 0, most);
	return RC_OK;
}

enum rc jmap_blob_next(struct jmap_blob *blob, struct buf *out)
{
	return level_next(blob, blob->layer_count, out);
}

void jmap_blob_rewind(struct jmap_blob *blob)
{
	blob->source_at = 0;
	blob->source_end = blob->source_size;
	for (size_t i = 0; i < blob->layer_count; i++) {
		struct layer *layer = &blob->layers[i];
		layer->skip = layer->offset;
		layer->rest = layer->len;
		transfer_decoder_init(&layer->decoder, layer->encoding);
	}
	if (blob->layer_count == 0)
		return;
	// In the source one can go to any place.
	struct layer *first = &blob->layers[0];
	blob->source_at = first->offset;
	blob->source_end = first->offset + first->len;
	first->skip = 0;
}

bool jmap_blob_size_known(const struct jmap_blob *blob, uint64_t *ret_size)
{
	*ret_size = blob->source_size;
	if (blob->layer_count == 0)
		return true;
	const struct layer *last = &blob->layers[blob->layer_count - 1];
	*ret_size = last->len;
	return last->len == 0 || transfer_is_identity(last->encoding);
}

enum rc jmap_blob_size(struct jmap_blob *blob, uint64_t *ret_size)
{
	uint64_t size = 0;
	struct buf piece CLEANUP(buf_done);
	buf_init(&piece, 2 * JMAP_BLOB_PIECE);
	if (jmap_blob_size_known(blob, ret_size))
		return RC_OK;
	jmap_blob_rewind(blob);
	enum rc rc;
	do {
		buf_reset(&piece);
		rc = jmap_blob_next(blob, &piece);
		size += piece.len;
	} while (rc == RC_OK);
	jmap_blob_rewind(blob);
	if (rc != RC_END)
		return rc;
	*ret_size = size;
	return RC_OK;
}

enum rc jmap_blob_read(struct jmap_blob *blob, struct buf *out)
{
	enum rc rc;
	do {
		rc = jmap_blob_next(blob, out);
	} while (rc == RC_OK);
	return rc == RC_END ? RC_OK : rc;
}

enum rc jmap_blob_to_draft(struct jmap_blob *blob, struct store_draft *draft)
{
	struct buf piece CLEANUP(buf_done);
	buf_init(&piece, 2 * JMAP_BLOB_PIECE);
	enum rc rc;
	do {
		buf_reset(&piece);
		rc = jmap_blob_next(blob, &piece);
		if (rc == RC_OK)
			rc = store_draft_add(draft, buf_view(&piece));
	} while (rc == RC_OK);
	return rc == RC_END ? RC_OK : rc;
}

// ---- Opening ---------------------------------------------------------------

static enum rc open_email(struct jmap_blob *blob, struct store_account *account,
    const struct store_asker *asker, uint64_t email_id)
{
	struct store_view_email email;
	struct fault fault;
	enum rc rc = store_view_open(asker, account, &fault, &blob->view);
	if (rc == RC_OK)
		rc = store_view_email(blob->view, email_id, &email);
	if (rc != RC_OK)
		return rc;
	blob->reader = store_view_reader(blob->view);
	blob->email_id = email_id;
	blob->source_size = email.size;
	return RC_OK;
}

static enum rc open_upload(
    struct jmap_blob *blob, const struct store_asker *asker, struct view id)
{
	if (asker->kind != STORE_ASKER_USER)
		return RC_NOT_FOUND;
	enum rc rc =
	    store_upload_find(blob->store, asker->account, id, &blob->upload);
	blob->source_size = blob->upload.size;
	return rc;
}

// Adds the layer of a part. A multipart has no bytes of its own.
static enum rc add_layer(
    struct jmap_blob *blob, enum message_kind kind, struct layer layer)
{
	if (kind == MESSAGE_MULTIPART)
		return RC_NOT_FOUND;
	buf_init(&layer.raw, 2 * JMAP_BLOB_PIECE);
	blob->layers[blob->layer_count++] = layer;
	return RC_OK;
}

// The message in an encoded part is described as one part that nobody can read.
// Its blobs are those of the part's bytes: "B5-2-0".
static bool is_hidden(enum message_kind parent, enum transfer_encoding encoding)
{
	return parent == MESSAGE_MESSAGE && !transfer_is_identity(encoding);
}

static enum rc open_stored_part(struct jmap_blob *blob, uint32_t index)
{
	struct message_record record;
	struct message_record_part part;
	uint64_t thread_id;
	enum rc rc = store_reader_record(
	    blob->reader, blob->email_id, &record, &thread_id);
	if (rc != RC_OK)
		return rc;
	if (index >= record.part_count)
		return RC_NOT_FOUND;
	rc = message_record_part(&record, index, &part);
	if (rc == RC_OK && part.parent != MESSAGE_NO_PART) {
		struct message_record_part parent;
		rc = message_record_part(&record, part.parent, &parent);
		if (rc == RC_OK && is_hidden(parent.kind, parent.encoding))
			rc = RC_NOT_FOUND;
	}
	if (rc != RC_OK)
		return rc;
	return add_layer(blob, part.kind,
	    (struct layer){
		.offset = part.body_offset,
		.len = part.body_len,
		.encoding = part.encoding,
	    });
}

// Parses what the blob has, as a message.
static enum rc parse(struct jmap_blob *blob, struct message **ret_message)
{
	struct message_parser *parser CLEANUP(message_parser_free) =
	    message_parser_new(0);
	struct buf piece CLEANUP(buf_done);
	buf_init(&piece, 2 * JMAP_BLOB_PIECE);
	enum rc rc;
	jmap_blob_rewind(blob);
	do {
		buf_reset(&piece);
		rc = jmap_blob_next(blob, &piece);
		message_parser_push(parser, buf_view(&piece));
	} while (rc == RC_OK);
	return rc == RC_END ? message_parser_finish(parser, ret_message) : rc;
}

static enum rc add_parsed(
    struct jmap_blob *blob, const struct message *message, uint32_t index)
{
	const struct message_part *part = &message->parts[index];
	if (part->parent != MESSAGE_NO_PART &&
	    is_hidden(message->parts[part->parent].kind,
		message->parts[part->parent].encoding))
		return RC_NOT_FOUND;
	return add_layer(blob, part->kind,
	    (struct layer){
		.offset = part->body_offset,
		.len = part->body_len,
		.encoding = part->encoding,
	    });
}

static enum rc open_parsed_part(struct jmap_blob *blob, uint32_t index)
{
	struct message *message;
	enum rc rc = parse(blob, &message);
	if (rc != RC_OK)
		return rc;
	rc = index < message->part_count ? add_parsed(blob, message, index)
					 : RC_NOT_FOUND;
	message_free(&message);
	return rc;
}

// Spelled as we write it.
static bool read_index(struct view text, uint32_t *ret_index)
{
	return view_to_u32(text, ret_index) &&
	       (text.ptr[0] != '0' || text.len == 1);
}

static enum rc open_layers(struct jmap_blob *blob, struct view indexes)
{
	struct view text;
	uint32_t index;
	while (view_split(&indexes, '-', &text)) {
		if (blob->layer_count == JMAP_BLOB_LAYERS ||
		    !read_index(text, &index))
			return RC_NOT_FOUND;
		enum rc rc = blob->reader && blob->layer_count == 0
				 ? open_stored_part(blob, index)
				 : open_parsed_part(blob, index);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc open_it(struct jmap_blob *blob, struct store_account *account,
    const struct store_asker *asker, struct view id)
{
	uint64_t number;
	struct view rest = id, root;
	enum rc rc;
	if (!jmap_id_is_valid(id) || id.ptr[id.len - 1] == '-')
		return RC_NOT_FOUND;
	(void)view_split(&rest, '-', &root);
	if (jmap_id_read(root, JMAP_ID_BLOB, &number))
		rc = open_email(blob, account, asker, number);
	else if (root.len > 0 && root.ptr[0] == JMAP_ID_UPLOAD)
		rc = open_upload(blob, asker, view_from(root, 1));
	else
		rc = RC_NOT_FOUND;
	return rc == RC_OK ? open_layers(blob, rest) : rc;
}

enum rc jmap_blob_open(struct store_account *account,
    const struct store_asker *asker, struct view id,
    struct jmap_blob **ret_blob)
{
	struct jmap_blob *blob = mem_zalloc(sizeof(*blob));
	blob->store = store_account_store(account);
	enum rc rc = open_it(blob, account, asker, id);
	if (rc == RC_OK)
		jmap_blob_rewind(blob);
	else
		jmap_blob_close(&blob);
	*ret_blob = blob;
	return rc;
}

struct jmap_blob *jmap_blob_of_email(
    struct store_reader *reader, uint64_t email_id, uint64_t size)
{
	struct jmap_blob *blob = mem_zalloc(sizeof(*blob));
	blob->reader = reader;
	blob->email_id = email_id;
	blob->source_size = size;
	jmap_blob_rewind(blob);
	return blob;
}

enum rc jmap_blob_of_range(const struct jmap_blob *whole, uint64_t offset,
    uint64_t len, enum transfer_encoding encoding, struct jmap_blob **ret_blob)
{
	*ret_blob = NULL;
	if (whole->layer_count == JMAP_BLOB_LAYERS)
		return RC_LIMIT;
	struct jmap_blob *blob = mem_zalloc(sizeof(*blob));
	*blob = *whole;
	blob->view = NULL;
	for (size_t i = 0; i < blob->layer_count; i++)
		buf_init(&blob->layers[i].raw, 2 * JMAP_BLOB_PIECE);
	(void)add_layer(blob, MESSAGE_LEAF,
	    (struct layer){.offset = offset, .len = len, .encoding = encoding});
	jmap_blob_rewind(blob);
	*ret_blob = blob;
	return RC_OK;
}

enum rc jmap_blob_find(
    struct jmap_call *call, struct view id, struct jmap_blob **ret_blob)
{
	struct view real;
	*ret_blob = NULL;
	if (!jmap_resolve_id(call, id, &real))
		return RC_NOT_FOUND;
	return jmap_blob_open(call->account, &call->asker, real, ret_blob);
}

void jmap_blob_close(struct jmap_blob **ret_blob)
{
	struct jmap_blob *blob = *ret_blob;
	if (!blob)
		return;
	for (size_t i = 0; i < blob->layer_count; i++)
		buf_done(&blob->layers[i].raw);
	if (blob->view)
		store_view_close(&blob->view);
	free(blob);
	*ret_blob = NULL;
}
