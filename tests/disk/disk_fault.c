// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD that makes the disk fail as a test says. The test
// and this library share a small file, ROOST_DISK_CONTROL, that is mapped into
// memory: the test writes what shall fail, this library counts the calls. With
// nothing to fail, all calls pass.
//
// Only calls on files below ROOST_DISK_FOLDER count.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "disk_files.h"

// Bits of a mask, too.
enum call {
	CALL_WRITE = 1,
	CALL_SYNC = 2,
	CALL_READ = 4,
	CALL_CHANGE =
	    8, // opening to write, renaming, deleting, making, cutting
};

// tests/disk.py has the same layout.
struct control {
	_Atomic uint32_t armed;
	uint32_t kinds; // masks
	uint32_t calls;
	uint32_t error; // errno; 0: half of the bytes are written
	uint32_t first; // the first call that fails, counted from 1
	uint32_t times; // how many fail from there on
	_Atomic uint32_t seen;
	_Atomic uint32_t failed;
	uint32_t full; // statvfs() says that nothing is free
};

static struct control *control;
static _Atomic unsigned char kinds[DISK_FILES];

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("ROOST_DISK_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		control = at;
}

static bool fails(unsigned kind, enum call call)
{
	if (!control || !atomic_load(&control->armed) || !kind ||
	    !(control->kinds & kind) || !(control->calls & call))
		return false;
	uint32_t seen = atomic_fetch_add(&control->seen, 1) + 1;
	if (seen < control->first || seen - control->first >= control->times)
		return false;
	atomic_fetch_add(&control->failed, 1);
	errno = control->error ? (int)control->error : EIO;
	return true;
}

static unsigned kind_of(int fd)
{
	return fd >= 0 && fd < DISK_FILES ? kinds[fd] : 0;
}

static int opened(int fd, const char *path)
{
	if (fd >= 0 && fd < DISK_FILES) {
		struct stat info;
		unsigned kind = disk_kind_of(path);
		if (kind && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
			kind = DISK_FOLDER;
		kinds[fd] = (unsigned char)kind;
	}
	return fd;
}

// ---- Opening ---------------------------------------------------------------

static bool open_fails(const char *path, int flags)
{
	bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
	return fails(disk_kind_of(path), changes ? CALL_CHANGE : CALL_READ);
}

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list args;                                                  \
		va_start(args, flags);                                         \
		mode_t mode = va_arg(args, mode_t);                            \
		va_end(args);                                                  \
		DISK_REAL(name);                                               \
		if (open_fails(path, flags))                                   \
			return -1;                                             \
		return opened(real(path, flags, mode), path);                  \
	}
OPEN(open)
OPEN(open64)

int close(int fd)
{
	DISK_REAL(close);
	if (fd >= 0 && fd < DISK_FILES)
		kinds[fd] = 0;
	return real(fd);
}

// ---- Writing ---------------------------------------------------------------

// How many bytes of a failing write are written all the same: half, when the
// test asks for short writes.
static size_t half(size_t len)
{
	return control->error == 0 && len > 1 ? len / 2 : 0;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	DISK_REAL(write);
	if (fails(kind_of(fd), CALL_WRITE)) {
		int error = errno;
		len = half(len);
		errno = error;
		if (len == 0)
			return -1;
	}
	return real(fd, bytes, len);
}

#define PWRITE(name, type)                                                     \
	ssize_t name(int fd, const void *bytes, size_t len, type offset)       \
	{                                                                      \
		DISK_REAL(name);                                               \
		if (fails(kind_of(fd), CALL_WRITE)) {                          \
			len = half(len);                                       \
			if (len == 0)                                          \
				return -1;                                     \
		}                                                              \
		return real(fd, bytes, len, offset);                           \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC(name)                                                             \
	int name(int fd)                                                       \
	{                                                                      \
		DISK_REAL(name);                                               \
		return fails(kind_of(fd), CALL_SYNC) ? -1 : real(fd);          \
	}
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, type)                                                   \
	int name(int fd, type len)                                             \
	{                                                                      \
		DISK_REAL(name);                                               \
		return fails(kind_of(fd), CALL_CHANGE) ? -1 : real(fd, len);   \
	}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, type)                                                   \
	int name(int fd, int mode, type offset, type len)                      \
	{                                                                      \
		DISK_REAL(name);                                               \
		return fails(kind_of(fd), CALL_CHANGE)                         \
			   ? -1                                                \
			   : real(fd, mode, offset, len);                      \
	}
ALLOCATE(fallocate, off_t)
ALLOCATE(fallocate64, off64_t)

// ---- Names -----------------------------------------------------------------

int rename(const char *from, const char *to)
{
	DISK_REAL(rename);
	return fails(disk_kind_of(to), CALL_CHANGE) ? -1 : real(from, to);
}

int unlink(const char *path)
{
	DISK_REAL(unlink);
	return fails(disk_kind_of(path), CALL_CHANGE) ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode)
{
	DISK_REAL(mkdir);
	return fails(disk_kind_of(path), CALL_CHANGE) ? -1 : real(path, mode);
}

// ---- Reading ---------------------------------------------------------------

#define PREAD(name, type)                                                      \
	ssize_t name(int fd, void *bytes, size_t len, type offset)             \
	{                                                                      \
		DISK_REAL(name);                                               \
		return fails(kind_of(fd), CALL_READ)                           \
			   ? -1                                                \
			   : real(fd, bytes, len, offset);                     \
	}
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#undef fread_unlocked
size_t fread_unlocked(void *bytes, size_t size, size_t count, FILE *file)
{
	DISK_REAL(fread_unlocked);
	if (fails(kind_of(fileno(file)), CALL_READ)) {
		file->_flags |= 0x20; // ferror() says so
		return 0;
	}
	return real(bytes, size, count, file);
}

// ---- Space -----------------------------------------------------------------

#define STATVFS(name, type)                                                    \
	int name(const char *path, type *ret)                                  \
	{                                                                      \
		DISK_REAL(name);                                               \
		int rc = real(path, ret);                                      \
		if (rc == 0 && control && control->full)                       \
			ret->f_bavail = ret->f_bfree = 0;                      \
		return rc;                                                     \
	}
STATVFS(statvfs, struct statvfs)
STATVFS(statvfs64, struct statvfs64)
