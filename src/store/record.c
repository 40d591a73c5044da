// SPDX-License-Identifier: Apache-2.0
// Fixed-size records are a version byte, seven reserved bytes, and their fields
// in the order of the header. A record that is too short or too long is
// RC_CORRUPT.
#include "store/record.h"

#include "base/bytes.h"
#include "store/kept.h"

#define RECORD_VERSION 1

// ---- Keys ------------------------------------------------------------------

static void key_add_u64(struct record_key *key, uint64_t number)
{
	put_be64(key->bytes + key->len, number);
	key->len += sizeof(number);
}

static void key_add_u32(struct record_key *key, uint32_t number)
{
	put_be32(key->bytes + key->len, number);
	key->len += sizeof(number);
}

struct record_key record_key_kind(enum record_kind kind)
{
	struct record_key key;
	key.bytes[0] = (char)kind;
	key.len = 1;
	return key;
}

struct record_key record_key_u64(enum record_kind kind, uint64_t number)
{
	struct record_key key = record_key_kind(kind);
	key_add_u64(&key, number);
	return key;
}

struct record_key record_key_chunk(uint64_t mailbox_id, uint32_t chunk)
{
	struct record_key key = record_key_u64(RECORD_CHUNK, mailbox_id);
	key_add_u32(&key, chunk);
	return key;
}

struct record_key record_key_tombstone(uint64_t mailbox_id, uint64_t modseq)
{
	struct record_key key = record_key_u64(RECORD_TOMBSTONE, mailbox_id);
	key_add_u64(&key, modseq);
	return key;
}

struct record_key record_key_location(
    uint64_t email_id, uint64_t mailbox_id, uint32_t uid)
{
	struct record_key key = record_key_u64(RECORD_LOCATION, email_id);
	key_add_u64(&key, mailbox_id);
	key_add_u32(&key, uid);
	return key;
}

static void key_add_view(struct record_key *key, struct view bytes)
{
	struct view part = view_slice(bytes, 0, RECORD_KEY_MAX - key->len);
	if (part.len)
		memcpy(key->bytes + key->len, part.ptr, part.len);
	key->len += part.len;
}

struct record_key record_key_subscription(struct view name)
{
	struct record_key key = record_key_kind(RECORD_SUBSCRIPTION);
	key_add_view(&key, name);
	return key;
}

struct record_key record_key_delivered(struct view delivery_id)
{
	struct record_key key = record_key_kind(RECORD_DELIVERED);
	key_add_view(&key, delivery_id);
	return key;
}

struct record_key record_key_delivered_at(int64_t when, struct view delivery_id)
{
	struct record_key key =
	    record_key_u64(RECORD_DELIVERED_AT, (uint64_t)when);
	key_add_view(&key, delivery_id);
	return key;
}

struct record_key record_key_moved(uint64_t to_mailbox, uint64_t from_account,
    uint64_t from_mailbox, uint32_t from_uidvalidity)
{
	struct record_key key = record_key_u64(RECORD_MOVED, to_mailbox);
	key_add_u64(&key, from_account);
	key_add_u64(&key, from_mailbox);
	key_add_u32(&key, from_uidvalidity);
	return key;
}

struct record_key record_key_kept(int64_t when, uint64_t email_id)
{
	struct record_key key = record_key_u64(RECORD_KEPT, (uint64_t)when);
	key_add_u64(&key, email_id);
	return key;
}

bool record_kept_id(struct view key, struct store_kept_id *ret_id)
{
	if (key.len != 17)
		return false;
	*ret_id = (struct store_kept_id){
	    (int64_t)get_be64(key.ptr + 1), get_be64(key.ptr + 9)};
	return true;
}

struct record_key record_key_objects(uint8_t kind)
{
	struct record_key key = record_key_kind(RECORD_OBJECT);
	key.bytes[key.len++] = (char)kind;
	return key;
}

struct record_key record_key_object(uint8_t kind, uint64_t id)
{
	struct record_key key = record_key_objects(kind);
	key_add_u64(&key, id);
	return key;
}

bool record_object_id(struct view key, uint8_t *ret_kind, uint64_t *ret_id)
{
	if (key.len != 2 && key.len != 10)
		return false;
	*ret_kind = (uint8_t)key.ptr[1];
	*ret_id = key.len == 10 ? get_be64(key.ptr + 2) : 0;
	return true;
}

// ---- Fields ----------------------------------------------------------------

static void add_version(struct buf *out)
{
	char bytes[8] = {RECORD_VERSION};
	buf_add(out, view_of(bytes, sizeof(bytes)));
}

static void add_u64(struct buf *out, uint64_t number)
{
	buf_add(out, view_of(&number, sizeof(number)));
}

static void add_u32(struct buf *out, uint32_t number)
{
	buf_add(out, view_of(&number, sizeof(number)));
}

// Reads fields one after another. The first one that is missing sets `ok` to
// false; it and all that follow are read as 0.
struct fields {
	struct view rest;
	bool ok;
};

static struct fields fields_open(struct view record)
{
	struct fields fields = {view_from(record, 8), true};
	fields.ok = record.len >= 8 && record.ptr[0] == RECORD_VERSION;
	return fields;
}

static struct view take(struct fields *fields, size_t len)
{
	if (!fields->ok || fields->rest.len < len) {
		fields->ok = false;
		return view_of(NULL, 0);
	}
	struct view bytes = view_slice(fields->rest, 0, len);
	fields->rest = view_from(fields->rest, len);
	return bytes;
}

static uint64_t take_u64(struct fields *fields)
{
	struct view bytes = take(fields, 8);
	return bytes.len ? get_le64(bytes.ptr) : 0;
}

static uint32_t take_u32(struct fields *fields)
{
	struct view bytes = take(fields, 4);
	return bytes.len ? get_le32(bytes.ptr) : 0;
}

static enum rc fields_end(const struct fields *fields)
{
	return fields->ok && fields->rest.len == 0 ? RC_OK : RC_CORRUPT;
}

// ---- Records ---------------------------------------------------------------

void record_account_put(const struct record_account *account, struct buf *out)
{
	add_version(out);
	add_u64(out, account->next_email_id);
	add_u64(out, account->next_mailbox_id);
	add_u64(out, account->bytes);
	add_u64(out, account->messages);
	add_u32(out, account->last_uidvalidity);
}

enum rc record_account_get(
    struct view record, struct record_account *ret_account)
{
	struct fields fields = fields_open(record);
	struct record_account account;
	account.next_email_id = take_u64(&fields);
	account.next_mailbox_id = take_u64(&fields);
	account.bytes = take_u64(&fields);
	account.messages = take_u64(&fields);
	account.last_uidvalidity = take_u32(&fields);
	enum rc rc = fields_end(&fields);
	if (rc == RC_OK)
		*ret_account = account;
	return rc;
}

void record_lines_put(uint64_t lacks, struct buf *out)
{
	add_version(out);
	add_u64(out, lacks);
}

enum rc record_lines_get(struct view record, uint64_t *ret_lacks)
{
	struct fields fields = fields_open(record);
	uint64_t lacks = take_u64(&fields);
	enum rc rc = fields_end(&fields);
	if (rc == RC_OK)
		*ret_lacks = lacks;
	return rc;
}

void record_state_put(const struct record_state *state, struct buf *out)
{
	add_version(out);
	add_u32(out, state->uidnext);
	add_u32(out, state->messages);
	add_u32(out, state->unseen);
	add_u32(out, state->deleted);
	add_u32(out, state->tombstones);
	add_u64(out, state->size);
	add_u64(out, state->highestmodseq);
	add_u64(out, state->horizon);
}

enum rc record_state_get(struct view record, struct record_state *ret_state)
{
	struct fields fields = fields_open(record);
	struct record_state state;
	state.uidnext = take_u32(&fields);
	state.messages = take_u32(&fields);
	state.unseen = take_u32(&fields);
	state.deleted = take_u32(&fields);
	state.tombstones = take_u32(&fields);
	state.size = take_u64(&fields);
	state.highestmodseq = take_u64(&fields);
	state.horizon = take_u64(&fields);
	enum rc rc = fields_end(&fields);
	if (rc == RC_OK && state.uidnext == 0)
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		*ret_state = state;
	return rc;
}

void record_email_put(const struct record_email *email, struct buf *out)
{
	add_u64(out, email->thread_id);
	for (unsigned i = 0; i < RECORD_THREAD_IDS; i++)
		add_u64(out, email->hashes[i]);
}

enum rc record_email_get(struct view record, struct record_email *ret_email,
    struct view *ret_message_record)
{
	if (record.len < RECORD_EMAIL_BYTES)
		return RC_CORRUPT;
	ret_email->thread_id = get_le64(record.ptr);
	for (unsigned i = 0; i < RECORD_THREAD_IDS; i++)
		ret_email->hashes[i] = get_le64(record.ptr + 8 + 8 * i);
	*ret_message_record = view_from(record, RECORD_EMAIL_BYTES);
	return RC_OK;
}

void record_kept_put(const struct record_kept *kept, struct buf *out)
{
	add_version(out);
	add_u64(out, kept->mailbox_id);
	add_u64(out, (uint64_t)kept->internal_date);
	add_u32(out, (uint32_t)kept->zone_minutes);
	add_u32(out, kept->flags);
	add_u32(out, kept->size);
	add_u32(out, (uint32_t)kept->name.len);
	add_u32(out, (uint32_t)kept->keywords.len);
	buf_add(out, kept->name);
	buf_add(out, kept->keywords);
	buf_add(out, kept->email);
}

enum rc record_kept_get(struct view record, struct record_kept *ret_kept)
{
	struct fields fields = fields_open(record);
	struct record_kept kept = {.mailbox_id = take_u64(&fields)};
	kept.internal_date = (int64_t)take_u64(&fields);
	kept.zone_minutes = (int16_t)take_u32(&fields);
	kept.flags = take_u32(&fields);
	kept.size = take_u32(&fields);
	uint32_t name_len = take_u32(&fields);
	uint32_t keywords_len = take_u32(&fields);
	kept.name = take(&fields, name_len);
	kept.keywords = take(&fields, keywords_len);
	kept.email = fields.rest;
	if (!fields.ok || kept.name.len > STORE_NAME_MAX)
		return RC_CORRUPT;
	*ret_kept = kept;
	return RC_OK;
}

void record_head_put(const struct record_head *head, struct buf *out)
{
	add_version(out);
	add_u64(out, head->size);
	add_u32(out, head->header_len);
	add_u32(out, head->head_len);
	buf_add(out, view_of(head->content.bytes, sizeof(head->content)));
}

enum rc record_head_get(
    struct view record, struct record_head *ret_head, struct view *ret_bytes)
{
	struct fields fields = fields_open(record);
	struct record_head head;
	head.size = take_u64(&fields);
	head.header_len = take_u32(&fields);
	head.head_len = take_u32(&fields);
	struct view id = take(&fields, sizeof(head.content));
	if (!fields.ok || fields.rest.len != head.head_len ||
	    head.head_len > head.size || head.header_len > head.size)
		return RC_CORRUPT;
	memcpy(head.content.bytes, id.ptr, id.len);
	head.has_content = head.head_len < head.size;
	*ret_head = head;
	*ret_bytes = fields.rest;
	return RC_OK;
}

void record_thread_put(const struct record_thread *thread, struct buf *out)
{
	add_version(out);
	add_u64(out, thread->thread_id);
	add_u64(out, thread->emails);
}

enum rc record_thread_get(struct view record, struct record_thread *ret_thread)
{
	struct fields fields = fields_open(record);
	struct record_thread thread;
	thread.thread_id = take_u64(&fields);
	thread.emails = take_u64(&fields);
	enum rc rc = fields_end(&fields);
	if (rc == RC_OK)
		*ret_thread = thread;
	return rc;
}

void record_mailbox_put(const struct record_mailbox *mailbox,
    const struct store_keywords *keywords, struct buf *out)
{
	unsigned count = keywords ? keywords->count : 0;
	add_version(out);
	add_u32(out, mailbox->uidvalidity);
	add_u32(out, mailbox->special_use);
	add_u32(out, (uint32_t)mailbox->name.len);
	buf_add(out, mailbox->name);
	add_u32(out, count);
	for (unsigned i = 0; i < count; i++) {
		add_u32(out, (uint32_t)keywords->names[i].len);
		buf_add(out, keywords->names[i]);
	}
}

enum rc record_mailbox_get(struct view record,
    struct record_mailbox *ret_mailbox, struct store_keywords **ret_keywords)
{
	struct fields fields = fields_open(record);
	struct record_mailbox mailbox;
	mailbox.uidvalidity = take_u32(&fields);
	mailbox.special_use = take_u32(&fields);
	mailbox.name = take(&fields, take_u32(&fields));
	uint32_t count = take_u32(&fields);
	struct store_keywords *keywords = NULL;
	if (mailbox.name.len == 0 || mailbox.name.len > STORE_NAME_MAX ||
	    count > STORE_KEYWORDS_MAX)
		return RC_CORRUPT;
	for (uint32_t i = 0; i < count; i++) {
		struct view name = take(&fields, take_u32(&fields));
		if (!fields.ok)
			break;
		struct store_keywords *more = keywords_with(keywords, name);
		keywords_unref(keywords);
		keywords = more;
	}
	enum rc rc = fields_end(&fields);
	if (rc != RC_OK) {
		keywords_unref(keywords);
		return rc;
	}
	*ret_mailbox = mailbox;
	*ret_keywords = keywords;
	return RC_OK;
}

void record_tombstone_put(const struct rangeset *uids, struct buf *out)
{
	add_version(out);
	for (size_t i = 0; i < uids->count; i++) {
		add_u32(out, uids->ranges[i].first);
		add_u32(out, uids->ranges[i].last);
	}
}

enum rc record_tombstone_get(struct view record, struct rangeset *ret_uids)
{
	struct fields fields = fields_open(record);
	while (fields.ok && fields.rest.len) {
		uint32_t first = take_u32(&fields);
		uint32_t last = take_u32(&fields);
		if (!fields.ok || first == 0 || last < first)
			return RC_CORRUPT;
		rangeset_add(ret_uids, first, last);
	}
	return fields_end(&fields);
}

void record_objects_put(const struct record_objects *objects, struct buf *out)
{
	add_version(out);
	add_u64(out, objects->next_id);
	add_u32(out, objects->count);
}

enum rc record_objects_get(
    struct view record, struct record_objects *ret_objects)
{
	struct fields fields = fields_open(record);
	struct record_objects objects;
	objects.next_id = take_u64(&fields);
	objects.count = take_u32(&fields);
	enum rc rc = fields_end(&fields);
	if (rc == RC_OK && objects.next_id == 0)
		rc = RC_CORRUPT;
	if (rc == RC_OK)
		*ret_objects = objects;
	return rc;
}

void record_object_put(uint64_t version, struct view bytes, struct buf *out)
{
	add_version(out);
	add_u64(out, version);
	buf_add(out, bytes);
}

enum rc record_object_get(
    struct view record, uint64_t *ret_version, struct view *ret_bytes)
{
	struct fields fields = fields_open(record);
	uint64_t version = take_u64(&fields);
	if (!fields.ok)
		return RC_CORRUPT;
	*ret_version = version;
	*ret_bytes = fields.rest;
	return RC_OK;
}

void record_delivered_put(int64_t when, struct buf *out)
{
	add_version(out);
	add_u64(out, (uint64_t)when);
}

enum rc record_delivered_get(struct view record, int64_t *ret_when)
{
	struct fields fields = fields_open(record);
	int64_t when = (int64_t)take_u64(&fields);
	enum rc rc = fields_end(&fields);
	if (rc == RC_OK)
		*ret_when = when;
	return rc;
}

uint64_t record_message_id_hash(struct view message_id)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < message_id.len; i++) {
		hash ^= (unsigned char)message_id.ptr[i];
		hash *= 0x100000001b3;
	}
	return hash ? hash : 1;
}
