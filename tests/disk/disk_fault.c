// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD that makes the disk fail as a test says. The test
// and this library share a small file, ROOST_DISK_CONTROL, that is mapped into
// memory: the test writes what shall fail, this library counts the calls. With
// nothing to fail, all calls pass.
//
// Only calls on files below ROOST_DISK_FOLDER count.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "disk_calls.h"

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

static unsigned kind_of(int fd)
{
	return (unsigned)disk_slot(fd);
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

// ---- Changes ---------------------------------------------------------------

static bool open_fails(const char *path, int flags)
{
	bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
	return fails(disk_kind_of(path), changes ? CALL_CHANGE : CALL_READ);
}

// Of a failing write, half is written all the same when the test asks for short
// writes.
static bool write_fails(struct disk_call *call)
{
	if (!fails(kind_of(call->fd), CALL_WRITE))
		return false;
	if (control->error != 0 || call->len < 2)
		return true;
	call->len /= 2;
	return false;
}

bool disk_before(struct disk_call *call)
{
	switch (call->act) {
	case DISK_OPEN: return !open_fails(call->path, call->flags);
	case DISK_WRITE: return !write_fails(call);
	case DISK_SYNC: return !fails(kind_of(call->fd), CALL_SYNC);
	case DISK_CUT:
	case DISK_GROW: return !fails(kind_of(call->fd), CALL_CHANGE);
	case DISK_RENAME:
	case DISK_UNLINK:
	case DISK_MKDIR: return !fails(disk_kind_of(call->path), CALL_CHANGE);
	}
	return true;
}

void disk_after(const struct disk_call *call)
{
	struct stat info;
	if (call->act != DISK_OPEN)
		return;
	unsigned kind = disk_kind_of(call->path);
	if (kind && fstat(call->fd, &info) == 0 && S_ISDIR(info.st_mode))
		kind = DISK_FOLDER;
	disk_slot_set(call->fd, kind);
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
