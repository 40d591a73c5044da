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
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "disk_calls.h"

enum entry {
	ENTRY_CREATE = 'c', // path
	ENTRY_LINK = 'l',   // path: one more name of a file
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
static _Atomic bool begun;

// A sanitizer calls these functions before its constructors have run.
__attribute__((constructor)) static void begin(void)
{
	DISK_REAL(open);
	const char *path = getenv("ROOST_DISK_RECORD");
	if (path)
		record_fd = real(path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
	disk_kind_of("/"); // it reads the environment once
	atomic_store(&begun, record_fd >= 0);
}

static void note(enum entry kind, uint64_t inode, uint64_t offset,
    const void *bytes, size_t len)
{
	int error = errno;
	struct header header = {(uint32_t)len, kind, inode, offset};
	struct iovec parts[] = {
	    {&header, sizeof(header)}, {(void *)(uintptr_t)bytes, len}};
	DISK_REAL(writev);
	if (real(record_fd, parts, 2) != (ssize_t)(sizeof(header) + len))
		abort(); // a record with a gap proves nothing
	errno = error;
}

static bool is_ours(const char *path)
{
	return atomic_load(&begun) && disk_kind_of(path) != 0;
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
	disk_slot_set(fd, 0);
	if (!is_ours(path) || fstat(fd, &info) != 0 ||
	    !(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)))
		return;
	disk_slot_set(fd, info.st_ino);
	if (!was_there && (flags & O_CREAT))
		note_path(ENTRY_CREATE, info.st_ino, path);
	else if (was_there && (flags & O_TRUNC))
		note(ENTRY_CUT, info.st_ino, 0, "", 0);
}

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
		bool ours = disk_slot(folder) != 0;                            \
		const char *whole = path_in(folder, path, room);               \
		bool was_there = is_ours(whole) && stat(whole, &info) == 0;    \
		int fd = real(folder, path, flags, mode);                      \
		int error = errno;                                             \
		opened(fd, whole, flags, was_there);                           \
		if (ours && fd >= 0 && fstat(fd, &info) == 0)                  \
			disk_slot_set(fd, info.st_ino);                        \
		errno = error;                                                 \
		return fd;                                                     \
	}
OPENAT(openat)
OPENAT(openat64)

// ---- Changes ---------------------------------------------------------------

bool disk_before(struct disk_call *call)
{
	struct stat info;
	uint64_t inode = disk_slot(call->fd);
	if (call->act == DISK_OPEN)
		call->was_there =
		    is_ours(call->path) && stat(call->path, &info) == 0;
	else if (call->act == DISK_SYNC && inode)
		note(ENTRY_SYNC_BEGINS, inode, 0, "", 0);
	return true;
}

static void note_file(const struct disk_call *call, uint64_t inode)
{
	switch (call->act) {
	case DISK_WRITE: {
		uint64_t offset = call->offset;
		if (offset == DISK_HERE)
			offset =
			    (uint64_t)lseek(call->fd, 0, SEEK_CUR) - call->len;
		note(ENTRY_WRITE, inode, offset, call->bytes, call->len);
		return;
	}
	case DISK_SYNC: note(ENTRY_SYNC_ENDS, inode, 0, "", 0); return;
	case DISK_GROW:
		if (call->flags & FALLOC_FL_KEEP_SIZE)
			return;
		note(ENTRY_CUT, inode, call->offset, "", 0);
		return;
	case DISK_CUT: note(ENTRY_CUT, inode, call->offset, "", 0); return;
	case DISK_OPEN:
	case DISK_RENAME:
	case DISK_UNLINK:
	case DISK_MKDIR: return;
	}
}

static void note_rename(const char *from, const char *to)
{
	struct stat info;
	char both[8192];
	size_t len = strlen(from) + 1;
	if (stat(to, &info) != 0)
		return;
	if (len + strlen(to) >= sizeof(both))
		abort();
	memcpy(both, from, len);
	memcpy(both + len, to, strlen(to));
	note(ENTRY_RENAME, info.st_ino, 0, both, len + strlen(to));
}

static void note_folder(const char *path)
{
	struct stat info;
	if (is_ours(path) && stat(path, &info) == 0)
		note_path(ENTRY_MKDIR, info.st_ino, path);
}

void disk_after(const struct disk_call *call)
{
	switch (call->act) {
	case DISK_OPEN:
		opened(call->fd, call->path, call->flags, call->was_there);
		return;
	case DISK_RENAME:
		if (is_ours(call->path))
			note_rename(call->from, call->path);
		return;
	case DISK_UNLINK:
		if (is_ours(call->path))
			note_path(ENTRY_UNLINK, 0, call->path);
		return;
	case DISK_MKDIR: note_folder(call->path); return;
	case DISK_WRITE:
	case DISK_SYNC:
	case DISK_CUT:
	case DISK_GROW:
		if (disk_slot(call->fd))
			note_file(call, disk_slot(call->fd));
		return;
	}
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	DISK_REAL(mkdirat);
	char room[8192];
	const char *whole = path_in(folder, path, room);
	int rc = real(folder, path, mode);
	if (rc == 0)
		note_folder(whole);
	return rc;
}

// ---- What Dovecot calls as well --------------------------------------------

// open() without a mode in programs that are built with _FORTIFY_SOURCE.
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return open(path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open64(path, flags, 0);
}

int creat(const char *path, mode_t mode)
{
	return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	DISK_REAL(writev);
	if (!disk_slot(fd))
		return real(fd, parts, count);
	ssize_t all = 0;
	for (int i = 0; i < count; i++) {
		ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
		if (done < 0)
			return all > 0 ? all : done;
		all += done;
		if ((size_t)done < parts[i].iov_len)
			break;
	}
	return all;
}

#define SENDFILE(name, type)                                                   \
	ssize_t name(int to, int from, type *offset, size_t len)               \
	{                                                                      \
		DISK_REAL(name);                                               \
		if (!disk_slot(to))                                            \
			return real(to, from, offset, len);                    \
		char bytes[65536];                                             \
		len = len < sizeof(bytes) ? len : sizeof(bytes);               \
		ssize_t got = offset ? pread(from, bytes, len, *offset)        \
				     : read(from, bytes, len);                 \
		ssize_t done = got > 0 ? write(to, bytes, (size_t)got) : got;  \
		if (offset && done > 0)                                        \
			*offset += done;                                       \
		return done;                                                   \
	}
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)

int posix_fallocate(int fd, off_t offset, off_t len)
{
	DISK_REAL(posix_fallocate);
	struct stat info;
	uint64_t inode = disk_slot(fd);
	bool longer =
	    inode && fstat(fd, &info) == 0 && info.st_size < offset + len;
	int error = real(fd, offset, len);
	if (longer && error == 0)
		note(ENTRY_CUT, inode, (uint64_t)(offset + len), "", 0);
	return error;
}

int link(const char *from, const char *to)
{
	DISK_REAL(link);
	struct stat info;
	int rc = real(from, to);
	if (rc == 0 && is_ours(to) && stat(to, &info) == 0)
		note(ENTRY_LINK, info.st_ino, 0, to, strlen(to));
	return rc;
}

int rmdir(const char *path)
{
	DISK_REAL(rmdir);
	int rc = real(path);
	if (rc == 0 && is_ours(path))
		note(ENTRY_UNLINK, 0, 0, path, strlen(path));
	return rc;
}
