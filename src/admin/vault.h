// SPDX-License-Identifier: Apache-2.0
// A folder of backups:
//
//   roost-backups          says that the folder is one, and its format
//   files/HASH             a file, named by the SHA-256 of its bytes
//   2026-11-30T110512Z     a backup: the list of its files
//
// A backup is a list of all files of a data folder; files that several backups
// have are stored once. The database never changes a file of mail after it has
// written it, so each further backup copies only what is new. A list is written
// last, under another name, and renamed when it is complete: a backup that is
// listed is whole.
#ifndef ROOST_ADMIN_VAULT_H
#define ROOST_ADMIN_VAULT_H

#include "admin/folder.h"

#define VAULT_HASH_HEX 64

// Folders whose name begins so hold an opened backup, while a user is restored.
#define VAULT_OPENED "open-"

enum vault_use {
	VAULT_LOOK,   // nothing is locked: only lists are read
	VAULT_READ,   // nothing is removed meanwhile
	VAULT_CHANGE, // nobody else does anything; the folder may be made
};

struct vault {
	struct folder root;
	struct folder files;
	int lock; // -1: none
};

struct vault_file {
	const char *path; // "store/000012.sst", in the data folder
	char hash[VAULT_HASH_HEX + 1];
	uint64_t size;
	// Of the file that was copied: a file with the same name, size, number
	// and time is the same file, and is not read again.
	uint64_t inode;
	int64_t changed; // nanoseconds
};

struct vault_backup {
	const char *id; // its name; also the time, in UTC
	const char *version;
	struct vault_file *files;
	size_t count, capacity;
	uint64_t bytes;
};

// Bytes a second that a copy may read; 0: any number.
struct vault_pace {
	uint64_t rate;
	uint64_t done;
	uint64_t began_ms;
};

// Opens a folder of backups. RC_IN_USE while another process has it open in a
// way that does not go together with this one.
MUST_CHECK enum rc vault_open(struct arena *arena, const char *path,
    enum vault_use use, struct fault *fault, struct vault *ret_vault);
void vault_close(struct vault *vault);

// The backups, the oldest first.
MUST_CHECK enum rc vault_list(struct arena *arena, const struct vault *vault,
    struct fault *fault, struct listing *ret_ids);
// RC_NOT_FOUND, RC_CORRUPT.
MUST_CHECK enum rc vault_read(struct arena *arena, const struct vault *vault,
    const char *id, struct fault *fault, struct vault_backup *ret_backup);
// Finds the backup `id`, or the newest one of the day `as_of` (2026-11-20, UTC)
// or before, or the newest of all. Both may be NULL. RC_NOT_FOUND.
MUST_CHECK enum rc vault_find(struct arena *arena, const struct vault *vault,
    const char *id, const char *as_of, struct fault *fault,
    struct vault_backup *ret_backup);

// Adds a file of the data folder to a backup. If `before`, which may be NULL,
// has it, it is not copied. Counts the bytes that were copied in `pace`.
MUST_CHECK enum rc vault_add(struct arena *arena, const struct vault *vault,
    const struct folder *from, const char *name, const char *path,
    const struct vault_backup *before, struct vault_pace *pace,
    struct vault_backup *backup, struct fault *fault);
// Writes the list. The backup then exists.
MUST_CHECK enum rc vault_write(const struct vault *vault,
    const struct vault_backup *backup, struct fault *fault);
// Removes all but the newest `keep` backups, and the files that no backup has.
MUST_CHECK enum rc vault_prune(const struct vault *vault, size_t keep,
    struct fault *fault, size_t *ret_removed);

// Opens a file of a backup for reading.
MUST_CHECK enum rc vault_open_file(const struct vault *vault,
    const struct vault_file *file, struct fault *fault, int *ret_fd);
// Copies all that can be read from one descriptor to the other (-1: to none),
// and syncs. Gives the number of bytes and their hash.
MUST_CHECK enum rc vault_copy(int from, int to, struct vault_pace *pace,
    struct fault *fault, uint64_t *ret_size, char ret_hash[VAULT_HASH_HEX + 1]);
// Copies a file of a backup to `to` (-1: to none). RC_CORRUPT: it is not what
// it was when the backup was made.
MUST_CHECK enum rc vault_take_out(const struct vault *vault,
    const struct vault_file *file, int to, struct vault_pace *pace,
    struct fault *fault);

#endif
