// SPDX-License-Identifier: Apache-2.0
#include "disk_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static _Atomic uint64_t slots[DISK_FILES];

uint64_t disk_slot(int fd)
{
	return fd >= 0 && fd < DISK_FILES ? atomic_load(&slots[fd]) : 0;
}

void disk_slot_set(int fd, uint64_t what)
{
	if (fd >= 0 && fd < DISK_FILES)
		atomic_store(&slots[fd], what);
}

// The result of a call that gives 0 or -1.
static int end(const struct disk_call *call, int rc)
{
	int error = errno;
	if (rc == 0)
		disk_after(call);
	errno = error;
	return rc;
}

// ---- Opening ---------------------------------------------------------------

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list args;                                                  \
		va_start(args, flags);                                         \
		mode_t mode = va_arg(args, mode_t);                            \
		va_end(args);                                                  \
		DISK_REAL(name);                                               \
		struct disk_call call = {                                      \
		    .act = DISK_OPEN, .path = path, .flags = flags};           \
		if (!disk_before(&call))                                       \
			return -1;                                             \
		call.fd = real(path, flags, mode);                             \
		(void)end(&call, call.fd >= 0 ? 0 : -1);                       \
		return call.fd;                                                \
	}
OPEN(open)
OPEN(open64)

int close(int fd)
{
	DISK_REAL(close);
	disk_slot_set(fd, 0);
	return real(fd);
}

// ---- Writing ---------------------------------------------------------------

static ssize_t end_write(struct disk_call *call, ssize_t done)
{
	if (done > 0) {
		call->len = (size_t)done;
		(void)end(call, 0);
	}
	return done;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	DISK_REAL(write);
	struct disk_call call = {.act = DISK_WRITE,
	    .fd = fd,
	    .bytes = bytes,
	    .len = len,
	    .offset = DISK_HERE};
	if (!disk_before(&call))
		return -1;
	return end_write(&call, real(fd, bytes, call.len));
}

#define PWRITE(name, type)                                                     \
	ssize_t name(int fd, const void *bytes, size_t len, type offset)       \
	{                                                                      \
		DISK_REAL(name);                                               \
		struct disk_call call = {.act = DISK_WRITE,                    \
		    .fd = fd,                                                  \
		    .bytes = bytes,                                            \
		    .len = len,                                                \
		    .offset = (uint64_t)offset};                               \
		if (!disk_before(&call))                                       \
			return -1;                                             \
		return end_write(&call, real(fd, bytes, call.len, offset));    \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC(name)                                                             \
	int name(int fd)                                                       \
	{                                                                      \
		DISK_REAL(name);                                               \
		struct disk_call call = {.act = DISK_SYNC, .fd = fd};          \
		return disk_before(&call) ? end(&call, real(fd)) : -1;         \
	}
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, type)                                                   \
	int name(int fd, type len)                                             \
	{                                                                      \
		DISK_REAL(name);                                               \
		struct disk_call call = {                                      \
		    .act = DISK_CUT, .fd = fd, .offset = (uint64_t)len};       \
		return disk_before(&call) ? end(&call, real(fd, len)) : -1;    \
	}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, type)                                                   \
	int name(int fd, int mode, type offset, type len)                      \
	{                                                                      \
		DISK_REAL(name);                                               \
		struct disk_call call = {.act = DISK_GROW,                     \
		    .fd = fd,                                                  \
		    .flags = mode,                                             \
		    .offset = (uint64_t)(offset + len)};                       \
		return disk_before(&call)                                      \
			   ? end(&call, real(fd, mode, offset, len))           \
			   : -1;                                               \
	}
ALLOCATE(fallocate, off_t)
ALLOCATE(fallocate64, off64_t)

// ---- Names -----------------------------------------------------------------

int rename(const char *from, const char *to)
{
	DISK_REAL(rename);
	struct disk_call call = {.act = DISK_RENAME, .path = to, .from = from};
	return disk_before(&call) ? end(&call, real(from, to)) : -1;
}

int unlink(const char *path)
{
	DISK_REAL(unlink);
	struct disk_call call = {.act = DISK_UNLINK, .path = path};
	return disk_before(&call) ? end(&call, real(path)) : -1;
}

int mkdir(const char *path, mode_t mode)
{
	DISK_REAL(mkdir);
	struct disk_call call = {.act = DISK_MKDIR, .path = path};
	return disk_before(&call) ? end(&call, real(path, mode)) : -1;
}
