// SPDX-License-Identifier: Apache-2.0
// The logs of a database that is repaired: what can be replayed stays, what is
// intact behind the damage is saved and applied anew.
#include <fcntl.h>
#include <unistd.h>

#include "engine/rocksdb_restore.h"

// ---- Logs ------------------------------------------------------------------

static void save_batch(struct repair *repair, struct view record)
{
	struct buf copy;
	buf_init(&copy, SIZE_MAX / 2);
	buf_add(&copy, record);
	vec_push(&repair->behind, copy);
}

// Saves the records of a log from `offset` on.
static enum rc save_behind(
    struct repair *repair, const char *name, uint64_t offset, uint64_t secret)
{
	struct rocks_log_file *file;
	enum rocks_log_found found;
	enum rc rc =
	    rocks_log_file_open(repair->path, name, repair->fault, &file);
	if (rc != RC_OK)
		return rc;
	while ((found = rocks_log_next(&file->log)) != ROCKS_LOG_END &&
	       found != ROCKS_LOG_UNREADABLE) {
		if (found == ROCKS_LOG_DAMAGE || file->log.offset < offset)
			continue;
		if (rocks_record_is_ours(file->log.record, secret))
			save_batch(repair, file->log.record);
		else
			rocks_log_reject(&file->log);
	}
	if (found == ROCKS_LOG_UNREADABLE)
		rc = repair_failed(repair, file->name);
	rocks_log_file_close(&file);
	return rc;
}

static enum rc cut_log(struct repair *repair, const char *name, uint64_t length)
{
	char file[4160];
	snprintf(file, sizeof(file), "%s/%s", repair->path, name);
	enum rc rc = repair_keep(repair, name);
	if (rc != RC_OK)
		return rc;
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)length) != 0 || fsync(fd) != 0)
		rc = repair_failed(repair, file);
	if (fd >= 0)
		close(fd);
	return rc;
}

// Saves all records of a log. Bits that were flipped are turned back first.
// Behind damage, only a record with the secret of the others is believed.
static enum rc take_log(
    struct repair *repair, const char *name, uint64_t *secret)
{
	struct rocks_log_file *file;
	enum rocks_log_found found;
	bool damaged = false;
	enum rc rc = RC_OK;
	for (int i = 0; rc == RC_OK && i < REPAIR_BITS_MAX; i++)
		rc = repair_mend_log_file(repair, name, UINT64_MAX);
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		rc = rocks_log_file_open(
		    repair->path, name, repair->fault, &file);
	if (rc != RC_OK)
		return rc;
	while ((found = rocks_log_next(&file->log)) != ROCKS_LOG_END &&
	       found != ROCKS_LOG_UNREADABLE) {
		damaged |= found == ROCKS_LOG_DAMAGE;
		if (found == ROCKS_LOG_DAMAGE)
			continue;
		if (!damaged)
			rocks_record_secret(file->log.record, secret);
		if (!damaged || rocks_record_is_ours(file->log.record, *secret))
			save_batch(repair, file->log.record);
		else
			rocks_log_reject(&file->log);
	}
	if (found == ROCKS_LOG_UNREADABLE)
		rc = repair_failed(repair, file->name);
	rocks_log_file_close(&file);
	return rc;
}

// Leaves only what can be replayed, and remembers what is intact behind it.
static enum rc salvage(
    struct repair *repair, const struct rocks_examined *examined, int synced)
{
	struct rocks_listing listing;
	enum rc rc = rocks_listing_read(repair->path, repair->fault, &listing);
	if (rc != RC_OK)
		return rc;
	for (int pass = 0; rc == RC_OK && pass < 2; pass++)
		for (size_t i = 0; rc == RC_OK && i < listing.logs.count; i++) {
			uint64_t number = listing.logs.items[i];
			uint64_t from =
			    number == examined->log ? examined->offset : 0;
			char name[ROCKS_NAME_MAX];
			snprintf(name, sizeof(name), "%06llu.log",
			    (unsigned long long)number);
			if (number < examined->log)
				continue;
			rc = pass == 0 ? save_behind(repair, name, from,
					     examined->secret)
				       : cut_log(repair, name, from);
		}
	rocks_listing_done(&listing);
	if (rc != RC_OK)
		return rc;
	rocks_synced_set(synced, examined->secret, examined->last_sequence);
	repair->result->commits_lost = true;
	if (!examined->log) { // without a claim, none is missing
		rocks_synced_set(synced, 0, 0);
		repair_say(repair,
		    "a log (NUMBER.log) is missing: what was acknowledged last "
		    "is lost");
		return RC_OK;
	}
	repair_say(repair,
	    "%06llu.log is damaged at byte %llu: the operations numbered from "
	    "%llu to %llu are lost in part; %zu intact records behind are "
	    "saved",
	    (unsigned long long)examined->log,
	    (unsigned long long)examined->offset,
	    (unsigned long long)examined->last_sequence + 1,
	    (unsigned long long)examined->durable, repair->behind.count);
	return RC_OK;
}

// Nobody knows which of the logs are in the tables already. They are a part of
// the changes without a gap up to the last one; so all of them are applied
// anew, and each key gets the value that it had at the end.
enum rc repair_take_logs(struct repair *repair, int synced)
{
	struct rocks_listing listing;
	uint64_t secret = 0;
	enum rc rc = rocks_listing_read(repair->path, repair->fault, &listing);
	if (rc != RC_OK)
		return rc;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; rc == RC_OK && i < listing.logs.count; i++) {
			char name[ROCKS_NAME_MAX];
			snprintf(name, sizeof(name), "%06llu.log",
			    (unsigned long long)listing.logs.items[i]);
			rc = pass == 0 ? take_log(repair, name, &secret)
				       : cut_log(repair, name, 0);
		}
	repair->untold = repair->behind.count;
	rocks_synced_set(synced, secret, 0);
	rocks_listing_done(&listing);
	return rc;
}

enum rc repair_logs(
    struct repair *repair, const struct rocks_claim *claim, int synced)
{
	enum rc rc = RC_OK;
	for (int i = 0; rc == RC_OK && i < REPAIR_BITS_MAX; i++) {
		struct rocks_examined examined;
		char name[ROCKS_NAME_MAX];
		rc = rocks_examine(
		    repair->path, claim, repair->fault, &examined);
		bool damaged = rc == RC_CORRUPT;
		if (damaged && !examined.damaged) { // a table
			unsigned before = repair->result->mended;
			repair_mend_table(repair, repair->fault->text);
			damaged = repair->result->mended > before;
			rc = damaged ? RC_OK : rc;
		} else if (damaged) {
			snprintf(name, sizeof(name), "%06llu.log",
			    (unsigned long long)examined.log);
			rc = examined.ends ? RC_NOT_FOUND
					   : repair_mend_log_file(repair, name,
						 examined.damage_offset);
			if (rc == RC_NOT_FOUND) {
				rc = salvage(repair, &examined, synced);
				damaged = false;
			}
		}
		rocks_examined_done(&examined);
		if (!damaged)
			return rc;
	}
	return rc;
}

// ---- What was behind the damage --------------------------------------------

// Notes which partitions the batch commits to, and whether a commit before it
// is missing.
static enum rc note_versions(
    struct repair *repair, struct rocks *rocks, struct view record)
{
	struct rocks_log_batch batch;
	struct rocks_log_op op;
	enum rc rc = rocks_log_batch_open(record, &batch);
	while (
	    rc == RC_OK && (rc = rocks_log_batch_next(&batch, &op)) == RC_OK) {
		uint64_t version = 0;
		if (op.kind != ROCKS_LOG_PUT || op.family != ROCKS_INDEX ||
		    op.key.len != 8 || op.value.len != 8)
			continue;
		rc = rocks_get_u64(
		    rocks, rocks->newest, ROCKS_INDEX, op.key, &version);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
		uint64_t partition = get_be64(op.key.ptr);
		uint64_t next = get_le64(op.value.ptr);
		vec_push(&repair->met, partition);
		if (next != version + 1) {
			repair_say(repair,
			    "partition %llu: the commits %llu to %llu are lost",
			    (unsigned long long)partition,
			    (unsigned long long)version + 1,
			    (unsigned long long)next - 1);
			vec_push(&repair->result->gaps, partition);
		}
		rc = RC_OK;
	}
	return rc == RC_END ? RC_OK : rc;
}

enum rc repair_apply_behind(struct repair *repair, struct rocks *rocks)
{
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < repair->behind.count; i++) {
		struct buf *record = &repair->behind.items[i];
		rocksdb_writebatch_t *batch =
		    rocksdb_writebatch_create_from(record->ptr, record->len);
		rc = i < repair->untold
			 ? RC_OK
			 : note_versions(repair, rocks, buf_view(record));
		if (rc == RC_OK)
			rc = rocks_write(rocks, batch,
			    i + 1 == repair->behind.count, repair->fault);
		rocksdb_writebatch_destroy(batch);
	}
	return rc;
}
