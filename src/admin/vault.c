// SPDX-License-Identifier: Apache-2.0
#include "admin/vault_list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"

#define MARK      "roost-backups"
#define MARK_TEXT "roost backups 1\n"
#define FILES     "files"
#define TEMPORARY "new-"
#define LIST_MAX  ((size_t)256 << 20)
#define READ_STEP ((size_t)64 << 10)

// ---- The folder ------------------------------------------------------------

static enum rc write_text(const struct folder *folder, const char *name,
    struct view text, struct fault *fault)
{
	int fd;
	enum rc rc = folder_make_file(folder, name, fault, &fd);
	if (rc != RC_OK)
		return rc;
	bool good = true;
	while (good && text.len > 0) {
		ssize_t done = write(fd, text.ptr, text.len);
		good = done >= 0 || errno == EINTR;
		text = view_from(text, done > 0 ? (size_t)done : 0);
	}
	good = good && fsync(fd) == 0;
	int error = errno;
	close(fd);
	return good ? RC_OK
		    : fault_set(fault, RC_IO, "%s/%s: %s", folder->path, name,
			  strerror(error));
}

static enum rc read_text(const struct folder *folder, const char *name,
    struct fault *fault, struct buf *ret_text)
{
	struct stat info;
	int fd;
	enum rc rc = folder_open_file(folder, name, fault, &fd, &info);
	if (rc != RC_OK)
		return rc;
	ssize_t got = 1;
	while (got > 0) {
		char *to = buf_reserve(ret_text, READ_STEP);
		if (!to)
			errno = EFBIG;
		got = to ? read(fd, to, READ_STEP) : -1;
		if (got > 0)
			buf_commit(ret_text, (size_t)got);
	}
	close(fd);
	return got == 0 ? RC_OK
			: fault_set(fault, RC_IO, "%s", strerror(errno));
}

static bool is_vault(const struct folder *root)
{
	struct buf text;
	buf_init(&text, READ_STEP * 2);
	bool good = read_text(root, MARK, NULL, &text) == RC_OK &&
		    view_eq(buf_view(&text), VIEW(MARK_TEXT));
	buf_done(&text);
	return good;
}

static enum rc make_vault(struct arena *arena, const char *path,
    struct fault *fault, struct folder *ret_root)
{
	struct folder files;
	enum rc rc = folder_make_named(arena, path, fault, ret_root);
	if (rc != RC_OK)
		return rc;
	struct fault why = {0};
	rc = folder_make(arena, ret_root, FILES, &why, &files);
	if (rc == RC_OK) {
		folder_close(&files);
		rc = write_text(ret_root, MARK, VIEW(MARK_TEXT), &why);
	}
	if (rc == RC_OK)
		return rc;
	folder_close(ret_root);
	return fault_set(
	    fault, rc, "cannot make a folder of backups of %s", path);
}

static enum rc lock(
    struct vault *vault, enum vault_use use, struct fault *fault)
{
	struct stat info;
	struct fault why = {0};
	if (use == VAULT_LOOK)
		return RC_OK;
	enum rc rc =
	    folder_open_file(&vault->root, MARK, &why, &vault->lock, &info);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "%s/%s: %s", vault->root.path, MARK, why.text);
	int how = use == VAULT_CHANGE ? LOCK_EX : LOCK_SH;
	if (flock(vault->lock, how | LOCK_NB) == 0)
		return RC_OK;
	return fault_set(fault, RC_IN_USE, "another command is at work in %s",
	    vault->root.path);
}

static void remove_opened(
    struct arena *arena, const struct folder *root, const char *name)
{
	struct folder folder;
	struct listing list = {0};
	if (folder_enter(arena, root, name, NULL, &folder) != RC_OK)
		return;
	if (folder_list(arena, &folder, NULL, &list) == RC_OK)
		for (size_t i = 0; i < list.count; i++)
			(void)unlinkat(folder.fd, list.names[i], 0);
	folder_close(&folder);
	(void)unlinkat(root->fd, name, AT_REMOVEDIR);
}

// Removes what commands left that were cut off.
static void clean(struct arena *arena, const struct folder *folder)
{
	struct listing list = {0};
	if (folder_list(arena, folder, NULL, &list) != RC_OK)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct view name = view_of_string(list.names[i]);
		if (view_starts_with(name, VIEW(TEMPORARY)))
			(void)unlinkat(folder->fd, list.names[i], 0);
		if (view_starts_with(name, VIEW(VAULT_OPENED)))
			remove_opened(arena, folder, list.names[i]);
	}
}

// Opens the folder, or makes one where there is none, or only an empty one.
static enum rc open_root(struct arena *arena, const char *path, bool may_make,
    struct fault *fault, struct folder *ret_root)
{
	struct listing list = {0};
	enum rc rc = folder_open(arena, path, fault, ret_root);
	if (rc == RC_OK && is_vault(ret_root))
		return rc;
	bool empty = rc == RC_NOT_FOUND ||
		     (rc == RC_OK &&
			 folder_list(arena, ret_root, NULL, &list) == RC_OK &&
			 list.count == 0);
	if (rc == RC_OK)
		folder_close(ret_root);
	if (empty && may_make)
		return make_vault(arena, path, fault, ret_root);
	if (rc != RC_OK)
		return rc;
	return fault_set(fault, RC_INVALID,
	    "%s is no folder of backups: the file %s is missing or has another "
	    "format",
	    path, MARK);
}

enum rc vault_open(struct arena *arena, const char *path, enum vault_use use,
    struct fault *fault, struct vault *ret_vault)
{
	struct vault vault = {.root.fd = -1, .files.fd = -1, .lock = -1};
	bool change = use == VAULT_CHANGE;
	enum rc rc = open_root(arena, path, change, fault, &vault.root);
	if (rc == RC_OK)
		rc = folder_enter(
		    arena, &vault.root, FILES, fault, &vault.files);
	if (rc == RC_OK)
		rc = lock(&vault, use, fault);
	if (rc != RC_OK) {
		vault_close(&vault);
		return rc;
	}
	if (change) {
		clean(arena, &vault.root);
		clean(arena, &vault.files);
	}
	*ret_vault = vault;
	return RC_OK;
}

void vault_close(struct vault *vault)
{
	folder_close(&vault->files);
	folder_close(&vault->root);
	if (vault->lock >= 0)
		close(vault->lock);
	vault->lock = -1;
}

// ---- Lists -----------------------------------------------------------------

// "2026-11-30T110512Z"
static bool is_id(const char *name)
{
	static const char form[] = "0000-00-00T000000Z";
	if (strlen(name) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '0' ? name[i] < '0' || name[i] > '9'
				   : name[i] != form[i])
			return false;
	return true;
}

enum rc vault_list(struct arena *arena, const struct vault *vault,
    struct fault *fault, struct listing *ret_ids)
{
	struct listing all, ids = {0};
	enum rc rc = folder_list(arena, &vault->root, fault, &all);
	if (rc != RC_OK)
		return rc;
	ids.names = arena_alloc(arena, (all.count + 1) * sizeof(*ids.names));
	for (size_t i = 0; i < all.count; i++)
		if (is_id(all.names[i]))
			ids.names[ids.count++] = all.names[i];
	*ret_ids = ids;
	return RC_OK;
}

enum rc vault_read(struct arena *arena, const struct vault *vault,
    const char *id, struct fault *fault, struct vault_backup *ret_backup)
{
	struct vault_backup backup = {.id = id, .version = ""};
	struct fault why = {0};
	struct buf text;
	if (!is_id(id))
		return fault_set(
		    fault, RC_NOT_FOUND, "%s is not the name of a backup", id);
	buf_init(&text, LIST_MAX);
	enum rc rc = read_text(&vault->root, id, &why, &text);
	if (rc != RC_OK)
		rc = fault_set(
		    fault, rc, "%s/%s: %s", vault->root.path, id, why.text);
	else if (!vault_list_read(arena, buf_view(&text), &backup))
		rc = fault_set(fault, RC_CORRUPT,
		    "%s/%s: the list of the backup is damaged",
		    vault->root.path, id);
	buf_done(&text);
	if (rc == RC_OK)
		*ret_backup = backup;
	return rc;
}

enum rc vault_find(struct arena *arena, const struct vault *vault,
    const char *id, const char *as_of, struct fault *fault,
    struct vault_backup *ret_backup)
{
	struct listing ids;
	const char *found = id;
	enum rc rc = vault_list(arena, vault, fault, &ids);
	for (size_t i = 0; rc == RC_OK && !id && i < ids.count; i++)
		if (!as_of || strncmp(ids.names[i], as_of, 10) <= 0)
			found = ids.names[i];
	if (rc == RC_OK && !found)
		rc = fault_set(fault, RC_NOT_FOUND,
		    "there is no backup in %s%s%s", vault->root.path,
		    as_of ? " of that day or before it: " : "",
		    as_of ? as_of : "");
	return rc == RC_OK ? vault_read(arena, vault, found, fault, ret_backup)
			   : rc;
}

enum rc vault_write(const struct vault *vault,
    const struct vault_backup *backup, struct fault *fault)
{
	struct buf text;
	char name[64];
	buf_init(&text, LIST_MAX);
	vault_list_write(backup, &text);
	snprintf(name, sizeof(name), TEMPORARY "%s", backup->id);
	enum rc rc = buf_status(&text);
	// The files must be there for good before the list is.
	if (rc == RC_OK && fsync(vault->files.fd) != 0)
		rc = RC_IO;
	if (rc == RC_OK)
		rc = write_text(&vault->root, name, buf_view(&text), fault);
	buf_done(&text);
	if (rc == RC_OK && (renameat2(vault->root.fd, name, vault->root.fd,
				backup->id, RENAME_NOREPLACE) != 0 ||
			       fsync(vault->root.fd) != 0))
		rc = fault_set(fault, RC_IO, "%s/%s: %s", vault->root.path,
		    backup->id, strerror(errno));
	return rc;
}

// ---- Files -----------------------------------------------------------------

enum rc vault_open_file(const struct vault *vault,
    const struct vault_file *file, struct fault *fault, int *ret_fd)
{
	struct stat info;
	struct fault why = {0};
	enum rc rc =
	    folder_open_file(&vault->files, file->hash, &why, ret_fd, &info);
	if (rc == RC_OK && (uint64_t)info.st_size != file->size) {
		close(*ret_fd);
		return fault_set(fault, RC_CORRUPT,
		    "%s: the copy in the backup has %llu bytes, not %llu (%s)",
		    file->path, (unsigned long long)info.st_size,
		    (unsigned long long)file->size, file->hash);
	}
	if (rc != RC_OK)
		return fault_set(fault, rc == RC_NOT_FOUND ? RC_CORRUPT : rc,
		    "%s: the copy in the backup: %s (%s)", file->path, why.text,
		    file->hash);
	return RC_OK;
}

static const struct vault_file *find_same(const struct vault *vault,
    const struct vault_backup *before, const struct vault_file *file)
{
	struct stat info;
	for (size_t i = 0; before && i < before->count; i++) {
		const struct vault_file *old = &before->files[i];
		if (old->size == file->size && old->inode == file->inode &&
		    old->changed == file->changed &&
		    strcmp(old->path, file->path) == 0)
			return fstatat(vault->files.fd, old->hash, &info,
				   AT_SYMLINK_NOFOLLOW) == 0 &&
				       (uint64_t)info.st_size == old->size
				   ? old
				   : NULL;
	}
	return NULL;
}

// Copies the file into the vault, under the name of its hash.
static enum rc copy_in(const struct vault *vault, int from,
    struct vault_pace *pace, struct fault *fault, struct vault_file *file)
{
	static const char name[] = TEMPORARY "file";
	int to;
	enum rc rc = folder_make_file(&vault->files, name, fault, &to);
	if (rc != RC_OK)
		return rc;
	rc = vault_copy(from, to, pace, fault, &file->size, file->hash);
	close(to);
	if (rc == RC_OK &&
	    renameat(vault->files.fd, name, vault->files.fd, file->hash) != 0)
		rc = fault_set(fault, RC_IO, "%s", strerror(errno));
	if (rc != RC_OK)
		(void)unlinkat(vault->files.fd, name, 0);
	return rc;
}

enum rc vault_add(struct arena *arena, const struct vault *vault,
    const struct folder *from, const char *name, const char *path,
    const struct vault_backup *before, struct vault_pace *pace,
    struct vault_backup *backup, struct fault *fault)
{
	struct stat info;
	struct fault why = {0};
	int fd;
	enum rc rc = folder_open_file(from, name, &why, &fd, &info);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "%s/%s: %s", from->path, name, why.text);
	struct vault_file file = {
	    .path = arena_string(arena, view_of_string(path)),
	    .size = (uint64_t)info.st_size,
	    .inode = info.st_ino,
	    .changed = (int64_t)info.st_mtim.tv_sec * 1000000000 +
		       info.st_mtim.tv_nsec};
	const struct vault_file *same = find_same(vault, before, &file);
	if (same)
		file = *same;
	else
		rc = copy_in(vault, fd, pace, &why, &file);
	close(fd);
	if (rc != RC_OK)
		return fault_set(fault, rc, "%s: %s", path, why.text);
	backup->files = arena_grow(arena, backup->files, &backup->capacity,
	    backup->count + 1, sizeof(*backup->files));
	backup->files[backup->count++] = file;
	backup->bytes += file.size;
	return RC_OK;
}

// ---- Retention -------------------------------------------------------------

static enum rc remove_unused(struct arena *arena, const struct vault *vault,
    const struct map *used, struct fault *fault)
{
	struct listing files;
	enum rc rc = folder_list(arena, &vault->files, fault, &files);
	for (size_t i = 0; rc == RC_OK && i < files.count; i++)
		if (!map_get(used, view_of_string(files.names[i])))
			(void)unlinkat(vault->files.fd, files.names[i], 0);
	return rc;
}

// If a list that stays cannot be read, nobody knows which files it needs: then
// no file is removed.
static enum rc note_used(struct arena *arena, const struct vault *vault,
    const struct listing *ids, size_t from, struct map *used,
    struct fault *fault)
{
	enum rc rc = RC_OK;
	for (size_t i = from; rc == RC_OK && i < ids->count; i++) {
		struct vault_backup backup;
		rc = vault_read(arena, vault, ids->names[i], fault, &backup);
		for (size_t n = 0; rc == RC_OK && n < backup.count; n++)
			map_put(
			    used, view_of_string(backup.files[n].hash), used);
	}
	return rc;
}

enum rc vault_prune(const struct vault *vault, size_t keep, struct fault *fault,
    size_t *ret_removed)
{
	struct arena arena;
	struct listing ids;
	struct map used;
	arena_init(&arena);
	map_init(&used);
	size_t removed = 0;
	enum rc rc = vault_list(&arena, vault, fault, &ids);
	size_t from = rc == RC_OK && ids.count > keep ? ids.count - keep : 0;
	if (rc == RC_OK)
		rc = note_used(&arena, vault, &ids, from, &used, fault);
	for (; rc == RC_OK && removed < from; removed++)
		if (unlinkat(vault->root.fd, ids.names[removed], 0) != 0)
			rc = fault_set(fault, RC_IO, "%s/%s: %s",
			    vault->root.path, ids.names[removed],
			    strerror(errno));
	if (rc == RC_OK)
		rc = remove_unused(&arena, vault, &used, fault);
	map_done(&used);
	arena_done(&arena);
	*ret_removed = removed;
	return rc;
}
