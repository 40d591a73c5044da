// SPDX-License-Identifier: Apache-2.0
#include "admin/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"

#define PAUSE_NSEC 20000000 // 20 ms

enum rc folder_lock_open(
    const char *folder, uint64_t wait_ms, struct fault *fault, int *ret_fd)
{
	struct timespec pause = {.tv_nsec = PAUSE_NSEC};
	uint64_t end = clock_monotonic_ms() + wait_ms;
	char path[4096];
	snprintf(path, sizeof(path), "%s/lock", folder);
	int fd = open(
	    path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_set(fault, errno == EACCES ? RC_DENIED : RC_IO,
		    "%s: %s", path, strerror(errno));
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;
		if (error == EWOULDBLOCK && clock_monotonic_ms() < end) {
			nanosleep(&pause, NULL);
			continue;
		}
		close(fd);
		if (error != EWOULDBLOCK)
			return fault_set(
			    fault, RC_IO, "%s: %s", path, strerror(error));
		return fault_set(fault, RC_IN_USE,
		    "another process has the data folder %s", folder);
	}
	*ret_fd = fd;
	return RC_OK;
}
