// SPDX-License-Identifier: Apache-2.0
// Cuts off the end of the log. When a sync has failed, the log may hold changes
// that nobody was told of, whole and readable. They are cut off before the
// database is opened again, so that a change that was refused is never there.
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/rocksdb_folder.h"

// Finds the first record whose first sequence number is greater than `last`.
// UINT64_MAX: there is none. The search ends at damage: what is behind it may
// be synced, and rocks_examine() judges it.
static enum rc find(struct rocks_log *log, uint64_t last, uint64_t *ret_offset)
{
	enum rocks_log_found found;
	*ret_offset = UINT64_MAX;
	while ((found = rocks_log_next(log)) == ROCKS_LOG_RECORD) {
		struct rocks_log_batch batch;
		if (rocks_log_batch_open(log->record, &batch) != RC_OK)
			return RC_OK;
		if (batch.sequence <= last)
			continue;
		*ret_offset = log->offset;
		return RC_OK;
	}
	return found == ROCKS_LOG_UNREADABLE ? RC_IO : RC_OK;
}

static enum rc cut_file(const char *name, uint64_t length)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return RC_IO;
	bool good = ftruncate(fd, (off_t)length) == 0 && fsync(fd) == 0;
	close(fd);
	return good ? RC_OK : RC_IO;
}

static enum rc cut_log(const char *path, uint64_t number, uint64_t last)
{
	char name[64];
	struct rocks_log_file *file;
	uint64_t offset;
	snprintf(name, sizeof(name), "%06llu.log", (unsigned long long)number);
	enum rc rc = rocks_log_file_open(path, name, NULL, &file);
	if (rc != RC_OK)
		return rc;
	rc = find(&file->log, last, &offset);
	if (rc == RC_OK && offset != UINT64_MAX)
		rc = cut_file(file->name, offset);
	rocks_log_file_close(&file);
	return rc;
}

enum rc rocks_log_cut(const char *path, uint64_t last)
{
	struct rocks_listing listing;
	enum rc rc = rocks_listing_read(path, NULL, &listing);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < listing.logs.count; i++)
		rc = cut_log(path, listing.logs.items[i], last);
	rocks_listing_done(&listing);
	return rc;
}
