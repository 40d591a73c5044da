// SPDX-License-Identifier: Apache-2.0
#include "acme/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_SUFFIX ".new"

static void remove_half(const struct acme_folder *folder)
{
	struct dirent *entry;
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
	while (all && (entry = readdir(all)) != NULL)
		if (view_ends_with(
			view_of_string(entry->d_name), VIEW(NEW_SUFFIX)))
			unlinkat(folder->fd, entry->d_name, 0);
	if (all)
		closedir(all);
	else if (fd >= 0)
		close(fd);
}

enum rc acme_folder_open(
    const char *path, struct fault *fault, struct acme_folder *ret_folder)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fault_set(fault, RC_IO, "cannot open the folder %s: %s",
		    path, strerror(errno));
	ret_folder->fd = fd;
	remove_half(ret_folder);
	return RC_OK;
}

void acme_folder_close(struct acme_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

static enum rc read_all(int fd, struct buf *out)
{
	for (;;) {
		char bytes[4096];
		ssize_t len = read(fd, bytes, sizeof(bytes));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return RC_IO;
		if (len == 0)
			return RC_OK;
		buf_add(out, view_of(bytes, (size_t)len));
		if (buf_status(out) != RC_OK)
			return RC_CORRUPT;
	}
}

enum rc acme_folder_read(const struct acme_folder *folder, const char *name,
    struct buf *out, struct fault *fault)
{
	struct stat info;
	int fd = openat(folder->fd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return RC_NOT_FOUND;
	enum rc rc = fd < 0 ? RC_IO : RC_OK;
	if (rc == RC_OK && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)))
		rc = RC_IO;
	if (rc == RC_OK)
		rc = read_all(fd, out);
	if (rc != RC_OK)
		rc = fault_set(fault, rc,
		    "cannot read %s in the folder of "
		    "certificates: %s",
		    name, rc == RC_IO ? strerror(errno) : rc_text(rc));
	if (fd >= 0)
		close(fd);
	return rc;
}

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len > 0) {
		ssize_t len = write(fd, bytes.ptr, bytes.len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		bytes = view_from(bytes, (size_t)len);
	}
	return true;
}

enum rc acme_folder_write(const struct acme_folder *folder, const char *name,
    struct view bytes, struct fault *fault)
{
	char fresh[300];
	int len = snprintf(fresh, sizeof(fresh), "%s" NEW_SUFFIX, name);
	if (len < 0 || (size_t)len >= sizeof(fresh))
		return fault_set(
		    fault, RC_LIMIT, "the name %s is too long", name);
	unlinkat(folder->fd, fresh, 0);
	int fd = openat(folder->fd, fresh,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool done = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
	int error = errno;
	if (fd >= 0 && close(fd) != 0 && done) {
		error = errno;
		done = false;
	}
	if (done && (renameat(folder->fd, fresh, folder->fd, name) != 0 ||
			fsync(folder->fd) != 0)) {
		error = errno;
		done = false;
	}
	if (done)
		return RC_OK;
	unlinkat(folder->fd, fresh, 0);
	return fault_set(fault, error == ENOSPC ? RC_FULL : RC_IO,
	    "cannot write %s in the folder of certificates: %s", name,
	    strerror(error));
}

void acme_folder_remove(const struct acme_folder *folder, const char *name)
{
	if (unlinkat(folder->fd, name, 0) == 0)
		fsync(folder->fd);
}
