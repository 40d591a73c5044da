// SPDX-License-Identifier: Apache-2.0
// Makes a whole table of the blocks that are intact in a damaged one. The
// blocks are copied as they are. The index, the properties and the end are new.
// There is no filter: the next compaction makes one.
#include "engine/rocksdb_salvage.h"

#define TRAILER     5
#define TABLE_MAGIC 0x88e241b785f4cff7u
#define VERSION     5
#define XXH3_KIND   4
#define FOOTER_PAD  41

void rocks_put_varint(struct buf *to, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_add_char(to, (char)(number | 0x80));
	buf_add_char(to, (char)number);
}

void rocks_put_string(struct buf *to, struct view bytes)
{
	rocks_put_varint(to, bytes.len);
	buf_add(to, bytes);
}

static void put_u32(struct buf *to, uint32_t number)
{
	char bytes[4];
	put_le32(bytes, number);
	buf_add(to, view_of(bytes, sizeof(bytes)));
}

static void put_handle(struct buf *to, uint64_t offset, uint64_t size)
{
	rocks_put_varint(to, offset);
	rocks_put_varint(to, size);
}

// A block whose entries all have whole keys.
struct block {
	struct buf bytes;
	VEC(uint32_t) places;
};

static void block_init(struct block *block)
{
	*block = (struct block){0};
	buf_init(&block->bytes, SIZE_MAX / 2);
}

static void block_add(struct block *block, struct view key, struct view value)
{
	vec_push(&block->places, (uint32_t)block->bytes.len);
	rocks_put_varint(&block->bytes, 0);
	rocks_put_varint(&block->bytes, key.len);
	rocks_put_varint(&block->bytes, value.len);
	buf_add(&block->bytes, key);
	buf_add(&block->bytes, value);
}

// Adds the block at the end of the table; its place is `ret_handle`.
static void block_finish(
    struct block *block, struct buf *to, struct buf *ret_handle)
{
	if (block->places.count == 0)
		vec_push(&block->places, 0u);
	for (size_t i = 0; i < block->places.count; i++)
		put_u32(&block->bytes, block->places.items[i]);
	put_u32(&block->bytes, (uint32_t)block->places.count);
	size_t size = block->bytes.len;
	buf_add_char(&block->bytes, 0); // as it is
	put_u32(&block->bytes, rocks_block_checksum(block->bytes.ptr, size));
	buf_reset(ret_handle);
	put_handle(ret_handle, to->len, size);
	buf_add(to, buf_view(&block->bytes));
	buf_done(&block->bytes);
	vec_done(&block->places);
}

static void add_number(struct block *block, const char *name, uint64_t number)
{
	struct buf value;
	buf_init(&value, 16);
	rocks_put_varint(&value, number);
	block_add(block, view_of_string(name), buf_view(&value));
	buf_done(&value);
}

// In the order of their names.
static void add_properties(
    struct block *block, const struct rocks_salvage *salvage, uint64_t bytes)
{
	char index_type[4] = {0}; // one level
	block_add(block, VIEW("rocksdb.block.based.table.index.type"),
	    view_of(index_type, sizeof(index_type)));
	block_add(block, VIEW("rocksdb.block.based.table.prefix.filtering"),
	    VIEW("0"));
	block_add(block, VIEW("rocksdb.block.based.table.whole.key.filtering"),
	    VIEW("0"));
	add_number(block, "rocksdb.column.family.id", salvage->family);
	add_number(block, "rocksdb.data.size", bytes);
	add_number(block, "rocksdb.deleted.keys", salvage->deletions);
	add_number(block, "rocksdb.format.version", 0);
	add_number(block, "rocksdb.num.data.blocks", salvage->blocks.count);
	add_number(block, "rocksdb.num.entries", salvage->entries);
	add_number(block, "rocksdb.num.range-deletions", salvage->ranges);
	add_number(block, "rocksdb.raw.key.size", salvage->key_bytes);
	add_number(block, "rocksdb.raw.value.size", salvage->value_bytes);
}

static void add_footer(
    struct buf *to, const struct buf *list, const struct buf *index)
{
	size_t end = to->len + FOOTER_PAD;
	char magic[8];
	put_le64(magic, TABLE_MAGIC);
	buf_add_char(to, XXH3_KIND);
	buf_add(to, buf_view(list));
	buf_add(to, buf_view(index));
	while (to->len < end)
		buf_add_char(to, 0);
	put_u32(to, VERSION);
	buf_add(to, view_of(magic, sizeof(magic)));
}

static uint64_t copy_block(
    struct buf *to, struct view bytes, uint64_t offset, uint64_t size)
{
	uint64_t at = to->len;
	buf_add(to, view_slice(bytes, (size_t)offset, (size_t)size + TRAILER));
	return at;
}

void rocks_salvage_write(
    struct view bytes, const struct rocks_salvage *salvage, struct buf *to)
{
	struct block index;
	struct block properties;
	struct block list;
	struct buf handle;
	struct buf index_handle;
	block_init(&index);
	block_init(&properties);
	block_init(&list);
	buf_init(&handle, 32);
	buf_init(&index_handle, 32);
	for (size_t i = 0; i < salvage->blocks.count; i++) {
		const struct rocks_block *block = &salvage->blocks.items[i];
		buf_reset(&handle);
		put_handle(&handle,
		    copy_block(to, bytes, block->offset, block->size),
		    block->size);
		block_add(&index, buf_view(&block->last), buf_view(&handle));
	}
	add_properties(&properties, salvage, to->len);
	block_finish(&properties, to, &handle);
	block_add(&list, VIEW("rocksdb.properties"), buf_view(&handle));
	if (salvage->has_ranges) {
		buf_reset(&handle);
		put_handle(&handle,
		    copy_block(to, bytes, salvage->ranges_offset,
			salvage->ranges_size),
		    salvage->ranges_size);
		block_add(&list, VIEW("rocksdb.range_del"), buf_view(&handle));
	}
	block_finish(&index, to, &index_handle);
	block_finish(&list, to, &handle);
	add_footer(to, &handle, &index_handle);
	buf_done(&handle);
	buf_done(&index_handle);
}
