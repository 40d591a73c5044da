// SPDX-License-Identifier: Apache-2.0
// Bytes of a message that are written to the output. A long part is never held
// whole: it is read, and decoded, as the output drains.
#include "imap/fetch.h"

// ---- The stream ------------------------------------------------------------

// Appends the next bytes of the message to `out`.
static MUST_CHECK enum rc read_some(
    struct fetch_state *state, uint64_t left, struct buf *out, size_t *ret_len)
{
	size_t len = left < FETCH_READ_STEP ? (size_t)left : FETCH_READ_STEP;
	size_t before = out->len;
	enum rc rc = store_reader_bytes(state->reader, fetch_email_id(state),
	    state->stream.offset, len, out);
	if (rc != RC_OK)
		return rc;
	if (out->len - before != len)
		return RC_CORRUPT;
	state->stream.offset += len;
	*ret_len = len;
	return RC_OK;
}

// The client was promised bytes that cannot be read: the connection has to end.
static bool stream_break(struct fetch_state *state, enum rc rc)
{
	state->failure = rc;
	state->broken = true;
	state->stream.kind = FETCH_STREAM_NONE;
	return false;
}

static bool pump_stored(struct fetch_state *state)
{
	struct fetch_stream *stream = &state->stream;
	while (stream->left) {
		if (imap_output_full(state->command))
			return false;
		size_t len = 0;
		enum rc rc =
		    read_some(state, stream->left, state->command->out, &len);
		if (rc != RC_OK)
			return stream_break(state, rc);
		stream->left -= len;
	}
	return true;
}

// Decodes the next piece of a part into `scratch`, which it overwrites. RC_END
// with the last piece.
static MUST_CHECK enum rc decode_some(struct fetch_state *state)
{
	struct fetch_stream *stream = &state->stream;
	struct fetch_place *at = &stream->at;
	uint64_t left = stream->places->range.len - at->raw;
	buf_reset(&state->scratch);
	buf_reset(&state->raw);
	if (left == 0) {
		transfer_decode_end(&at->decoder, &state->scratch);
		return RC_END;
	}
	size_t len = 0;
	stream->offset = stream->places->range.offset + at->raw;
	enum rc rc = read_some(state, left, &state->raw, &len);
	if (rc != RC_OK)
		return rc;
	transfer_decode(&at->decoder, buf_view(&state->raw), &state->scratch);
	at->raw += len;
	at->decoded += state->scratch.len;
	return RC_OK;
}

static bool slice_over(const struct fetch_state *state)
{
	return session_slice_over(&state->command->session->base);
}

static bool pump_counted(struct fetch_state *state)
{
	struct fetch_places *places = state->stream.places;
	enum rc rc = RC_OK;
	while (rc == RC_OK) {
		if (slice_over(state))
			return false;
		fetch_places_note(places, &state->stream.at);
		rc = decode_some(state);
		struct view piece = buf_view(&state->scratch);
		if (rc == RC_OK || rc == RC_END)
			places->size += piece.len;
		if (!places->has_nul)
			places->has_nul =
			    view_find_char(piece, '\0') != SIZE_MAX;
	}
	if (rc != RC_END) {
		state->stream.kind = FETCH_STREAM_NONE;
		fetch_note(state, rc);
		return true;
	}
	places->malformed = state->stream.at.decoder.malformed;
	places->complete = true;
	fetch_binary_counted(state, state->stream.item, places);
	return true;
}

// Decodes the next piece, and gives what is wanted of it, which may be nothing.
static MUST_CHECK enum rc decode_wanted(
    struct fetch_state *state, struct view *ret_piece)
{
	struct fetch_stream *stream = &state->stream;
	stream->places->last = stream->at;
	enum rc rc = decode_some(state);
	if (rc != RC_OK && rc != RC_END)
		return rc;
	struct view piece = buf_view(&state->scratch);
	uint64_t skipped = stream->skip < piece.len ? stream->skip : piece.len;
	stream->skip -= skipped;
	piece = view_slice(view_from(piece, (size_t)skipped), 0, stream->left);
	stream->left -= piece.len;
	*ret_piece = piece;
	return rc == RC_END && stream->left ? RC_CORRUPT : RC_OK;
}

static bool pump_decoded(struct fetch_state *state)
{
	struct fetch_stream *stream = &state->stream;
	while (stream->left) {
		if (imap_output_full(state->command) || slice_over(state))
			return false;
		struct view piece;
		enum rc rc = decode_wanted(state, &piece);
		if (rc != RC_OK)
			return stream_break(state, rc);
		buf_add(state->command->out, piece);
	}
	return true;
}

static bool pump_bytes(struct fetch_state *state)
{
	struct fetch_stream *stream = &state->stream;
	while (stream->bytes.len) {
		if (imap_output_full(state->command))
			return false;
		struct view piece =
		    view_slice(stream->bytes, 0, NET_OUTPUT_HIGH);
		buf_add(state->command->out, piece);
		stream->bytes = view_from(stream->bytes, piece.len);
	}
	return true;
}

// All bytes of literals are written here; RFC 9051 section 9, rule 3.
static void mask_nul(const struct fetch_state *state, size_t from)
{
	if (!state->stream.binary)
		imap_write_mask_nul(state->command->out, from);
}

bool fetch_pump(struct fetch_state *state)
{
	if (state->stream.kind == FETCH_STREAM_COUNTED && !pump_counted(state))
		return false;
	size_t from = state->command->out->len;
	bool done = true;
	switch (state->stream.kind) {
	case FETCH_STREAM_NONE:
	case FETCH_STREAM_COUNTED: return true;
	case FETCH_STREAM_BYTES: done = pump_bytes(state); break;
	case FETCH_STREAM_STORED: done = pump_stored(state); break;
	case FETCH_STREAM_DECODED: done = pump_decoded(state); break;
	}
	mask_nul(state, from);
	if (done)
		state->stream.kind = FETCH_STREAM_NONE;
	return done;
}

// ---- Beginning an item -----------------------------------------------------

// Gives the part that the item's <offset.length> selects out of `size` bytes.
void fetch_clip(const struct imap_fetch_item *item, uint64_t size,
    uint64_t *ret_skip, uint64_t *ret_len)
{
	*ret_skip = 0;
	*ret_len = size;
	if (!item->has_partial)
		return;
	// RFC 9051 section 6.4.5: after the end, the string is empty.
	*ret_skip = item->offset < size ? item->offset : size;
	uint64_t rest = size - *ret_skip;
	*ret_len = item->length < rest ? item->length : rest;
}

void fetch_begin_literal(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t size, bool binary)
{
	fetch_write_label(state, item->label);
	imap_write_literal_head(state->command->out, size, binary);
}

void fetch_send_bytes(struct fetch_state *state,
    const struct imap_fetch_item *item, struct view bytes, bool binary)
{
	uint64_t skip;
	uint64_t len;
	fetch_clip(item, bytes.len, &skip, &len);
	fetch_begin_literal(state, item, len, binary);
	state->stream = (struct fetch_stream){
	    .kind = FETCH_STREAM_BYTES,
	    .binary = binary,
	    .bytes = view_slice(bytes, (size_t)skip, (size_t)len),
	};
}

void fetch_send_stored(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t offset, uint64_t size,
    bool binary)
{
	uint64_t skip;
	uint64_t len;
	fetch_clip(item, size, &skip, &len);
	struct fetch_stream stream = {
	    .kind = FETCH_STREAM_STORED,
	    .binary = binary,
	    .offset = offset + skip,
	    .left = len,
	};
	// The first bytes are read before a literal is announced.
	struct buf *out = state->command->out;
	size_t start = out->len;
	bool had_items = state->has_items;
	fetch_begin_literal(state, item, len, binary);
	state->stream = stream;
	size_t got = 0;
	enum rc rc = len ? read_some(state, len, out, &got) : RC_OK;
	if (rc != RC_OK) {
		buf_truncate(out, start);
		state->has_items = had_items;
		state->stream.kind = FETCH_STREAM_NONE;
		fetch_note(state, rc);
		return;
	}
	mask_nul(state, out->len - got);
	state->stream.left -= got;
}

void fetch_count_decoded(struct fetch_state *state,
    const struct imap_fetch_item *item, struct fetch_places *places)
{
	state->stream = (struct fetch_stream){
	    .kind = FETCH_STREAM_COUNTED,
	    .item = item,
	    .places = places,
	    .at = places->places[0],
	};
}

void fetch_send_decoded(struct fetch_state *state,
    const struct imap_fetch_item *item, struct fetch_places *places)
{
	uint64_t skip;
	uint64_t len;
	fetch_clip(item, places->size, &skip, &len);
	const struct fetch_place *from = fetch_places_before(places, skip);
	state->stream = (struct fetch_stream){
	    .kind = FETCH_STREAM_DECODED,
	    .binary = places->has_nul,
	    .places = places,
	    .at = *from,
	    .skip = skip - from->decoded,
	    .left = len,
	};
	// The first bytes are read before a literal is announced.
	struct view piece = {0};
	enum rc rc = RC_OK;
	while (len && piece.len == 0 && rc == RC_OK)
		rc = decode_wanted(state, &piece);
	if (rc != RC_OK) {
		state->stream.kind = FETCH_STREAM_NONE;
		fetch_note(state, rc);
		return;
	}
	fetch_begin_literal(state, item, len, places->has_nul);
	buf_add(state->command->out, piece);
	mask_nul(state, state->command->out->len - piece.len);
}

void fetch_send_nil(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	fetch_write_label(state, item->label);
	if (item->type == IMAP_FETCH_BINARY_SIZE)
		buf_add_char(state->command->out, '0');
	else
		buf_add_literal(state->command->out, "NIL");
}
