// SPDX-License-Identifier: Apache-2.0
// Finds the one bit that is flipped in a table, where RocksDB met a checksum
// that does not match. A block is followed by a type (1) and a checksum (le32):
// the low half of its XXH3 hash, combined with the type. The last 53 bytes are
// the footer: the checksum's kind, where the two top blocks are, the format's
// version, a magic number (RocksDB's table/format.cc).
#include <fcntl.h>
#include <unistd.h>

#include "engine/rocksdb_salvage.h"

#define TRAILER     5
#define FOOTER      53
#define TABLE_MAGIC 0x88e241b785f4cff7u
#define VERSION     5
#define XXH3_KIND   4
#define BLOCK_MAX   ((uint64_t)64 << 20)

static bool block_is_right(const char *block, size_t size)
{
	return rocks_block_checksum(block, size) == get_le32(block + size + 1);
}

// Reads the block at `offset` with its trailer; the caller frees it. NULL:
// there is none.
static char *read_block(int fd, uint64_t offset, uint64_t size)
{
	if (size > BLOCK_MAX || offset > INT64_MAX / 2)
		return NULL;
	char *block = mem_alloc((size_t)size + TRAILER);
	if (pread(fd, block, (size_t)size + TRAILER, (off_t)offset) ==
	    (ssize_t)size + TRAILER)
		return block;
	free(block);
	return NULL;
}

static enum rc flipped_in_block(
    int fd, uint64_t offset, uint64_t size, uint64_t *ret_bit)
{
	char *block = read_block(fd, offset, size);
	if (!block)
		return RC_NOT_FOUND;
	enum rc rc = RC_NOT_FOUND;
	for (uint64_t bit = 0; bit < 8 * (size + TRAILER); bit++) {
		block[bit / 8] ^= (char)(1 << bit % 8);
		if (block_is_right(block, (size_t)size)) {
			*ret_bit = offset * 8 + bit;
			rc = RC_OK;
			break;
		}
		block[bit / 8] ^= (char)(1 << bit % 8);
	}
	free(block);
	return rc;
}

static bool block_at(int fd, uint64_t offset, uint64_t size)
{
	char *block = read_block(fd, offset, size);
	bool right = block && block_is_right(block, (size_t)size);
	free(block);
	return right;
}

// Where a block is.
struct handle {
	uint64_t offset;
	uint64_t size;
};

static bool read_handle(struct view *bytes, struct handle *ret_handle)
{
	return rocks_log_varint(bytes, &ret_handle->offset) &&
	       rocks_log_varint(bytes, &ret_handle->size);
}

// Reads from a footer where the list of the further blocks is, and the index.
static bool read_footer(
    const char *footer, struct handle *ret_list, struct handle *ret_index)
{
	struct view handles = view_of(footer + 1, FOOTER - 13);
	return footer[0] == XXH3_KIND && get_le32(footer + 41) == VERSION &&
	       get_le64(footer + 45) == TABLE_MAGIC &&
	       read_handle(&handles, ret_list) &&
	       read_handle(&handles, ret_index);
}

// Whether the footer is right, and the blocks are where it says.
static bool footer_is_right(int fd, const char *footer)
{
	struct handle list;
	struct handle index;
	return read_footer(footer, &list, &index) &&
	       block_at(fd, list.offset, list.size) &&
	       block_at(fd, index.offset, index.size);
}

static bool get_footer(int fd, char footer[FOOTER], off_t *ret_at)
{
	off_t end = lseek(fd, 0, SEEK_END);
	*ret_at = end - FOOTER;
	return end >= FOOTER &&
	       pread(fd, footer, FOOTER, end - FOOTER) == FOOTER;
}

// Finds the block of properties in the list of blocks. An entry has three
// numbers (how much of the key before it begins with, how much follows, the
// length of the value), the rest of the key and the value.
static bool find_properties(
    const char *block, uint64_t size, struct handle *ret_handle)
{
	static const char name[] = "rocksdb.properties";
	struct view rest = view_of(block, (size_t)size);
	char key[256];
	uint64_t shared;
	uint64_t more;
	uint64_t value;
	while (rocks_log_varint(&rest, &shared) &&
	       rocks_log_varint(&rest, &more) &&
	       rocks_log_varint(&rest, &value)) {
		if (shared > sizeof(key) || more > sizeof(key) - shared ||
		    more > rest.len || value > rest.len - more)
			return false;
		if (more)
			memcpy(key + shared, rest.ptr, (size_t)more);
		struct view bytes =
		    view_slice(rest, (size_t)more, (size_t)value);
		if (view_eq(view_of(key, (size_t)(shared + more)),
			view_of(name, sizeof(name) - 1)))
			return read_handle(&bytes, ret_handle);
		rest = view_from(rest, (size_t)(more + value));
	}
	return false;
}

// Reads where the list of blocks and the properties are. False: the footer or
// the list is damaged.
static bool read_end(
    int fd, struct handle *ret_list, struct handle *ret_properties)
{
	char footer[FOOTER];
	off_t at;
	struct handle index;
	*ret_list = (struct handle){0};
	if (!get_footer(fd, footer, &at) ||
	    !read_footer(footer, ret_list, &index))
		return false;
	char *block = read_block(fd, ret_list->offset, ret_list->size);
	bool right = block && block_is_right(block, (size_t)ret_list->size) &&
		     find_properties(block, ret_list->size, ret_properties);
	free(block);
	return right;
}

bool rocks_table_end_is_right(const char *path, uint64_t number)
{
	char file[4160];
	struct handle list;
	struct handle properties;
	snprintf(file, sizeof(file), "%s/%06llu.sst", path,
	    (unsigned long long)number);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true; // RocksDB says why it cannot be read
	bool right = read_end(fd, &list, &properties) &&
		     block_at(fd, properties.offset, properties.size);
	close(fd);
	return right;
}

static enum rc flipped_in_footer(int fd, uint64_t *ret_bit)
{
	char footer[FOOTER];
	off_t at;
	if (!get_footer(fd, footer, &at) || footer_is_right(fd, footer))
		return RC_NOT_FOUND;
	for (unsigned bit = 0; bit < 8 * FOOTER; bit++) {
		footer[bit / 8] ^= (char)(1 << bit % 8);
		if (footer_is_right(fd, footer)) {
			*ret_bit = 8 * (uint64_t)at + bit;
			return RC_OK;
		}
		footer[bit / 8] ^= (char)(1 << bit % 8);
	}
	return RC_NOT_FOUND;
}

static enum rc flipped_in_end(int fd, uint64_t *ret_bit)
{
	struct handle list = {0};
	struct handle properties = {0};
	bool read = read_end(fd, &list, &properties);
	struct handle damaged = read ? properties : list;
	if (!block_at(fd, damaged.offset, damaged.size) &&
	    flipped_in_block(fd, damaged.offset, damaged.size, ret_bit) ==
		RC_OK)
		return RC_OK;
	return flipped_in_footer(fd, ret_bit);
}

// Reads the number that follows `word` in the text.
static bool number_after(const char *text, const char *word, uint64_t *ret)
{
	const char *at = strstr(text, word);
	if (!at)
		return false;
	struct view digits = view_of_string(at + strlen(word));
	size_t len = 0;
	while (len < digits.len && digits.ptr[len] >= '0' &&
	       digits.ptr[len] <= '9')
		len++;
	return view_to_u64(view_slice(digits, 0, len), ret);
}

bool rocks_table_named(const char *text, char ret_name[ROCKS_NAME_MAX])
{
	const char *end = strstr(text, ".sst");
	const char *at = end;
	while (at && at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	if (!end || at == end || end - at > 20)
		return false;
	snprintf(ret_name, ROCKS_NAME_MAX, "%.*s", (int)(end - at) + 4, at);
	return true;
}

enum rc rocks_table_flipped(
    const char *path, const char *error, uint64_t *ret_bit)
{
	char name[ROCKS_NAME_MAX];
	char file[4160];
	uint64_t offset;
	uint64_t size;
	if (!rocks_table_named(error, name))
		return RC_NOT_FOUND;
	snprintf(file, sizeof(file), "%s/%s", path, name);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return RC_NOT_FOUND;
	enum rc rc = RC_NOT_FOUND;
	if (number_after(error, " offset ", &offset) &&
	    number_after(error, " size ", &size))
		rc = flipped_in_block(fd, offset, size, ret_bit);
	if (rc != RC_OK)
		rc = flipped_in_end(fd, ret_bit);
	close(fd);
	return rc;
}
