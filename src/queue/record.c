// SPDX-License-Identifier: Apache-2.0
// Records as bytes: first numbers of fixed size, then texts with their lengths.
// All numbers are little-endian. README.md has the table.
#include "queue/record.h"

#include "base/bytes.h"

#define MESSAGE_VERSION   1
#define RECIPIENT_VERSION 1
#define NOTE_VERSION      1

#define MESSAGE_UTF8     1 // flags in a message's record
#define MESSAGE_BY_TRACE 2
#define MESSAGE_PROVEN   4
#define MESSAGE_LIMITED  8
// What was asked for; then the value follows. At most one of them.
#define MESSAGE_HOLD_FOR   16
#define MESSAGE_HOLD_UNTIL 32
// The first message of its put and the number of messages follow.
#define MESSAGE_TRACKED 64
#define MESSAGE_ALL                                                            \
	(MESSAGE_UTF8 | MESSAGE_BY_TRACE | MESSAGE_PROVEN | MESSAGE_LIMITED |  \
	    MESSAGE_HOLD_FOR | MESSAGE_HOLD_UNTIL | MESSAGE_TRACKED)

#define NOTIFY_ALL                                                             \
	(0u | SMTP_NOTIFY_NEVER | SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE |  \
	    SMTP_NOTIFY_DELAY)
#define TOLD_ALL           (QUEUE_TOLD_DELAY | QUEUE_TOLD_BY)
#define RECIPIENT_RESOLVED 4 // in the byte that also holds enum queue_told
#define RECIPIENT_USERS    8 // the class; neither of them: OTHERS
#define RECIPIENT_REPORT   16
#define RECIPIENT_FLAGS                                                        \
	(TOLD_ALL | RECIPIENT_RESOLVED | RECIPIENT_USERS | RECIPIENT_REPORT)

static bool time_is_good(int64_t time)
{
	return time >= 0 && time <= QUEUE_TIME_MAX;
}

// ---- What a record may contain ---------------------------------------------

enum rc queue_message_check(
    const struct queue_message_record *message, struct fault *fault)
{
	const struct queue_envelope *envelope = &message->envelope;
	if (envelope->sender.len > QUEUE_ADDRESS_MAX ||
	    envelope->envid.len > QUEUE_ENVID_MAX ||
	    envelope->hop.len > QUEUE_HOP_MAX ||
	    message->head.len > QUEUE_HEAD_MAX)
		return fault_set(
		    fault, RC_LIMIT, "a text of the envelope is too long");
	if (!time_is_good(message->created) ||
	    !time_is_good(envelope->release_at) ||
	    !time_is_good(envelope->by_time) ||
	    envelope->hold_value > (uint64_t)QUEUE_TIME_MAX)
		return fault_set(fault, RC_INVALID, "a time is out of range");
	return RC_OK;
}

enum rc queue_recipient_check(
    const struct queue_recipient *recipient, struct fault *fault)
{
	if (recipient->address.len > QUEUE_ADDRESS_MAX ||
	    recipient->original.len > QUEUE_ORIGINAL_MAX)
		return fault_set(
		    fault, RC_LIMIT, "a recipient's address is too long");
	if (recipient->address.len == 0 || (recipient->notify & ~NOTIFY_ALL))
		return fault_set(
		    fault, RC_INVALID, "the recipient is not valid");
	return RC_OK;
}

// ---- Writing ---------------------------------------------------------------

static void add_u8(struct buf *out, unsigned n)
{
	buf_add_char(out, (char)(unsigned char)n);
}

static void add_u16(struct buf *out, size_t n)
{
	add_u8(out, n & 0xff);
	add_u8(out, (n >> 8) & 0xff);
}

static void add_u32(struct buf *out, uint32_t n)
{
	char bytes[4];
	put_le32(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_u64(struct buf *out, uint64_t n)
{
	char bytes[8];
	put_le64(bytes, n);
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_id(struct buf *out, const struct queue_id *id)
{
	buf_add(out, view_of((const char *)id->bytes, sizeof(id->bytes)));
}

static void add_status(struct buf *out, struct enhanced_status status)
{
	add_u16(out, status.class);
	add_u16(out, status.subject);
	add_u16(out, status.detail);
}

static void add_text(struct buf *out, struct view text)
{
	add_u16(out, text.len);
	buf_add(out, text);
}

static unsigned message_flags(const struct queue_envelope *envelope)
{
	return (envelope->smtputf8 ? MESSAGE_UTF8 : 0u) |
	       (envelope->by_trace ? MESSAGE_BY_TRACE : 0u) |
	       (envelope->proven ? MESSAGE_PROVEN : 0u) |
	       (envelope->limited ? MESSAGE_LIMITED : 0u) |
	       (envelope->hold == SMTP_HOLD_FOR ? MESSAGE_HOLD_FOR : 0u) |
	       (envelope->hold == SMTP_HOLD_UNTIL ? MESSAGE_HOLD_UNTIL : 0u) |
	       (envelope->tracked ? MESSAGE_TRACKED : 0u);
}

void queue_message_encode(
    const struct queue_message_record *message, struct buf *ret_bytes)
{
	const struct queue_envelope *envelope = &message->envelope;
	add_u8(ret_bytes, MESSAGE_VERSION);
	add_u8(ret_bytes, message_flags(envelope));
	add_u8(ret_bytes, envelope->ret);
	add_u8(ret_bytes, envelope->body);
	add_u8(ret_bytes, envelope->by);
	add_u64(ret_bytes, (uint64_t)message->created);
	add_u64(ret_bytes, (uint64_t)envelope->release_at);
	add_u64(ret_bytes, (uint64_t)envelope->by_time);
	add_u64(ret_bytes, envelope->account);
	add_u64(ret_bytes, message->size);
	buf_add(ret_bytes,
	    view_of(message->content.bytes, sizeof(message->content.bytes)));
	if (envelope->hold != SMTP_HOLD_NONE)
		add_u64(ret_bytes, envelope->hold_value);
	if (envelope->tracked) {
		add_id(ret_bytes, &envelope->track);
		add_u16(ret_bytes, envelope->parts);
	}
	add_text(ret_bytes, envelope->sender);
	add_text(ret_bytes, envelope->envid);
	add_text(ret_bytes, envelope->hop);
	buf_add(ret_bytes, message->head); // the rest of the record
}

static unsigned flags_of(const struct queue_recipient_record *recipient)
{
	unsigned flags =
	    recipient->recipient.resolved ? RECIPIENT_RESOLVED : 0u;
	switch (recipient->class) {
	case QUEUE_CLASS_USERS: return flags | RECIPIENT_USERS;
	case QUEUE_CLASS_OTHERS: return flags;
	case QUEUE_CLASS_REPORTS: return flags | RECIPIENT_REPORT;
	}
	return flags;
}

static enum queue_class class_of(unsigned flags)
{
	if (flags & RECIPIENT_USERS)
		return QUEUE_CLASS_USERS;
	return flags & RECIPIENT_REPORT ? QUEUE_CLASS_REPORTS
					: QUEUE_CLASS_OTHERS;
}

void queue_recipient_encode(
    const struct queue_recipient_record *recipient, struct buf *ret_bytes)
{
	add_u8(ret_bytes, RECIPIENT_VERSION);
	add_u8(ret_bytes, recipient->recipient.notify);
	add_u8(ret_bytes, recipient->told | flags_of(recipient));
	add_u32(ret_bytes, recipient->attempts);
	add_u64(ret_bytes, (uint64_t)recipient->next_try);
	add_u64(ret_bytes, (uint64_t)recipient->last_try);
	add_status(ret_bytes, recipient->status);
	add_text(ret_bytes, recipient->recipient.address);
	add_text(ret_bytes, recipient->recipient.original);
	add_text(ret_bytes, recipient->diagnostic);
	add_text(ret_bytes, recipient->remote);
}

// ---- Reading ---------------------------------------------------------------

// Reads from the front of the remaining bytes. After the end it returns zeros
// and sets `bad`.
struct reader {
	struct view rest;
	bool bad;
};

static struct view take(struct reader *reader, size_t len)
{
	if (reader->rest.len < len) {
		reader->bad = true;
		return VIEW("");
	}
	struct view bytes = view_slice(reader->rest, 0, len);
	reader->rest = view_from(reader->rest, len);
	return bytes;
}

static uint64_t take_number(struct reader *reader, size_t len)
{
	char bytes[8] = {0};
	struct view number = take(reader, len);
	if (number.len)
		memcpy(bytes, number.ptr, number.len);
	return get_le64(bytes);
}

static unsigned take_below(struct reader *reader, unsigned end)
{
	unsigned n = (unsigned)take_number(reader, 1);
	if (n >= end)
		reader->bad = true;
	return n;
}

static int64_t take_time(struct reader *reader)
{
	uint64_t time = take_number(reader, 8);
	if (time > (uint64_t)QUEUE_TIME_MAX)
		reader->bad = true;
	return reader->bad ? 0 : (int64_t)time;
}

static struct view take_text(struct reader *reader, size_t max)
{
	size_t len = (size_t)take_number(reader, 2);
	if (len > max)
		reader->bad = true;
	return take(reader, len);
}

static void take_hold(
    struct reader *reader, unsigned flags, struct queue_envelope *envelope)
{
	if ((flags & MESSAGE_HOLD_FOR) && (flags & MESSAGE_HOLD_UNTIL))
		reader->bad = true;
	if (flags & MESSAGE_HOLD_FOR)
		envelope->hold = SMTP_HOLD_FOR;
	else if (flags & MESSAGE_HOLD_UNTIL)
		envelope->hold = SMTP_HOLD_UNTIL;
	if (envelope->hold != SMTP_HOLD_NONE)
		envelope->hold_value = (uint64_t)take_time(reader);
}

static void take_id(struct reader *reader, struct queue_id *ret_id)
{
	struct view bytes = take(reader, sizeof(ret_id->bytes));
	if (bytes.len)
		memcpy(ret_id->bytes, bytes.ptr, bytes.len);
}

static struct enhanced_status take_status(struct reader *reader)
{
	struct enhanced_status status = {
	    .class = (uint16_t)take_number(reader, 2)};
	status.subject = (uint16_t)take_number(reader, 2);
	status.detail = (uint16_t)take_number(reader, 2);
	if (status.class > 5 || status.subject > 999 || status.detail > 999)
		reader->bad = true;
	return status;
}

enum rc queue_message_decode(
    struct view bytes, struct queue_message_record *ret_message)
{
	struct queue_message_record message = {0};
	struct queue_envelope *envelope = &message.envelope;
	struct reader reader = {.rest = bytes};
	if (take_number(&reader, 1) != MESSAGE_VERSION)
		return RC_CORRUPT;
	unsigned flags = take_below(&reader, MESSAGE_ALL + 1);
	envelope->smtputf8 = flags & MESSAGE_UTF8;
	envelope->by_trace = flags & MESSAGE_BY_TRACE;
	envelope->proven = flags & MESSAGE_PROVEN;
	envelope->limited = flags & MESSAGE_LIMITED;
	envelope->ret = (enum smtp_ret)take_below(&reader, SMTP_RET_HDRS + 1);
	envelope->body =
	    (enum smtp_body)take_below(&reader, SMTP_BODY_BINARYMIME + 1);
	envelope->by = (enum smtp_by)take_below(&reader, SMTP_BY_RETURN + 1);
	message.created = take_time(&reader);
	envelope->release_at = take_time(&reader);
	envelope->by_time = take_time(&reader);
	envelope->account = take_number(&reader, 8);
	message.size = take_number(&reader, 8);
	struct view content = take(&reader, sizeof(message.content.bytes));
	if (content.len)
		memcpy(message.content.bytes, content.ptr, content.len);
	take_hold(&reader, flags, envelope);
	envelope->tracked = flags & MESSAGE_TRACKED;
	if (envelope->tracked) {
		take_id(&reader, &envelope->track);
		envelope->parts = (uint16_t)take_number(&reader, 2);
		if (!envelope->parts || envelope->parts > QUEUE_RECIPIENTS_MAX)
			reader.bad = true;
	}
	envelope->sender = take_text(&reader, QUEUE_ADDRESS_MAX);
	envelope->envid = take_text(&reader, QUEUE_ENVID_MAX);
	envelope->hop = take_text(&reader, QUEUE_HOP_MAX);
	message.head = take(&reader, reader.rest.len);
	if (reader.bad || message.head.len > QUEUE_HEAD_MAX ||
	    message.head.len > message.size)
		return RC_CORRUPT;
	*ret_message = message;
	return RC_OK;
}

enum rc queue_recipient_decode(
    struct view bytes, struct queue_recipient_record *ret_recipient)
{
	struct queue_recipient_record one = {0};
	struct reader reader = {.rest = bytes};
	if (take_number(&reader, 1) != RECIPIENT_VERSION)
		return RC_CORRUPT;
	one.recipient.notify = take_below(&reader, NOTIFY_ALL + 1);
	unsigned flags = take_below(&reader, RECIPIENT_FLAGS + 1);
	if ((flags & RECIPIENT_USERS) && (flags & RECIPIENT_REPORT))
		reader.bad = true;
	one.class = class_of(flags);
	one.told = flags & TOLD_ALL;
	one.recipient.resolved = flags & RECIPIENT_RESOLVED;
	one.attempts = (uint32_t)take_number(&reader, 4);
	one.next_try = take_time(&reader);
	one.last_try = take_time(&reader);
	one.status = take_status(&reader);
	one.recipient.address = take_text(&reader, QUEUE_ADDRESS_MAX);
	one.recipient.original = take_text(&reader, QUEUE_ORIGINAL_MAX);
	one.diagnostic = take_text(&reader, QUEUE_DIAGNOSTIC_MAX);
	one.remote = take_text(&reader, QUEUE_REMOTE_MAX);
	if (reader.bad || reader.rest.len > 0 || one.recipient.address.len == 0)
		return RC_CORRUPT;
	*ret_recipient = one;
	return RC_OK;
}

// ---- Notes -----------------------------------------------------------------

void queue_note_encode(const struct queue_note *note, struct buf *ret_bytes)
{
	add_u8(ret_bytes, NOTE_VERSION);
	add_u8(ret_bytes, note->kind);
	add_id(ret_bytes, &note->track);
	add_u64(ret_bytes, note->account);
	add_u64(ret_bytes, (uint64_t)note->time);
	add_status(ret_bytes, note->status);
	add_text(ret_bytes, note->address);
	add_text(ret_bytes, note->reply);
}

enum rc queue_note_decode(struct view bytes, struct queue_note *ret_note)
{
	struct queue_note note = {.stored = bytes};
	struct reader reader = {.rest = bytes};
	if (take_number(&reader, 1) != NOTE_VERSION)
		return RC_CORRUPT;
	note.kind =
	    (enum queue_note_kind)take_below(&reader, QUEUE_NOTE_KINDS + 1);
	take_id(&reader, &note.track);
	note.account = take_number(&reader, 8);
	note.time = take_time(&reader);
	note.status = take_status(&reader);
	note.address = take_text(&reader, QUEUE_ADDRESS_MAX);
	note.reply = take_text(&reader, QUEUE_DIAGNOSTIC_MAX);
	if (reader.bad || reader.rest.len > 0 || !note.kind)
		return RC_CORRUPT;
	*ret_note = note;
	return RC_OK;
}
