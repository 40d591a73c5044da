// SPDX-License-Identifier: Apache-2.0
// Let R be the reserve. With less than R free, the store takes no new mail.
// With less than R/4 free, a piece of the ballast is given up. With more than
// 2 R free beyond what the ballast lacks, it grows back. R is at most 1/32 of
// the disk, so that a small disk is not full from the start.
#include "engine/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BALLAST "ballast"
#define PROBE   "probe"

#define PROBE_BYTES 65536
// The least that is given up at a time.
#define PIECE ((uint64_t)8 << 20)

static int open_in(const struct reserve *reserve, const char *name, int flags)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", reserve->folder, name);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -1;
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void remove_in(const struct reserve *reserve, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", reserve->folder, name);
	if (len > 0 && (size_t)len < sizeof(path))
		unlink(path);
}

void reserve_init(struct reserve *reserve, const char *folder, uint64_t wanted)
{
	*reserve = (struct reserve){.folder = folder, .wanted = wanted};
	int fd = open_in(reserve, BALLAST, O_RDONLY);
	struct stat info;
	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		reserve->ballast = (uint64_t)info.st_size;
	close(fd);
}

// Gives the ballast a new length. Growing takes real blocks, or fails.
static bool set_ballast(struct reserve *reserve, uint64_t bytes)
{
	int fd = open_in(reserve, BALLAST, O_WRONLY | O_CREAT);
	if (fd < 0)
		return false;
	bool done = bytes > reserve->ballast
			? fallocate(fd, 0, 0, (off_t)bytes) == 0
			: ftruncate(fd, (off_t)bytes) == 0;
	struct stat info;
	if (done)
		reserve->ballast = bytes;
	else if (fstat(fd, &info) == 0) // it may have grown by a part
		reserve->ballast = (uint64_t)info.st_size;
	close(fd);
	return done;
}

bool reserve_give(struct reserve *reserve)
{
	uint64_t piece = reserve->wanted / 4;
	if (piece < PIECE)
		piece = PIECE;
	if (reserve->ballast == 0)
		return false;
	return set_ballast(
	    reserve, reserve->ballast > piece ? reserve->ballast - piece : 0);
}

void reserve_look(struct reserve *reserve)
{
	struct statvfs disk;
	if (reserve->wanted == 0 || statvfs(reserve->folder, &disk) != 0)
		return;
	uint64_t total = (uint64_t)disk.f_blocks * disk.f_frsize;
	uint64_t floor = reserve->wanted;
	if (floor > total / 32)
		floor = total / 32;
	reserve->floor = floor;
	reserve->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	// It ends a little above where it began, so that it does not change
	// with every message.
	reserve->low =
	    reserve->free_bytes < (reserve->low ? floor + floor / 8 : floor);
	if (reserve->free_bytes < floor / 4) {
		reserve_give(reserve);
		return;
	}
	uint64_t lacking =
	    floor > reserve->ballast ? floor - reserve->ballast : 0;
	if (lacking > 0 && reserve->free_bytes > lacking + 2 * floor)
		set_ballast(reserve, floor);
}

bool reserve_can_write(const struct reserve *reserve)
{
	static const char zeros[PROBE_BYTES];
	int fd = open_in(reserve, PROBE, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0)
		return false;
	bool good =
	    write(fd, zeros, sizeof(zeros)) == sizeof(zeros) && fsync(fd) == 0;
	close(fd);
	remove_in(reserve, PROBE);
	return good;
}
