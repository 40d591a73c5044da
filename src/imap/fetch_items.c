// SPDX-License-Identifier: Apache-2.0
// FETCH items that come from the message's entry (UID, FLAGS, dates, sizes) and
// from what was parsed when it arrived (ENVELOPE, BODYSTRUCTURE, PREVIEW),
// which is copied as it is stored.
#include "imap/fetch.h"

#include "imap/put.h"

// "LABEL (18446744073709551615)" and the like, any simple item but FLAGS.
#define SIMPLE_MAX 128

bool fetch_item_is_simple(enum imap_fetch_type type)
{
	switch (type) {
	case IMAP_FETCH_UID:
	case IMAP_FETCH_FLAGS:
	case IMAP_FETCH_INTERNALDATE:
	case IMAP_FETCH_RFC822_SIZE:
	case IMAP_FETCH_MODSEQ:
	case IMAP_FETCH_EMAILID:
	case IMAP_FETCH_SAVEDATE: return true;
	case IMAP_FETCH_ENVELOPE:
	case IMAP_FETCH_BODYSTRUCTURE:
	case IMAP_FETCH_BODY_STRUCTURE_BASIC:
	case IMAP_FETCH_THREADID:
	case IMAP_FETCH_PREVIEW:
	case IMAP_FETCH_BODY:
	case IMAP_FETCH_BINARY:
	case IMAP_FETCH_BINARY_SIZE: return false;
	}
	return false;
}

void fetch_note(struct fetch_state *state, enum rc rc)
{
	if (rc == RC_GONE || rc == RC_NOT_FOUND)
		state->expunged = true;
	else if (rc != RC_OK && state->failure == RC_OK)
		state->failure = rc;
}

void fetch_write_label(struct fetch_state *state, struct view label)
{
	char *room = buf_reserve(state->command->out, label.len + 2);
	if (!room)
		return;
	char *at = room;
	if (state->has_items)
		at = put_char(at, ' ');
	at = put_view(at, label);
	at = put_char(at, ' ');
	buf_commit(state->command->out, (size_t)(at - room));
	state->has_items = true;
}

static void write_date(struct buf *out, int64_t seconds, int16_t zone)
{
	imap_write_date_time(
	    out, (struct date){.seconds = seconds, .zone_minutes = zone});
}

static char *put_object_id(char *at, char kind, uint64_t id)
{
	// RFC 8474 section 4: an objectid, told apart by its first letter.
	at = put_char(at, '(');
	at = put_char(at, kind);
	at = put_u64(at, id);
	return put_char(at, ')');
}

static void write_flags(struct fetch_state *state)
{
	const struct store_message *message = &state->message.message;
	imap_view_write_flags(state->view, message, state->command->out);
}

void fetch_write_simple(
    struct fetch_state *state, enum imap_fetch_type type, struct view label)
{
	const struct store_message *message = &state->message.message;
	struct buf *out = state->command->out;
	char *room = buf_reserve(out, SIMPLE_MAX);
	if (!room)
		return;
	char *at = room;
	if (state->has_items)
		at = put_char(at, ' ');
	state->has_items = true;
	at = put_view(at, label);
	at = put_char(at, ' ');
	// Only these have a value that fits into the room.
	if (type == IMAP_FETCH_UID) {
		at = put_u32(at, message->uid);
	} else if (type == IMAP_FETCH_RFC822_SIZE) {
		at = put_u32(at, message->size);
	} else if (type == IMAP_FETCH_EMAILID) {
		at = put_object_id(at, 'E', message->email_id);
	} else if (type == IMAP_FETCH_MODSEQ) {
		at = put_char(at, '(');
		at = put_u64(at, message->modseq);
		at = put_char(at, ')');
		state->view->modseq_sent = true;
	}
	buf_commit(out, (size_t)(at - room));
	if (type == IMAP_FETCH_FLAGS)
		write_flags(state);
	else if (type == IMAP_FETCH_INTERNALDATE)
		write_date(out, message->internal_date, message->zone_minutes);
	else if (type == IMAP_FETCH_SAVEDATE) // RFC 8514 section 4.2
		write_date(out, message->save_date, 0);
}

// ---- What was parsed -------------------------------------------------------

enum rc fetch_record(struct fetch_state *state)
{
	if (state->has_record)
		return RC_OK;
	if (!state->reader)
		state->reader = store_reader_new(
		    store_mailbox_account(state->view->mailbox));
	enum rc rc = store_reader_record(state->reader,
	    state->message.message.email_id, &state->record, &state->thread_id);
	state->has_record = rc == RC_OK;
	return rc;
}

static void write_text(
    struct fetch_state *state, struct view label, enum message_record_text text)
{
	struct view value = state->record.text[text];
	fetch_write_label(state, label);
	if (value.len)
		buf_add(state->command->out, value);
	else
		buf_add_literal(state->command->out, "NIL");
}

void fetch_write_described(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	enum rc rc = fetch_record(state);
	if (rc != RC_OK) {
		fetch_note(state, rc);
		return;
	}
	if (item->type == IMAP_FETCH_ENVELOPE) {
		write_text(state, item->label, MESSAGE_RECORD_ENVELOPE);
	} else if (item->type == IMAP_FETCH_BODYSTRUCTURE) {
		write_text(state, item->label, MESSAGE_RECORD_BODYSTRUCTURE);
	} else if (item->type == IMAP_FETCH_BODY_STRUCTURE_BASIC) {
		write_text(state, item->label, MESSAGE_RECORD_BODY);
	} else if (item->type == IMAP_FETCH_THREADID) {
		char text[32];
		char *at = put_object_id(text, 'T', state->thread_id);
		fetch_write_label(state, item->label);
		buf_add(
		    state->command->out, view_of(text, (size_t)(at - text)));
	} else if (item->type == IMAP_FETCH_PREVIEW) {
		// RFC 8970 section 3.2: empty, not NIL, when there is none.
		fetch_write_label(state, item->label);
		imap_write_string(state->command->out,
		    state->record.text[MESSAGE_RECORD_PREVIEW],
		    imap_is_utf8(state->command->session));
	}
}
