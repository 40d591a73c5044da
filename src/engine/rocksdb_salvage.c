// SPDX-License-Identifier: Apache-2.0
// Finds what is intact in a damaged table. The index says where the blocks of
// entries are. Where a part of the index is damaged, the blocks are found by
// trying: each begins where the one before it ends, and its checksum tells how
// long it is.
#include <xxhash.h>

#include "engine/rocksdb_salvage.h"

#define TRAILER     5
#define FOOTER      53
#define TABLE_MAGIC 0x88e241b785f4cff7u
#define VERSION     5
#define XXH3_KIND   4
#define PLAIN_MAX   ((size_t)64 << 20)

// How long a block may be that is looked for: one that begins where the block
// before ends, and one that begins at any byte.
#define TRY_MAX    ((size_t)1 << 20)
#define SEARCH_MAX ((size_t)16 << 10)
// So many bytes of a table are searched for the begin of a block.
#define SEARCH_BYTES ((size_t)128 << 10)

enum kind {
	KIND_DELETION = 0,
	KIND_VALUE = 1,
	KIND_SINGLE_DELETION = 7,
	KIND_RANGE = 15,
	KIND_BLOB = 17,
};

struct handle {
	uint64_t offset;
	uint64_t size;
};

struct handles {
	struct handle *items;
	size_t count;
	size_t capacity;
};

struct scan {
	struct view bytes;
	struct rocks_salvage *found;
	struct handles index; // of blocks of entries, ascending
	bool delta;           // the index has no lengths of values
	bool two_levels;
	struct buf plain;
	struct buf last;      // the last key
	uint64_t at;          // where the next block begins
	uint64_t search_left; // bytes
	bool lost;            // something behind the last key
	bool behind_entries;  // all blocks of entries have been met
	bool index_whole;
	bool ranges_lost;
};

static uint64_t first_8(struct view key)
{
	char bytes[8] = {0};
	if (key.len)
		memcpy(bytes, key.ptr, key.len < 8 ? key.len : 8);
	return get_be64(bytes);
}

// The order of keys in a table: by the user's part, the newest first.
static int compare_keys(struct view a, struct view b)
{
	size_t a_len = a.len - 8;
	size_t b_len = b.len - 8;
	int order = memcmp(a.ptr, b.ptr, a_len < b_len ? a_len : b_len);
	if (order == 0)
		order = (a_len > b_len) - (a_len < b_len);
	if (order)
		return order;
	uint64_t a_end = get_le64(a.ptr + a_len);
	uint64_t b_end = get_le64(b.ptr + b_len);
	return (a_end < b_end) - (a_end > b_end);
}

static void set(struct buf *to, struct view bytes)
{
	buf_reset(to);
	buf_add(to, bytes);
}

// ---- Entries ---------------------------------------------------------------

// What a block of entries adds to the table.
struct tally {
	struct buf first;
	struct buf last;
	uint64_t entries, deletions, ranges, key_bytes, value_bytes;
	uint64_t first_sequence, last_sequence;
	struct rocks_numbers blobs;
	struct buf range_end; // the highest end of a deleted range
	bool sealed; // the first value ends with its hash, or is a blob
	bool has_value;
};

static void add_number(struct rocks_numbers *numbers, uint64_t number)
{
	for (size_t i = numbers->count; i-- > 0;)
		if (numbers->items[i] == number)
			return;
	vec_push(numbers, number);
}

static void note_value(struct tally *tally, struct view value, enum kind kind)
{
	struct view rest = view_from(value, 1);
	uint64_t number;
	if (kind == KIND_BLOB && value.len && rocks_log_varint(&rest, &number))
		add_number(&tally->blobs, number);
	if (tally->has_value || (kind != KIND_BLOB && kind != KIND_VALUE))
		return;
	tally->has_value = true;
	tally->sealed =
	    kind == KIND_BLOB ||
	    (value.len >= 8 && XXH3_64bits(value.ptr, value.len - 8) ==
				   get_le64(value.ptr + value.len - 8));
}

static bool note_entry(
    struct tally *tally, struct view key, struct view value, bool ranges)
{
	if (key.len < 8)
		return false;
	uint64_t end = get_le64(key.ptr + key.len - 8);
	enum kind kind = (enum kind)(end & 0xff);
	uint64_t sequence = end >> 8;
	switch (kind) {
	case KIND_VALUE:
	case KIND_BLOB:
	case KIND_DELETION:
	case KIND_SINGLE_DELETION:
		if (ranges)
			return false;
		break;
	case KIND_RANGE:
		if (!ranges)
			return false;
		tally->ranges++;
		if (tally->range_end.len == 0 ||
		    first_8(value) > first_8(buf_view(&tally->range_end)))
			set(&tally->range_end, value);
		break;
	default: return false;
	}
	if (!ranges && tally->entries &&
	    compare_keys(buf_view(&tally->last), key) >= 0)
		return false;
	if (tally->entries == 0)
		set(&tally->first, key);
	set(&tally->last, key);
	if (tally->entries++ == 0 || sequence < tally->first_sequence)
		tally->first_sequence = sequence;
	if (sequence > tally->last_sequence)
		tally->last_sequence = sequence;
	tally->deletions += kind != KIND_VALUE && kind != KIND_BLOB;
	tally->key_bytes += key.len;
	tally->value_bytes += value.len;
	note_value(tally, value, kind);
	return true;
}

// Reads a block of entries, or of deleted ranges. False: it is neither.
static bool read_entries(struct view block, bool ranges, struct tally *ret)
{
	struct rocks_entries entries;
	bool good = rocks_entries_init(block, &entries);
	*ret = (struct tally){0};
	buf_init(&ret->first, SIZE_MAX / 2);
	buf_init(&ret->last, SIZE_MAX / 2);
	buf_init(&ret->range_end, SIZE_MAX / 2);
	while (good && rocks_entries_next(&entries))
		good = note_entry(
		    ret, buf_view(&entries.key), entries.value, ranges);
	good = good && entries.rest.len == 0 && ret->entries;
	rocks_entries_done(&entries);
	return good;
}

static void tally_done(struct tally *tally)
{
	buf_done(&tally->first);
	buf_done(&tally->last);
	buf_done(&tally->range_end);
	vec_done(&tally->blobs);
}

// If the properties are damaged, the keys tell the family.
static void guess_family(struct rocks_salvage *found, const struct tally *tally)
{
	struct view key = buf_view(&tally->first);
	size_t len = key.len - 8;
	if (found->has_family || found->family != ROCKS_FAMILIES)
		return;
	if (tally->has_value && tally->sealed && (len == 16 || len == 20))
		found->family = ROCKS_CONTENT;
	else if (len > 8 && strchr("osfd", key.ptr[0]) && key.ptr[0] &&
		 (len == 25 || len == 17 || len == 9))
		found->family = ROCKS_OWNERS;
	else if (tally->has_value)
		found->family = ROCKS_INDEX;
}

static void add_up(struct rocks_salvage *found, const struct tally *tally)
{
	if (found->entries == 0 ||
	    tally->first_sequence < found->first_sequence)
		found->first_sequence = tally->first_sequence;
	if (tally->last_sequence > found->last_sequence)
		found->last_sequence = tally->last_sequence;
	for (size_t i = 0; i < tally->blobs.count; i++) {
		uint64_t number = tally->blobs.items[i];
		add_number(&found->blobs, number);
		if (number < found->oldest_blob)
			found->oldest_blob = number;
	}
	found->entries += tally->entries;
	found->deletions += tally->deletions;
	found->ranges += tally->ranges;
	found->key_bytes += tally->key_bytes;
	found->value_bytes += tally->value_bytes;
	if (found->smallest.len == 0 || compare_keys(buf_view(&tally->first),
					    buf_view(&found->smallest)) < 0)
		set(&found->smallest, buf_view(&tally->first));
	if (found->largest.len == 0 ||
	    compare_keys(buf_view(&tally->last), buf_view(&found->largest)) > 0)
		set(&found->largest, buf_view(&tally->last));
}

static void lose(struct scan *scan, uint64_t until)
{
	if (scan->lost)
		vec_push(&scan->found->losses,
		    (struct rocks_loss){first_8(buf_view(&scan->last)), until});
	scan->lost = false;
}

// Adds the block at `offset`, which was unpacked. False: it is no block of
// entries.
static bool add_block(struct scan *scan, uint64_t offset, uint64_t size)
{
	struct tally tally;
	bool good = read_entries(buf_view(&scan->plain), false, &tally) &&
		    (scan->last.len == 0 || compare_keys(buf_view(&scan->last),
						buf_view(&tally.first)) < 0);
	if (good) {
		struct rocks_block block = {.offset = offset, .size = size};
		lose(scan, first_8(buf_view(&tally.first)));
		buf_init(&block.last, SIZE_MAX / 2);
		buf_add(&block.last, buf_view(&tally.last));
		vec_push(&scan->found->blocks, block);
		set(&scan->last, buf_view(&tally.last));
		guess_family(scan->found, &tally);
		add_up(scan->found, &tally);
	}
	tally_done(&tally);
	return good;
}

// A range ends before `range_end`: that bound is a key of its own.
static bool add_ranges(struct scan *scan, uint64_t offset, uint64_t size)
{
	struct tally tally;
	struct rocks_salvage *found = scan->found;
	if (found->has_ranges)
		return false;
	bool good = read_entries(buf_view(&scan->plain), true, &tally);
	if (good) {
		char end[8];
		put_le64(end, UINT64_MAX << 8 | KIND_RANGE);
		found->has_ranges = true;
		found->ranges_offset = offset;
		found->ranges_size = size;
		buf_add(&tally.range_end, view_of(end, sizeof(end)));
		set(&tally.last, buf_view(&tally.range_end));
		add_up(found, &tally);
	}
	tally_done(&tally);
	return good;
}

// ---- Properties ------------------------------------------------------------

static void note_property(
    struct scan *scan, struct view name, struct view value)
{
	uint64_t number;
	if (view_eq(name, VIEW("rocksdb.block.based.table.index.type"))) {
		scan->two_levels = value.len == 4 && get_le32(value.ptr) == 2;
		return;
	}
	if (!rocks_log_varint(&value, &number))
		return;
	if (view_eq(name, VIEW("rocksdb.index.value.is.delta.encoded"))) {
		scan->delta = number == 1;
	} else if (view_eq(name, VIEW("rocksdb.column.family.id")) &&
		   number < ROCKS_FAMILIES) {
		scan->found->has_family = true;
		scan->found->family = (uint32_t)number;
	}
}

// Reads the block that was unpacked. False: it has no properties.
static bool read_properties(struct scan *scan)
{
	struct rocks_entries entries;
	bool good = rocks_entries_init(buf_view(&scan->plain), &entries);
	bool any = false;
	while (good && rocks_entries_next(&entries)) {
		struct view name = buf_view(&entries.key);
		if (!view_starts_with(name, VIEW("rocksdb.")))
			break;
		if (!any)
			scan->delta = false; // is written only if it is so
		any = true;
		note_property(scan, name, entries.value);
	}
	rocks_entries_done(&entries);
	return any;
}

// ---- The end of the table --------------------------------------------------

static bool read_handle(struct view *bytes, struct handle *ret_handle)
{
	return rocks_log_varint(bytes, &ret_handle->offset) &&
	       rocks_log_varint(bytes, &ret_handle->size);
}

static bool unpacked(struct scan *scan, const struct handle *handle)
{
	if (rocks_block_unpack(
		scan->bytes, handle->offset, handle->size, &scan->plain))
		return true;
	if (handle->offset <= scan->bytes.len &&
	    scan->found->bad.count < ROCKS_BAD_MAX)
		vec_push(&scan->found->bad,
		    (struct rocks_place){handle->offset, handle->size});
	return false;
}

// Reads the handles of an index, of one level more if `level` is 1. False:
// something of it is damaged; the other handles were read.
static bool read_index(struct scan *scan, const struct handle *at,
    unsigned level, struct handles *ret_handles)
{
	struct rocks_entries entries;
	struct handles handles = {0};
	bool good = unpacked(scan, at) &&
		    rocks_entries_init(buf_view(&scan->plain), &entries);
	if (!good)
		return false;
	entries.no_values = scan->delta;
	while (rocks_entries_next(&entries)) {
		struct handle handle;
		struct view value = entries.value;
		good = read_handle(&value, &handle);
		if (!good)
			break;
		if (scan->delta)
			entries.rest = value;
		vec_push(level ? &handles : ret_handles, handle);
	}
	good = good && entries.rest.len == 0;
	rocks_entries_done(&entries);
	for (size_t i = 0; i < handles.count; i++)
		good &= read_index(scan, &handles.items[i], 0, ret_handles);
	vec_done(&handles);
	return good;
}

static bool filter_is_right(
    struct scan *scan, struct view name, const struct handle *at)
{
	struct handles parts = {0};
	if (!view_starts_with(name, VIEW("partitionedfilter.")))
		return unpacked(scan, at);
	bool good = read_index(scan, at, 0, &parts);
	for (size_t i = 0; i < parts.count; i++)
		good &= unpacked(scan, &parts.items[i]);
	vec_done(&parts);
	return good;
}

// One block of the list. The properties are read first: they say how the
// others look.
static bool read_listed(struct scan *scan, struct view name,
    const struct handle *handle, bool properties)
{
	if (view_eq(name, VIEW("rocksdb.properties")) != properties)
		return true;
	if (properties)
		return unpacked(scan, handle) && read_properties(scan);
	if (!view_eq(name, VIEW("rocksdb.range_del")))
		return filter_is_right(scan, name, handle);
	scan->ranges_lost = !unpacked(scan, handle) ||
			    !add_ranges(scan, handle->offset, handle->size);
	return !scan->ranges_lost;
}

// Reads the list of the further blocks. False: something of it is damaged.
static bool read_list(struct scan *scan, const struct handle *list)
{
	struct rocks_entries entries;
	struct buf plain;
	bool good = unpacked(scan, list);
	buf_init(&plain, PLAIN_MAX);
	buf_add(&plain, buf_view(&scan->plain));
	for (int pass = 0; good && pass < 2; pass++) {
		bool right = rocks_entries_init(buf_view(&plain), &entries);
		while (right && rocks_entries_next(&entries)) {
			struct handle handle;
			struct view value = entries.value;
			right = read_handle(&value, &handle) &&
				read_listed(scan, buf_view(&entries.key),
				    &handle, pass == 0);
		}
		good = right;
		rocks_entries_done(&entries);
	}
	buf_done(&plain);
	return good && scan->found->has_family;
}

// Reads the footer and what it leads to. False: something is damaged; what is
// intact was read.
static bool read_end(struct scan *scan)
{
	struct handle list;
	struct handle index;
	if (scan->bytes.len < FOOTER)
		return false;
	const char *footer = scan->bytes.ptr + scan->bytes.len - FOOTER;
	struct view handles = view_of(footer + 1, FOOTER - 13);
	if (footer[0] != XXH3_KIND || get_le32(footer + 41) != VERSION ||
	    get_le64(footer + 45) != TABLE_MAGIC ||
	    !read_handle(&handles, &list) || !read_handle(&handles, &index))
		return false;
	bool good = read_list(scan, &list);
	scan->index_whole =
	    read_index(scan, &index, scan->two_levels, &scan->index);
	return scan->index_whole && good;
}

// ---- Blocks that no index names --------------------------------------------

static bool may_begin(const char *block)
{
	// The first entry has all of its key; LZ4 begins with a length.
	return block[0] != 0 || (unsigned char)block[1] >= 8;
}

// Finds out how long the block at `at` is.
static bool find_size(
    const struct scan *scan, uint64_t at, size_t max, uint64_t *ret_size)
{
	const char *block = scan->bytes.ptr + at;
	size_t room = scan->bytes.len - (size_t)at;
	if (room <= TRAILER + 1 || !may_begin(block))
		return false;
	if (max > room - TRAILER)
		max = room - TRAILER;
	for (size_t size = 1; size <= max; size++) {
		uint32_t stored = get_le32(block + size + 1);
		if ((block[size] != 0 && block[size] != 4) || stored == 0 ||
		    rocks_block_checksum(block, size) != stored)
			continue;
		*ret_size = size;
		return true;
	}
	return false;
}

// A block was found: whatever it is.
static void meet(struct scan *scan, uint64_t size)
{
	struct handle handle = {scan->at, size};
	scan->at += size + TRAILER;
	if (!unpacked(scan, &handle))
		return;
	if (!scan->behind_entries && add_block(scan, handle.offset, size))
		return;
	if (add_ranges(scan, handle.offset, size))
		return;
	scan->behind_entries = true;
	(void)read_properties(scan);
}

static void find_until(struct scan *scan, uint64_t limit)
{
	size_t max = TRY_MAX;
	if (limit > scan->bytes.len)
		limit = scan->bytes.len;
	while (scan->at < limit) {
		uint64_t size;
		if (find_size(scan, scan->at, max, &size)) {
			meet(scan, size);
			max = TRY_MAX;
			continue;
		}
		if (!scan->behind_entries)
			scan->lost = true;
		if (scan->search_left == 0) {
			scan->at = limit;
			continue;
		}
		max = SEARCH_MAX;
		scan->at++;
		scan->search_left--;
	}
}

// ---- All -------------------------------------------------------------------

static void find_indexed(struct scan *scan)
{
	for (size_t i = 0; i < scan->index.count; i++) {
		const struct handle *handle = &scan->index.items[i];
		if (handle->offset < scan->at)
			continue;
		if (scan->at < handle->offset)
			find_until(scan, handle->offset);
		scan->at = handle->offset;
		if (!unpacked(scan, handle) ||
		    !add_block(scan, handle->offset, handle->size))
			scan->lost = true;
		scan->at = handle->offset + handle->size + TRAILER;
	}
}

void rocks_salvage_find(struct view bytes, struct rocks_salvage *ret_salvage)
{
	*ret_salvage = (struct rocks_salvage){
	    .family = ROCKS_FAMILIES, .oldest_blob = UINT64_MAX};
	buf_init(&ret_salvage->smallest, SIZE_MAX / 2);
	buf_init(&ret_salvage->largest, SIZE_MAX / 2);
	struct scan scan = {.bytes = bytes,
	    .found = ret_salvage,
	    .delta = true,
	    .two_levels = true,
	    .search_left = SEARCH_BYTES};
	buf_init(&scan.plain, PLAIN_MAX);
	buf_init(&scan.last, SIZE_MAX / 2);
	bool end = read_end(&scan);
	find_indexed(&scan);
	scan.behind_entries = scan.index_whole;
	if (!end) {
		find_until(&scan, bytes.len);
		// Without a block behind them, entries may be missing.
		scan.lost |= !scan.behind_entries;
	}
	lose(&scan, UINT64_MAX);
	if (scan.ranges_lost)
		vec_push(
		    &ret_salvage->losses, (struct rocks_loss){0, UINT64_MAX});
	ret_salvage->whole = end && ret_salvage->losses.count == 0;
	vec_done(&scan.index);
	buf_done(&scan.plain);
	buf_done(&scan.last);
}

void rocks_salvage_done(struct rocks_salvage *salvage)
{
	for (size_t i = 0; i < salvage->blocks.count; i++)
		buf_done(&salvage->blocks.items[i].last);
	vec_done(&salvage->blocks);
	vec_done(&salvage->losses);
	vec_done(&salvage->bad);
	vec_done(&salvage->blobs);
	buf_done(&salvage->smallest);
	buf_done(&salvage->largest);
}
