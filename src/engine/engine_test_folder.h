// SPDX-License-Identifier: Apache-2.0
// A folder for each test program, which is deleted afterwards.
#ifndef ROOST_ENGINE_ENGINE_TEST_FOLDER_H
#define ROOST_ENGINE_ENGINE_TEST_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct test_folder {
	char path[64];
};

static inline void test_folder_empty(const struct test_folder *folder)
{
	DIR *dir = opendir(folder->path);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[400];
		snprintf(
		    path, sizeof(path), "%s/%s", folder->path, entry->d_name);
		unlink(path); // fails for "." and ".."
	}
	closedir(dir);
}

static inline int test_folder_make(struct test_folder *folder)
{
	const char *base = getenv("TMPDIR");
	snprintf(folder->path, sizeof(folder->path), "%s/roost-engine-XXXXXX",
	    base && *base ? base : "/tmp");
	return mkdtemp(folder->path) ? 0 : -1;
}

static inline void test_folder_remove(const struct test_folder *folder)
{
	test_folder_empty(folder);
	rmdir(folder->path);
}

#endif
