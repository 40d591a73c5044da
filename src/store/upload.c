// SPDX-License-Identifier: Apache-2.0
// A record for each upload, 'u' user id -> version (1 byte), size, time (8
// bytes each, little-endian), and its content in the engine. The id is that of
// the content and begins with its time, so the uploads of a user are in the
// order in which they began.
#include "store/upload.h"

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/account_impl.h"

#define VERSION    1
#define KEY_USER   (1 + 8)
#define KEY_LEN    (KEY_USER + 16)
#define RECORD_LEN (1 + 8 + 8)
// The least that a user may have, whatever the length of a message.
#define BYTES_MIN ((uint64_t)200 << 20)
// Removals in one commit of store_uploads_expire().
#define EXPIRE_AT_ONCE 1000

struct store_upload {
	struct store *store;
	uint64_t user;
	uint64_t size;
	struct engine_writer *writer;
	struct engine_content_id id;
	bool failed;
};

struct upload_key {
	char bytes[KEY_LEN];
};

static struct upload_key key_of(
    uint64_t user, const struct engine_content_id *id)
{
	struct upload_key key = {.bytes = {'u'}};
	put_be64(key.bytes + 1, user);
	memcpy(key.bytes + KEY_USER, id->bytes, sizeof(id->bytes));
	return key;
}

static struct view key_view(const struct upload_key *key)
{
	return view_of(key->bytes, KEY_LEN);
}

static enum rc decode(
    struct view key, struct view value, struct store_upload_info *ret_info)
{
	if (key.len != KEY_LEN || value.len != RECORD_LEN ||
	    value.ptr[0] != VERSION)
		return RC_CORRUPT;
	ret_info->size = get_le64(value.ptr + 1);
	ret_info->when = (int64_t)get_le64(value.ptr + 9);
	memcpy(ret_info->content.bytes, key.ptr + KEY_USER,
	    sizeof(ret_info->content.bytes));
	return RC_OK;
}

uint64_t store_uploads_bytes_max(const struct store *store)
{
	uint64_t twice = 2 * store_message_max(store);
	return twice < BYTES_MIN ? BYTES_MIN : twice;
}

// ---- Coming in -------------------------------------------------------------

struct store_upload *store_upload_new(struct store *store, uint64_t user)
{
	struct store_upload *upload = mem_zalloc(sizeof(*upload));
	upload->store = store;
	upload->user = user;
	upload->writer = engine_writer_new(store->options.engine, &upload->id);
	return upload;
}

void store_upload_free(struct store_upload **upload)
{
	if (!*upload)
		return;
	engine_writer_free(&(*upload)->writer);
	free(*upload);
	*upload = NULL;
}

uint64_t store_upload_size(const struct store_upload *upload)
{
	return upload->size;
}

enum rc store_upload_add(struct store_upload *upload, struct view bytes)
{
	if (upload->failed)
		return RC_IO;
	if (bytes.len > store_uploads_bytes_max(upload->store) - upload->size)
		return RC_LIMIT;
	upload->size += bytes.len;
	enum rc rc = engine_writer_append(upload->writer, bytes);
	upload->failed = rc != RC_OK;
	return rc;
}

// ---- Removing --------------------------------------------------------------

struct item {
	struct upload_key key;
	struct store_upload_info info;
};

// Uploads in the order of their keys.
struct items {
	VEC(struct item) all;
	int64_t before; // only those that came before
	size_t max;     // no more than this
};

static enum rc collect(void *context, struct view key, struct view value)
{
	struct items *items = context;
	struct item item = {.info = {.size = 0}};
	// What cannot be read is left for the check.
	if (decode(key, value, &item.info) != RC_OK ||
	    item.info.when >= items->before)
		return RC_OK;
	memcpy(item.key.bytes, key.ptr, KEY_LEN);
	vec_push(&items->all, item);
	return items->all.count < items->max ? RC_OK : RC_END;
}

static void remove_item(struct engine_batch *batch, const struct item *item)
{
	engine_batch_delete(batch, key_view(&item->key));
	if (item->info.size > 0)
		engine_batch_disown(batch, &item->info.content);
}

// Removes old ones of the user until there is room for the new one (RFC 8620
// section 6: "in date order, oldest first").
static void make_room(const struct store_upload *upload,
    const struct items *items, int64_t now, struct engine_batch *batch)
{
	uint64_t room = store_uploads_bytes_max(upload->store) - upload->size;
	uint64_t bytes = 0;
	size_t count = items->all.count;
	for (size_t i = 0; i < count; i++)
		bytes += items->all.items[i].info.size;
	for (size_t i = 0; i < items->all.count; i++) {
		const struct item *item = &items->all.items[i];
		bool old = item->info.when < now - STORE_UPLOAD_SECONDS;
		if (!old && bytes <= room && count < STORE_UPLOADS_MAX)
			continue;
		remove_item(batch, item);
		bytes -= item->info.size;
		count--;
	}
}

static enum rc make_finish(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct store_upload *upload = context;
	struct upload_key key = key_of(upload->user, &upload->id);
	int64_t now = clock_wall_seconds(upload->store->options.clock);
	struct items items = {.before = INT64_MAX, .max = SIZE_MAX};
	(void)fault;
	enum rc rc = engine_snapshot_scan(from, view_of(key.bytes, KEY_USER),
	    view_of(NULL, 0), collect, &items);
	if (rc == RC_OK) {
		char record[RECORD_LEN] = {VERSION};
		put_le64(record + 1, upload->size);
		put_le64(record + 9, (uint64_t)now);
		make_room(upload, &items, now, batch);
		engine_batch_put(
		    batch, key_view(&key), view_of(record, RECORD_LEN));
		// Without bytes there is no content.
		if (upload->size > 0)
			rc = engine_writer_finish(upload->writer, batch);
	}
	vec_done(&items.all);
	return rc;
}

enum rc store_upload_finish(struct store_upload *upload, struct fault *fault,
    char ret_id[STORE_UPLOAD_ID_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	if (upload->failed)
		return fault_set(fault, RC_IO, "the upload was not stored");
	enum rc rc = engine_change(upload->store->options.engine,
	    STORE_UPLOAD_PARTITION, make_finish, upload, fault);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < sizeof(upload->id.bytes); i++) {
		ret_id[2 * i] = digits[upload->id.bytes[i] >> 4];
		ret_id[2 * i + 1] = digits[upload->id.bytes[i] & 15];
	}
	ret_id[STORE_UPLOAD_ID_LEN] = '\0';
	return RC_OK;
}

// ---- Reading ---------------------------------------------------------------

// Only lower-case digits, so that an upload has one id.
static bool id_read(struct view text, struct engine_content_id *ret_id)
{
	if (text.len != STORE_UPLOAD_ID_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int value = ascii_hex_value(text.ptr[i]);
		if (value < 0 || (text.ptr[i] >= 'A' && text.ptr[i] <= 'F'))
			return false;
		unsigned char *byte = &ret_id->bytes[i / 2];
		*byte = (unsigned char)(i % 2 ? *byte << 4 | value : value);
	}
	return true;
}

enum rc store_upload_find(struct store *store, uint64_t user, struct view id,
    struct store_upload_info *ret_info)
{
	struct engine_content_id content;
	struct store_upload_info info = {.size = 0};
	struct buf value CLEANUP(buf_done);
	buf_init(&value, ENGINE_VALUE_MAX);
	if (!id_read(id, &content))
		return RC_NOT_FOUND;
	struct upload_key key = key_of(user, &content);
	enum rc rc = engine_get(store->options.engine, STORE_UPLOAD_PARTITION,
	    key_view(&key), &value);
	if (rc == RC_OK)
		rc = decode(key_view(&key), buf_view(&value), &info);
	if (rc != RC_OK)
		return rc;
	int64_t now = clock_wall_seconds(store->options.clock);
	if (info.when < now - STORE_UPLOAD_SECONDS)
		return RC_NOT_FOUND;
	*ret_info = info;
	return RC_OK;
}

enum rc store_upload_read(struct store *store,
    const struct store_upload_info *info, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	if (offset >= info->size)
		return RC_OK;
	if (len > info->size - offset)
		len = (size_t)(info->size - offset);
	size_t before = ret_bytes->len;
	enum rc rc = engine_content_read(
	    store->options.engine, &info->content, offset, len, ret_bytes);
	if (rc == RC_NOT_FOUND)
		return RC_GONE;
	if (rc == RC_OK && ret_bytes->len - before != len)
		return RC_CORRUPT;
	return rc;
}

// ---- Care ------------------------------------------------------------------

struct removal {
	struct view prefix;
	int64_t before;
	size_t removed;
};

static enum rc make_removal(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct removal *removal = context;
	struct items items = {.before = removal->before, .max = EXPIRE_AT_ONCE};
	(void)fault;
	enum rc rc = engine_snapshot_scan(
	    from, removal->prefix, view_of(NULL, 0), collect, &items);
	for (size_t i = 0; rc == RC_OK && i < items.all.count; i++)
		remove_item(batch, &items.all.items[i]);
	removal->removed = items.all.count;
	vec_done(&items.all);
	return rc;
}

static enum rc remove_all(struct store *store, struct removal *removal,
    struct fault *fault, uint64_t *ret_removed)
{
	enum rc rc;
	*ret_removed = 0;
	do {
		removal->removed = 0;
		rc = engine_change(store->options.engine,
		    STORE_UPLOAD_PARTITION, make_removal, removal, fault);
		if (rc == RC_OK)
			*ret_removed += removal->removed;
	} while (rc == RC_OK && removal->removed == EXPIRE_AT_ONCE);
	return rc;
}

enum rc store_uploads_expire(
    struct store *store, struct fault *fault, uint64_t *ret_removed)
{
	int64_t now = clock_wall_seconds(store->options.clock);
	struct removal removal = {
	    .prefix = VIEW("u"), .before = now - STORE_UPLOAD_SECONDS};
	return remove_all(store, &removal, fault, ret_removed);
}

enum rc store_uploads_forget(
    struct store *store, uint64_t user, struct fault *fault)
{
	struct upload_key key = key_of(user, &(struct engine_content_id){{0}});
	struct removal removal = {
	    .prefix = view_of(key.bytes, KEY_USER), .before = INT64_MAX};
	return remove_all(store, &removal, fault, &(uint64_t){0});
}

struct checking {
	struct store *store;
	void (*problem)(void *context, const char *text);
	void *context;
};

static enum rc check_one(void *context, struct view key, struct view value)
{
	struct checking *checking = context;
	struct store_upload_info info;
	uint64_t size = 0;
	if (decode(key, value, &info) != RC_OK)
		checking->problem(
		    checking->context, "the record of an upload is damaged");
	else if (info.size > 0 &&
		 (engine_content_size(checking->store->options.engine,
		      &info.content, &size) != RC_OK ||
		     size != info.size))
		checking->problem(
		    checking->context, "the bytes of an upload are missing");
	return RC_OK;
}

enum rc store_uploads_check(struct store *store,
    void (*problem)(void *context, const char *text), void *context)
{
	struct checking checking = {store, problem, context};
	return engine_scan(store->options.engine, STORE_UPLOAD_PARTITION,
	    VIEW(""), view_of(NULL, 0), check_one, &checking);
}
