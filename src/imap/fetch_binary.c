// SPDX-License-Identifier: Apache-2.0
// FETCH BINARY[…] and BINARY.SIZE[…] (RFC 3516, RFC 9051 section 6.4.5): parts
// without their transfer encoding.
#include "imap/fetch.h"

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

// Decodes the whole part. RC_UNSUPPORTED when it cannot be decoded.
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
		rc = store_reader_bytes(state->reader, fetch_email_id(state),
		    range->offset, range->len, &state->raw);
		transfer_decode(
		    &stream->decoder, buf_view(&state->raw), &state->scratch);
		transfer_decode_end(&stream->decoder, &state->scratch);
	}
	while (rc == RC_OK) {
		if (!decoded.held)
			rc = fetch_decode_some(state);
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
		fetch_send_bytes(
		    state, item, buf_view(&state->scratch), decoded->has_nul);
		return;
	}
	decode_begin(state, range, encoding);
	fetch_clip(
	    item, decoded->size, &state->stream.skip, &state->stream.left);
	fetch_begin_literal(state, item, state->stream.left, decoded->has_nul);
	state->stream.kind = FETCH_STREAM_DECODED;
	state->stream.binary = decoded->has_nul;
}

// Finds the section and its encoding.
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
	// A part that holds parts has no encoding of its own (RFC 2045 section
	// 6.4), but a message may be encoded as a whole (RFC 6532 section 3.7).
	if (rc == RC_OK &&
	    (part.kind == MESSAGE_LEAF ||
		!transfer_is_identity(part.encoding)) &&
	    part.kind != MESSAGE_MULTIPART)
		*ret_encoding = part.encoding;
	return rc;
}

void fetch_write_binary(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	struct message_range range = {0};
	enum transfer_encoding encoding = TRANSFER_BINARY;
	enum rc rc = find_binary(state, &item->section, &range, &encoding);
	if (rc == RC_NOT_FOUND) {
		fetch_send_nil(state, item);
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
		fetch_send_stored(state, item, range.offset, range.len,
		    (state->record.flags & MESSAGE_RECORD_NUL) != 0);
	else
		send_decoded(state, item, &range, encoding, &decoded);
}
