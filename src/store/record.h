// SPDX-License-Identifier: Apache-2.0
// Every key and every record that the store writes into an account's
// partition. Keys begin with a letter; numbers in keys are big-endian, in
// records little-endian. The tables in README.md list them.
#ifndef ROOST_STORE_RECORD_H
#define ROOST_STORE_RECORD_H

#include "store/snapshot_impl.h"

enum record_kind {
	RECORD_ACCOUNT = 'A',   // -> struct record_account
	RECORD_MAILBOX = 'B',   // mailbox -> name, attributes, keywords
	RECORD_STATE = 'S',     // mailbox -> struct record_state
	RECORD_CHUNK = 'C',     // mailbox, chunk number -> node_chunk_encode()
	RECORD_TOMBSTONE = 'T', // mailbox, modseq -> ranges of UIDs
	RECORD_SUBSCRIPTION = 'U', // name -> nothing
	RECORD_EMAIL = 'E',        // email -> record_email and message_record
	RECORD_HEAD = 'H',         // email -> record_head and the first bytes
	RECORD_LOCATION = 'L',     // email, mailbox, UID -> nothing
	RECORD_LINES = 'N',        // email -> bytes it lacks of CRLF lines
	RECORD_THREAD = 'R',       // hash of a message id -> record_thread
	RECORD_DELIVERED = 'D',    // delivery id -> when
	RECORD_DELIVERED_AT = 'I', // when, delivery id -> nothing
	RECORD_CHANGES = 'V',      // version -> change_record.h
	RECORD_KEPT = 'G',         // when, email -> struct record_kept
	RECORD_LEAVING = 'X',      // mailbox -> as RECORD_MAILBOX (removal.h)
	RECORD_MOVED = 'M', // mailbox; account, mailbox, UIDVALIDITY -> moved.h
	// kind (1 byte) -> struct record_objects; kind, id -> an object
	RECORD_OBJECT = 'O',
};

#define RECORD_KEY_MAX (1 + STORE_NAME_MAX)

struct record_key {
	char bytes[RECORD_KEY_MAX];
	size_t len;
};

struct record_key record_key_kind(enum record_kind kind);
struct record_key record_key_u64(enum record_kind kind, uint64_t number);
struct record_key record_key_chunk(uint64_t mailbox_id, uint32_t chunk);
struct record_key record_key_tombstone(uint64_t mailbox_id, uint64_t modseq);
struct record_key record_key_location(
    uint64_t email_id, uint64_t mailbox_id, uint32_t uid);
struct record_key record_key_subscription(struct view name);
// `delivery_id` has at most STORE_DELIVERY_ID_MAX bytes.
struct record_key record_key_delivered(struct view delivery_id);
struct record_key record_key_delivered_at(
    int64_t when, struct view delivery_id);
// Of the note about messages that were moved to a mailbox from one of another
// account.
struct record_key record_key_moved(uint64_t to_mailbox, uint64_t from_account,
    uint64_t from_mailbox, uint32_t from_uidvalidity);
struct record_key record_key_kept(int64_t when, uint64_t email_id);
struct record_key record_key_objects(uint8_t kind);
struct record_key record_key_object(uint8_t kind, uint64_t id);
static inline struct view record_key_view(const struct record_key *key)
{
	return view_of(key->bytes, key->len);
}

struct record_account {
	uint64_t next_email_id;
	uint64_t next_mailbox_id;
	uint64_t bytes;    // of all entries
	uint64_t messages; // entries
	uint32_t last_uidvalidity;
};

struct record_state {
	uint32_t uidnext;
	uint32_t messages;
	uint32_t unseen;
	uint32_t deleted;
	uint32_t tombstones; // records kept
	uint64_t size;
	uint64_t highestmodseq;
	uint64_t horizon; // expunges up to this MODSEQ may have been forgotten
};

// What precedes an email's message_record.
#define RECORD_THREAD_IDS 3
struct record_email {
	uint64_t thread_id;
	uint64_t hashes[RECORD_THREAD_IDS]; // its RECORD_THREAD keys; 0: none
};
#define RECORD_EMAIL_BYTES 32

// What precedes an email's first bytes. A short message follows as a whole; of
// a longer one the header follows, and the rest is content.
struct record_head {
	uint64_t size;       // of the message
	uint32_t header_len; // including the blank line
	uint32_t head_len;   // bytes that follow here
	bool has_content;
	struct engine_content_id content;
};
#define RECORD_HEAD_BYTES 40

struct record_thread {
	uint64_t thread_id;
	uint64_t emails; // that have the key
};

struct record_mailbox {
	struct view name;
	uint32_t uidvalidity;
	uint32_t special_use;
};

// An email that was expunged, and can be brought back: see kept.h.
struct record_kept {
	uint64_t mailbox_id;
	unsigned flags;
	int64_t internal_date;
	int16_t zone_minutes;
	uint32_t size;
	struct view name;     // of the mailbox
	struct view keywords; // names, with spaces between them
	struct view email;    // its RECORD_EMAIL
};

// Of each kind of object (object.h).
struct record_objects {
	uint64_t next_id;
	uint32_t count;
};

void record_account_put(const struct record_account *account, struct buf *out);
MUST_CHECK enum rc record_account_get(
    struct view record, struct record_account *ret_account);
void record_state_put(const struct record_state *state, struct buf *out);
MUST_CHECK enum rc record_state_get(
    struct view record, struct record_state *ret_state);
void record_email_put(const struct record_email *email, struct buf *out);
MUST_CHECK enum rc record_email_get(struct view record,
    struct record_email *ret_email, struct view *ret_message_record);
void record_head_put(const struct record_head *head, struct buf *out);
MUST_CHECK enum rc record_head_get(
    struct view record, struct record_head *ret_head, struct view *ret_bytes);
void record_lines_put(uint64_t lacks, struct buf *out);
MUST_CHECK enum rc record_lines_get(struct view record, uint64_t *ret_lacks);
void record_thread_put(const struct record_thread *thread, struct buf *out);
MUST_CHECK enum rc record_thread_get(
    struct view record, struct record_thread *ret_thread);
void record_mailbox_put(const struct record_mailbox *mailbox,
    const struct store_keywords *keywords, struct buf *out);
// `ret_keywords` (NULL for none) comes with one reference, which the caller
// drops.
MUST_CHECK enum rc record_mailbox_get(struct view record,
    struct record_mailbox *ret_mailbox, struct store_keywords **ret_keywords);
void record_tombstone_put(const struct rangeset *uids, struct buf *out);
MUST_CHECK enum rc record_tombstone_get(
    struct view record, struct rangeset *ret_uids);
void record_kept_put(const struct record_kept *kept, struct buf *out);
MUST_CHECK enum rc record_kept_get(
    struct view record, struct record_kept *ret_kept);
// Reads the key; false if it is no such key.
struct store_kept_id;
bool record_kept_id(struct view key, struct store_kept_id *ret_id);
void record_objects_put(const struct record_objects *objects, struct buf *out);
MUST_CHECK enum rc record_objects_get(
    struct view record, struct record_objects *ret_objects);
void record_object_put(uint64_t version, struct view bytes, struct buf *out);
MUST_CHECK enum rc record_object_get(
    struct view record, uint64_t *ret_version, struct view *ret_bytes);
// Reads the key of an object, or of a kind (id 0); false if it is no such key.
bool record_object_id(struct view key, uint8_t *ret_kind, uint64_t *ret_id);
void record_delivered_put(int64_t when, struct buf *out);
MUST_CHECK enum rc record_delivered_get(struct view record, int64_t *ret_when);

// A number for a message id (FNV-1a). It must never change, as it is stored; it
// is never 0.
uint64_t record_message_id_hash(struct view message_id);

#endif
