// SPDX-License-Identifier: Apache-2.0
// What kind of file a path is, for the two preloaded libraries. They remember
// each file that the process opens (disk_calls.h), because a process in its
// sandbox cannot ask /proc.
#ifndef ROOST_TESTS_DISK_FILES_H
#define ROOST_TESTS_DISK_FILES_H

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// The kinds are bits of a mask. tests/disk.py has the same numbers.
enum disk_kind {
	DISK_LOG = 1,      // RocksDB's write-ahead log
	DISK_TABLE = 2,    // its tables
	DISK_BLOB = 4,     // its blob files
	DISK_MANIFEST = 8, // MANIFEST, CURRENT, IDENTITY, OPTIONS
	DISK_FOLDER = 16,  // a folder
	DISK_OTHER = 32,   // any other file in the data folder
};

#define DISK_FILES 65536

static inline bool disk_ends(const char *path, const char *end)
{
	size_t len = strlen(path);
	size_t tail = strlen(end);
	return len >= tail && strcmp(path + len - tail, end) == 0;
}

// 0: the file is not below the data folder.
static inline unsigned disk_kind_of(const char *path)
{
	// Dovecot's processes forget their environment.
	static char *folder;
	if (!folder && getenv("ROOST_DISK_FOLDER"))
		folder = strdup(getenv("ROOST_DISK_FOLDER"));
	size_t len = folder ? strlen(folder) : 0;
	if (!folder || !path || strncmp(path, folder, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		return 0;
	const char *name = strrchr(path, '/') + 1;
	if (disk_ends(name, ".log"))
		return DISK_LOG;
	if (disk_ends(name, ".sst"))
		return DISK_TABLE;
	if (disk_ends(name, ".blob"))
		return DISK_BLOB;
	if (strncmp(name, "MANIFEST", 8) == 0 || strcmp(name, "CURRENT") == 0 ||
	    strcmp(name, "IDENTITY") == 0 || strncmp(name, "OPTIONS", 7) == 0 ||
	    disk_ends(name, ".dbtmp"))
		return DISK_MANIFEST;
	return DISK_OTHER;
}

// Finds the C library's function behind this library's one.
#define DISK_REAL(name)                                                        \
	static __typeof__(name) *real;                                         \
	if (!real)                                                             \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#endif
