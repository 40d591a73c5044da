// SPDX-License-Identifier: Apache-2.0
// The files of a database folder: their names, CURRENT, and reading a log.
#include "engine/rocksdb_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

// ---- Names -----------------------------------------------------------------

// Whether `name` is a number between `before` and `after`.
static bool numbered(struct view name, struct view before, struct view after,
    uint64_t *ret_number)
{
	if (name.len <= before.len + after.len ||
	    !view_starts_with(name, before) || !view_ends_with(name, after))
		return false;
	return view_to_u64(
	    view_slice(name, before.len, name.len - before.len - after.len),
	    ret_number);
}

static int compare_numbers(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

static void sort(struct rocks_numbers *numbers)
{
	if (numbers->count)
		qsort(numbers->items, numbers->count, sizeof(*numbers->items),
		    compare_numbers);
}

enum rc rocks_listing_read(
    const char *path, struct fault *fault, struct rocks_listing *ret_listing)
{
	struct rocks_listing listing = {0};
	DIR *dir = opendir(path);
	if (!dir)
		return fault_set(fault, RC_IO, "%s: %s", path, strerror(errno));
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct view name = view_of_string(entry->d_name);
		uint64_t number;
		if (numbered(name, VIEW(""), VIEW(".log"), &number))
			vec_push(&listing.logs, number);
		else if (numbered(name, VIEW(""), VIEW(".sst"), &number))
			vec_push(&listing.tables, number);
		else if (numbered(name, VIEW(""), VIEW(".blob"), &number))
			vec_push(&listing.blobs, number);
		else if (numbered(name, VIEW("MANIFEST-"), VIEW(""), &number))
			vec_push(&listing.manifests, number);
		else if (view_eq(name, VIEW("CURRENT")))
			listing.current = true;
	}
	closedir(dir);
	sort(&listing.logs);
	sort(&listing.tables);
	sort(&listing.blobs);
	sort(&listing.manifests);
	*ret_listing = listing;
	return RC_OK;
}

void rocks_listing_done(struct rocks_listing *listing)
{
	vec_done(&listing->logs);
	vec_done(&listing->tables);
	vec_done(&listing->blobs);
	vec_done(&listing->manifests);
}

enum rc rocks_current_read(
    const char *path, struct fault *fault, char ret_name[ROCKS_NAME_MAX])
{
	char file[4160];
	char text[ROCKS_NAME_MAX];
	uint64_t number;
	snprintf(file, sizeof(file), "%s/CURRENT", path);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (len < 0)
		return fault_set(fault, error == ENOENT ? RC_CORRUPT : RC_IO,
		    "%s: %s", file, strerror(error));
	struct view name = view_of(text, (size_t)len);
	if (name.len == 0 || name.len == sizeof(text) ||
	    name.ptr[name.len - 1] != '\n' ||
	    !numbered(view_slice(name, 0, name.len - 1), VIEW("MANIFEST-"),
		VIEW(""), &number))
		return fault_set(fault, RC_CORRUPT,
		    "%s is damaged: it does not name a MANIFEST", file);
	memcpy(ret_name, text, name.len - 1);
	ret_name[name.len - 1] = '\0';
	snprintf(file, sizeof(file), "%s/%s", path, ret_name);
	if (access(file, F_OK) != 0)
		return fault_set(fault, RC_CORRUPT,
		    "%s/CURRENT is damaged, or a file is missing: it names %s, "
		    "which is not there",
		    path, ret_name);
	return RC_OK;
}

// ---- Logs ------------------------------------------------------------------

static ssize_t read_at(void *context, uint64_t offset, void *to, size_t len)
{
	const struct rocks_log_file *file = context;
	return pread(file->fd, to, len, (off_t)offset);
}

enum rc rocks_log_file_open(const char *path, const char *name,
    struct fault *fault, struct rocks_log_file **ret_file)
{
	struct rocks_log_file *file = mem_alloc(sizeof(*file));
	snprintf(file->name, sizeof(file->name), "%s/%s", path, name);
	file->fd = open(file->name, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0) {
		enum rc rc = fault_set(
		    fault, RC_IO, "%s: %s", file->name, strerror(errno));
		free(file);
		return rc;
	}
	rocks_log_init(&file->log, read_at, file);
	*ret_file = file;
	return RC_OK;
}

void rocks_log_file_close(struct rocks_log_file **file)
{
	if (!*file)
		return;
	rocks_log_done(&(*file)->log);
	close((*file)->fd);
	free(*file);
	*file = NULL;
}

enum rc rocks_log_file_flipped(
    struct rocks_log_file *file, uint64_t offset, uint64_t *ret_bit)
{
	char bytes[ROCKS_LOG_BLOCK];
	uint64_t bit;
	size_t room = ROCKS_LOG_BLOCK - (size_t)(offset % ROCKS_LOG_BLOCK);
	ssize_t len = pread(file->fd, bytes, room, (off_t)offset);
	if (len < 0)
		return RC_IO;
	enum rc rc = rocks_log_flipped(view_of(bytes, (size_t)len), &bit);
	if (rc == RC_OK)
		*ret_bit = offset * 8 + bit;
	return rc;
}
