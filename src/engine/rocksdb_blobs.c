// SPDX-License-Identifier: Apache-2.0
// Reads blob files without RocksDB, whose errors do not say where a blob is
// damaged. A file is a header (30 bytes), records, and a footer (32), as
// RocksDB's db/blob/blob_log_format.h describes. A record has a header (lengths
// of key and value, an expiration, a CRC of that, and a CRC of what follows),
// the key and the value.
#include "engine/rocksdb_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOB_MAGIC     2395959u
#define BLOB_HEADER    30
#define BLOB_RECORD    32
#define BLOB_FOOTER    32
#define BLOB_KEY_MAX   64 // keys of content are shorter
#define BLOB_VALUE_MAX (ENGINE_CHUNK + 64)

struct blob_file {
	char name[64];
	int fd;
	uint64_t size;
	uint64_t blobs;
	char *bytes; // room for a record
	rocks_blob_problem *problem;
	void *context;
};

static bool read_bytes(
    struct blob_file *file, uint64_t offset, void *to, size_t len)
{
	return pread(file->fd, to, len, (off_t)offset) == (ssize_t)len;
}

static void tell(struct blob_file *file, uint64_t offset, struct view key,
    enum rc mended, uint64_t bit)
{
	struct rocks_blob_damage damage = {
	    .file = file->name,
	    .offset = offset,
	    .key = key,
	    .one_bit = mended == RC_OK,
	    .bit = bit,
	};
	file->problem(file->context, &damage);
}

// The header that the file should have.
static void expected_header(char header[BLOB_HEADER])
{
	memset(header, 0, BLOB_HEADER);
	put_le32(header, BLOB_MAGIC);
	put_le32(header + 4, 1); // version
	put_le32(header + 8, ROCKS_CONTENT);
}

// The bit in which two runs of bytes differ, counted from `base`. RC_NOT_FOUND:
// they differ in more.
static enum rc one_bit(const char *is, const char *should, size_t len,
    uint64_t base, uint64_t *ret_bit)
{
	enum rc rc = RC_NOT_FOUND;
	for (size_t i = 0; i < 8 * len; i++) {
		if (!((is[i / 8] ^ should[i / 8]) >> i % 8 & 1))
			continue;
		if (rc == RC_OK)
			return RC_NOT_FOUND;
		rc = RC_OK;
		*ret_bit = base * 8 + i;
	}
	return rc;
}

static void check_ends(struct blob_file *file)
{
	char is[BLOB_FOOTER] = {0};
	char should[BLOB_FOOTER] = {0};
	uint64_t bit = 0;
	expected_header(should);
	if (!read_bytes(file, 0, is, BLOB_HEADER) ||
	    memcmp(is, should, BLOB_HEADER) != 0)
		tell(file, 0, VIEW(""),
		    one_bit(is, should, BLOB_HEADER, 0, &bit), bit);
	memset(should, 0, sizeof(should));
	put_le32(should, BLOB_MAGIC);
	put_le64(should + 4, file->blobs);
	put_le32(
	    should + 28, rocks_crc_mask(rocks_crc32c(0, view_of(should, 28))));
	uint64_t at = file->size < BLOB_FOOTER ? 0 : file->size - BLOB_FOOTER;
	if (!read_bytes(file, at, is, BLOB_FOOTER) ||
	    memcmp(is, should, BLOB_FOOTER) != 0)
		tell(file, at, VIEW(""),
		    one_bit(is, should, BLOB_FOOTER, at, &bit), bit);
}

static bool header_is_right(const char *header)
{
	return rocks_crc_mask(rocks_crc32c(0, view_of(header, 24))) ==
	       get_le32(header + 24);
}

static uint64_t record_len(const char *header)
{
	uint64_t key = get_le64(header);
	uint64_t value = get_le64(header + 8);
	if (key > BLOB_KEY_MAX || value > BLOB_VALUE_MAX)
		return 0;
	return BLOB_RECORD + key + value;
}

// The header of a record is damaged. Finds the one bit, or the next record.
static bool mend_header(
    struct blob_file *file, uint64_t *offset, char header[BLOB_RECORD])
{
	uint64_t bit = 0;
	for (unsigned i = 0; i < 8 * 28; i++) {
		header[i / 8] ^= (char)(1 << i % 8);
		if (header_is_right(header) && record_len(header)) {
			bit = *offset * 8 + i;
			tell(file, *offset, VIEW(""), RC_OK, bit);
			return true;
		}
		header[i / 8] ^= (char)(1 << i % 8);
	}
	tell(file, *offset, VIEW(""), RC_NOT_FOUND, 0);
	while (++*offset + BLOB_RECORD + BLOB_FOOTER <= file->size)
		if (read_bytes(file, *offset, header, BLOB_RECORD) &&
		    header_is_right(header) && record_len(header))
			return true;
	return false;
}

static void check_record(
    struct blob_file *file, uint64_t offset, const char *header)
{
	size_t len = (size_t)record_len(header) - BLOB_RECORD;
	struct view bytes = view_of(file->bytes, len);
	struct view key = view_slice(bytes, 0, (size_t)get_le64(header));
	uint32_t stored = get_le32(header + 28);
	uint64_t bit = 0;
	file->blobs++;
	if (!read_bytes(file, offset + BLOB_RECORD, file->bytes, len)) {
		tell(file, offset, VIEW(""), RC_NOT_FOUND, 0);
		return;
	}
	uint32_t crc = rocks_crc32c(0, bytes);
	if (rocks_crc_mask(crc) == stored)
		return;
	uint32_t differs = rocks_crc_mask(crc) ^ stored;
	enum rc rc = RC_OK;
	if (differs && !(differs & (differs - 1))) {
		bit = (offset + 28) * 8 + (uint64_t)__builtin_ctz(differs);
	} else {
		rc = rocks_crc_flipped(
		    bytes, crc ^ rocks_crc_unmask(stored), &bit);
		bit += (offset + BLOB_RECORD) * 8;
	}
	tell(file, offset, key, rc, bit);
}

static void check_file(struct blob_file *file)
{
	char header[BLOB_RECORD];
	uint64_t offset = BLOB_HEADER;
	while (offset + BLOB_RECORD + BLOB_FOOTER <= file->size &&
	       read_bytes(file, offset, header, sizeof(header))) {
		if ((!header_is_right(header) || !record_len(header)) &&
		    !mend_header(file, &offset, header))
			break;
		check_record(file, offset, header);
		offset += record_len(header);
	}
	check_ends(file);
}

void rocks_blobs_check(
    const char *path, rocks_blob_problem *problem, void *context)
{
	struct rocks_listing listing;
	if (rocks_listing_read(path, NULL, &listing) != RC_OK)
		return;
	struct blob_file file = {.problem = problem,
	    .context = context,
	    .bytes = mem_alloc(BLOB_KEY_MAX + BLOB_VALUE_MAX)};
	for (size_t i = 0; i < listing.blobs.count; i++) {
		char name[4160];
		struct stat status;
		snprintf(file.name, sizeof(file.name), "%06llu.blob",
		    (unsigned long long)listing.blobs.items[i]);
		snprintf(name, sizeof(name), "%s/%s", path, file.name);
		file.blobs = 0;
		file.fd = open(name, O_RDONLY | O_CLOEXEC);
		if (file.fd < 0)
			continue; // deleted meanwhile
		if (fstat(file.fd, &status) == 0 &&
		    (file.size = (uint64_t)status.st_size) >=
			BLOB_HEADER + BLOB_FOOTER)
			check_file(&file);
		close(file.fd);
	}
	free(file.bytes);
	rocks_listing_done(&listing);
}
