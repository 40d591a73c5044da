// SPDX-License-Identifier: Apache-2.0
// Tables of any bytes, and tables whose checksums are right, which a fuzzer
// cannot guess: they are made of the input. What is found lies in the table and
// is in order; a table that is made of it is whole, and has the same.
#include <stdint.h>
#include <stdlib.h>

#include "engine/rocksdb_salvage.h"

// Finding blocks by trying takes a time that grows with the square.
#define INPUT_MAX 1500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

// ---- What must be true -----------------------------------------------------

static void check_places(struct view bytes, const struct rocks_salvage *found)
{
	uint64_t at = 0;
	for (size_t i = 0; i < found->blocks.count; i++) {
		const struct rocks_block *block = &found->blocks.items[i];
		must(block->offset >= at && block->offset < bytes.len &&
		     block->size < bytes.len - block->offset);
		must(block->last.len >= 8);
		at = block->offset + block->size;
	}
	must(found->bad.count <= ROCKS_BAD_MAX);
	must(found->entries >= found->deletions);
	must(found->deletions >= found->ranges);
	must(found->entries == 0 ||
	     (found->smallest.len >= 8 && found->largest.len >= 8));
	must((found->oldest_blob == UINT64_MAX) == (found->blobs.count == 0));
	must(!found->whole || found->has_family);
}

static void check_rewritten(
    struct view bytes, const struct rocks_salvage *found)
{
	struct buf table;
	struct rocks_salvage again;
	if (found->family == ROCKS_FAMILIES)
		return;
	buf_init(&table, SIZE_MAX / 2);
	rocks_salvage_write(bytes, found, &table);
	rocks_salvage_find(buf_view(&table), &again);
	must(again.whole && again.family == found->family);
	must(again.blocks.count == found->blocks.count);
	must(again.entries == found->entries);
	must(again.deletions == found->deletions);
	must(again.key_bytes == found->key_bytes);
	must(again.value_bytes == found->value_bytes);
	must(again.last_sequence == found->last_sequence);
	must(again.blobs.count == found->blobs.count);
	must(view_eq(buf_view(&again.smallest), buf_view(&found->smallest)));
	must(view_eq(buf_view(&again.largest), buf_view(&found->largest)));
	rocks_salvage_done(&again);
	buf_done(&table);
}

static void check(struct view bytes)
{
	struct rocks_salvage found;
	rocks_salvage_find(bytes, &found);
	check_places(bytes, &found);
	check_rewritten(bytes, &found);
	rocks_salvage_done(&found);
}

static void read_block(struct view bytes, bool no_values)
{
	struct rocks_entries entries;
	size_t left = bytes.len;
	if (rocks_entries_init(bytes, &entries)) {
		entries.no_values = no_values;
		while (rocks_entries_next(&entries)) {
			must(entries.rest.len < left);
			left = entries.rest.len;
		}
	}
	rocks_entries_done(&entries);
}

// ---- Tables made of the input ----------------------------------------------

enum part {
	PART_ENTRIES,
	PART_RANGES,
	PART_PROPERTIES,
	PART_BLOCK, // its bytes are the input's
	PARTS,
};

// Bits of the byte that says what a part is.
#define PART_UNLISTED 0x10
#define PART_DAMAGED  0x20
#define PART_LZ4      0x40

struct table {
	struct buf bytes;
	struct buf index, list; // blocks
};

static void put_u32(struct buf *to, uint32_t number)
{
	char bytes[4];
	put_le32(bytes, number);
	buf_add(to, view_of(bytes, sizeof(bytes)));
}

static void put_entry(struct buf *block, struct view key, struct view value)
{
	rocks_put_varint(block, 0);
	rocks_put_varint(block, key.len);
	rocks_put_varint(block, value.len);
	buf_add(block, key);
	buf_add(block, value);
}

// Adds a block with what is behind it. Its place is `ret_handle`.
static void put_block(struct table *table, struct view block, unsigned what,
    struct buf *ret_handle)
{
	struct buf *to = &table->bytes;
	size_t offset = to->len;
	buf_add(to, block);
	buf_add_char(to, what & PART_LZ4 ? 4 : 0);
	uint32_t sum = rocks_block_checksum(to->ptr + offset, block.len);
	put_u32(to, what & PART_DAMAGED ? ~sum : sum);
	buf_reset(ret_handle);
	rocks_put_varint(ret_handle, offset);
	rocks_put_varint(ret_handle, block.len);
}

static void end_block(struct buf *block)
{
	put_u32(block, 0);
	put_u32(block, 1);
}

static struct view take(struct view *input, size_t len)
{
	struct view part = view_slice(*input, 0, len);
	*input = view_from(*input, part.len);
	return part;
}

static size_t take_byte(struct view *input)
{
	struct view byte = take(input, 1);
	return byte.len ? (unsigned char)byte.ptr[0] : 0;
}

// An entry of the input: the length of its key, the length of its value, its
// kind, and both. A key of the engine's has its sequence and kind at its end.
static void put_entries(enum part part, struct view input, struct buf *block)
{
	struct buf key;
	buf_init(&key, INPUT_MAX);
	while (input.len > 0) {
		char end[8];
		size_t key_len = take_byte(&input);
		size_t value_len = take_byte(&input);
		size_t kind = take_byte(&input);
		buf_reset(&key);
		if (part == PART_PROPERTIES)
			buf_add_literal(&key, "rocksdb.");
		buf_add(&key, take(&input, key_len));
		put_le64(end, (uint64_t)input.len << 8 | kind);
		if (part != PART_PROPERTIES)
			buf_add(&key, view_of(end, sizeof(end)));
		put_entry(block, buf_view(&key), take(&input, value_len));
	}
	end_block(block);
	buf_done(&key);
}

static void put_part(struct table *table, unsigned what, struct view input)
{
	struct buf block, handle;
	enum part part = (enum part)(what % PARTS);
	buf_init(&block, 16 * INPUT_MAX);
	buf_init(&handle, 32);
	if (part == PART_BLOCK)
		buf_add(&block, input);
	else
		put_entries(part, input, &block);
	put_block(table, buf_view(&block), what, &handle);
	if (what & PART_UNLISTED)
		goto out;
	if (part == PART_PROPERTIES)
		put_entry(&table->list, VIEW("rocksdb.properties"),
		    buf_view(&handle));
	else if (part == PART_RANGES)
		put_entry(
		    &table->list, VIEW("rocksdb.range_del"), buf_view(&handle));
	else
		put_entry(&table->index, VIEW("aaaaaaaaa"), buf_view(&handle));
out:
	buf_done(&block);
	buf_done(&handle);
}

static void put_end(struct table *table)
{
	struct buf index, list;
	char magic[8];
	buf_init(&index, 32);
	buf_init(&list, 32);
	end_block(&table->index);
	end_block(&table->list);
	put_block(table, buf_view(&table->index), 0, &index);
	put_block(table, buf_view(&table->list), 0, &list);
	size_t end = table->bytes.len + 41;
	buf_add_char(&table->bytes, 4);
	buf_add(&table->bytes, buf_view(&list));
	buf_add(&table->bytes, buf_view(&index));
	while (table->bytes.len < end)
		buf_add_char(&table->bytes, 0);
	put_u32(&table->bytes, 5);
	put_le64(magic, 0x88e241b785f4cff7u);
	buf_add(&table->bytes, view_of(magic, sizeof(magic)));
	buf_done(&index);
	buf_done(&list);
}

// Each part is what it is, its length, and its bytes. The first two bytes of
// the input flip a bit of the table, if there is one at that place.
static void check_made(struct view input)
{
	struct table table = {0};
	size_t flip = take_byte(&input) << 8;
	flip |= take_byte(&input);
	buf_init(&table.bytes, 100 * INPUT_MAX);
	buf_init(&table.index, 100 * INPUT_MAX);
	buf_init(&table.list, 100 * INPUT_MAX);
	while (input.len > 0) {
		unsigned what = (unsigned)take_byte(&input);
		size_t len = take_byte(&input);
		put_part(&table, what, take(&input, len));
	}
	put_end(&table);
	if (table.bytes.len <= 2 * INPUT_MAX) {
		check(buf_view(&table.bytes));
		if (flip / 8 < table.bytes.len) {
			table.bytes.ptr[flip / 8] ^= (char)(1 << flip % 8);
			check(buf_view(&table.bytes));
		}
	}
	buf_done(&table.bytes);
	buf_done(&table.index);
	buf_done(&table.list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_of(data, size);
	if (size > INPUT_MAX)
		return 0;
	check(input);
	read_block(input, false);
	read_block(input, true);
	check_made(input);
	return 0;
}
