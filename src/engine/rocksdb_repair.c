// SPDX-License-Identifier: Apache-2.0
// Repairs a database that nobody has open. One flipped bit is found by its
// checksum and turned back, in every kind of file: then nothing is lost. Every
// file is copied to the folder `aside` before it is changed.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb_restore.h"

void repair_say(struct repair *repair, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	repair->options->say(repair->options->context, text);
}

// ---- Files -----------------------------------------------------------------

enum rc repair_failed(struct repair *repair, const char *name)
{
	return fault_set(repair->fault, RC_IO, "%s: %s", name, strerror(errno));
}

static bool copy_bytes(int from, int to)
{
	char bytes[1 << 16];
	ssize_t len;
	while ((len = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)len) != len)
			return false;
	return len == 0 && fsync(to) == 0;
}

// Copies a file to `aside`, if it is not there yet.
enum rc repair_keep(struct repair *repair, const char *name)
{
	char from[4160];
	char to[4160];
	const char *aside = repair->options->aside;
	if (mkdir(aside, 0700) != 0 && errno != EEXIST)
		return repair_failed(repair, aside);
	snprintf(from, sizeof(from), "%s/%s", repair->path, name);
	snprintf(to, sizeof(to), "%s/%s", aside, name);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return errno == ENOENT ? RC_OK : repair_failed(repair, from);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum rc rc = RC_OK;
	if (out < 0)
		rc = errno == EEXIST ? RC_OK : repair_failed(repair, to);
	else if (!copy_bytes(in, out))
		rc = repair_failed(repair, to);
	if (out >= 0)
		close(out);
	close(in);
	return rc == RC_OK ? rocks_folder_sync(aside, repair->fault) : rc;
}

static enum rc turn_bit(struct repair *repair, const char *name, uint64_t bit)
{
	char file[4160];
	unsigned char byte = 0;
	enum rc rc = repair_keep(repair, name);
	if (rc != RC_OK)
		return rc;
	snprintf(file, sizeof(file), "%s/%s", repair->path, name);
	int fd = open(file, O_RDWR | O_CLOEXEC);
	bool done = fd >= 0 && pread(fd, &byte, 1, (off_t)(bit / 8)) == 1;
	byte ^= (unsigned char)(1 << bit % 8);
	done = done && pwrite(fd, &byte, 1, (off_t)(bit / 8)) == 1 &&
	       fsync(fd) == 0;
	if (!done)
		rc = repair_failed(repair, file);
	if (fd >= 0)
		close(fd);
	if (rc != RC_OK)
		return rc;
	repair->result->mended++;
	repair_say(repair,
	    "%s: one bit of byte %llu was flipped; it is turned back", name,
	    (unsigned long long)(bit / 8));
	return RC_OK;
}

// ---- FORMAT ----------------------------------------------------------------

static enum rc repair_format(struct repair *repair)
{
	uint64_t bit;
	struct engine_format format;
	enum rc rc = rocks_format_read(
	    repair->path, ENGINE_FORMAT, repair->fault, &format);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_CORRUPT ||
	    rocks_format_flipped(repair->path, &bit) != RC_OK)
		return rc;
	rc = turn_bit(repair, "FORMAT", bit);
	return rc == RC_OK ? rocks_format_read(repair->path, ENGINE_FORMAT,
				 repair->fault, &format)
			   : rc;
}

// ---- CURRENT ---------------------------------------------------------------

enum rc repair_write_current(struct repair *repair, uint64_t number, bool told)
{
	char file[4160];
	char temporary[4160];
	char text[ROCKS_NAME_MAX];
	snprintf(text, sizeof(text), "MANIFEST-%06llu\n",
	    (unsigned long long)number);
	snprintf(file, sizeof(file), "%s/CURRENT", repair->path);
	snprintf(temporary, sizeof(temporary), "%s/CURRENT.new", repair->path);
	int fd =
	    open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool done = fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
		    fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (!done || rename(temporary, file) != 0)
		return repair_failed(repair, file);
	if (told)
		repair_say(repair,
		    "CURRENT was damaged or missing; it names %.*s again",
		    (int)strlen(text) - 1, text);
	return rocks_folder_sync(repair->path, repair->fault);
}

static enum rc repair_current(struct repair *repair)
{
	char name[ROCKS_NAME_MAX];
	struct rocks_listing listing;
	enum rc rc = rocks_current_read(repair->path, repair->fault, name);
	if (rc != RC_CORRUPT)
		return rc;
	rc = rocks_listing_read(repair->path, repair->fault, &listing);
	if (rc != RC_OK)
		return rc;
	rc = repair_keep(repair, "CURRENT");
	if (listing.manifests.count == 0) {
		repair_say(repair, "there is no MANIFEST");
		repair->guessed = true;
	} else if (rc == RC_OK) {
		rc = repair_write_current(repair,
		    listing.manifests.items[listing.manifests.count - 1], true);
	}
	rocks_listing_done(&listing);
	return rc;
}

// ---- MANIFEST --------------------------------------------------------------

enum rc repair_mend_log_file(
    struct repair *repair, const char *name, uint64_t offset)
{
	struct rocks_log_file *file;
	uint64_t bit;
	enum rc rc =
	    rocks_log_file_open(repair->path, name, repair->fault, &file);
	if (rc != RC_OK)
		return rc;
	if (offset == UINT64_MAX) {
		enum rocks_log_found found;
		while ((found = rocks_log_next(&file->log)) == ROCKS_LOG_RECORD)
			;
		if (found == ROCKS_LOG_DAMAGE)
			offset = file->log.damage_offset;
	}
	rc = offset == UINT64_MAX ? RC_NOT_FOUND
				  : rocks_log_file_flipped(file, offset, &bit);
	rocks_log_file_close(&file);
	return rc == RC_OK ? turn_bit(repair, name, bit) : rc;
}

// A MANIFEST that is damaged in more than bits is made anew, unless it is a
// torn end, which opening cuts off.
static enum rc judge_manifest(
    struct repair *repair, const char *name, const struct rocks_claim *claim)
{
	struct rocks_examined examined;
	struct fault fault = *repair->fault;
	enum rc rc =
	    rocks_examine(repair->path, claim, repair->fault, &examined);
	bool torn = rc == RC_OK && examined.manifest_length;
	rocks_examined_done(&examined);
	if (torn || rc == RC_IO)
		return rc;
	repair->guessed = true;
	repair_say(repair, "%s cannot be used: %s", name, fault.text);
	return RC_OK;
}

static enum rc repair_manifest(
    struct repair *repair, const struct rocks_claim *claim)
{
	char name[ROCKS_NAME_MAX];
	struct rocks_manifest manifest;
	if (repair->guessed)
		return RC_OK;
	enum rc rc = rocks_current_read(repair->path, repair->fault, name);
	for (int i = 0; rc == RC_OK && i < REPAIR_BITS_MAX; i++) {
		rc = rocks_manifest_read(
		    repair->path, name, repair->fault, &manifest);
		if (rc == RC_OK) {
			bool any = manifest.next_file > 0;
			rocks_manifest_done(&manifest);
			repair->guessed = !any; // it is empty
			return RC_OK;
		}
		if (rc == RC_CORRUPT)
			rc = repair_mend_log_file(repair, name, UINT64_MAX);
	}
	return rc == RC_NOT_FOUND ? judge_manifest(repair, name, claim) : rc;
}

// ---- Tables ----------------------------------------------------------------

void repair_mend_table(void *context, const char *text)
{
	struct repair *repair = context;
	char name[ROCKS_NAME_MAX];
	uint64_t bit;
	if (rocks_table_named(text, name) &&
	    rocks_table_flipped(repair->path, text, &bit) == RC_OK)
		(void)!turn_bit(repair, name, bit);
}

// ---- The partitions that are whole ------------------------------------------

static bool listed(const uint64_t *items, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (items[i] == number)
			return true;
	return false;
}

static void find_whole(struct repair *repair)
{
	struct engine_repair *result = repair->result;
	for (size_t i = 0; i < repair->met.count; i++) {
		uint64_t partition = repair->met.items[i];
		if (!listed(
			result->gaps.items, result->gaps.count, partition) &&
		    !listed(
			result->whole.items, result->whole.count, partition))
			vec_push(&result->whole, partition);
	}
}

// ---- Everything else -------------------------------------------------------

// A blob file that was being written is not in the MANIFEST; RocksDB deletes
// it.
static bool is_named(struct repair *repair, const char *file)
{
	char name[ROCKS_NAME_MAX];
	struct rocks_manifest manifest;
	uint64_t number;
	bool named = false;
	struct view text = view_of_string(file);
	struct fault ignored;
	if (!view_to_u64(view_slice(text, 0, text.len - 5), &number) ||
	    rocks_current_read(repair->path, &ignored, name) != RC_OK ||
	    rocks_manifest_read_cut(repair->path, name, &ignored, &manifest) !=
		RC_OK)
		return true;
	for (size_t i = 0; i < manifest.blobs.count; i++)
		named |= manifest.blobs.items[i] == number;
	rocks_manifest_done(&manifest);
	return named;
}

static void blob_damage(void *context, const struct rocks_blob_damage *damage)
{
	struct repair *repair = context;
	if (!is_named(repair, damage->file))
		return;
	if (damage->one_bit &&
	    turn_bit(repair, damage->file, damage->bit) == RC_OK)
		return;
	uint64_t number;
	struct view name = view_of_string(damage->file);
	if (view_to_u64(view_slice(name, 0, name.len - 5), &number) &&
	    !listed(
		repair->unreadable.items, repair->unreadable.count, number)) {
		vec_push(&repair->unreadable, number);
		// RocksDB deletes the file when nothing needs it any more.
		if (repair_keep(repair, damage->file) != RC_OK)
			repair_say(repair, "%s", repair->fault->text);
		rocks_damage_mark(repair->path, damage->file);
	}
	repair_say(repair, "%s: the record at byte %llu is lost", damage->file,
	    (unsigned long long)damage->offset);
}

static void remaining(void *context, const char *text)
{
	struct repair *repair = context;
	repair->result->remaining++;
	repair_say(repair, "%s", text);
}

static enum rc open_engine(struct repair *repair, struct engine **ret_engine)
{
	struct engine_rocksdb_options options = {.log = NULL};
	return engine_rocksdb_open(
	    repair->path, &options, repair->fault, ret_engine);
}

// Opens the database and reads everything, until no bit is left that can be
// turned back.
static enum rc repair_tables(struct repair *repair)
{
	struct engine *engine;
	enum rc rc = RC_OK;
	unsigned before = UINT32_MAX;
	rocks_blobs_check(repair->path, blob_damage, repair);
	for (int i = 0; i < REPAIR_BITS_MAX && before != repair->result->mended;
	     i++) {
		before = repair->result->mended;
		rc = open_engine(repair, &engine);
		if (rc == RC_CORRUPT)
			repair_mend_table(repair, repair->fault->text);
		if (rc != RC_OK)
			continue;
		rc = engine_check(engine, repair_mend_table, repair);
		engine_close(&engine);
	}
	return rc;
}

static enum rc finish(struct repair *repair)
{
	struct engine *engine;
	enum rc rc = open_engine(repair, &engine);
	if (rc != RC_OK)
		return rc;
	// Whatever is still damaged is met again. Nothing is compacted before
	// the next opening.
	rocks_damage_unmark(repair->path);
	struct rocks *rocks = (struct rocks *)engine;
	rc = repair_apply_behind(repair, rocks);
	find_whole(repair);
	if (rc == RC_OK && repair->result->losses.count)
		rc = rocks_versions_rebuild(rocks);
	if (rc == RC_OK)
		rc = repair_forget(repair, rocks);
	if (rc == RC_OK &&
	    (repair->result->commits_lost || repair->result->all_suspect ||
		repair->rebuild_owners))
		rc = rocks_owners_rebuild(rocks);
	if (rc == RC_OK)
		rc = engine_check(engine, remaining, repair);
	engine_close(&engine);
	return rc;
}

// ---- The call --------------------------------------------------------------

// Whether the logs begin later than the MANIFEST ends: then tables may be there
// that its lost end has named.
static enum rc note_behind(
    struct repair *repair, const struct rocks_claim *claim)
{
	struct rocks_examined examined;
	struct fault fault;
	if (repair->guessed)
		return RC_OK;
	enum rc rc = rocks_examine(repair->path, claim, &fault, &examined);
	repair->behind_tables =
	    rc == RC_CORRUPT && examined.damaged && examined.ends;
	rocks_examined_done(&examined);
	if (rc == RC_IO)
		*repair->fault = fault;
	return rc == RC_IO ? rc : RC_OK;
}

static enum rc repair_files(struct repair *repair)
{
	int synced;
	struct rocks_claim claim;
	// What a newer version has made is not touched.
	enum rc rc = repair_format(repair);
	if (rc == RC_OK)
		rc = rocks_synced_open(
		    repair->path, false, repair->fault, &synced, &claim);
	if (rc != RC_OK)
		return rc;
	rc = repair_current(repair);
	if (rc == RC_OK)
		rc = repair_manifest(repair, &claim);
	if (rc == RC_OK)
		rc = note_behind(repair, &claim);
	if (rc == RC_OK)
		rc = repair_restore(repair);
	if (rc == RC_OK && repair->guessed)
		rc = repair_take_logs(repair, synced);
	else if (rc == RC_OK)
		rc = repair_logs(repair, &claim, synced);
	close(synced); // the engine locks it again
	return rc;
}

enum rc engine_rocksdb_repair(const char *path,
    const struct engine_repair_options *options, struct fault *fault,
    struct engine_repair *ret_repair)
{
	*ret_repair = (struct engine_repair){0};
	struct repair repair = {.path = path,
	    .options = options,
	    .fault = fault,
	    .result = ret_repair};
	enum rc rc = repair_files(&repair);
	if (rc == RC_OK && repair.guessed)
		rc = rocks_database_settle(path, fault);
	if (rc == RC_OK)
		rc = repair_tables(&repair);
	if (rc == RC_OK)
		rc = finish(&repair);
	for (size_t i = 0; i < repair.behind.count; i++)
		buf_done(&repair.behind.items[i]);
	vec_done(&repair.behind);
	vec_done(&repair.met);
	vec_done(&repair.unreadable);
	if (rc != RC_OK)
		engine_repair_done(ret_repair);
	return rc;
}

bool engine_repair_is_suspect(
    const struct engine_repair *repair, uint64_t partition)
{
	if (repair->all_suspect)
		return true;
	for (size_t i = 0; i < repair->losses.count; i++)
		if (partition >= repair->losses.items[i].first &&
		    partition <= repair->losses.items[i].last)
			return true;
	return repair->commits_lost &&
	       !listed(repair->whole.items, repair->whole.count, partition);
}

void engine_repair_done(struct engine_repair *repair)
{
	vec_done(&repair->whole);
	vec_done(&repair->gaps);
	vec_done(&repair->losses);
}
