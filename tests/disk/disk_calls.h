// SPDX-License-Identifier: Apache-2.0
// The calls that the two preloaded libraries stand behind. disk_calls.c
// replaces the C library's functions, and asks the library that it is part of
// before each call and tells it afterwards.
#ifndef ROOST_TESTS_DISK_CALLS_H
#define ROOST_TESTS_DISK_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "disk_files.h"

enum disk_act {
	DISK_OPEN,
	DISK_WRITE,
	DISK_SYNC,
	DISK_CUT,  // ftruncate()
	DISK_GROW, // fallocate()
	DISK_RENAME,
	DISK_UNLINK,
	DISK_MKDIR,
};

#define DISK_HERE UINT64_MAX // the position of the descriptor

struct disk_call {
	enum disk_act act;
	int fd;           // of DISK_OPEN: the result
	const char *path; // of DISK_RENAME: the new name
	const char *from; // of DISK_RENAME
	int flags;        // of open(); the mode of fallocate()
	const void *bytes;
	size_t len;      // of DISK_WRITE
	uint64_t offset; // of DISK_WRITE; otherwise the new length
	bool was_there;  // for the library
};

// Before a call. It may make `len` smaller. False: the call fails; errno is
// set.
bool disk_before(struct disk_call *call);
// After a call that succeeded. `len` is what was written.
void disk_after(const struct disk_call *call);

// What the library knows of an open file; 0: nothing. close() makes it 0.
uint64_t disk_slot(int fd);
void disk_slot_set(int fd, uint64_t what);

#endif
