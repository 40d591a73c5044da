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

static void expected_footer(char footer[BLOB_FOOTER], uint64_t blobs)
{
	memset(footer, 0, BLOB_FOOTER);
	put_le32(footer, BLOB_MAGIC);
	put_le64(footer + 4, blobs);
	put_le32(
	    footer + 28, rocks_crc_mask(rocks_crc32c(0, view_of(footer, 28))));
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
	expected_footer(should, file->blobs);
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
	if (key == 0 || key > BLOB_KEY_MAX || value > BLOB_VALUE_MAX)
		return 0;
	return BLOB_RECORD + key + value;
}

// Finds the next header of a record at `offset` or behind it.
static bool next_header(
    struct blob_file *file, uint64_t *offset, char header[BLOB_RECORD])
{
	char bytes[1 << 14];
	while (*offset + BLOB_RECORD <= file->size) {
		ssize_t len =
		    pread(file->fd, bytes, sizeof(bytes), (off_t)*offset);
		if (len < BLOB_RECORD) {
			*offset += 4096; // the disk does not give it
			continue;
		}
		size_t last = (size_t)len - BLOB_RECORD;
		for (size_t i = 0; i <= last; i++) {
			if (!record_len(bytes + i) ||
			    !header_is_right(bytes + i))
				continue;
			memcpy(header, bytes + i, BLOB_RECORD);
			*offset += i;
			return true;
		}
		*offset += last + 1;
	}
	return false;
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
	++*offset;
	return next_header(file, offset, header);
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

static void check_records(struct blob_file *file)
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
}

static void check_file(struct blob_file *file)
{
	check_records(file);
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

// ---- Ends ------------------------------------------------------------------

// Whether both ends are right; then says how much the file has.
static bool ends_are_right(
    struct blob_file *file, struct rocks_blob_ends *ret_ends)
{
	char is[BLOB_FOOTER];
	char should[BLOB_FOOTER];
	if (file->size < BLOB_HEADER + BLOB_FOOTER)
		return false;
	expected_header(should);
	if (!read_bytes(file, 0, is, BLOB_HEADER) ||
	    memcmp(is, should, BLOB_HEADER) != 0)
		return false;
	ret_ends->end = file->size - BLOB_FOOTER;
	ret_ends->bytes = ret_ends->end - BLOB_HEADER;
	if (!read_bytes(file, ret_ends->end, is, BLOB_FOOTER))
		return false;
	ret_ends->count = get_le64(is + 4);
	expected_footer(should, ret_ends->count);
	return memcmp(is, should, BLOB_FOOTER) == 0;
}

// Looks for the records.
static void find_records(
    struct blob_file *file, struct rocks_blob_ends *ret_ends)
{
	char header[BLOB_RECORD];
	uint64_t offset = BLOB_HEADER;
	*ret_ends = (struct rocks_blob_ends){.end = BLOB_HEADER};
	while (next_header(file, &offset, header)) {
		uint64_t len = record_len(header);
		if (offset + len > file->size) {
			offset++;
			continue;
		}
		offset += len;
		ret_ends->end = offset;
		ret_ends->bytes += len;
		ret_ends->count++;
	}
}

enum rc rocks_blob_ends_find(const char *path, const char *name,
    struct fault *fault, struct rocks_blob_ends *ret_ends)
{
	char full[4160];
	struct stat status;
	struct blob_file file = {0};
	*ret_ends = (struct rocks_blob_ends){0};
	snprintf(full, sizeof(full), "%s/%s", path, name);
	file.fd = open(full, O_RDONLY | O_CLOEXEC);
	if (file.fd < 0 || fstat(file.fd, &status) != 0) {
		enum rc rc =
		    fault_set(fault, RC_IO, "%s: %s", full, strerror(errno));
		if (file.fd >= 0)
			close(file.fd);
		return rc;
	}
	file.size = (uint64_t)status.st_size;
	if (ends_are_right(&file, ret_ends))
		ret_ends->right = true;
	else
		find_records(&file, ret_ends);
	close(file.fd);
	return RC_OK;
}

enum rc rocks_blob_ends_write(const char *path, const char *name,
    const struct rocks_blob_ends *ends, struct fault *fault)
{
	char full[4160];
	char header[BLOB_HEADER];
	char footer[BLOB_FOOTER];
	snprintf(full, sizeof(full), "%s/%s", path, name);
	expected_header(header);
	expected_footer(footer, ends->count);
	int fd = open(full, O_WRONLY | O_CLOEXEC);
	bool good =
	    fd >= 0 && ftruncate(fd, (off_t)ends->end) == 0 &&
	    pwrite(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
	    pwrite(fd, footer, sizeof(footer), (off_t)ends->end) ==
		(ssize_t)sizeof(footer) &&
	    fsync(fd) == 0;
	int error = errno;
	if (fd >= 0)
		close(fd);
	return good ? RC_OK
		    : fault_set(fault, RC_IO, "%s: %s", full, strerror(error));
}

bool rocks_blob_is_right(const char *path, uint64_t number, uint64_t offset,
    uint64_t size, struct view key)
{
	char full[4160];
	char header[BLOB_RECORD];
	struct blob_file file = {0};
	uint64_t before = BLOB_RECORD + key.len;
	size_t len = key.len + (size_t)size;
	if (offset < before + BLOB_HEADER || size > BLOB_VALUE_MAX)
		return false;
	snprintf(full, sizeof(full), "%s/%06llu.blob", path,
	    (unsigned long long)number);
	file.fd = open(full, O_RDONLY | O_CLOEXEC);
	if (file.fd < 0)
		return false;
	char *bytes = mem_alloc(len);
	bool right =
	    read_bytes(&file, offset - before, header, sizeof(header)) &&
	    header_is_right(header) && get_le64(header) == key.len &&
	    get_le64(header + 8) == size &&
	    read_bytes(&file, offset - key.len, bytes, len) &&
	    view_eq(view_of(bytes, key.len), key) &&
	    rocks_crc_mask(rocks_crc32c(0, view_of(bytes, len))) ==
		get_le32(header + 28);
	free(bytes);
	close(file.fd);
	return right;
}
