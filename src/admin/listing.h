// SPDX-License-Identifier: Apache-2.0
// The sorted entries of a folder, and paths.
#ifndef ROOST_ADMIN_LISTING_H
#define ROOST_ADMIN_LISTING_H

#include <dirent.h>

#include "base/arena.h"
#include "base/rc.h"

#define LISTING_DEPTH_MAX 100 // folders within folders

struct listing {
	const char **names; // in the arena, in byte order
	size_t count;
};

// Reads the names in the open folder, without "." and "..".
void listing_take(
    struct arena *arena, DIR *folder, struct listing *ret_listing);

bool listing_is_folder(const char *path);
bool listing_is_file(const char *path);
// Makes "a/b" of "a" and "b", in the arena.
const char *listing_join(struct arena *arena, const char *a, const char *b);

#endif
