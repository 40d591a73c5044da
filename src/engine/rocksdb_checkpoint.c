// SPDX-License-Identifier: Apache-2.0
// A checkpoint: a folder that is a database of its own, with the state of one
// moment. Its tables and blob files are hard links to those of the database,
// which never change; so it costs no time and no space, until the database
// drops a file that the checkpoint still has. It has a file FORMAT of its own.
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_folder.h"

enum rc rocks_checkpoint(
    struct engine *engine, const char *path, struct fault *fault)
{
	struct rocks *rocks = rocks_of(engine);
	char *error = NULL;
	rocksdb_checkpoint_t *checkpoint =
	    rocksdb_checkpoint_object_create(rocks->db, &error);
	if (!error) {
		// 0: the memtables are written to tables first, so that there
		// is hardly any log to copy.
		rocksdb_checkpoint_create(checkpoint, path, 0, &error);
		rocksdb_checkpoint_object_destroy(checkpoint);
	}
	enum rc rc = rocks_result(rocks, error, "making a checkpoint", fault);
	return rc == RC_OK ? rocks_format_write(path, &engine->format, fault)
			   : rc;
}

static void empty(const char *path)
{
	DIR *folder = opendir(path);
	if (!folder)
		return;
	for (struct dirent *entry; (entry = readdir(folder));)
		(void)unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

enum rc engine_checkpoint_remove(const char *path, struct fault *fault)
{
	char made[4096]; // RocksDB renames it when it is complete
	int len = snprintf(made, sizeof(made), "%s.tmp", path);
	if (len < 0 || (size_t)len >= sizeof(made))
		return fault_set(fault, RC_LIMIT, "too long a path");
	empty(made);
	rmdir(made);
	empty(path);
	if (rmdir(path) == 0 || errno == ENOENT)
		return RC_OK;
	return fault_set(
	    fault, RC_IO, "cannot remove %s: %s", path, strerror(errno));
}
