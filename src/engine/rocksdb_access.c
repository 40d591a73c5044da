// SPDX-License-Identifier: Apache-2.0
// The small steps that the other files of the RocksDB engine use: results,
// keys, single records.
#include <xxhash.h>

#include "engine/rocksdb_impl.h"

enum rc rocks_result(
    struct rocks *rocks, char *error, const char *doing, struct fault *fault)
{
	if (!error)
		return RC_OK;
	enum rc rc = RC_IO;
	if (strncmp(error, "Corruption", 10) == 0)
		rc = RC_CORRUPT;
	else if (strstr(error, "lock hold by") ||
		 strstr(error, "While lock file"))
		rc = RC_IN_USE;
	// A read has no fault to put the text into, so it is logged here. One
	// damaged table may be read very often: it is logged once.
	if (rc != RC_CORRUPT || rocks_damage_found(rocks, error))
		log_text(rocks->base.log, LOG_LEVEL_ERROR, "storage", "%s: %s",
		    doing, error);
	fault_set(fault, rc, "%s: %s", doing, error);
	rocksdb_free(error);
	return rc;
}

// ---- Names -----------------------------------------------------------------

struct rocks_name rocks_head_name(const struct engine_content_id *id)
{
	struct rocks_name name = {.len = sizeof(id->bytes)};
	memcpy(name.bytes, id->bytes, sizeof(id->bytes));
	return name;
}

struct rocks_name rocks_chunk_name(
    const struct engine_content_id *id, uint32_t number)
{
	struct rocks_name name = rocks_head_name(id);
	put_be32(name.bytes + name.len, number);
	name.len += 4;
	return name;
}

struct rocks_name rocks_owned_name(
    uint64_t partition, const struct engine_content_id *id)
{
	struct rocks_name name = {.len = 1 + 8 + sizeof(id->bytes)};
	name.bytes[0] = ROCKS_OWNED;
	put_be64(name.bytes + 1, partition);
	memcpy(name.bytes + 9, id->bytes, sizeof(id->bytes));
	return name;
}

struct rocks_name rocks_id_name(char kind, const struct engine_content_id *id)
{
	struct rocks_name name = {.len = 1 + sizeof(id->bytes)};
	name.bytes[0] = kind;
	memcpy(name.bytes + 1, id->bytes, sizeof(id->bytes));
	return name;
}

struct rocks_name rocks_dropping_name(uint64_t partition)
{
	struct rocks_name name = {.len = 1 + 8};
	name.bytes[0] = ROCKS_DROPPING;
	put_be64(name.bytes + 1, partition);
	return name;
}

enum rc rocks_read_pair(
    struct view value, uint64_t *ret_first, uint64_t *ret_second)
{
	if (value.len != 16)
		return RC_CORRUPT;
	*ret_first = get_le64(value.ptr);
	*ret_second = get_le64(value.ptr + 8);
	return RC_OK;
}

// ---- Records ---------------------------------------------------------------

enum rc rocks_get(struct rocks *rocks, const rocksdb_readoptions_t *options,
    enum rocks_family family, struct view key,
    rocksdb_pinnableslice_t **ret_slice, struct view *ret_value)
{
	char *error = NULL;
	rocksdb_pinnableslice_t *slice = rocksdb_get_pinned_cf(rocks->db,
	    options, rocks->families[family], key.ptr, key.len, &error);
	if (error)
		return rocks_result(rocks, error, "reading", NULL);
	if (!slice)
		return RC_NOT_FOUND;
	size_t len;
	const char *ptr = rocksdb_pinnableslice_value(slice, &len);
	*ret_slice = slice;
	*ret_value = view_of(ptr, len);
	return RC_OK;
}

enum rc rocks_get_u64(struct rocks *rocks, const rocksdb_readoptions_t *options,
    enum rocks_family family, struct view key, uint64_t *ret_number)
{
	rocksdb_pinnableslice_t *slice;
	struct view value;
	enum rc rc = rocks_get(rocks, options, family, key, &slice, &value);
	if (rc != RC_OK)
		return rc;
	if (value.len == 8)
		*ret_number = get_le64(value.ptr);
	else
		rc = RC_CORRUPT;
	rocksdb_pinnableslice_destroy(slice);
	return rc;
}

enum rc rocks_get_pair(struct rocks *rocks, enum rocks_family family,
    const struct rocks_name *name, uint64_t *ret_first, uint64_t *ret_second)
{
	rocksdb_pinnableslice_t *slice;
	struct view value;
	enum rc rc = rocks_get(rocks, rocks->newest, family,
	    rocks_name_view(name), &slice, &value);
	if (rc != RC_OK)
		return rc;
	rc = rocks_read_pair(value, ret_first, ret_second);
	rocksdb_pinnableslice_destroy(slice);
	return rc;
}

void rocks_batch_put(struct rocks *rocks, rocksdb_writebatch_t *batch,
    enum rocks_family family, const struct rocks_name *name, struct view value)
{
	rocksdb_writebatch_put_cf(batch, rocks->families[family], name->bytes,
	    name->len, value.ptr, value.len);
}

void rocks_batch_put_pair(struct rocks *rocks, rocksdb_writebatch_t *batch,
    const struct rocks_name *name, uint64_t first, uint64_t second)
{
	char value[16];
	put_le64(value, first);
	put_le64(value + 8, second);
	rocks_batch_put(
	    rocks, batch, ROCKS_OWNERS, name, view_of(value, sizeof(value)));
}

void rocks_batch_delete(struct rocks *rocks, rocksdb_writebatch_t *batch,
    enum rocks_family family, const struct rocks_name *name)
{
	rocksdb_writebatch_delete_cf(
	    batch, rocks->families[family], name->bytes, name->len);
}

enum rc rocks_write(struct rocks *rocks, rocksdb_writebatch_t *batch, bool sync,
    struct fault *fault)
{
	char *error = NULL;
	if (atomic_load(&rocks->keeper.broken))
		return fault_set(fault, RC_IO, ROCKS_CANNOT_WRITE);
	struct rocks_writing writing = rocks_synced_begin(rocks, batch, sync);
	rocksdb_write(
	    rocks->db, sync ? rocks->synced : rocks->unsynced, batch, &error);
	rocks_synced_end(rocks, &writing, !error);
	if (!error)
		return RC_OK;
	// A compaction has met damage: opened anew, nothing is compacted.
	if (strncmp(error, "Corruption", 10) == 0)
		rocks_damage_found(rocks, error);
	// RocksDB cannot be trusted after this: it may try again by itself, and
	// Debian's, which has assertions, may abort at the next write.
	rocks_keeper_failed(rocks, error);
	rocksdb_free(error);
	return fault_set(fault, RC_IO, ROCKS_CANNOT_WRITE);
}

// ---- Content ---------------------------------------------------------------

void rocks_content_put(struct rocks *rocks, rocksdb_writebatch_t *batch,
    const struct rocks_name *name, struct view first, struct view rest)
{
	XXH3_state_t *state = XXH3_createState();
	if (!state)
		abort(); // out of memory
	XXH3_64bits_reset(state);
	if (first.len)
		XXH3_64bits_update(state, first.ptr, first.len);
	if (rest.len)
		XXH3_64bits_update(state, rest.ptr, rest.len);
	char seal[8];
	put_le64(seal, XXH3_64bits_digest(state));
	XXH3_freeState(state);
	const char *key[] = {name->bytes};
	const char *parts[] = {
	    first.len ? first.ptr : "", rest.len ? rest.ptr : "", seal};
	rocksdb_writebatch_putv_cf(batch, rocks->families[ROCKS_CONTENT], 1,
	    key, &name->len, 3, parts,
	    (const size_t[]){first.len, rest.len, sizeof(seal)});
}

enum rc rocks_unseal(struct view record, struct view *ret_value)
{
	if (record.len < 8)
		return RC_CORRUPT;
	struct view value = view_slice(record, 0, record.len - 8);
	if (XXH3_64bits(value.ptr, value.len) !=
	    get_le64(record.ptr + value.len))
		return RC_CORRUPT;
	*ret_value = value;
	return RC_OK;
}

enum rc rocks_content_get(struct rocks *rocks, const struct rocks_name *name,
    rocksdb_pinnableslice_t **ret_slice, struct view *ret_value)
{
	rocksdb_pinnableslice_t *slice;
	struct view record;
	enum rc rc = rocks_get(rocks, rocks->newest, ROCKS_CONTENT,
	    rocks_name_view(name), &slice, &record);
	if (rc != RC_OK)
		return rc;
	rc = rocks_unseal(record, ret_value);
	if (rc == RC_OK) {
		*ret_slice = slice;
		return RC_OK;
	}
	rocksdb_pinnableslice_destroy(slice);
	if (rocks_damage_found(rocks, "content does not match its checksum"))
		log_text(rocks->base.log, LOG_LEVEL_ERROR, "storage",
		    "reading: content does not match its checksum; `roost "
		    "check` says in which file");
	return rc;
}
