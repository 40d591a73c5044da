// SPDX-License-Identifier: Apache-2.0
// Judges a database folder before RocksDB opens it. RocksDB replays the logs up
// to the first thing that it cannot read, and forgets what is behind. That is
// right for a torn end and wrong for damage. README.md says how they are told
// apart.
#include "engine/rocksdb_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct examine {
	const char *path;
	bool claimed;  // SYNCED says something
	unsigned logs; // that are needed, or may be
	struct fault *fault;
	uint64_t secret;  // in the note of each record; 0: not known yet
	uint64_t durable; // the highest number that is known to be synced
	uint64_t next;    // the number after the last replayed one; 0: none yet
	bool stopped;     // RocksDB would stop here
	bool in_order;    // the log could be read so far
	uint64_t first;   // number of the first record; 0: there is none yet
	uint64_t tables_end; // the last number that the MANIFEST tells
	bool gap;            // a number is missing before a record:
	uint64_t gap_last;   // the last number before it,
	uint64_t gap_log;    // the log,
	uint64_t gap_offset; // and the place of the record
	struct rocks_examined *examined;
};

// Reads the note of a record. False: it is no record of the engine, or not of
// the opening that the logs belong to.
static bool read_record(struct examine *examine, struct view record,
    struct rocks_log_batch *ret_batch, bool *ret_ours)
{
	struct rocks_log_batch batch;
	struct rocks_log_op op;
	enum rc rc = rocks_log_batch_open(record, &batch);
	*ret_ours = false;
	*ret_batch = batch;
	if (rc != RC_OK)
		return false;
	uint64_t durable = 0;
	while ((rc = rocks_log_batch_next(&batch, &op)) == RC_OK) {
		if (op.kind != ROCKS_LOG_NOTE ||
		    op.value.len != ROCKS_NOTE_BYTES)
			continue;
		if (!examine->secret)
			examine->secret = get_le64(op.value.ptr);
		if (get_le64(op.value.ptr) != examine->secret)
			continue;
		*ret_ours = true;
		if (get_le64(op.value.ptr + 8) > durable)
			durable = get_le64(op.value.ptr + 8);
	}
	if (rc == RC_END && *ret_ours && durable > examine->durable)
		examine->durable = durable;
	return rc == RC_END;
}

bool rocks_record_is_ours(struct view record, uint64_t secret)
{
	struct examine examine = {.secret = secret};
	struct rocks_log_batch batch;
	bool ours;
	return secret && read_record(&examine, record, &batch, &ours) && ours;
}

void rocks_record_secret(struct view record, uint64_t *secret)
{
	struct examine examine = {0};
	struct rocks_log_batch batch;
	bool ours;
	if (read_record(&examine, record, &batch, &ours) && ours)
		*secret = examine.secret;
}

static void cut(struct examine *examine, uint64_t number, uint64_t length)
{
	vec_push(&examine->examined->cuts, (struct rocks_cut){number, length});
}

// Something in the log cannot be read.
static void stop(struct examine *examine, uint64_t number, uint64_t offset,
    uint64_t damage_offset)
{
	if (!examine->in_order)
		return;
	examine->in_order = false;
	examine->stopped = true;
	cut(examine, number, offset);
	struct rocks_examined *examined = examine->examined;
	examined->log = number;
	examined->offset = offset;
	examined->damage_offset = damage_offset;
}

// RocksDB numbers without gaps. A gap is where a log is missing, or where the
// logs do not go on from the state that the MANIFEST tells.
static void note_gap(struct examine *examine, uint64_t number,
    const struct rocks_log *log, const struct rocks_log_batch *batch)
{
	bool gap = examine->next ? batch->sequence != examine->next
				 : batch->sequence > examine->tables_end + 1;
	if (!gap || examine->gap)
		return;
	examine->gap = true;
	examine->gap_last =
	    examine->next ? examine->next - 1 : examine->tables_end;
	examine->gap_log = number;
	examine->gap_offset = log->offset;
}

static void examine_record(
    struct examine *examine, uint64_t number, struct rocks_log *log)
{
	struct rocks_log_batch batch;
	bool ours;
	bool sound = read_record(examine, log->record, &batch, &ours);
	if (!examine->in_order) {
		if (!sound || !ours)
			rocks_log_reject(log);
		return;
	}
	if (!sound) {
		stop(examine, number, log->offset, log->offset);
		return;
	}
	// RocksDB goes on behind a bad end of a log if the next log continues
	// exactly there.
	if (examine->stopped && batch.sequence != examine->next) {
		examine->in_order = false;
		cut(examine, number, 0);
		return;
	}
	examine->stopped = false;
	note_gap(examine, number, log, &batch);
	if (!examine->first)
		examine->first = batch.sequence;
	examine->next = batch.sequence + batch.count;
}

static enum rc examine_log(struct examine *examine, uint64_t number)
{
	char name[64];
	struct rocks_log_file *file;
	snprintf(name, sizeof(name), "%06llu.log", (unsigned long long)number);
	enum rc rc =
	    rocks_log_file_open(examine->path, name, examine->fault, &file);
	if (rc != RC_OK)
		return rc;
	struct rocks_log *log = &file->log;
	enum rocks_log_found found;
	examine->in_order = true;
	while ((found = rocks_log_next(log)) != ROCKS_LOG_END &&
	       found != ROCKS_LOG_UNREADABLE) {
		if (found == ROCKS_LOG_RECORD)
			examine_record(examine, number, log);
		else
			stop(examine, number, log->offset, log->damage_offset);
	}
	if (found == ROCKS_LOG_UNREADABLE)
		rc = fault_set(examine->fault, RC_IO, "%s: %s", file->name,
		    strerror(errno));
	if (!examine->stopped) {
		examine->examined->log = number;
		examine->examined->offset = log->block_offset + log->block_len;
	}
	rocks_log_file_close(&file);
	return rc;
}

static enum rc log_is_missing(struct examine *examine)
{
	struct rocks_examined *examined = examine->examined;
	examined->damaged = true;
	examined->ends = true;
	return fault_set(examine->fault, RC_CORRUPT,
	    "%s: a log (NUMBER.log) is missing, and what was acknowledged is "
	    "in it",
	    examine->path);
}

static enum rc judge_gap(struct examine *examine)
{
	struct rocks_examined *examined = examine->examined;
	examined->damaged = true;
	examined->ends = true;
	examined->log = examine->gap_log;
	examined->offset = examine->gap_offset;
	examined->last_sequence = examine->gap_last;
	examined->durable = examine->durable;
	return fault_set(examine->fault, RC_CORRUPT,
	    "%s: the end of the MANIFEST or a log (NUMBER.log) is missing: "
	    "what was acknowledged is not there before byte %llu of "
	    "%06llu.log",
	    examine->path, (unsigned long long)examine->gap_offset,
	    (unsigned long long)examine->gap_log);
}

static enum rc judge_logs(
    struct examine *examine, const struct rocks_manifest *manifest)
{
	struct rocks_examined *examined = examine->examined;
	if (examine->gap && !manifest->cut)
		return judge_gap(examine);
	uint64_t last =
	    examine->next ? examine->next - 1 : manifest->last_sequence;
	if (examine->durable <= last)
		return RC_OK;
	examined->damaged = true;
	examined->ends = !examine->stopped;
	examined->last_sequence = last;
	examined->durable = examine->durable;
	if (!examined->log)
		return log_is_missing(examine);
	return fault_set(examine->fault, RC_CORRUPT,
	    "%s/%06llu.log %s at byte %llu, and what was acknowledged is "
	    "behind it",
	    examine->path, (unsigned long long)examined->log,
	    examined->ends ? "ends" : "is damaged",
	    (unsigned long long)examined->offset);
}

static enum rc examine_logs(struct examine *examine,
    const struct rocks_listing *listing, const struct rocks_manifest *manifest)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < listing->logs.count; i++)
		if (listing->logs.items[i] >= manifest->first_log) {
			rc = examine_log(examine, listing->logs.items[i]);
			examine->logs++;
		}
	// While the database is open there is always a log.
	if (rc == RC_OK && !examine->logs && examine->claimed)
		return log_is_missing(examine);
	return rc == RC_OK ? judge_logs(examine, manifest) : rc;
}

// Without CURRENT, RocksDB would make a new database and delete all files. A
// power cut while a database is made leaves a folder without CURRENT, too, but
// then it has no tables, and its logs are empty.
static enum rc judge_without_current(
    struct examine *examine, const struct rocks_listing *listing)
{
	bool used = listing->tables.count || listing->blobs.count ||
		    listing->manifests.count > 1;
	for (size_t i = 0; i < listing->logs.count; i++) {
		char name[4160];
		struct stat status;
		snprintf(name, sizeof(name), "%s/%06llu.log", examine->path,
		    (unsigned long long)listing->logs.items[i]);
		used |= stat(name, &status) != 0 || status.st_size > 0;
	}
	if (!used)
		return RC_OK;
	return fault_set(examine->fault, RC_CORRUPT,
	    "%s/CURRENT is missing, but the files of a database are there",
	    examine->path);
}

static enum rc examine_tables(
    struct examine *examine, const struct rocks_manifest *manifest)
{
	for (size_t i = 0; i < manifest->tables.count; i++) {
		uint64_t number = manifest->tables.items[i].number;
		char name[4160];
		snprintf(name, sizeof(name), "%s/%06llu.sst", examine->path,
		    (unsigned long long)number);
		if (access(name, F_OK) != 0 && errno == ENOENT)
			return fault_set(
			    examine->fault, RC_CORRUPT, "%s is missing", name);
		if (!rocks_table_end_is_right(examine->path, number))
			return fault_set(examine->fault, RC_CORRUPT,
			    "%s/%06llu.sst is damaged at its end",
			    examine->path, (unsigned long long)number);
	}
	return RC_OK;
}

// The MANIFEST cannot be read from some place on, though more follows. If that
// was never synced, every file is there that its state before needs: files are
// deleted after a sync. The logs then have all that came later, without a gap,
// and nothing is lost when the rest is cut off. Otherwise it is damage.
static bool manifest_was_torn(const struct examine *examine,
    const struct rocks_listing *listing, const struct rocks_manifest *manifest)
{
	bool has_first = false;
	for (size_t i = 0; i < listing->logs.count; i++)
		has_first |= listing->logs.items[i] == manifest->first_log;
	// Before the first table is written, the logs begin with the database.
	if (manifest->first_log == 0)
		has_first = examine->first <= 1;
	// RocksDB needs the next number, which it syncs before it uses the
	// MANIFEST.
	return has_first && !examine->gap && manifest->next_file > 0;
}

// The place of the damage in the MANIFEST is worth more to a person than what
// follows from it.
static enum rc judge_manifest(struct examine *examine,
    const struct rocks_listing *listing, const struct rocks_manifest *manifest,
    const char *name, const struct fault *found, enum rc rc)
{
	if (!manifest->cut || rc == RC_IO)
		return rc;
	if (rc != RC_OK || !manifest_was_torn(examine, listing, manifest)) {
		*examine->fault = *found;
		return RC_CORRUPT;
	}
	struct rocks_examined *examined = examine->examined;
	snprintf(examined->manifest, sizeof(examined->manifest), "%s", name);
	examined->manifest_length = manifest->cut;
	return RC_OK;
}

static enum rc examine_listed(
    struct examine *examine, const struct rocks_listing *listing)
{
	char name[ROCKS_NAME_MAX];
	struct rocks_manifest manifest;
	if (!listing->current)
		return judge_without_current(examine, listing);
	enum rc rc = rocks_current_read(examine->path, examine->fault, name);
	if (rc == RC_OK)
		rc = rocks_manifest_read_cut(
		    examine->path, name, examine->fault, &manifest);
	if (rc != RC_OK)
		return rc;
	examine->tables_end = manifest.last_sequence;
	struct fault found = *examine->fault;
	rc = examine_tables(examine, &manifest);
	if (rc == RC_OK)
		rc = examine_logs(examine, listing, &manifest);
	rc = judge_manifest(examine, listing, &manifest, name, &found, rc);
	rocks_manifest_done(&manifest);
	return rc;
}

enum rc rocks_examine(const char *path, const struct rocks_claim *claim,
    struct fault *fault, struct rocks_examined *ret_examined)
{
	struct rocks_listing listing;
	*ret_examined = (struct rocks_examined){0};
	enum rc rc = rocks_listing_read(path, fault, &listing);
	if (rc != RC_OK)
		return rc;
	struct examine examine = {
	    .path = path,
	    .fault = fault,
	    .secret = claim->secret,
	    .durable = claim->durable,
	    .claimed = claim->secret != 0,
	    .examined = ret_examined,
	};
	rc = examine_listed(&examine, &listing);
	ret_examined->secret = examine.secret;
	rocks_listing_done(&listing);
	return rc;
}

void rocks_examined_done(struct rocks_examined *examined)
{
	vec_done(&examined->cuts);
}

static enum rc cut_file(
    const char *name, uint64_t length, struct log *log, struct fault *fault)
{
	struct stat status;
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0 ||
	    ftruncate(fd, (off_t)length) != 0 || fsync(fd) != 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return fault_set(fault, RC_IO, "%s: %s", name, strerror(error));
	}
	close(fd);
	log_text(log, LOG_LEVEL_INFO, "storage",
	    "cut %llu bytes off the end of %s, which were not acknowledged",
	    (unsigned long long)status.st_size - (unsigned long long)length,
	    name);
	return RC_OK;
}

enum rc rocks_examined_cut(const char *path,
    const struct rocks_examined *examined, struct log *log, struct fault *fault)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < examined->cuts.count; i++) {
		char name[4160];
		snprintf(name, sizeof(name), "%s/%06llu.log", path,
		    (unsigned long long)examined->cuts.items[i].number);
		rc = cut_file(name, examined->cuts.items[i].length, log, fault);
	}
	if (rc == RC_OK && examined->manifest_length) {
		char name[4160];
		snprintf(name, sizeof(name), "%s/%s", path, examined->manifest);
		rc = cut_file(name, examined->manifest_length, log, fault);
	}
	return rc;
}
