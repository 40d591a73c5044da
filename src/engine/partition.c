// SPDX-License-Identifier: Apache-2.0
// The partitions that were used since the engine was opened: each has a lock, a
// version and watches. A state is made at first use and lives until the engine
// is closed.
#include "base/bytes.h"
#include "base/mem.h"
#include "engine/impl.h"

struct engine_watch {
	struct engine_watch *next;
	struct engine_partition *partition;
	void (*moved)(void *context, uint64_t version);
	void *context;
};

static struct engine_partition *partition_new(uint64_t id)
{
	struct engine_partition *part = mem_zalloc(sizeof(*part));
	part->id = id;
	atomic_init(&part->version, ENGINE_VERSION_UNKNOWN);
	pthread_mutex_init(&part->lock, NULL);
	pthread_mutex_init(&part->watch_lock, NULL);
	return part;
}

void engine_partition_free(struct engine_partition *part)
{
	pthread_mutex_destroy(&part->lock);
	pthread_mutex_destroy(&part->watch_lock);
	free(part);
}

struct engine_partition *engine_partition_state(
    struct engine *engine, uint64_t partition)
{
	char bytes[8];
	put_be64(bytes, partition);
	struct view key = view_of(bytes, sizeof(bytes));
	pthread_rwlock_rdlock(&engine->partitions_lock);
	struct engine_partition *part = map_get(&engine->partitions, key);
	pthread_rwlock_unlock(&engine->partitions_lock);
	if (part)
		return part;
	pthread_rwlock_wrlock(&engine->partitions_lock);
	part = map_get(&engine->partitions, key);
	if (!part) {
		part = partition_new(partition);
		map_put(&engine->partitions, key, part);
	}
	pthread_rwlock_unlock(&engine->partitions_lock);
	return part;
}

enum rc engine_partition_load(
    struct engine *engine, struct engine_partition *part)
{
	if (atomic_load(&part->version) != ENGINE_VERSION_UNKNOWN)
		return RC_OK;
	uint64_t version = 0;
	enum rc rc = engine->ops->load_version(engine, part->id, &version);
	if (rc == RC_OK)
		atomic_store(&part->version, version);
	return rc;
}

void engine_partition_moved(struct engine_partition *part, uint64_t version)
{
	pthread_mutex_lock(&part->watch_lock);
	for (struct engine_watch *watch = part->watches; watch;
	     watch = watch->next)
		watch->moved(watch->context, version);
	pthread_mutex_unlock(&part->watch_lock);
}

struct engine_watch *engine_watch_new(struct engine *engine, uint64_t partition,
    void (*moved)(void *context, uint64_t version), void *context)
{
	struct engine_watch *watch = mem_zalloc(sizeof(*watch));
	watch->partition = engine_partition_state(engine, partition);
	watch->moved = moved;
	watch->context = context;
	pthread_mutex_lock(&watch->partition->watch_lock);
	watch->next = watch->partition->watches;
	watch->partition->watches = watch;
	pthread_mutex_unlock(&watch->partition->watch_lock);
	return watch;
}

void engine_watch_free(struct engine_watch **watch)
{
	if (!*watch)
		return;
	struct engine_partition *part = (*watch)->partition;
	pthread_mutex_lock(&part->watch_lock);
	struct engine_watch **at = &part->watches;
	while (*at != *watch)
		at = &(*at)->next;
	*at = (*watch)->next;
	pthread_mutex_unlock(&part->watch_lock);
	free(*watch);
	*watch = NULL;
}
