// SPDX-License-Identifier: Apache-2.0
// Makes the records of shared and orphaned content anew, from who owns what and
// from the heads that are there. It is needed when commits were lost.
#include "base/clock.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_folder.h"

// So many changes are written at a time.
#define REBUILD_STEP 1000

struct owned {
	struct engine_content_id id;
	uint64_t owners;
};

struct rebuild {
	struct rocks *rocks;
	VEC(struct owned) owned; // sorted by id
	rocksdb_writebatch_t *to;
	int changes;
	enum rc rc;
};

static int compare_owned(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct engine_content_id));
}

static void gather(struct rebuild *rebuild)
{
	char first = ROCKS_OWNED;
	rocksdb_iterator_t *iterator =
	    rocksdb_create_iterator_cf(rebuild->rocks->db,
		rebuild->rocks->newest, rebuild->rocks->families[ROCKS_OWNERS]);
	for (rocksdb_iter_seek(iterator, &first, 1);
	     rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
		struct view key = rocks_iter_key(iterator);
		struct owned owned = {.owners = 1};
		if (key.len != 25 || key.ptr[0] != ROCKS_OWNED)
			continue;
		memcpy(owned.id.bytes, key.ptr + 9, sizeof(owned.id.bytes));
		vec_push(&rebuild->owned, owned);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	rebuild->rc =
	    rocks_result(rebuild->rocks, error, "listing owners", NULL);
	rocksdb_iter_destroy(iterator);
	if (rebuild->owned.count)
		qsort(rebuild->owned.items, rebuild->owned.count,
		    sizeof(*rebuild->owned.items), compare_owned);
	size_t to = 0;
	for (size_t i = 0; i < rebuild->owned.count; i++) {
		struct owned *items = rebuild->owned.items;
		if (to && compare_owned(&items[to - 1], &items[i]) == 0)
			items[to - 1].owners++;
		else
			items[to++] = items[i];
	}
	rebuild->owned.count = to;
}

static uint64_t owners_of(
    struct rebuild *rebuild, const struct engine_content_id *id)
{
	size_t at;
	LOWER_BOUND(at, rebuild->owned.count,
	    compare_owned(&rebuild->owned.items[at], id) < 0);
	if (at == rebuild->owned.count ||
	    compare_owned(&rebuild->owned.items[at], id) != 0)
		return 0;
	return rebuild->owned.items[at].owners;
}

static void flush(struct rebuild *rebuild)
{
	if (rebuild->rc == RC_OK && rebuild->changes)
		rebuild->rc =
		    rocks_write(rebuild->rocks, rebuild->to, true, NULL);
	rocksdb_writebatch_destroy(rebuild->to);
	rebuild->to = rocksdb_writebatch_create();
	rebuild->changes = 0;
}

// `size`: ROCKS_UNFINISHED without a head.
static void settle(
    struct rebuild *rebuild, const struct engine_content_id *id, uint64_t size)
{
	struct rocks *rocks = rebuild->rocks;
	struct rocks_name shared = rocks_id_name(ROCKS_SHARED, id);
	struct rocks_name orphan = rocks_id_name(ROCKS_ORPHAN, id);
	uint64_t owners = owners_of(rebuild, id);
	char value[8];
	put_le64(value, owners);
	if (owners > 1 && size != ROCKS_UNFINISHED)
		rocks_batch_put(rocks, rebuild->to, ROCKS_OWNERS, &shared,
		    view_of(value, sizeof(value)));
	else
		rocks_batch_delete(rocks, rebuild->to, ROCKS_OWNERS, &shared);
	if (owners == 0 || size == ROCKS_UNFINISHED)
		rocks_batch_put_pair(rocks, rebuild->to, &orphan,
		    (uint64_t)clock_wall_seconds(NULL), size);
	else
		rocks_batch_delete(rocks, rebuild->to, ROCKS_OWNERS, &orphan);
	if (++rebuild->changes == REBUILD_STEP)
		flush(rebuild);
}

static void settle_all(struct rebuild *rebuild)
{
	struct engine_content_id last = {0};
	bool any = false;
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rebuild->rocks->db, rebuild->rocks->newest,
	    rebuild->rocks->families[ROCKS_CONTENT]);
	for (rocksdb_iter_seek_to_first(iterator);
	     rebuild->rc == RC_OK && rocksdb_iter_valid(iterator);
	     rocksdb_iter_next(iterator)) {
		struct view key = rocks_iter_key(iterator);
		struct engine_content_id id;
		uint64_t size = ROCKS_UNFINISHED;
		if (key.len < sizeof(id.bytes))
			continue;
		memcpy(id.bytes, key.ptr, sizeof(id.bytes));
		if (any && memcmp(id.bytes, last.bytes, 16) == 0)
			continue; // the head comes first
		any = true;
		last = id;
		if (key.len == sizeof(id.bytes) &&
		    rocks_content_size(&rebuild->rocks->base, &id, &size) !=
			RC_OK)
			continue; // damaged: the check reports it
		settle(rebuild, &id, size);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	if (error)
		rebuild->rc = rocks_result(
		    rebuild->rocks, error, "listing content", NULL);
	rocksdb_iter_destroy(iterator);
}

enum rc rocks_owners_rebuild(struct rocks *rocks)
{
	struct rebuild rebuild = {
	    .rocks = rocks, .to = rocksdb_writebatch_create()};
	gather(&rebuild);
	if (rebuild.rc == RC_OK)
		settle_all(&rebuild);
	flush(&rebuild);
	rocksdb_writebatch_destroy(rebuild.to);
	vec_done(&rebuild.owned);
	return rebuild.rc;
}

// ---- Versions --------------------------------------------------------------

// Finds the first partition from `from` on that has keys but no version.
static bool next_without(
    rocksdb_iterator_t *iterator, uint64_t from, uint64_t *ret_partition)
{
	char start[8];
	put_be64(start, from);
	rocksdb_iter_seek(iterator, start, sizeof(start));
	while (rocksdb_iter_valid(iterator)) {
		struct view key = rocks_iter_key(iterator);
		uint64_t partition = key.len >= 8 ? get_be64(key.ptr) : 0;
		if (key.len > 8) {
			*ret_partition = partition;
			return true;
		}
		if (partition == UINT64_MAX)
			return false;
		put_be64(start, partition + 1);
		rocksdb_iter_seek(iterator, start, sizeof(start));
	}
	return false;
}

enum rc rocks_versions_rebuild(struct rocks *rocks)
{
	uint64_t partition;
	uint64_t from = 0;
	enum rc rc = RC_OK;
	char *error = NULL;
	rocksdb_readoptions_t *options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_total_order_seek(options, 1);
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, options, rocks->families[ROCKS_INDEX]);
	while (rc == RC_OK && next_without(iterator, from, &partition)) {
		rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
		char key[8];
		char value[8];
		put_be64(key, partition);
		put_le64(value, 1);
		rocksdb_writebatch_put_cf(batch, rocks->families[ROCKS_INDEX],
		    key, sizeof(key), value, sizeof(value));
		rc = rocks_write(rocks, batch, true, NULL);
		rocksdb_writebatch_destroy(batch);
		from = partition + 1;
	}
	rocksdb_iter_get_error(iterator, &error);
	if (error)
		rc = rocks_result(rocks, error, "listing partitions", NULL);
	rocksdb_iter_destroy(iterator);
	rocksdb_readoptions_destroy(options);
	return rc;
}
