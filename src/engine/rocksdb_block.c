// SPDX-License-Identifier: Apache-2.0
// Blocks of a table. A block is followed by a type (1: 0 as it is, 4 LZ4, which
// begins with the length of what is unpacked) and a checksum (le32: the low
// half of its XXH3 hash, combined with the type). It has entries: how much of
// the key before it begins with, how much follows, the length of the value, the
// rest of the key, the value. Then the places of entries with whole keys
// follow (le32 each), and how many these are (le32).
#include <lz4.h>
#include <xxhash.h>

#include "engine/rocksdb_salvage.h"

#define TRAILER    5
#define TYPE_PRIME 0x6b9083d9u
#define TYPE_PLAIN 0
#define TYPE_LZ4   4
#define PLAIN_MAX  ((uint64_t)64 << 20)

uint32_t rocks_block_checksum(const char *block, size_t size)
{
	unsigned char type = (unsigned char)block[size];
	return (uint32_t)XXH3_64bits(block, size) ^ type * TYPE_PRIME;
}

static bool unpack(struct view packed, struct buf *ret_plain)
{
	uint64_t size;
	if (!rocks_log_varint(&packed, &size) || size == 0 ||
	    size > PLAIN_MAX || packed.len > PLAIN_MAX)
		return false;
	char *to = buf_reserve(ret_plain, (size_t)size);
	if (!to || LZ4_decompress_safe(
		       packed.ptr, to, (int)packed.len, (int)size) != (int)size)
		return false;
	buf_commit(ret_plain, (size_t)size);
	return true;
}

bool rocks_block_unpack(
    struct view bytes, uint64_t offset, uint64_t size, struct buf *ret_plain)
{
	buf_reset(ret_plain);
	if (size == 0 || offset > bytes.len || size > bytes.len - offset ||
	    bytes.len - offset - size < TRAILER)
		return false;
	const char *block = bytes.ptr + offset;
	if (rocks_block_checksum(block, (size_t)size) !=
	    get_le32(block + size + 1))
		return false;
	if (block[size] == TYPE_LZ4)
		return unpack(view_of(block, (size_t)size), ret_plain);
	buf_add(ret_plain, view_of(block, (size_t)size));
	return block[size] == TYPE_PLAIN;
}

bool rocks_entries_init(struct view block, struct rocks_entries *entries)
{
	*entries = (struct rocks_entries){0};
	buf_init(&entries->key, SIZE_MAX / 2);
	if (block.len < 8)
		return false;
	uint64_t restarts = get_le32(block.ptr + block.len - 4);
	if (restarts == 0 || restarts > block.len / 4 - 1)
		return false;
	entries->rest =
	    view_slice(block, 0, block.len - 4 - 4 * (size_t)restarts);
	return true;
}

bool rocks_entries_next(struct rocks_entries *entries)
{
	uint64_t shared;
	uint64_t more;
	uint64_t len = 0;
	struct view *rest = &entries->rest;
	if (rest->len == 0 || !rocks_log_varint(rest, &shared) ||
	    !rocks_log_varint(rest, &more) ||
	    (!entries->no_values && !rocks_log_varint(rest, &len)) ||
	    shared > entries->key.len || more > rest->len ||
	    len > rest->len - more)
		return false;
	// RocksDB writes each handle in full where the key is in full.
	if (entries->no_values && shared != 0)
		return false;
	buf_truncate(&entries->key, (size_t)shared);
	buf_add(&entries->key, view_slice(*rest, 0, (size_t)more));
	*rest = view_from(*rest, (size_t)more);
	entries->value =
	    view_slice(*rest, 0, entries->no_values ? rest->len : (size_t)len);
	if (!entries->no_values)
		*rest = view_from(*rest, (size_t)len);
	return true;
}

void rocks_entries_done(struct rocks_entries *entries)
{
	buf_done(&entries->key);
}
