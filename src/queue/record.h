// SPDX-License-Identifier: Apache-2.0
// The queue's records on the disk, as bytes; used inside this room only. A
// record is not trusted: decoding refuses every record that encoding would not
// have written. Encoding a decoded record gives the same bytes again.
#ifndef ROOST_QUEUE_RECORD_H
#define ROOST_QUEUE_RECORD_H

#include "queue/notes.h"

// Times are from 0 to this value (the year 36812), so that sums do not
// overflow.
#define QUEUE_TIME_MAX ((int64_t)1 << 40)

struct queue_message_record {
	struct queue_envelope envelope;
	int64_t created;
	uint64_t size; // head and content together
	struct engine_content_id content;
	struct view head;
};

enum queue_told { // what the sender was told about a waiting recipient
	QUEUE_TOLD_DELAY = 1,
	QUEUE_TOLD_BY = 2, // RFC 2852: that the time of BY has passed
};

struct queue_recipient_record {
	struct queue_recipient recipient;
	enum queue_class class; // the message's; here, so that opening the
				// queue has to read recipients only
	unsigned told;          // bits of enum queue_told
	uint32_t attempts;
	int64_t next_try;
	int64_t last_try;              // 0: never
	struct enhanced_status status; // of the last try
	struct view diagnostic;
	struct view remote;
};

enum queue_flag { // of a message; the administrator changes them
	QUEUE_FLAG_HELD = 1,
	QUEUE_FLAG_DOOMED = 2, // removed while an attempt was under way
	QUEUE_FLAG_DOOMED_REPORT =
	    4, // the removal is to be reported to the sender
};
#define QUEUE_FLAGS 7

static inline enum queue_class queue_class_of(
    const struct queue_envelope *envelope)
{
	if (envelope->account != 0)
		return QUEUE_CLASS_USERS;
	return envelope->sender.len > 0 ? QUEUE_CLASS_OTHERS
					: QUEUE_CLASS_REPORTS;
}

// Whether the message can be queued. RC_INVALID, RC_LIMIT.
MUST_CHECK enum rc queue_message_check(
    const struct queue_message_record *message, struct fault *fault);
MUST_CHECK enum rc queue_recipient_check(
    const struct queue_recipient *recipient, struct fault *fault);

void queue_message_encode(
    const struct queue_message_record *message, struct buf *ret_bytes);
void queue_recipient_encode(
    const struct queue_recipient_record *recipient, struct buf *ret_bytes);
// The decoded texts are views into `bytes`. RC_CORRUPT.
MUST_CHECK enum rc queue_message_decode(
    struct view bytes, struct queue_message_record *ret_message);
MUST_CHECK enum rc queue_recipient_decode(
    struct view bytes, struct queue_recipient_record *ret_recipient);

// Without the id and the number, which are the key.
void queue_note_encode(const struct queue_note *note, struct buf *ret_bytes);
MUST_CHECK enum rc queue_note_decode(
    struct view bytes, struct queue_note *ret_note);

// ---- Keys ------------------------------------------------------------------

#define QUEUE_KEY_MESSAGE   'm' // id
#define QUEUE_KEY_RECIPIENT 'r' // id, number (2, big-endian)
#define QUEUE_KEY_FLAGS     'f' // id; one byte; exists while a flag is set
#define QUEUE_KEY_NOTE      's' // id, number (2, big-endian)

struct queue_key {
	char bytes[15];
	unsigned char len;
};
struct queue_key queue_key(char kind, const struct queue_id *id);
// `kind` is that of a recipient or of a note.
struct queue_key queue_key_numbered(
    char kind, const struct queue_id *id, uint16_t number);
static inline struct queue_key queue_key_recipient(
    const struct queue_id *id, uint16_t number)
{
	return queue_key_numbered(QUEUE_KEY_RECIPIENT, id, number);
}
static inline struct view queue_key_view(const struct queue_key *key)
{
	return view_of(key->bytes, key->len);
}
// Parses a key of this kind. RC_CORRUPT. `ret_number` is only for kinds with a
// number.
MUST_CHECK enum rc queue_key_parse(
    struct view key, char kind, struct queue_id *ret_id, uint16_t *ret_number);

// ---- Ids -------------------------------------------------------------------

// A new id, for the queue's partition `partition` (from 0).
struct queue_id queue_id_new(int64_t now_ms, unsigned partition);
// The id of the message number `n` of the same put; number 0 is the first.
struct queue_id queue_id_next(const struct queue_id *first, unsigned n);
unsigned queue_id_partition(const struct queue_id *id); // 0 is the first
int64_t queue_id_seconds(const struct queue_id *id);
bool queue_id_eq(const struct queue_id *a, const struct queue_id *b);

// The destination of an address: the part after the last "@".
struct view queue_domain_of(struct view address);

#endif
