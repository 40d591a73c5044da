// SPDX-License-Identifier: Apache-2.0
// Any bytes as the list of a backup, as they are and with a right end: what can
// be read leads to files in the backup only, and is the same when it is written
// and read again.
#include "admin/vault_list.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_file(const struct vault_file *file)
{
	const char *slash = strchr(file->path, '/');
	require(slash && !strchr(slash + 1, '/'));
	require(strncmp(file->path, "store/", 6) == 0 ||
		strncmp(file->path, "tls/", 4) == 0 ||
		strncmp(file->path, "certificates/", 13) == 0);
	require(slash[1] != '\0' && slash[1] != '.');
	require(strlen(file->hash) == VAULT_HASH_HEX);
}

static void try_list(struct view text)
{
	struct arena arena;
	struct buf out;
	struct vault_backup backup = {.version = ""};
	struct vault_backup again = {.version = ""};
	arena_init(&arena);
	buf_init(&out, SIZE_MAX / 2);
	if (vault_list_read(&arena, text, &backup)) {
		for (size_t i = 0; i < backup.count; i++)
			check_file(&backup.files[i]);
		vault_list_write(&backup, &out);
		require(vault_list_read(&arena, buf_view(&out), &again));
		require(again.count == backup.count &&
			again.bytes == backup.bytes &&
			strcmp(again.version, backup.version) == 0);
	}
	buf_done(&out);
	arena_done(&arena);
}

// Adds the last line, which nobody can guess.
static void add_end(struct buf *list)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	require(EVP_Digest(
		    list->ptr, list->len, hash, &len, EVP_sha256(), NULL) == 1);
	buf_add_literal(list, "end ");
	for (unsigned i = 0; i < len; i++)
		buf_printf(list, "%02x", hash[i]);
	buf_add_char(list, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf list;
	buf_init(&list, size + 1000);
	try_list(view_of(data, size));
	buf_add_literal(&list, "roost backup 1\n");
	buf_add(&list, view_of(data, size));
	if (size > 0 && data[size - 1] != '\n')
		buf_add_char(&list, '\n');
	add_end(&list);
	try_list(buf_view(&list));
	buf_done(&list);
	return 0;
}
