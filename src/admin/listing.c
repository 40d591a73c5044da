// SPDX-License-Identifier: Apache-2.0
#include "admin/listing.h"

#include <sys/stat.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void listing_take(struct arena *arena, DIR *folder, struct listing *ret_listing)
{
	struct listing list = {0};
	size_t capacity = 0;
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		list.names = arena_grow(arena, list.names, &capacity,
		    list.count + 1, sizeof(*list.names));
		list.names[list.count++] =
		    arena_string(arena, view_of_string(entry->d_name));
	}
	if (list.count > 1)
		qsort(
		    list.names, list.count, sizeof(*list.names), compare_names);
	*ret_listing = list;
}

bool listing_is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool listing_is_file(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

const char *listing_join(struct arena *arena, const char *a, const char *b)
{
	size_t left = strlen(a), right = strlen(b);
	char *joined = arena_alloc(arena, left + right + 2);
	memcpy(joined, a, left);
	joined[left] = '/';
	memcpy(joined + left + 1, b, right + 1);
	return joined;
}
