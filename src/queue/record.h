// SPDX-License-Identifier: Apache-2.0
// What the queue keeps on the disk, as bytes; inside the room only. A record
// says nothing that is believed without a look: decoding refuses what encoding
// would not have written, and encoding what was decoded gives the same bytes.
#ifndef ROOST_QUEUE_RECORD_H
#define ROOST_QUEUE_RECORD_H

#include "queue/queue.h"

// Times are from 0 to this (the year 36812), so that sums do not overflow.
#define QUEUE_TIME_MAX ((int64_t)1 << 40)

struct queue_message_record {
	struct queue_envelope envelope;
	int64_t created;
	uint64_t size; // head and content
	struct engine_content_id content;
	struct view head;
};

enum queue_told { // what the sender was told of a recipient who waits
	QUEUE_TOLD_DELAY = 1,
	QUEUE_TOLD_BY = 2, // RFC 2852: the time has passed
};

struct queue_recipient_record {
	struct queue_recipient recipient;
	unsigned told; // of enum queue_told
	uint32_t attempts;
	int64_t next_try;
	int64_t last_try;              // 0: never
	struct enhanced_status status; // of the last try
	struct view diagnostic;
	struct view remote;
};

enum queue_flag { // of a message, changed by the administrator
	QUEUE_FLAG_HELD = 1,
	QUEUE_FLAG_DOOMED = 2,        // removed while an attempt was going on
	QUEUE_FLAG_DOOMED_REPORT = 4, // and its sender is to be told
};
#define QUEUE_FLAGS 7

// Whether queue_put() may take it. RC_INVALID, RC_LIMIT.
MUST_CHECK enum rc queue_message_check(
    const struct queue_message_record *message, struct fault *fault);
MUST_CHECK enum rc queue_recipient_check(
    const struct queue_recipient *recipient, struct fault *fault);

void queue_message_encode(
    const struct queue_message_record *message, struct buf *ret_bytes);
void queue_recipient_encode(
    const struct queue_recipient_record *recipient, struct buf *ret_bytes);
// What comes out points into `bytes`. RC_CORRUPT.
MUST_CHECK enum rc queue_message_decode(
    struct view bytes, struct queue_message_record *ret_message);
MUST_CHECK enum rc queue_recipient_decode(
    struct view bytes, struct queue_recipient_record *ret_recipient);

// ---- Keys ------------------------------------------------------------------

#define QUEUE_KEY_MESSAGE   'm' // id
#define QUEUE_KEY_RECIPIENT 'r' // id, number (2, big-endian)
#define QUEUE_KEY_FLAGS     'f' // id; there while a flag is set; one byte

struct queue_key {
	char bytes[15];
	unsigned char len;
};
struct queue_key queue_key(char kind, const struct queue_id *id);
struct queue_key queue_key_recipient(
    const struct queue_id *id, uint16_t number);
static inline struct view queue_key_view(const struct queue_key *key)
{
	return view_of(key->bytes, key->len);
}
// Takes a key of this kind apart. RC_CORRUPT. `ret_number` only for recipients.
MUST_CHECK enum rc queue_key_parse(
    struct view key, char kind, struct queue_id *ret_id, uint16_t *ret_number);

// ---- Ids -------------------------------------------------------------------

// A new one, whose partition is the `partition`th of the queue's.
struct queue_id queue_id_new(int64_t now_ms, unsigned partition);
unsigned queue_id_partition(const struct queue_id *id); // 0: the first
int64_t queue_id_seconds(const struct queue_id *id);
bool queue_id_eq(const struct queue_id *a, const struct queue_id *b);

// The destination of an address: after the last "@".
struct view queue_domain_of(struct view address);

#endif
