// SPDX-License-Identifier: Apache-2.0
// Content: if it is one chunk, the head holds it all; otherwise the chunks are
// records of their own, and the head has the size. No chunk is read before the
// head was.
#include "base/clock.h"
#include "base/mem.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_impl.h"

// Read-ahead for reading all content.
#define CONTENT_READAHEAD ((size_t)1 << 20)

// A sweep lists so many orphans before it deletes them.
#define SWEEP_STEP 256

// Up to so many chunks (1 GiB) are deleted by number, without reading. If there
// may be more, or the size is unknown, the sweep looks for the chunks.
#define SWEEP_CHUNKS 16384

enum rc rocks_content_spill(struct engine *engine,
    const struct engine_content_id *id, uint32_t number, struct view chunk)
{
	struct rocks *rocks = rocks_of(engine);
	rocksdb_writebatch_t *to = rocksdb_writebatch_create();
	if (number == 0) {
		struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, id);
		rocks_batch_put_pair(rocks, to, &orphan,
		    (uint64_t)clock_wall_seconds(NULL), ROCKS_UNFINISHED);
	}
	struct rocks_name name = rocks_chunk_name(id, number);
	rocks_content_put(rocks, to, &name, chunk, view_of(NULL, 0));
	// Not synced: the commit that names the content follows in the same
	// log.
	enum rc rc = rocks_write(rocks, to, false, NULL);
	rocksdb_writebatch_destroy(to);
	return rc;
}

// ---- Reading ---------------------------------------------------------------

// Reads a head: `whole` is all the content, or NULL if it is chunked.
static enum rc read_head(
    struct view head, struct view *ret_whole, uint64_t *ret_size)
{
	if (head.len >= 1 && head.ptr[0] == ROCKS_HEAD_WHOLE) {
		*ret_whole = view_from(head, 1);
		*ret_size = head.len - 1;
		return RC_OK;
	}
	if (head.len == 9 && head.ptr[0] == ROCKS_HEAD_CHUNKED) {
		*ret_whole = view_of(NULL, 0);
		*ret_size = get_le64(head.ptr + 1);
		return RC_OK;
	}
	return RC_CORRUPT;
}

static enum rc get_head(struct rocks *rocks, const struct engine_content_id *id,
    rocksdb_pinnableslice_t **ret_slice, struct view *ret_whole,
    uint64_t *ret_size)
{
	struct rocks_name name = rocks_head_name(id);
	rocksdb_pinnableslice_t *slice;
	struct view head;
	enum rc rc = rocks_content_get(rocks, &name, &slice, &head);
	if (rc != RC_OK)
		return rc;
	rc = read_head(head, ret_whole, ret_size);
	if (rc != RC_OK)
		rocksdb_pinnableslice_destroy(slice);
	else
		*ret_slice = slice;
	return rc;
}

static enum rc read_chunk(struct rocks *rocks,
    const struct engine_content_id *id, uint64_t size, uint64_t offset,
    size_t *len, struct buf *ret_bytes)
{
	uint64_t number = offset / ENGINE_CHUNK;
	struct rocks_name name = rocks_chunk_name(id, (uint32_t)number);
	rocksdb_pinnableslice_t *slice;
	struct view chunk;
	enum rc rc = rocks_content_get(rocks, &name, &slice, &chunk);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_CORRUPT : rc;
	uint64_t expected = size - number * ENGINE_CHUNK;
	if (expected > ENGINE_CHUNK)
		expected = ENGINE_CHUNK;
	if (chunk.len == expected) {
		struct view part =
		    view_slice(chunk, offset % ENGINE_CHUNK, *len);
		buf_add(ret_bytes, part);
		*len = part.len;
		rc = buf_status(ret_bytes);
	} else {
		rc = RC_CORRUPT;
	}
	rocksdb_pinnableslice_destroy(slice);
	return rc;
}

enum rc rocks_content_spilled(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	enum rc rc = RC_OK;
	while (rc == RC_OK && len) {
		size_t part = len;
		// Whole chunks; their number is not known yet.
		rc = read_chunk(
		    rocks_of(engine), id, UINT64_MAX, offset, &part, ret_bytes);
		len -= part;
		offset += part;
	}
	return rc;
}

enum rc rocks_content_read(struct engine *engine,
    const struct engine_content_id *id, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	struct rocks *rocks = rocks_of(engine);
	rocksdb_pinnableslice_t *slice;
	struct view whole;
	uint64_t size;
	enum rc rc = get_head(rocks, id, &slice, &whole, &size);
	if (rc != RC_OK)
		return rc;
	if (whole.ptr) {
		if (offset < size)
			buf_add(
			    ret_bytes, view_slice(whole, (size_t)offset, len));
		rc = buf_status(ret_bytes);
		len = 0;
	}
	rocksdb_pinnableslice_destroy(slice);
	while (rc == RC_OK && len && offset < size) {
		size_t part = len;
		rc = read_chunk(rocks, id, size, offset, &part, ret_bytes);
		len -= part;
		offset += part;
	}
	return rc;
}

enum rc rocks_content_size(struct engine *engine,
    const struct engine_content_id *id, uint64_t *ret_bytes)
{
	rocksdb_pinnableslice_t *slice;
	struct view whole;
	uint64_t size;
	enum rc rc = get_head(rocks_of(engine), id, &slice, &whole, &size);
	if (rc != RC_OK)
		return rc;
	rocksdb_pinnableslice_destroy(slice);
	*ret_bytes = size;
	return RC_OK;
}

// ---- Sweeping --------------------------------------------------------------

// Adds the deletion of every chunk that is found.
static enum rc delete_chunks_found(struct rocks *rocks,
    const struct engine_content_id *id, rocksdb_writebatch_t *to)
{
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, rocks->newest, rocks->families[ROCKS_CONTENT]);
	struct rocks_name name = rocks_chunk_name(id, 0);
	for (rocksdb_iter_seek(iterator, name.bytes, name.len);
	     rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
		struct view key = rocks_iter_key(iterator);
		if (!view_starts_with(key, content_id_view(id)))
			break;
		rocksdb_writebatch_delete_cf(
		    to, rocks->families[ROCKS_CONTENT], key.ptr, key.len);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	rocksdb_iter_destroy(iterator);
	return rocks_result(rocks, error, "sweeping", NULL);
}

static enum rc delete_content(struct rocks *rocks,
    const struct engine_content_id *id, uint64_t size, rocksdb_writebatch_t *to)
{
	struct rocks_name head = rocks_head_name(id);
	rocks_batch_delete(rocks, to, ROCKS_CONTENT, &head);
	uint64_t chunks = content_chunks(size);
	if (chunks > SWEEP_CHUNKS) // ROCKS_UNFINISHED is larger, too
		return delete_chunks_found(rocks, id, to);
	for (uint64_t i = 0; chunks > 1 && i < chunks; i++) {
		struct rocks_name name = rocks_chunk_name(id, (uint32_t)i);
		rocks_batch_delete(rocks, to, ROCKS_CONTENT, &name);
	}
	return RC_OK;
}

struct swept {
	uint64_t contents;
	uint64_t bytes;
};

// Called with the content's stripe locked.
static enum rc sweep_locked(struct rocks *rocks,
    const struct engine_content_id *id, int64_t before, struct swept *swept)
{
	struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, id);
	uint64_t since;
	uint64_t size;
	enum rc rc =
	    rocks_get_pair(rocks, ROCKS_OWNERS, &orphan, &since, &size);
	if (rc == RC_NOT_FOUND)
		return RC_OK; // it has an owner again
	if (rc != RC_OK)
		return rc;
	if ((int64_t)since > before || engine_writer_is_live(&rocks->base, id))
		return RC_OK;
	rocksdb_writebatch_t *to = rocksdb_writebatch_create();
	rc = delete_content(rocks, id, size, to);
	rocks_batch_delete(rocks, to, ROCKS_OWNERS, &orphan);
	// Not synced: if a power cut undoes it, it is swept again.
	if (rc == RC_OK)
		rc = rocks_write(rocks, to, false, NULL);
	rocksdb_writebatch_destroy(to);
	if (rc == RC_OK) {
		swept->contents++;
		swept->bytes += size == ROCKS_UNFINISHED ? ENGINE_CHUNK : size;
	}
	return rc;
}

// Lists at most SWEEP_STEP orphans after `*last`, and sets `*last` to the last
// one.
static enum rc list_orphans(struct rocks *rocks, struct engine_content_id *last,
    bool *started, struct engine_content_id *ret_ids, size_t *ret_count)
{
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, rocks->newest, rocks->families[ROCKS_OWNERS]);
	struct rocks_name from = rocks_id_name(ROCKS_ORPHAN, last);
	rocksdb_iter_seek(iterator, from.bytes, from.len);
	if (*started && rocksdb_iter_valid(iterator) &&
	    view_eq(rocks_iter_key(iterator), rocks_name_view(&from)))
		rocksdb_iter_next(iterator);
	size_t count = 0;
	for (; count < SWEEP_STEP && rocksdb_iter_valid(iterator);
	     rocksdb_iter_next(iterator)) {
		struct view key = rocks_iter_key(iterator);
		if (key.len != from.len || key.ptr[0] != ROCKS_ORPHAN)
			break;
		memcpy(ret_ids[count].bytes, key.ptr + 1, key.len - 1);
		*last = ret_ids[count++];
	}
	*started = true;
	*ret_count = count;
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	rocksdb_iter_destroy(iterator);
	return rocks_result(rocks, error, "listing orphans", NULL);
}

enum rc rocks_content_sweep(
    struct engine *engine, int64_t before, uint64_t *ret_deleted)
{
	struct rocks *rocks = rocks_of(engine);
	struct engine_content_id ids[SWEEP_STEP];
	struct engine_content_id last = {0};
	bool started = false;
	struct swept swept = {0};
	enum rc rc = RC_OK;
	size_t count = SWEEP_STEP;
	while (rc == RC_OK && count == SWEEP_STEP) {
		rc = list_orphans(rocks, &last, &started, ids, &count);
		for (size_t i = 0; rc == RC_OK && i < count; i++) {
			struct rocks_stripes stripes = {0};
			rocks_stripes_add(&stripes, &ids[i]);
			rocks_stripes_lock(rocks, &stripes);
			rc = sweep_locked(rocks, &ids[i], before, &swept);
			rocks_stripes_unlock(rocks, &stripes);
		}
	}
	rocks_reclaim(rocks, swept.bytes);
	if (rc == RC_OK)
		*ret_deleted = swept.contents;
	return rc;
}

// ---- Walking ---------------------------------------------------------------

// Makes the information from a record; false if it is a record of another kind.
static bool info_of(
    struct view key, struct view value, struct engine_content_info *ret_info)
{
	uint64_t first;
	uint64_t size;
	if (key.len < 17 || rocks_read_pair(value, &first, &size) != RC_OK)
		return false;
	bool owned = key.len == 25 && key.ptr[0] == ROCKS_OWNED;
	bool orphan = key.len == 17 && key.ptr[0] == ROCKS_ORPHAN;
	*ret_info = (struct engine_content_info){
	    .size = size == ROCKS_UNFINISHED ? 0 : size,
	    .partition = owned ? get_be64(key.ptr + 1) : 0,
	    .count = owned ? first : 0,
	};
	memcpy(ret_info->id.bytes, key.ptr + (owned ? 9 : 1),
	    sizeof(ret_info->id.bytes));
	return owned || orphan;
}

enum rc rocks_content_each(struct engine *engine,
    enum rc (*each)(void *context, const struct engine_content_info *info),
    void *context)
{
	struct rocks *rocks = rocks_of(engine);
	rocksdb_readoptions_t *options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_fill_cache(options, 0);
	rocksdb_readoptions_set_readahead_size(options, CONTENT_READAHEAD);
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, options, rocks->families[ROCKS_OWNERS]);
	enum rc rc = RC_OK;
	for (rocksdb_iter_seek_to_first(iterator);
	     rc == RC_OK && rocks_iter_goes_on(rocks, iterator);
	     rocksdb_iter_next(iterator)) {
		struct engine_content_info info;
		if (info_of(rocks_iter_key(iterator),
			rocks_iter_value(iterator), &info))
			rc = each(context, &info);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	if (error)
		rc = rocks_result(rocks, error, "listing content", NULL);
	else if (rc == RC_OK && atomic_load(&rocks->keeper.hurry))
		rc = RC_IO;
	rocksdb_iter_destroy(iterator);
	rocksdb_readoptions_destroy(options);
	return rc;
}
