// SPDX-License-Identifier: Apache-2.0
// FETCH BODY[…] (RFC 9051 section 6.4.5): sections of the message as they are
// stored.
#include "imap/fetch.h"

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

// Reads the header of the message, or of a message in it.
static MUST_CHECK enum rc read_header(struct fetch_state *state,
    const struct imap_section *section, struct view *ret_header)
{
	if (section->part_count == 0)
		return store_reader_header(
		    state->reader, fetch_email_id(state), ret_header);
	enum rc rc = fetch_record(state);
	struct message_range range = {0};
	if (rc == RC_OK)
		rc = message_section_find(&state->record, section->parts,
		    section->part_count, MESSAGE_SECTION_HEADER, &range);
	if (rc != RC_OK)
		return rc;
	buf_reset(&state->raw);
	rc = store_reader_bytes(state->reader, fetch_email_id(state),
	    range.offset, range.len, &state->raw);
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
		fetch_send_nil(state, item);
		return;
	}
	if (rc != RC_OK) {
		fetch_note(state, rc);
		return;
	}
	buf_reset(&state->scratch);
	fetch_fields_pick(header, section->fields, section->field_count,
	    section->what == IMAP_SECTION_HEADER_FIELDS_NOT, &state->scratch);
	fetch_send_bytes(state, item, buf_view(&state->scratch), false);
}

static void write_header(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	struct view header;
	enum rc rc =
	    store_reader_header(state->reader, fetch_email_id(state), &header);
	if (rc == RC_OK)
		fetch_send_bytes(state, item, header, false);
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
			fetch_send_nil(state, item);
			return;
		}
	}
	if (rc == RC_OK)
		fetch_send_stored(state, item, range.offset, range.len, false);
	else
		fetch_note(state, rc);
}

void fetch_write_body(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	const struct imap_section *section = &item->section;
	if (picks_fields(section))
		write_fields(state, item);
	else if (section->part_count)
		write_range(state, item);
	else if (section->what == IMAP_SECTION_WHOLE)
		fetch_send_stored(
		    state, item, 0, state->message.message.size, false);
	else if (section->what == IMAP_SECTION_HEADER)
		write_header(state, item);
	else
		write_range(state, item);
}
