// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a file of users: in the format that is recognized, and in
// each format.
#include "admin/user_file.h"

#include <stdlib.h>

#include "base/mem.h"

static void take(void *context, const struct user_entry *entry)
{
	size_t *lines = context;
	if (entry->line == 0 || entry->line > *lines + 1)
		abort();
	// Reads every byte.
	free(view_to_string(entry->name));
	free(view_to_string(entry->stored));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	enum user_file_format format;
	size_t lines = 1;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	if (user_file_find_format(text, NULL, &format) == RC_OK &&
	    format > USER_FILE_TOML)
		abort();
	for (int f = USER_FILE_PASSWD; f <= USER_FILE_TOML; f++) {
		struct arena arena;
		struct user_file_reader reader = {
		    .entry = take, .context = &lines, .arena = &arena};
		arena_init(&arena);
		(void)!user_file_read(
		    (enum user_file_format)f, text, &reader, NULL);
		arena_done(&arena);
	}
	return 0;
}
