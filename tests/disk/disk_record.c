// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD that records every change that the process makes
// below ROOST_DISK_FOLDER, in the order in which the changes were made, in the
// file ROOST_DISK_RECORD. tests/power.py reads the record and makes images of
// what a power cut would leave.
//
// An entry is a header and its bytes, written by one call to a file that is
// opened with O_APPEND; so several processes may record, and the test may add
// marks of its own. A sync has two entries: what was written before the first
// one is durable after the second one.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "disk_files.h"

enum entry {
	ENTRY_CREATE = 'c', // path
	ENTRY_WRITE = 'w',  // bytes
	ENTRY_CUT = 't',    // a new length
	ENTRY_SYNC_BEGINS = 'b',
	ENTRY_SYNC_ENDS = 's',
	ENTRY_RENAME = 'r', // from, NUL, to
	ENTRY_UNLINK = 'u', // path
	ENTRY_MKDIR = 'd',  // path
};

// tests/power.py has the same layout.
struct header {
	uint32_t len; // bytes that follow
	uint32_t kind;
	uint64_t inode;
	uint64_t offset; // or a length
};

static int record_fd = -1;
static _Atomic uint64_t inodes[DISK_FILES]; // 0: not of interest
static _Atomic bool begun;

// A sanitizer calls these functions before its constructors have run.
__attribute__((constructor)) static void begin(void)
{
	DISK_REAL(open);
	const char *path = getenv("ROOST_DISK_RECORD");
	if (path)
		record_fd = real(path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
	atomic_store(&begun, record_fd >= 0);
}

static void note(enum entry kind, uint64_t inode, uint64_t offset,
    const void *bytes, size_t len)
{
	int error = errno;
	struct header header = {(uint32_t)len, kind, inode, offset};
	struct iovec parts[] = {
	    {&header, sizeof(header)}, {(void *)(uintptr_t)bytes, len}};
	if (writev(record_fd, parts, 2) != (ssize_t)(sizeof(header) + len))
		abort(); // a record with a gap proves nothing
	errno = error;
}

static bool is_ours(const char *path)
{
	return atomic_load(&begun) && disk_kind_of(path) != 0;
}

static uint64_t inode_of(int fd)
{
	return fd >= 0 && fd < DISK_FILES ? atomic_load(&inodes[fd]) : 0;
}

static void note_path(enum entry kind, uint64_t inode, const char *path)
{
	note(kind, inode, 0, path, strlen(path));
}

// ---- Opening ---------------------------------------------------------------

static void opened(int fd, const char *path, int flags, bool was_there)
{
	struct stat info;
	if (fd < 0 || fd >= DISK_FILES)
		return;
	atomic_store(&inodes[fd], 0);
	if (!is_ours(path) || fstat(fd, &info) != 0 ||
	    !(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)))
		return;
	atomic_store(&inodes[fd], info.st_ino);
	if (!was_there && (flags & O_CREAT))
		note_path(ENTRY_CREATE, info.st_ino, path);
	else if (was_there && (flags & O_TRUNC))
		note(ENTRY_CUT, info.st_ino, 0, "", 0);
}

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list args;                                                  \
		va_start(args, flags);                                         \
		mode_t mode = va_arg(args, mode_t);                            \
		va_end(args);                                                  \
		DISK_REAL(name);                                               \
		struct stat info;                                              \
		bool was_there = is_ours(path) && stat(path, &info) == 0;      \
		int fd = real(path, flags, mode);                              \
		int error = errno;                                             \
		opened(fd, path, flags, was_there);                            \
		errno = error;                                                 \
		return fd;                                                     \
	}
OPEN(open)
OPEN(open64)

// The path of something in an open folder. The data folder is made in this way
// before the process shuts itself in, and while /proc can be asked. What cannot
// be found belongs to us if its folder does ("." and "..", to be synced).
static const char *path_in(int folder, const char *path, char room[8192])
{
	char link[64];
	if (path[0] == '/' || folder < 0)
		return path;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
	ssize_t len = readlink(link, room, 4096);
	if (len <= 0 || (size_t)len + strlen(path) + 2 > 8192)
		return path;
	room[len] = '/';
	memcpy(room + len + 1, path, strlen(path) + 1);
	if (strcmp(path, ".") == 0)
		room[len] = '\0';
	return room;
}

#define OPENAT(name)                                                           \
	int name(int folder, const char *path, int flags, ...)                 \
	{                                                                      \
		va_list args;                                                  \
		va_start(args, flags);                                         \
		mode_t mode = va_arg(args, mode_t);                            \
		va_end(args);                                                  \
		DISK_REAL(name);                                               \
		char room[8192];                                               \
		struct stat info;                                              \
		bool ours = inode_of(folder) != 0;                             \
		const char *whole = path_in(folder, path, room);               \
		bool was_there = is_ours(whole) && stat(whole, &info) == 0;    \
		int fd = real(folder, path, flags, mode);                      \
		int error = errno;                                             \
		opened(fd, whole, flags, was_there);                           \
		if (ours && fd >= 0 && fd < DISK_FILES &&                      \
		    fstat(fd, &info) == 0)                                     \
			atomic_store(&inodes[fd], info.st_ino);                \
		errno = error;                                                 \
		return fd;                                                     \
	}
OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
	DISK_REAL(close);
	if (fd >= 0 && fd < DISK_FILES)
		atomic_store(&inodes[fd], 0);
	return real(fd);
}

// ---- Writing ---------------------------------------------------------------

ssize_t write(int fd, const void *bytes, size_t len)
{
	DISK_REAL(write);
	ssize_t done = real(fd, bytes, len);
	uint64_t inode = inode_of(fd);
	if (inode && done > 0)
		note(ENTRY_WRITE, inode,
		    (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), bytes,
		    (size_t)done);
	return done;
}

#define PWRITE(name, type)                                                     \
	ssize_t name(int fd, const void *bytes, size_t len, type offset)       \
	{                                                                      \
		DISK_REAL(name);                                               \
		ssize_t done = real(fd, bytes, len, offset);                   \
		uint64_t inode = inode_of(fd);                                 \
		if (inode && done > 0)                                         \
			note(ENTRY_WRITE, inode, (uint64_t)offset, bytes,      \
			    (size_t)done);                                     \
		return done;                                                   \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC(name)                                                             \
	int name(int fd)                                                       \
	{                                                                      \
		DISK_REAL(name);                                               \
		uint64_t inode = inode_of(fd);                                 \
		if (inode)                                                     \
			note(ENTRY_SYNC_BEGINS, inode, 0, "", 0);              \
		int rc = real(fd);                                             \
		if (inode && rc == 0)                                          \
			note(ENTRY_SYNC_ENDS, inode, 0, "", 0);                \
		return rc;                                                     \
	}
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, type)                                                   \
	int name(int fd, type len)                                             \
	{                                                                      \
		DISK_REAL(name);                                               \
		int rc = real(fd, len);                                        \
		uint64_t inode = inode_of(fd);                                 \
		if (inode && rc == 0)                                          \
			note(ENTRY_CUT, inode, (uint64_t)len, "", 0);          \
		return rc;                                                     \
	}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(name, type)                                                   \
	int name(int fd, int mode, type offset, type len)                      \
	{                                                                      \
		DISK_REAL(name);                                               \
		int rc = real(fd, mode, offset, len);                          \
		uint64_t inode = inode_of(fd);                                 \
		if (inode && rc == 0 && !(mode & FALLOC_FL_KEEP_SIZE))         \
			note(ENTRY_CUT, inode, (uint64_t)(offset + len), "",   \
			    0);                                                \
		return rc;                                                     \
	}
ALLOCATE(fallocate, off_t)
ALLOCATE(fallocate64, off64_t)

// ---- Names -----------------------------------------------------------------

int rename(const char *from, const char *to)
{
	DISK_REAL(rename);
	struct stat info;
	int rc = real(from, to);
	if (rc != 0 || !is_ours(to) || stat(to, &info) != 0)
		return rc;
	char both[8192];
	size_t len = strlen(from) + 1;
	if (len + strlen(to) >= sizeof(both))
		abort();
	memcpy(both, from, len);
	memcpy(both + len, to, strlen(to));
	note(ENTRY_RENAME, info.st_ino, 0, both, len + strlen(to));
	return rc;
}

int unlink(const char *path)
{
	DISK_REAL(unlink);
	int rc = real(path);
	if (rc == 0 && is_ours(path))
		note_path(ENTRY_UNLINK, 0, path);
	return rc;
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	DISK_REAL(mkdirat);
	char room[8192];
	struct stat info;
	const char *whole = path_in(folder, path, room);
	int rc = real(folder, path, mode);
	if (rc == 0 && is_ours(whole) && stat(whole, &info) == 0)
		note_path(ENTRY_MKDIR, info.st_ino, whole);
	return rc;
}

int mkdir(const char *path, mode_t mode)
{
	DISK_REAL(mkdir);
	struct stat info;
	int rc = real(path, mode);
	if (rc == 0 && is_ours(path) && stat(path, &info) == 0)
		note_path(ENTRY_MKDIR, info.st_ino, path);
	return rc;
}
