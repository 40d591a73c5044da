// SPDX-License-Identifier: Apache-2.0
// Content in memory: the chunks and owners of each id, under one lock.
#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "engine/memory.h"

struct memory_owner {
	uint64_t partition;
	uint64_t count; // > 0
};

struct memory_content {
	struct engine_content_id id;
	bool complete;
	uint64_t size;
	int64_t since; // when it lost its owners (wall-clock seconds)
	// Each of ENGINE_CHUNK bytes; the last may be shorter.
	VEC(char *) chunks;
	VEC(struct memory_owner) owners;
};

void memory_contents_init(struct memory_contents *contents)
{
	pthread_rwlock_init(&contents->lock, NULL);
	map_init(&contents->map);
}

static void content_free(struct memory_content *content)
{
	for (size_t i = 0; i < content->chunks.count; i++)
		free(content->chunks.items[i]);
	vec_done(&content->chunks);
	vec_done(&content->owners);
	free(content);
}

void memory_contents_done(struct memory_contents *contents)
{
	size_t position = 0;
	struct view key;
	void *content;
	while (map_next(&contents->map, &position, &key, &content))
		content_free(content);
	map_done(&contents->map);
	pthread_rwlock_destroy(&contents->lock);
}

static struct memory_content *find(
    const struct memory_contents *contents, const struct engine_content_id *id)
{
	return map_get(&contents->map, content_id_view(id));
}

static struct memory_content *find_or_add(
    struct memory_contents *contents, const struct engine_content_id *id)
{
	struct memory_content *content = find(contents, id);
	if (content)
		return content;
	content = mem_zalloc(sizeof(*content));
	content->id = *id;
	content->since = clock_wall_seconds(NULL);
	map_put(&contents->map, content_id_view(id), content);
	return content;
}

static void add_chunk(struct memory_content *content, struct view bytes)
{
	char *copy = mem_alloc(bytes.len);
	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	vec_push(&content->chunks, copy);
	content->size += bytes.len;
}

void memory_contents_spill(struct memory_contents *contents,
    const struct engine_content_id *id, uint32_t number, struct view chunk)
{
	(void)number; // a writer spills its chunks in order
	pthread_rwlock_wrlock(&contents->lock);
	add_chunk(find_or_add(contents, id), chunk);
	pthread_rwlock_unlock(&contents->lock);
}

// ---- Ownership -------------------------------------------------------------

static struct memory_owner *find_owner(
    const struct memory_content *content, uint64_t partition)
{
	for (size_t i = 0; i < content->owners.count; i++)
		if (content->owners.items[i].partition == partition)
			return &content->owners.items[i];
	return NULL;
}

static void own(struct memory_content *content, uint64_t partition)
{
	struct memory_owner *owner = find_owner(content, partition);
	if (owner) {
		owner->count++;
		return;
	}
	vec_push(&content->owners, (struct memory_owner){partition, 1});
}

static void disown(
    struct memory_content *content, uint64_t partition, uint64_t count)
{
	struct memory_owner *owner = find_owner(content, partition);
	if (!owner)
		return; // a batch never takes more than there is
	owner->count -= count;
	if (owner->count)
		return;
	*owner = content->owners.items[--content->owners.count];
	if (content->owners.count == 0)
		content->since = clock_wall_seconds(NULL);
}

// Whether the operations on one content can be carried out: contents[first] and
// those after it with the same id. `ret_next` is the first one of another id.
static enum rc examine(const struct memory_contents *contents,
    uint64_t partition, const struct engine_batch *batch, size_t first,
    size_t *ret_next, struct fault *fault)
{
	const struct batch_content *ops = batch->contents;
	const struct memory_content *content = find(contents, &ops[first].id);
	bool complete = content && content->complete;
	const struct memory_owner *owner =
	    content ? find_owner(content, partition) : NULL;
	uint64_t count = owner ? owner->count : 0;
	size_t at = first;
	for (; at < batch->content_count &&
	       memcmp(&ops[at].id, &ops[first].id, sizeof(ops[at].id)) == 0;
	     at++) {
		switch (ops[at].kind) {
		case BATCH_FINISH:
			if (ops[at].tail_chunk && !content)
				return fault_set(fault, RC_GONE,
				    "the upload was swept before its commit");
			complete = true;
			count++;
			break;
		case BATCH_OWN:
			if (!complete)
				return fault_set(fault, RC_NOT_FOUND,
				    "the content to own does not exist");
			count++;
			break;
		case BATCH_DISOWN:
			if (count == 0)
				return fault_set(fault, RC_NOT_FOUND,
				    "the partition does not own the content");
			count--;
			break;
		}
	}
	*ret_next = at;
	return RC_OK;
}

static void apply(struct memory_contents *contents, uint64_t partition,
    const struct engine_batch *batch, const struct batch_content *op)
{
	struct memory_content *content = find_or_add(contents, &op->id);
	switch (op->kind) {
	case BATCH_FINISH:
		if (!content->complete)
			add_chunk(content, batch_tail(batch, op));
		content->complete = true;
		own(content, partition);
		break;
	case BATCH_OWN: own(content, partition); break;
	case BATCH_DISOWN: disown(content, partition, 1); break;
	}
}

enum rc memory_contents_apply(struct memory_contents *contents,
    uint64_t partition, const struct engine_batch *batch, struct fault *fault)
{
	if (batch->content_count == 0)
		return RC_OK;
	pthread_rwlock_wrlock(&contents->lock);
	enum rc rc = RC_OK;
	for (size_t at = 0; rc == RC_OK && at < batch->content_count;)
		rc = examine(contents, partition, batch, at, &at, fault);
	for (size_t at = 0; rc == RC_OK && at < batch->content_count; at++)
		apply(contents, partition, batch, &batch->contents[at]);
	pthread_rwlock_unlock(&contents->lock);
	return rc;
}

void memory_contents_drop(struct memory_contents *contents, uint64_t partition)
{
	pthread_rwlock_wrlock(&contents->lock);
	size_t position = 0;
	struct view key;
	void *value;
	while (map_next(&contents->map, &position, &key, &value)) {
		struct memory_owner *owner = find_owner(value, partition);
		if (owner)
			disown(value, partition, owner->count);
	}
	pthread_rwlock_unlock(&contents->lock);
}

// ---- Reading ---------------------------------------------------------------

static void read_chunks(const struct memory_content *content, uint64_t offset,
    size_t len, struct buf *ret_bytes)
{
	while (len && offset < content->size) {
		size_t within = offset % ENGINE_CHUNK;
		uint64_t left = content->size - offset;
		size_t part = ENGINE_CHUNK - within;
		if (part > left)
			part = (size_t)left;
		if (part > len)
			part = len;
		buf_add(ret_bytes,
		    view_of(
			content->chunks.items[offset / ENGINE_CHUNK] + within,
			part));
		offset += part;
		len -= part;
	}
}

enum rc memory_contents_read(struct memory_contents *contents,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	enum rc rc = RC_NOT_FOUND;
	pthread_rwlock_rdlock(&contents->lock);
	const struct memory_content *content = find(contents, id);
	if (content && content->complete) {
		read_chunks(content, offset, len, ret_bytes);
		rc = buf_status(ret_bytes);
	}
	pthread_rwlock_unlock(&contents->lock);
	return rc;
}

enum rc memory_contents_spilled(struct memory_contents *contents,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	enum rc rc = RC_CORRUPT; // a sweep deleted it under its writer
	pthread_rwlock_rdlock(&contents->lock);
	const struct memory_content *content = find(contents, id);
	if (content) {
		read_chunks(content, offset, len, ret_bytes);
		rc = buf_status(ret_bytes);
	}
	pthread_rwlock_unlock(&contents->lock);
	return rc;
}

uint64_t memory_contents_owned(struct memory_contents *contents,
    uint64_t partition, const struct engine_content_id *id)
{
	pthread_rwlock_rdlock(&contents->lock);
	struct memory_content *content = find(contents, id);
	const struct memory_owner *owner =
	    content ? find_owner(content, partition) : NULL;
	uint64_t count = owner ? owner->count : 0;
	pthread_rwlock_unlock(&contents->lock);
	return count;
}

enum rc memory_contents_size(struct memory_contents *contents,
    const struct engine_content_id *id, uint64_t *ret_bytes)
{
	enum rc rc = RC_NOT_FOUND;
	pthread_rwlock_rdlock(&contents->lock);
	const struct memory_content *content = find(contents, id);
	if (content && content->complete) {
		*ret_bytes = content->size;
		rc = RC_OK;
	}
	pthread_rwlock_unlock(&contents->lock);
	return rc;
}

void memory_contents_sweep(struct engine *engine,
    struct memory_contents *contents, int64_t before, uint64_t *ret_deleted)
{
	VEC(struct engine_content_id) ids = {0};
	size_t position = 0;
	struct view key;
	void *value;
	pthread_rwlock_wrlock(&contents->lock);
	while (map_next(&contents->map, &position, &key, &value)) {
		const struct memory_content *content = value;
		if (content->owners.count || content->since > before ||
		    engine_writer_is_live(engine, &content->id))
			continue;
		vec_push(&ids, content->id);
	}
	for (size_t i = 0; i < ids.count; i++)
		content_free(
		    map_remove(&contents->map, content_id_view(&ids.items[i])));
	pthread_rwlock_unlock(&contents->lock);
	*ret_deleted = ids.count;
	vec_done(&ids);
}

// ---- Walking ---------------------------------------------------------------

struct info_list {
	struct engine_content_info *items;
	size_t count;
	size_t capacity;
};

static void add_info(struct info_list *list,
    const struct memory_content *content, struct memory_owner owner)
{
	struct engine_content_info info = {
	    .id = content->id,
	    .size = content->size,
	    .partition = owner.partition,
	    .count = owner.count,
	};
	vec_push(list, info);
}

// The list is copied first, so that `each` may call the engine.
enum rc memory_contents_each(struct memory_contents *contents,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context)
{
	struct info_list list = {0};
	size_t position = 0;
	struct view key;
	void *value;
	pthread_rwlock_rdlock(&contents->lock);
	while (map_next(&contents->map, &position, &key, &value)) {
		const struct memory_content *content = value;
		for (size_t i = 0; i < content->owners.count; i++)
			add_info(&list, content, content->owners.items[i]);
		if (content->owners.count == 0)
			add_info(&list, content, (struct memory_owner){0});
	}
	pthread_rwlock_unlock(&contents->lock);
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < list.count; i++)
		rc = each(context, &list.items[i]);
	vec_done(&list);
	return rc;
}
