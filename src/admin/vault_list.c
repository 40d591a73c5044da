// SPDX-License-Identifier: Apache-2.0
// A list is text, one line for each thing:
//
//   roost backup 1
//   version 0.1.0
//   file HASH SIZE INODE CHANGED PATH
//   end SHA-256 of all the lines before
#include "admin/vault_list.h"

#include <inttypes.h>
#include <openssl/evp.h>

#include "base/ascii.h"

#define FIRST_LINE "roost backup 1"

static void hash_text(struct view text, char ret_hash[VAULT_HASH_HEX + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	if (EVP_Digest(text.ptr, text.len, bytes, &len, EVP_sha256(), NULL) !=
	    1)
		abort(); // out of memory
	for (unsigned i = 0; i < VAULT_HASH_HEX / 2; i++)
		snprintf(ret_hash + 2 * (size_t)i, 3, "%02x", bytes[i]);
}

static bool is_hash(struct view text)
{
	const struct view digits = VIEW("0123456789abcdef");
	for (size_t i = 0; i < text.len; i++)
		if (view_find_char(digits, text.ptr[i]) == SIZE_MAX)
			return false;
	return text.len == VAULT_HASH_HEX;
}

// A path leads to a file in one of the folders that are backed up.
static bool is_path(struct view path)
{
	struct view folder;
	if (!view_split(&path, '/', &folder) ||
	    !(view_eq(folder, VIEW("store")) || view_eq(folder, VIEW("tls")) ||
		view_eq(folder, VIEW("certificates"))))
		return false;
	for (size_t i = 0; i < path.len; i++)
		if (ascii_is_control(path.ptr[i]))
			return false;
	return path.len > 0 && path.ptr[0] != '.' &&
	       view_find_char(path, '/') == SIZE_MAX;
}

static bool read_file(
    struct arena *arena, struct view line, struct vault_backup *backup)
{
	struct view word[4];
	struct vault_file file = {0};
	uint64_t changed;
	for (size_t i = 0; i < ARRAY_LEN(word); i++)
		if (!view_split(&line, ' ', &word[i]))
			return false;
	if (!is_hash(word[0]) || !view_to_u64(word[1], &file.size) ||
	    !view_to_u64(word[2], &file.inode) ||
	    !view_to_u64(word[3], &changed) || !is_path(line))
		return false;
	memcpy(file.hash, word[0].ptr, VAULT_HASH_HEX);
	file.changed = (int64_t)changed;
	file.path = arena_string(arena, line);
	backup->files = arena_grow(arena, backup->files, &backup->capacity,
	    backup->count + 1, sizeof(*backup->files));
	backup->files[backup->count++] = file;
	backup->bytes += file.size;
	return true;
}

bool vault_list_read(
    struct arena *arena, struct view text, struct vault_backup *backup)
{
	struct view rest = text, line, word;
	char hash[VAULT_HASH_HEX + 1];
	bool first = true;
	while (view_split(&rest, '\n', &line)) {
		struct view whole = line;
		if (first && !view_eq(line, VIEW(FIRST_LINE)))
			return false;
		bool known = first;
		first = false;
		if (!known && !view_split(&line, ' ', &word))
			return false;
		if (!known && view_eq(word, VIEW("end"))) {
			hash_text(
			    view_slice(text, 0, (size_t)(whole.ptr - text.ptr)),
			    hash);
			return view_eq(line, view_of_string(hash));
		}
		if (!known && view_eq(word, VIEW("version")))
			backup->version = arena_string(arena, line);
		else if (!known && !(view_eq(word, VIEW("file")) &&
				       read_file(arena, line, backup)))
			return false;
	}
	return false; // it has no end
}

void vault_list_write(const struct vault_backup *backup, struct buf *out)
{
	char hash[VAULT_HASH_HEX + 1];
	buf_printf(out, FIRST_LINE "\nversion %s\n", backup->version);
	for (size_t i = 0; i < backup->count; i++) {
		const struct vault_file *file = &backup->files[i];
		buf_printf(out,
		    "file %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n",
		    file->hash, file->size, file->inode,
		    (uint64_t)file->changed, file->path);
	}
	hash_text(buf_view(out), hash);
	buf_printf(out, "end %s\n", hash);
}
