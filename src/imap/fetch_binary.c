// SPDX-License-Identifier: Apache-2.0
// FETCH BINARY[…] and BINARY.SIZE[…] (RFC 3516, RFC 9051 section 6.4.5): parts
// without their transfer encoding.
#include "imap/fetch.h"

static void write_size(struct fetch_state *state,
    const struct imap_fetch_item *item, uint64_t size)
{
	fetch_write_label(state, item->label);
	buf_add_u64(state->command->out, size);
}

static bool asks_size(const struct imap_fetch_item *item)
{
	return item->type == IMAP_FETCH_BINARY_SIZE;
}

// Decodes a short part at once, into `scratch`.
static void write_held(struct fetch_state *state,
    const struct imap_fetch_item *item, const struct message_range *range,
    enum transfer_encoding encoding)
{
	struct transfer_decoder decoder;
	transfer_decoder_init(&decoder, encoding);
	buf_reset(&state->raw);
	buf_reset(&state->scratch);
	enum rc rc = store_reader_bytes(state->reader, fetch_email_id(state),
	    range->offset, range->len, &state->raw);
	transfer_decode(&decoder, buf_view(&state->raw), &state->scratch);
	transfer_decode_end(&decoder, &state->scratch);
	struct view decoded = buf_view(&state->scratch);
	if (rc != RC_OK)
		fetch_note(state, rc);
	else if (decoder.malformed)
		state->unknown_cte = true;
	else if (asks_size(item))
		write_size(state, item, decoded.len);
	else
		fetch_send_bytes(state, item, decoded,
		    view_find_char(decoded, '\0') != SIZE_MAX);
}

void fetch_binary_counted(struct fetch_state *state,
    const struct imap_fetch_item *item, struct fetch_places *places)
{
	state->stream.kind = FETCH_STREAM_NONE;
	if (places->malformed)
		state->unknown_cte = true;
	else if (asks_size(item))
		write_size(state, item, places->size);
	else
		fetch_send_decoded(state, item, places);
}

static void write_long(struct fetch_state *state,
    const struct imap_fetch_item *item, const struct message_range *range,
    enum transfer_encoding encoding)
{
	struct fetch_places_cache *cache = &state->view->places;
	uint64_t email_id = fetch_email_id(state);
	struct fetch_places *places =
	    fetch_places_find(cache, email_id, range, encoding);
	if (places)
		fetch_binary_counted(state, item, places);
	else
		fetch_count_decoded(state, item,
		    fetch_places_new(cache, email_id, range, encoding));
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
	bool identity =
	    transfer_is_identity(encoding) && encoding != TRANSFER_UNKNOWN;
	if (rc != RC_OK)
		fetch_note(state, rc);
	else if (identity && asks_size(item))
		write_size(state, item, range.len);
	else if (identity)
		// RFC 3516 section 4.3: a literal8 says that there may be NUL.
		fetch_send_stored(state, item, range.offset, range.len,
		    (state->record.flags & MESSAGE_RECORD_NUL) != 0);
	else if (range.len <= FETCH_DECODE_HELD)
		write_held(state, item, &range, encoding);
	else
		write_long(state, item, &range, encoding);
}
