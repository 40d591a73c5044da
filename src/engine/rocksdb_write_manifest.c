// SPDX-License-Identifier: Apache-2.0
// Writes a MANIFEST anew, in RocksDB's log format: an edit for the database,
// one for each family, and one for each table and blob file (RocksDB's
// db/version_edit.cc).
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "engine/rocksdb_restore.h"

#define TAG_COMPARATOR    1
#define TAG_LOG_NUMBER    2
#define TAG_NEXT_FILE     3
#define TAG_LAST_SEQUENCE 4
#define TAG_NEW_FILE      103
#define TAG_FAMILY        200
#define TAG_FAMILY_ADD    201
#define TAG_MAX_FAMILY    203
#define TAG_BLOB_FILE     400
#define FIELD_END         1
#define FIELD_OLDEST_BLOB 4
#define BLOB_FIELD_END    0

#define COMPARATOR VIEW("leveldb.BytewiseComparator")

// ---- The log format --------------------------------------------------------

enum { FULL = 1, FIRST = 2, MIDDLE = 3, LAST = 4 };

static void add_fragment(struct buf *to, char type, struct view bytes)
{
	char header[ROCKS_LOG_HEADER];
	header[4] = (char)bytes.len;
	header[5] = (char)(bytes.len >> 8);
	header[6] = type;
	uint32_t crc = rocks_crc32c(0, view_of(header + 6, 1));
	put_le32(header, rocks_crc_mask(rocks_crc32c(crc, bytes)));
	buf_add(to, view_of(header, sizeof(header)));
	buf_add(to, bytes);
}

static void add_record(struct buf *to, struct view record)
{
	bool first = true;
	do {
		size_t room = ROCKS_LOG_BLOCK - to->len % ROCKS_LOG_BLOCK;
		if (room < ROCKS_LOG_HEADER) {
			while (room--)
				buf_add_char(to, 0);
			room = ROCKS_LOG_BLOCK;
		}
		struct view part =
		    view_slice(record, 0, room - ROCKS_LOG_HEADER);
		record = view_from(record, part.len);
		char type = (char)(first ? (record.len ? FIRST : FULL)
					 : (record.len ? MIDDLE : LAST));
		add_fragment(to, type, part);
		first = false;
	} while (record.len);
}

// ---- Edits -----------------------------------------------------------------

static void put_number(struct buf *edit, uint64_t tag, uint64_t number)
{
	rocks_put_varint(edit, tag);
	rocks_put_varint(edit, number);
}

static void add_database(
    struct buf *to, const struct rocks_new_manifest *manifest)
{
	struct buf edit;
	buf_init(&edit, SIZE_MAX / 2);
	rocks_put_varint(&edit, TAG_COMPARATOR);
	rocks_put_string(&edit, COMPARATOR);
	put_number(&edit, TAG_LOG_NUMBER, manifest->family_log[0]);
	put_number(&edit, TAG_NEXT_FILE, manifest->next_file);
	put_number(&edit, TAG_LAST_SEQUENCE, manifest->last_sequence);
	put_number(&edit, TAG_MAX_FAMILY, ROCKS_FAMILIES - 1);
	add_record(to, buf_view(&edit));
	for (uint32_t i = 1; i < ROCKS_FAMILIES; i++) {
		buf_reset(&edit);
		put_number(&edit, TAG_FAMILY, i);
		rocks_put_varint(&edit, TAG_FAMILY_ADD);
		rocks_put_string(&edit,
		    view_of_string(rocks_family_name((enum rocks_family)i)));
		rocks_put_varint(&edit, TAG_COMPARATOR);
		rocks_put_string(&edit, COMPARATOR);
		put_number(&edit, TAG_LOG_NUMBER, manifest->family_log[i]);
		add_record(to, buf_view(&edit));
	}
	buf_done(&edit);
}

static void add_table(struct buf *to, const struct rocks_new_table *table)
{
	struct buf edit;
	buf_init(&edit, SIZE_MAX / 2);
	put_number(&edit, TAG_FAMILY, table->family);
	put_number(&edit, TAG_NEW_FILE, table->level);
	rocks_put_varint(&edit, table->number);
	rocks_put_varint(&edit, table->size);
	rocks_put_string(&edit, buf_view(&table->smallest));
	rocks_put_string(&edit, buf_view(&table->largest));
	rocks_put_varint(&edit, table->first_sequence);
	rocks_put_varint(&edit, table->last_sequence);
	if (table->oldest_blob != UINT64_MAX) {
		struct buf number;
		buf_init(&number, 16);
		rocks_put_varint(&number, table->oldest_blob);
		rocks_put_varint(&edit, FIELD_OLDEST_BLOB);
		rocks_put_string(&edit, buf_view(&number));
		buf_done(&number);
	}
	rocks_put_varint(&edit, FIELD_END);
	add_record(to, buf_view(&edit));
	buf_done(&edit);
}

static void add_blob(struct buf *to, const struct rocks_new_blob *blob)
{
	struct buf edit;
	buf_init(&edit, SIZE_MAX / 2);
	put_number(&edit, TAG_FAMILY, ROCKS_CONTENT);
	put_number(&edit, TAG_BLOB_FILE, blob->number);
	rocks_put_varint(&edit, blob->count);
	rocks_put_varint(&edit, blob->bytes);
	rocks_put_string(&edit, VIEW("")); // no checksum of all the file
	rocks_put_string(&edit, VIEW(""));
	rocks_put_varint(&edit, BLOB_FIELD_END);
	add_record(to, buf_view(&edit));
	buf_done(&edit);
}

enum rc rocks_manifest_write(const char *path, const char *name,
    const struct rocks_new_manifest *manifest, struct fault *fault)
{
	char file[4160];
	struct buf bytes;
	buf_init(&bytes, SIZE_MAX / 2);
	add_database(&bytes, manifest);
	for (size_t i = 0; i < manifest->blobs.count; i++)
		add_blob(&bytes, &manifest->blobs.items[i]);
	for (size_t i = 0; i < manifest->tables.count; i++)
		add_table(&bytes, &manifest->tables.items[i]);
	snprintf(file, sizeof(file), "%s/%s", path, name);
	enum rc rc = rocks_file_write(file, buf_view(&bytes), fault);
	buf_done(&bytes);
	return rc;
}

enum rc rocks_file_write(
    const char *name, struct view bytes, struct fault *fault)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0;
	while (good && bytes.len) {
		ssize_t len = write(fd, bytes.ptr, bytes.len);
		good = len > 0;
		if (good)
			bytes = view_from(bytes, (size_t)len);
	}
	good = good && fsync(fd) == 0;
	int error = errno;
	if (fd >= 0)
		close(fd);
	return good ? RC_OK
		    : fault_set(fault, RC_IO, "%s: %s", name, strerror(error));
}
