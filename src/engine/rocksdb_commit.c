// SPDX-License-Identifier: Apache-2.0
// Commits and drops. A commit is one write batch and one record in the log:
// after a crash it is there wholly or not at all. It is synced before the
// caller gets the answer. Threads that commit while another one syncs share the
// next sync.
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_impl.h"

// A range of at most so many keys is deleted key by key. A range tombstone is
// one record, but every later read has to look past it until compaction.
#define RANGE_AS_KEYS 256

// A drop gives up the ownership of so many contents in a step.
#define DROP_STEP 256

// ---- Keys ------------------------------------------------------------------

// Deletes the keys in the range, unless they are too many: then it returns
// false.
static bool delete_few(struct rocks *rocks, const struct rocks_key *first,
    const struct rocks_key *end, rocksdb_writebatch_t *to)
{
	rocksdb_readoptions_t *options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_prefix_same_as_start(options, 1);
	rocksdb_readoptions_set_iterate_upper_bound(
	    options, end->bytes, end->len);
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, options, rocks->families[ROCKS_INDEX]);
	rocksdb_iter_seek(iterator, first->bytes, first->len);
	int keys = 0;
	for (; keys < RANGE_AS_KEYS && rocksdb_iter_valid(iterator); keys++) {
		struct view key = rocks_iter_key(iterator);
		rocksdb_writebatch_delete_cf(
		    to, rocks->families[ROCKS_INDEX], key.ptr, key.len);
		rocksdb_iter_next(iterator);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	bool all = !error && keys < RANGE_AS_KEYS;
	if (error)
		rocksdb_free(error); // a tombstone needs no reading
	rocksdb_iter_destroy(iterator);
	rocksdb_readoptions_destroy(options);
	return all;
}

// `after_puts`: the batch has put keys before, which only a tombstone deletes.
static void add_range(struct rocks *rocks, uint64_t partition,
    const struct batch_op *op, bool after_puts, rocksdb_writebatch_t *to)
{
	struct rocks_key first;
	struct rocks_key end;
	rocks_index_key(&first, partition, op->key);
	if (op->key.len == 0)
		first.bytes[first.len++] = '\0'; // leaves out the version's key
	rocks_index_key(&end, partition, op->value);
	if (!after_puts && delete_few(rocks, &first, &end, to))
		return;
	rocksdb_writebatch_delete_range_cf(to, rocks->families[ROCKS_INDEX],
	    first.bytes, first.len, end.bytes, end.len);
}

static void add_keys(struct rocks *rocks, uint64_t partition,
    const struct engine_batch *batch, rocksdb_writebatch_t *to)
{
	rocksdb_column_family_handle_t *index = rocks->families[ROCKS_INDEX];
	struct rocks_key key;
	struct batch_op op;
	size_t position = 0;
	bool puts = false;
	while (batch_next(batch, &position, &op)) {
		if (op.kind == BATCH_DELETE_RANGE) {
			add_range(rocks, partition, &op, puts, to);
			continue;
		}
		rocks_index_key(&key, partition, op.key);
		if (op.kind == BATCH_DELETE) {
			rocksdb_writebatch_delete_cf(
			    to, index, key.bytes, key.len);
			continue;
		}
		rocksdb_writebatch_put_cf(
		    to, index, key.bytes, key.len, op.value.ptr, op.value.len);
		puts = true;
	}
}

static void add_version(struct rocks *rocks, uint64_t partition,
    uint64_t version, rocksdb_writebatch_t *to)
{
	char key[8];
	char value[8];
	put_be64(key, partition);
	put_le64(value, version);
	rocksdb_writebatch_put_cf(to, rocks->families[ROCKS_INDEX], key,
	    sizeof(key), value, sizeof(value));
}

static enum rc write_with_content(struct rocks *rocks, uint64_t partition,
    const struct engine_batch *batch, rocksdb_writebatch_t *to,
    struct fault *fault)
{
	struct rocks_stripes stripes = {0};
	for (size_t i = 0; i < batch->content_count; i++)
		rocks_stripes_add(&stripes, &batch->contents[i].id);
	rocks_stripes_lock(rocks, &stripes);
	enum rc rc = rocks_owners_apply(rocks, partition, batch, to, fault);
	if (rc == RC_OK)
		rc = rocks_write(rocks, to, true, fault);
	rocks_stripes_unlock(rocks, &stripes);
	return rc;
}

enum rc rocks_commit(struct engine *engine, struct engine_partition *part,
    uint64_t version, struct engine_batch *batch, struct fault *fault)
{
	struct rocks *rocks = rocks_of(engine);
	rocksdb_writebatch_t *to = rocksdb_writebatch_create();
	add_keys(rocks, part->id, batch, to);
	add_version(rocks, part->id, version, to);

	enum rc rc = batch->content_count
			 ? write_with_content(rocks, part->id, batch, to, fault)
			 : rocks_write(rocks, to, true, fault);
	rocksdb_writebatch_destroy(to);
	return rc;
}

// ---- Dropping --------------------------------------------------------------

struct owned {
	struct engine_content_id id;
	uint64_t size;
};

// Lists the first contents that the partition owns, at most DROP_STEP.
static enum rc list_owned(struct rocks *rocks, uint64_t partition,
    struct owned *ret_owned, size_t *ret_count)
{
	struct rocks_name first =
	    rocks_owned_name(partition, &(struct engine_content_id){0});
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, rocks->newest, rocks->families[ROCKS_OWNERS]);
	size_t count = 0;
	enum rc rc = RC_OK;
	for (rocksdb_iter_seek(iterator, first.bytes, first.len);
	     rc == RC_OK && count < DROP_STEP && rocksdb_iter_valid(iterator);
	     rocksdb_iter_next(iterator)) {
		struct view key = rocks_iter_key(iterator);
		if (key.len != first.len ||
		    memcmp(key.ptr, first.bytes, 9) != 0)
			break;
		struct owned *owned = &ret_owned[count++];
		uint64_t times;
		memcpy(owned->id.bytes, key.ptr + 9, sizeof(owned->id.bytes));
		rc = rocks_read_pair(
		    rocks_iter_value(iterator), &times, &owned->size);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	if (error)
		rc = rocks_result(rocks, error, "listing content", NULL);
	rocksdb_iter_destroy(iterator);
	*ret_count = count;
	return rc;
}

static enum rc leave(struct rocks *rocks, uint64_t partition,
    const struct owned *owned, size_t count, struct fault *fault)
{
	struct rocks_stripes stripes = {0};
	for (size_t i = 0; i < count; i++)
		rocks_stripes_add(&stripes, &owned[i].id);
	rocksdb_writebatch_t *to = rocksdb_writebatch_create();
	rocks_stripes_lock(rocks, &stripes);
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		struct rocks_name name =
		    rocks_owned_name(partition, &owned[i].id);
		rocks_batch_delete(rocks, to, ROCKS_OWNERS, &name);
		rc = rocks_owner_leaves(rocks, &owned[i].id, owned[i].size, to);
	}
	if (rc == RC_OK)
		rc = rocks_write(rocks, to, false, fault);
	rocks_stripes_unlock(rocks, &stripes);
	rocksdb_writebatch_destroy(to);
	return rc;
}

static enum rc drop_owned(
    struct rocks *rocks, uint64_t partition, struct fault *fault)
{
	struct owned owned[DROP_STEP];
	size_t count = DROP_STEP;
	while (count == DROP_STEP) {
		enum rc rc = list_owned(rocks, partition, owned, &count);
		if (rc == RC_OK)
			rc = leave(rocks, partition, owned, count, fault);
		if (rc != RC_OK)
			return rc;
	}
	rocksdb_writebatch_t *to = rocksdb_writebatch_create();
	struct rocks_name name = rocks_dropping_name(partition);
	rocks_batch_delete(rocks, to, ROCKS_OWNERS, &name);
	enum rc rc = rocks_write(rocks, to, true, fault);
	rocksdb_writebatch_destroy(to);
	return rc;
}

// First, one write deletes the keys and records that the ownership is still to
// be undone. So the partition is gone at once, however much it owned.
enum rc rocks_drop(
    struct engine *engine, struct engine_partition *part, struct fault *fault)
{
	struct rocks *rocks = rocks_of(engine);
	char first[8];
	char end[8];
	put_be64(first, part->id);
	put_be64(end, part->id + 1);
	rocksdb_writebatch_t *to = rocksdb_writebatch_create();
	struct rocks_name name = rocks_dropping_name(part->id);
	rocks_batch_put(rocks, to, ROCKS_OWNERS, &name, view_of(NULL, 0));
	rocksdb_writebatch_delete_range_cf(to, rocks->families[ROCKS_INDEX],
	    first, sizeof(first), end, sizeof(end));
	enum rc rc = rocks_write(rocks, to, true, fault);
	rocksdb_writebatch_destroy(to);
	return rc == RC_OK ? drop_owned(rocks, part->id, fault) : rc;
}

enum rc rocks_drop_resume(
    struct rocks *rocks, uint64_t partition, struct fault *fault)
{
	struct rocks_name name = rocks_dropping_name(partition);
	rocksdb_pinnableslice_t *slice;
	struct view value;
	enum rc rc = rocks_get(rocks, rocks->newest, ROCKS_OWNERS,
	    rocks_name_view(&name), &slice, &value);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	rocksdb_pinnableslice_destroy(slice);
	return drop_owned(rocks, partition, fault);
}

enum rc rocks_drop_resume_all(struct rocks *rocks, struct fault *fault)
{
	char start = ROCKS_DROPPING;
	rocksdb_iterator_t *iterator = rocksdb_create_iterator_cf(
	    rocks->db, rocks->newest, rocks->families[ROCKS_OWNERS]);
	enum rc rc = RC_OK;
	for (rocksdb_iter_seek(iterator, &start, 1);
	     rc == RC_OK && rocksdb_iter_valid(iterator);
	     rocksdb_iter_next(iterator)) {
		struct view key = rocks_iter_key(iterator);
		if (key.len != 9 || key.ptr[0] != ROCKS_DROPPING)
			break;
		rc = drop_owned(rocks, get_be64(key.ptr + 1), fault);
	}
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	if (error)
		rc = rocks_result(rocks, error, "listing drops", fault);
	rocksdb_iter_destroy(iterator);
	return rc;
}
