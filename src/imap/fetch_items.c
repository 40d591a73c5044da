// SPDX-License-Identifier: Apache-2.0
// The items of FETCH: what each needs of a message, and how it is written.
// Items from the message's entry (UID, FLAGS, dates, sizes) are written here,
// and so are those from the description made when the message arrived
// (ENVELOPE, BODYSTRUCTURE, PREVIEW), which are copied as they are stored.
#include "imap/fetch.h"

#include "imap/put.h"

// Enough for "LABEL (18446744073709551615)" and any other item with put().
#define SIMPLE_MAX 128

void fetch_note(struct fetch_state *state, enum rc rc)
{
	if (rc == RC_GONE || rc == RC_NOT_FOUND)
		state->expunged = true;
	else if (rc != RC_OK && state->failure == RC_OK)
		state->failure = rc;
}

static char *put_label(struct fetch_state *state, char *at, struct view label)
{
	if (state->has_items)
		at = put_char(at, ' ');
	state->has_items = true;
	at = put_view(at, label);
	return put_char(at, ' ');
}

void fetch_write_label(struct fetch_state *state, struct view label)
{
	char *room = buf_reserve(state->command->out, label.len + 2);
	if (!room)
		return;
	char *at = put_label(state, room, label);
	buf_commit(state->command->out, (size_t)(at - room));
}

// ---- The message's entry ---------------------------------------------------

static char *put_object_id(char *at, char kind, uint64_t id)
{
	// RFC 8474 section 4: an objectid; its first letter tells the kind.
	at = put_char(at, '(');
	at = put_char(at, kind);
	at = put_u64(at, id);
	return put_char(at, ')');
}

static char *put_uid(struct fetch_state *state, char *at)
{
	return put_u32(at, state->message.message.uid);
}

static char *put_size(struct fetch_state *state, char *at)
{
	return put_u32(at, state->message.message.size);
}

static char *put_email_id(struct fetch_state *state, char *at)
{
	return put_object_id(at, 'E', state->message.message.email_id);
}

static char *put_thread_id(struct fetch_state *state, char *at)
{
	return put_object_id(at, 'T', state->thread_id);
}

static char *put_modseq(struct fetch_state *state, char *at)
{
	state->view->modseq_sent = true;
	at = put_char(at, '(');
	at = put_u64(at, state->message.message.modseq);
	return put_char(at, ')');
}

static void write_flags(struct fetch_state *state)
{
	const struct store_message *message = &state->message.message;
	imap_view_write_flags(state->view, message, state->command->out);
}

static void write_internal_date(struct fetch_state *state)
{
	const struct store_message *message = &state->message.message;
	imap_write_date_time(state->command->out,
	    (struct date){.seconds = message->internal_date,
		.zone_minutes = message->zone_minutes});
}

// RFC 8514 section 4.2
static void write_save_date(struct fetch_state *state)
{
	imap_write_date_time(state->command->out,
	    (struct date){.seconds = state->message.message.save_date});
}

// ---- What was parsed -------------------------------------------------------

enum rc fetch_record(struct fetch_state *state)
{
	if (state->has_record)
		return RC_OK;
	enum rc rc = store_reader_record(state->reader,
	    state->message.message.email_id, &state->record, &state->thread_id);
	state->has_record = rc == RC_OK;
	return rc;
}

static void write_text(struct fetch_state *state, enum message_record_text text)
{
	struct view value = state->record.text[text];
	if (value.len)
		buf_add(state->command->out, value);
	else
		buf_add_literal(state->command->out, "NIL");
}

static void write_envelope(struct fetch_state *state)
{
	write_text(state, MESSAGE_RECORD_ENVELOPE);
}

static void write_bodystructure(struct fetch_state *state)
{
	write_text(state, MESSAGE_RECORD_BODYSTRUCTURE);
}

static void write_basic_structure(struct fetch_state *state)
{
	write_text(state, MESSAGE_RECORD_BODY);
}

// RFC 8970 section 3.2: empty, not NIL, when there is none.
static void write_preview(struct fetch_state *state)
{
	imap_write_string(state->command->out,
	    state->record.text[MESSAGE_RECORD_PREVIEW],
	    imap_is_utf8(state->command->session));
}

// ---- The table -------------------------------------------------------------

static const struct {
	enum { NEEDS_ENTRY, NEEDS_RECORD, NEEDS_BYTES } needs;
	// How the value is written. One of these is set: put() writes into
	// reserved space of SIMPLE_MAX bytes; the second writes to the output;
	// the third writes the whole item, as a stream.
	char *(*put)(struct fetch_state *state, char *at);
	void (*write)(struct fetch_state *state);
	void (*stream)(
	    struct fetch_state *state, const struct imap_fetch_item *item);
} items[IMAP_FETCH_TYPE_COUNT] = {
    [IMAP_FETCH_UID] = {NEEDS_ENTRY, .put = put_uid},
    [IMAP_FETCH_FLAGS] = {NEEDS_ENTRY, .write = write_flags},
    [IMAP_FETCH_INTERNALDATE] = {NEEDS_ENTRY, .write = write_internal_date},
    [IMAP_FETCH_RFC822_SIZE] = {NEEDS_ENTRY, .put = put_size},
    [IMAP_FETCH_MODSEQ] = {NEEDS_ENTRY, .put = put_modseq},
    [IMAP_FETCH_EMAILID] = {NEEDS_ENTRY, .put = put_email_id},
    [IMAP_FETCH_SAVEDATE] = {NEEDS_ENTRY, .write = write_save_date},
    [IMAP_FETCH_THREADID] = {NEEDS_RECORD, .put = put_thread_id},
    [IMAP_FETCH_ENVELOPE] = {NEEDS_RECORD, .write = write_envelope},
    [IMAP_FETCH_BODYSTRUCTURE] = {NEEDS_RECORD, .write = write_bodystructure},
    [IMAP_FETCH_BODY_STRUCTURE_BASIC] = {NEEDS_RECORD,
	.write = write_basic_structure},
    [IMAP_FETCH_PREVIEW] = {NEEDS_RECORD, .write = write_preview},
    [IMAP_FETCH_BODY] = {NEEDS_BYTES, .stream = fetch_write_body},
    [IMAP_FETCH_BINARY] = {NEEDS_BYTES, .stream = fetch_write_binary},
    [IMAP_FETCH_BINARY_SIZE] = {NEEDS_BYTES, .stream = fetch_write_binary},
};

void fetch_write_value(
    struct fetch_state *state, enum imap_fetch_type type, struct view label)
{
	if (!items[type].put) {
		fetch_write_label(state, label);
		items[type].write(state);
		return;
	}
	char *room = buf_reserve(state->command->out, SIMPLE_MAX);
	if (!room)
		return;
	char *at = put_label(state, room, label);
	at = items[type].put(state, at);
	buf_commit(state->command->out, (size_t)(at - room));
}

void fetch_write_item(
    struct fetch_state *state, const struct imap_fetch_item *item)
{
	if (items[item->type].needs != NEEDS_ENTRY && !state->reader)
		state->reader = store_reader_new(
		    store_mailbox_account(state->view->mailbox));
	if (items[item->type].needs == NEEDS_BYTES) {
		items[item->type].stream(state, item);
		return;
	}
	enum rc rc = RC_OK;
	if (items[item->type].needs == NEEDS_RECORD)
		rc = fetch_record(state);
	if (rc == RC_OK)
		fetch_write_value(state, item->type, item->label);
	else
		fetch_note(state, rc);
}
