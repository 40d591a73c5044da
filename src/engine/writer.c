// SPDX-License-Identifier: Apache-2.0
// Content that is being written, cut into chunks of ENGINE_CHUNK bytes. The
// last chunk, even a full one, is held back for the batch that names the
// content. So content of at most one chunk writes nothing before its commit.
#include <sys/random.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "engine/impl.h"

struct engine_writer {
	struct engine *engine;
	struct engine_content_id id;
	uint64_t size;
	uint32_t chunks;  // spilled so far
	unsigned opening; // engine->opening when the first was
	bool live;        // in engine->writers
	bool finished;
	enum rc rc; // the first failure, kept
	struct buf tail;
};

// 48 bits of time, then 80 random ones. Nobody can guess such a name, no two
// are equal, and content that arrives together lies together on the disk.
static void make_id(struct engine_content_id *id)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t ms =
	    (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	put_be64(id->bytes, ms << 16);
	if (getrandom(id->bytes + 6, 10, 0) != 10)
		abort(); // cannot happen after the machine has started
}

struct engine_writer *engine_writer_new(
    struct engine *engine, struct engine_content_id *ret_id)
{
	struct engine_writer *writer = mem_zalloc(sizeof(*writer));
	writer->engine = engine;
	make_id(&writer->id);
	buf_init(&writer->tail, ENGINE_CHUNK);
	*ret_id = writer->id;
	return writer;
}

static void set_live(struct engine_writer *writer, bool live)
{
	struct engine *engine = writer->engine;
	struct view id = content_id_view(&writer->id);
	pthread_mutex_lock(&engine->writers_lock);
	if (live)
		map_put(&engine->writers, id, writer);
	else
		map_remove(&engine->writers, id);
	pthread_mutex_unlock(&engine->writers_lock);
	writer->live = live;
}

bool engine_writer_is_live(
    struct engine *engine, const struct engine_content_id *id)
{
	pthread_mutex_lock(&engine->writers_lock);
	bool live = map_get(&engine->writers, content_id_view(id)) != NULL;
	pthread_mutex_unlock(&engine->writers_lock);
	return live;
}

static enum rc spill(struct engine_writer *writer, struct view chunk)
{
	if (writer->chunks == UINT32_MAX - 1)
		return RC_LIMIT; // 256 TiB: chunk numbers have 32 bits
	struct engine *engine = writer->engine;
	if (!writer->live)
		set_live(writer, true);
	enum rc rc = writer->chunks == 0 ? engine_room(engine, NULL) : RC_OK;
	if (rc == RC_OK)
		rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	if (writer->chunks == 0)
		writer->opening = atomic_load(&engine->opening);
	rc = engine->ops->content_spill(
	    engine, &writer->id, writer->chunks, chunk);
	engine_leave(engine);
	if (rc == RC_OK)
		writer->chunks++;
	return rc;
}

static enum rc append(struct engine_writer *writer, struct view bytes)
{
	while (bytes.len) {
		if (writer->tail.len == ENGINE_CHUNK) {
			enum rc rc = spill(writer, buf_view(&writer->tail));
			if (rc != RC_OK)
				return rc;
			buf_reset(&writer->tail);
		}
		if (writer->tail.len == 0 && bytes.len > ENGINE_CHUNK) {
			enum rc rc =
			    spill(writer, view_slice(bytes, 0, ENGINE_CHUNK));
			if (rc != RC_OK)
				return rc;
			bytes = view_from(bytes, ENGINE_CHUNK);
			writer->size += ENGINE_CHUNK;
			continue;
		}
		struct view part =
		    view_slice(bytes, 0, ENGINE_CHUNK - writer->tail.len);
		buf_add(&writer->tail, part);
		writer->size += part.len;
		bytes = view_from(bytes, part.len);
	}
	return RC_OK;
}

enum rc engine_writer_append(struct engine_writer *writer, struct view bytes)
{
	if (writer->finished)
		return RC_INVALID;
	if (writer->engine->read_only)
		return RC_DENIED;
	if (writer->rc == RC_OK)
		writer->rc = append(writer, bytes);
	return writer->rc;
}

static enum rc read_spilled(struct engine_writer *writer, uint64_t offset,
    size_t len, struct buf *ret_bytes)
{
	struct engine *engine = writer->engine;
	enum rc rc = engine_enter(engine);
	if (rc != RC_OK)
		return rc;
	rc = engine->ops->content_spilled(
	    engine, &writer->id, offset, len, ret_bytes);
	engine_leave(engine);
	return rc;
}

enum rc engine_writer_read(struct engine_writer *writer, uint64_t offset,
    size_t len, struct buf *ret_bytes)
{
	if (writer->finished)
		return RC_INVALID;
	uint64_t spilled = (uint64_t)writer->chunks * ENGINE_CHUNK;
	enum rc rc = writer->rc;
	if (rc == RC_OK && len && offset < spilled) {
		size_t part =
		    spilled - offset < len ? (size_t)(spilled - offset) : len;
		rc = read_spilled(writer, offset, part, ret_bytes);
		offset += part;
		len -= part;
	}
	if (rc == RC_OK && len && offset < writer->size)
		buf_add(ret_bytes, view_slice(buf_view(&writer->tail),
				       (size_t)(offset - spilled), len));
	return rc == RC_OK ? buf_status(ret_bytes) : rc;
}

enum rc engine_writer_finish(
    struct engine_writer *writer, struct engine_batch *batch)
{
	if (writer->rc != RC_OK)
		return writer->rc;
	writer->finished = true;
	batch_finish_content(batch, &writer->id, writer->size, writer->chunks,
	    buf_view(&writer->tail), writer->opening);
	return batch_status(batch);
}

void engine_writer_free(struct engine_writer **writer)
{
	if (!*writer)
		return;
	if ((*writer)->live)
		set_live(*writer, false);
	buf_done(&(*writer)->tail);
	free(*writer);
	*writer = NULL;
}
