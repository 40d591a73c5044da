// SPDX-License-Identifier: Apache-2.0
// FETCH items with a section: BODY[…], and BINARY[…] (RFC 3516, RFC 9051
// section 6.4.5), which undoes the transfer encoding. What is long is never
// held whole: it is read, and decoded, as the output drains.
#include "imap/fetch.h"

// ---- The stream ------------------------------------------------------------

static uint64_t email_id(const struct fetch_state *state)
{
	return state->message.message.email_id;
}

// Reads the next bytes of the message to the end of `out`.
static MUST_CHECK enum rc read_some(
    struct fetch_state *state, uint64_t left, struct buf *out, size_t *ret_len)
{
	size_t len = left < FETCH_READ_STEP ? (size_t)left : FETCH_READ_STEP;
	size_t before = out->len;
	enum rc rc = store_reader_bytes(
	    state->reader, email_id(state), state->stream.offset, len, out);
	if (rc != RC_OK)
		return rc;
	if (out->len - before != len)
		return RC_CORRUPT;
	state->stream.offset += len;
	*ret_len = len;
	return RC_OK;
}

// The client was promised bytes that cannot be had: the connection has to end.
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

// Decodes the next piece into `scratch`, from the start of it.
static MUST_CHECK enum rc decode_some(struct fetch_state *state)
{
	struct fetch_stream *stream = &state->stream;
	buf_reset(&state->scratch);
	buf_reset(&state->raw);
	if (stream->raw_left == 0) {
		transfer_decode_end(&stream->decoder, &state->scratch);
		return RC_END;
	}
	size_t len = 0;
	enum rc rc = read_some(state, stream->raw_left, &state->raw, &len);
	if (rc != RC_OK)
		return rc;
	stream->raw_left -= len;
	transfer_decode(
	    &stream->decoder, buf_view(&state->raw), &state->scratch);
	return RC_OK;
}

static bool pump_decoded(struct fetch_state *state)
{
	struct fetch_stream *stream = &state->stream;
	while (stream->left) {
		if (imap_output_full(state->command))
			return false;
		enum rc rc = decode_some(state);
		if (rc != RC_OK && rc != RC_END)
			return stream_break(state, rc);
		struct view piece = buf_view(&state->scratch);
		uint64_t skipped =
		    stream->skip < piece.len ? stream->skip : piece.len;
		stream->skip -= skipped;
		piece = view_slice(
		    view_from(piece, (size_t)skipped), 0, stream->left);
		buf_add(state->command->out, piece);
		stream->left -= piece.len;
		if (rc == RC_END && stream->left)
			return stream_break(state, RC_CORRUPT);
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

bool fetch_pump(struct fetch_state *state)
{
	bool done = true;
	switch (state->stream.kind) {
	case FETCH_STREAM_NONE: return true;
	case FETCH_STREAM_BYTES: done = pump_bytes(state); break;
	case FETCH_STREAM_STORED: done = pump_stored(state); break;
	case FETCH_STREAM_DECODED: done = pump_decoded(state); break;
	}
	if (done)
		state->stream.kind = FETCH_STREAM_NONE;
	return done;
}

// ---- Beginning an item -----------------------------------------------------

// The part of `size` bytes that the item's <offset.length> takes.
static void clip(const struct imap_fetch_item *item, uint64_t size,
    uint64_t *ret_skip, uint64_t *ret_len)
{
	*ret_skip = 0;
	*ret_len = size;
	if (!item->has_partial)
		return;
	// RFC 9051 section 6.4.5: beyond the end there is an empty string.
	*ret_skip = item->offset < size ? item->offset : size;
	uint64_t rest = size - *ret_skip;
	*ret_len = item->length < rest ? item->length : rest;
}

static void begin_literal(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t size, bool binary)
{
	fetch_write_label(state, item->label);
	imap_write_literal_head(state->command->out, size, binary);
}

static void send_bytes(struct fetch_state *state,
    const struct imap_fetch_item *item, struct view bytes, bool binary)
{
	uint64_t skip;
	uint64_t len;
	clip(item, bytes.len, &skip, &len);
	begin_literal(state, item, len, binary);
	state->stream = (struct fetch_stream){
	    .kind = FETCH_STREAM_BYTES,
	    .bytes = view_slice(bytes, (size_t)skip, (size_t)len),
	};
}

static void send_stored(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t offset, uint64_t size,
    bool binary)
{
	uint64_t skip;
	uint64_t len;
	clip(item, size, &skip, &len);
	struct fetch_stream stream = {
	    .kind = FETCH_STREAM_STORED,
	    .offset = offset + skip,
	    .left = len,
	};
	// The first bytes are read before anything is promised.
	struct buf *out = state->command->out;
	size_t start = out->len;
	bool had_items = state->has_items;
	begin_literal(state, item, len, binary);
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
	state->stream.left -= got;
}

static void send_nil(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	fetch_write_label(state, item->label);
	if (item->type == IMAP_FETCH_BINARY_SIZE)
		buf_add_char(state->command->out, '0');
	else
		buf_add_literal(state->command->out, "NIL");
}

// ---- BODY ------------------------------------------------------------------

static enum message_section section_of(enum imap_section_what what)
{
	switch (what) {
	case IMAP_SECTION_WHOLE: return MESSAGE_SECTION_ALL;
	case IMAP_SECTION_HEADER:
	case IMAP_SECTION_HEADER_FIELDS:
	case IMAP_SECTION_HEADER_FIELDS_NOT: return MESSAGE_SECTION_HEADER;
	case IMAP_SECTION_TEXT: return MESSAGE_SECTION_TEXT;
	case IMAP_SECTION_MIME: return MESSAGE_SECTION_MIME;
	}
	return MESSAGE_SECTION_ALL;
}

static bool picks_fields(const struct imap_section *section)
{
	return section->what == IMAP_SECTION_HEADER_FIELDS ||
	       section->what == IMAP_SECTION_HEADER_FIELDS_NOT;
}

// The header of the message, or of a message in it.
static MUST_CHECK enum rc read_header(struct fetch_state *state,
    const struct imap_section *section, struct view *ret_header)
{
	if (section->part_count == 0)
		return store_reader_header(
		    state->reader, email_id(state), ret_header);
	enum rc rc = fetch_record(state);
	struct message_range range = {0};
	if (rc == RC_OK)
		rc = message_section_find(&state->record, section->parts,
		    section->part_count, MESSAGE_SECTION_HEADER, &range);
	if (rc != RC_OK)
		return rc;
	buf_reset(&state->raw);
	rc = store_reader_bytes(state->reader, email_id(state), range.offset,
	    range.len, &state->raw);
	*ret_header = buf_view(&state->raw);
	return rc;
}

static void write_fields(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	const struct imap_section *section = &item->section;
	struct view header = {0};
	enum rc rc = read_header(state, section, &header);
	if (rc == RC_NOT_FOUND) {
		send_nil(state, item);
		return;
	}
	if (rc != RC_OK) {
		fetch_note(state, rc);
		return;
	}
	buf_reset(&state->scratch);
	fetch_fields_pick(header, section->fields, section->field_count,
	    section->what == IMAP_SECTION_HEADER_FIELDS_NOT, &state->scratch);
	send_bytes(state, item, buf_view(&state->scratch), false);
}

static void write_header(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	struct view header;
	enum rc rc =
	    store_reader_header(state->reader, email_id(state), &header);
	if (rc == RC_OK)
		send_bytes(state, item, header, false);
	else
		fetch_note(state, rc);
}

static void write_range(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	const struct imap_section *section = &item->section;
	enum rc rc = fetch_record(state);
	struct message_range range = {0};
	if (rc == RC_OK) {
		rc = message_section_find(&state->record, section->parts,
		    section->part_count, section_of(section->what), &range);
		if (rc == RC_NOT_FOUND) {
			send_nil(state, item);
			return;
		}
	}
	if (rc == RC_OK)
		send_stored(state, item, range.offset, range.len, false);
	else
		fetch_note(state, rc);
}

static void write_body(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	const struct imap_section *section = &item->section;
	if (picks_fields(section))
		write_fields(state, item);
	else if (section->part_count)
		write_range(state, item);
	else if (section->what == IMAP_SECTION_WHOLE)
		send_stored(state, item, 0, state->message.message.size, false);
	else if (section->what == IMAP_SECTION_HEADER)
		write_header(state, item);
	else
		write_range(state, item);
}

// ---- BINARY ----------------------------------------------------------------

struct decoded {
	uint64_t size;
	bool has_nul;
	bool held; // all of it is in `scratch`
};

static void decode_begin(struct fetch_state *state,
    const struct message_range *range, enum transfer_encoding encoding)
{
	state->stream = (struct fetch_stream){
	    .offset = range->offset,
	    .raw_left = range->len,
	};
	transfer_decoder_init(&state->stream.decoder, encoding);
}

// Goes through all that a part decodes to. RC_UNSUPPORTED when it does not.
static MUST_CHECK enum rc decode_all(struct fetch_state *state,
    const struct message_range *range, enum transfer_encoding encoding,
    struct decoded *ret_decoded)
{
	struct decoded decoded = {.held = range->len <= FETCH_DECODE_HELD};
	decode_begin(state, range, encoding);
	struct fetch_stream *stream = &state->stream;
	enum rc rc = RC_OK;
	if (decoded.held) {
		buf_reset(&state->raw);
		buf_reset(&state->scratch);
		rc = store_reader_bytes(state->reader, email_id(state),
		    range->offset, range->len, &state->raw);
		transfer_decode(
		    &stream->decoder, buf_view(&state->raw), &state->scratch);
		transfer_decode_end(&stream->decoder, &state->scratch);
	}
	while (rc == RC_OK) {
		if (!decoded.held)
			rc = decode_some(state);
		struct view piece = buf_view(&state->scratch);
		decoded.size += piece.len;
		if (!decoded.has_nul)
			decoded.has_nul =
			    view_find_char(piece, '\0') != SIZE_MAX;
		if (decoded.held)
			break;
	}
	if (rc != RC_OK && rc != RC_END)
		return rc;
	if (stream->decoder.malformed)
		return RC_UNSUPPORTED;
	*ret_decoded = decoded;
	return RC_OK;
}

static void write_size(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t size)
{
	fetch_write_label(state, item->label);
	buf_add_u64(state->command->out, size);
}

static void send_decoded(struct fetch_state *state,
    const struct imap_fetch_item *item, const struct message_range *range,
    enum transfer_encoding encoding, const struct decoded *decoded)
{
	if (decoded->held) {
		send_bytes(
		    state, item, buf_view(&state->scratch), decoded->has_nul);
		return;
	}
	decode_begin(state, range, encoding);
	clip(item, decoded->size, &state->stream.skip, &state->stream.left);
	begin_literal(state, item, state->stream.left, decoded->has_nul);
	state->stream.kind = FETCH_STREAM_DECODED;
}

// Where the section is, and how it is encoded.
static MUST_CHECK enum rc find_binary(struct fetch_state *state,
    const struct imap_section *section, struct message_range *ret_range,
    enum transfer_encoding *ret_encoding)
{
	enum rc rc = fetch_record(state);
	if (rc != RC_OK)
		return rc;
	rc = message_section_find(&state->record, section->parts,
	    section->part_count, MESSAGE_SECTION_ALL, ret_range);
	*ret_encoding = TRANSFER_BINARY;
	if (rc != RC_OK || section->part_count == 0)
		return rc;
	uint32_t index;
	struct message_record_part part;
	rc = message_part_find(
	    &state->record, section->parts, section->part_count, &index);
	if (rc == RC_OK)
		rc = message_record_part(&state->record, index, &part);
	// What holds parts has no encoding of its own (RFC 2045 section 6.4).
	if (rc == RC_OK && part.kind == MESSAGE_LEAF)
		*ret_encoding = part.encoding;
	return rc;
}

static void write_binary(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	struct message_range range = {0};
	enum transfer_encoding encoding = TRANSFER_BINARY;
	enum rc rc = find_binary(state, &item->section, &range, &encoding);
	if (rc == RC_NOT_FOUND) {
		send_nil(state, item);
		return;
	}
	bool size_only = item->type == IMAP_FETCH_BINARY_SIZE;
	bool identity =
	    transfer_is_identity(encoding) && encoding != TRANSFER_UNKNOWN;
	struct decoded decoded = {0};
	if (rc == RC_OK && !identity)
		rc = decode_all(state, &range, encoding, &decoded);
	state->stream.kind = FETCH_STREAM_NONE;
	if (rc == RC_UNSUPPORTED)
		state->unknown_cte = true;
	else if (rc != RC_OK)
		fetch_note(state, rc);
	else if (size_only)
		write_size(state, item, identity ? range.len : decoded.size);
	else if (identity)
		// RFC 3516 section 4.3: a literal8 says that there may be NUL.
		send_stored(state, item, range.offset, range.len,
		    (state->record.flags & MESSAGE_RECORD_NUL) != 0);
	else
		send_decoded(state, item, &range, encoding, &decoded);
}

void fetch_write_section(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	if (!state->reader)
		state->reader =
		    store_reader_new(state->command->session->account);
	if (item->type == IMAP_FETCH_BODY)
		write_body(state, item);
	else
		write_binary(state, item);
}
