// SPDX-License-Identifier: Apache-2.0
// Private to the RocksDB engine: keys, and the small records of owners.
#ifndef ROOST_ENGINE_ROCKSDB_KEYS_H
#define ROOST_ENGINE_ROCKSDB_KEYS_H

#include "base/bytes.h"
#include "engine/impl.h"

// One byte longer than a key: the key that a cursor seeks.
#define ROCKS_KEY_MAX (8 + ENGINE_KEY_MAX + 1)

struct rocks_key {
	size_t len;
	char bytes[ROCKS_KEY_MAX];
};

static inline void rocks_index_key(
    struct rocks_key *ret_key, uint64_t partition, struct view key)
{
	put_be64(ret_key->bytes, partition);
	if (key.len)
		memcpy(ret_key->bytes + 8, key.ptr, key.len);
	ret_key->len = 8 + key.len;
}

// A short key of the other two families.
struct rocks_name {
	size_t len;
	char bytes[25];
};

// A content's head: ROCKS_HEAD_WHOLE and all its bytes, or ROCKS_HEAD_CHUNKED
// and its size (le64). The head exists if and only if the content is complete.
#define ROCKS_HEAD_WHOLE   'w'
#define ROCKS_HEAD_CHUNKED 'c'

struct rocks_name rocks_head_name(const struct engine_content_id *id);
struct rocks_name rocks_chunk_name(
    const struct engine_content_id *id, uint32_t number);

// ROCKS_OWNERS holds four kinds of records, which differ in the first byte.
#define ROCKS_OWNED    'o' // be64 partition, id: le64 count > 0, le64 size
#define ROCKS_SHARED   's' // id: le64 partitions that own it, when 2 or more
#define ROCKS_ORPHAN   'f' // id: le64 since, le64 size: nobody owns it
#define ROCKS_DROPPING 'd' // be64 partition: a drop is not finished

#define ROCKS_UNFINISHED UINT64_MAX // size in an orphan that has no head yet

struct rocks_name rocks_owned_name(
    uint64_t partition, const struct engine_content_id *id);
struct rocks_name rocks_id_name(char kind, const struct engine_content_id *id);
struct rocks_name rocks_dropping_name(uint64_t partition);

// Reads two le64, the value of OWNED and ORPHAN. RC_CORRUPT: it is not two.
MUST_CHECK enum rc rocks_read_pair(
    struct view value, uint64_t *ret_first, uint64_t *ret_second);

static inline struct view rocks_name_view(const struct rocks_name *name)
{
	return view_of(name->bytes, name->len);
}

#endif
