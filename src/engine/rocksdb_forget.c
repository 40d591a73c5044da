// SPDX-License-Identifier: Apache-2.0
// Deletes the records of content whose blobs are lost. RocksDB refuses all
// writes once compaction meets such a blob. What is deleted stays owned: the
// check names it, and the mailboxes that have it.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb_restore.h"

#define KIND_BLOB 17

struct forget {
	struct repair *repair;
	struct rocks *rocks;
	uint64_t forgotten;
	rocksdb_writebatch_t *batch;
};

static bool is_unreadable(const struct repair *repair, uint64_t number)
{
	for (size_t i = 0; i < repair->unreadable.count; i++)
		if (repair->unreadable.items[i] == number)
			return true;
	return false;
}

// Whether an entry says that its value is a lost blob.
static bool is_lost(
    const struct repair *repair, struct view key, struct view value)
{
	uint64_t number;
	uint64_t offset;
	uint64_t size;
	if ((get_le64(key.ptr + key.len - 8) & 0xff) != KIND_BLOB || !value.len)
		return false;
	value = view_from(value, 1); // its kind
	return rocks_log_varint(&value, &number) &&
	       rocks_log_varint(&value, &offset) &&
	       rocks_log_varint(&value, &size) &&
	       is_unreadable(repair, number) &&
	       !rocks_blob_is_right(repair->path, number, offset, size,
		   view_slice(key, 0, key.len - 8));
}

// The newest value of the key may be another one, elsewhere.
static bool can_read(struct rocks *rocks, struct view key)
{
	char *error = NULL;
	rocksdb_pinnableslice_t *slice =
	    rocksdb_get_pinned_cf(rocks->db, rocks->newest,
		rocks->families[ROCKS_CONTENT], key.ptr, key.len, &error);
	if (slice)
		rocksdb_pinnableslice_destroy(slice);
	if (!error)
		return true;
	rocksdb_free(error);
	return false;
}

static void look_at(struct forget *forget, struct view key, struct view value)
{
	if (key.len < 8 || !is_lost(forget->repair, key, value))
		return;
	struct view name = view_slice(key, 0, key.len - 8);
	if (can_read(forget->rocks, name))
		return;
	rocksdb_writebatch_delete_cf(forget->batch,
	    forget->rocks->families[ROCKS_CONTENT], name.ptr, name.len);
	forget->forgotten++;
}

static void look_through(struct forget *forget, struct view bytes)
{
	struct rocks_salvage salvage;
	struct buf plain;
	buf_init(&plain, SIZE_MAX / 2);
	rocks_salvage_find(bytes, &salvage);
	for (size_t i = 0;
	     salvage.family == ROCKS_CONTENT && i < salvage.blocks.count; i++) {
		struct rocks_entries entries;
		const struct rocks_block *block = &salvage.blocks.items[i];
		bool good = rocks_block_unpack(
				bytes, block->offset, block->size, &plain) &&
			    rocks_entries_init(buf_view(&plain), &entries);
		while (good && rocks_entries_next(&entries))
			look_at(forget, buf_view(&entries.key), entries.value);
		if (good)
			rocks_entries_done(&entries);
	}
	rocks_salvage_done(&salvage);
	buf_done(&plain);
}

static void one_table(struct forget *forget, uint64_t number)
{
	char file[4160];
	struct stat status;
	snprintf(file, sizeof(file), "%s/%06llu.sst", forget->repair->path,
	    (unsigned long long)number);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return; // deleted meanwhile
	if (fstat(fd, &status) == 0 && status.st_size > 0) {
		size_t size = (size_t)status.st_size;
		char *bytes = mem_alloc(size);
		if (pread(fd, bytes, size, 0) == (ssize_t)size)
			look_through(forget, view_of(bytes, size));
		free(bytes);
	}
	close(fd);
}

enum rc repair_forget(struct repair *repair, struct rocks *rocks)
{
	struct rocks_listing listing;
	if (repair->unreadable.count == 0)
		return RC_OK;
	enum rc rc = rocks_listing_read(repair->path, repair->fault, &listing);
	if (rc != RC_OK)
		return rc;
	struct forget forget = {.repair = repair,
	    .rocks = rocks,
	    .batch = rocksdb_writebatch_create()};
	for (size_t i = 0; i < listing.tables.count; i++)
		one_table(&forget, listing.tables.items[i]);
	if (forget.forgotten) {
		rc = rocks_write(rocks, forget.batch, true, repair->fault);
		repair_say(repair,
		    "%llu pieces of content are lost with their blobs",
		    (unsigned long long)forget.forgotten);
		repair->rebuild_owners = true;
	}
	rocksdb_writebatch_destroy(forget.batch);
	rocks_listing_done(&listing);
	return rc;
}
