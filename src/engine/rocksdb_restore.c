// SPDX-License-Identifier: Apache-2.0
// Repairs what flipped bits alone do not explain: tables that are missing or
// damaged in any way, and a MANIFEST that cannot be used. Of a damaged table, a
// whole one is made from what is intact in it. Then a new MANIFEST names the
// tables and blob files that are there.
//
// If the old MANIFEST is intact, tables keep their levels. If it is not, nobody
// knows the levels, and some tables may be known only because they are there.
// Then all tables get level 0, and the database is compacted before anyone
// reads it: compaction goes by the sequence number of each entry, so it finds
// the newest entry of each key wherever it is. RocksDB deletes tables as soon
// as they are replaced; if a few of these are still there, they hold nothing
// that is newer.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb_restore.h"

struct restore {
	struct repair *repair;
	struct rocks_listing listing;
	struct rocks_manifest known; // what could be read of the MANIFEST
	bool guess;                  // it is not all
	bool changed;                // a new MANIFEST is needed
	uint64_t highest;            // number of a file
	struct rocks_new_manifest made;
};

static bool listed(const struct rocks_numbers *numbers, uint64_t number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->items[i] == number)
			return true;
	return false;
}

static const struct rocks_table *known_table(
    const struct restore *restore, uint64_t number)
{
	for (size_t i = 0; i < restore->known.tables.count; i++)
		if (restore->known.tables.items[i].number == number)
			return &restore->known.tables.items[i];
	return NULL;
}

// ---- Losses ----------------------------------------------------------------

static uint64_t prefix(const struct buf *key, uint64_t otherwise)
{
	return key->len >= 8 ? get_be64(key->ptr) : otherwise;
}

// Keys of a table are lost. `known`: what the MANIFEST says of it, or NULL.
static void note_loss(struct restore *restore, const char *name,
    uint32_t family, const struct rocks_table *known, struct rocks_loss loss)
{
	struct repair *repair = restore->repair;
	if (known) {
		uint64_t first = prefix(&known->smallest, 0);
		uint64_t last = prefix(&known->largest, UINT64_MAX);
		loss.first = loss.first < first ? first : loss.first;
		loss.last = loss.last > last ? last : loss.last;
	}
	switch (family) {
	case ROCKS_INDEX:
		repair_say(repair,
		    "%s: keys of the partitions %llu to %llu are lost", name,
		    (unsigned long long)loss.first,
		    (unsigned long long)loss.last);
		vec_push(&repair->result->losses,
		    (struct engine_repair_loss){loss.first, loss.last});
		break;
	case ROCKS_CONTENT:
		repair_say(repair,
		    "%s: contents from %016llx to %016llx are lost", name,
		    (unsigned long long)loss.first,
		    (unsigned long long)loss.last);
		repair->rebuild_owners = true;
		break;
	case ROCKS_OWNERS:
		repair_say(repair,
		    "%s: records of owners are lost; they are made anew", name);
		repair->rebuild_owners = true;
		break;
	default:
		repair_say(repair, "%s: nobody knows what is lost", name);
		repair->result->all_suspect = true;
		repair->rebuild_owners = true;
	}
}

// ---- Files -----------------------------------------------------------------

// Reads all of a file. What the disk does not give is zeros, which are found to
// be damage.
static enum rc read_file(
    struct restore *restore, const char *name, struct buf *ret_bytes)
{
	char file[4160];
	struct stat status;
	snprintf(file, sizeof(file), "%s/%s", restore->repair->path, name);
	buf_reset(ret_bytes);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? RC_NOT_FOUND
				       : repair_failed(restore->repair, file);
	if (fstat(fd, &status) != 0) {
		close(fd);
		return repair_failed(restore->repair, file);
	}
	size_t size = (size_t)status.st_size;
	char *to = size ? buf_reserve(ret_bytes, size) : NULL;
	for (size_t at = 0; at < size;) {
		size_t part = size - at < 4096 ? size - at : 4096;
		ssize_t len = pread(fd, to + at, part, (off_t)at);
		if (len <= 0)
			memset(to + at, 0, part);
		at += len > 0 ? (size_t)len : part;
	}
	buf_commit(ret_bytes, size);
	close(fd);
	return RC_OK;
}

static enum rc replace_file(
    struct restore *restore, const char *name, struct view bytes)
{
	char file[4160];
	char temporary[4200];
	struct repair *repair = restore->repair;
	enum rc rc = repair_keep(repair, name);
	snprintf(file, sizeof(file), "%s/%s", repair->path, name);
	snprintf(temporary, sizeof(temporary), "%s.new", file);
	if (rc == RC_OK)
		rc = rocks_file_write(temporary, bytes, repair->fault);
	if (rc == RC_OK && rename(temporary, file) != 0)
		rc = repair_failed(repair, file);
	return rc == RC_OK ? rocks_folder_sync(repair->path, repair->fault)
			   : rc;
}

// ---- Tables ----------------------------------------------------------------

static void copy_key(struct buf *to, const struct buf *from)
{
	buf_init(to, SIZE_MAX / 2);
	buf_add(to, buf_view(from));
}

// A table needs the blob file.
static void note_blob(struct restore *restore, uint64_t number)
{
	struct repair *repair = restore->repair;
	if (listed(&restore->listing.blobs, number))
		return;
	for (size_t i = 0; i < repair->unreadable.count; i++)
		if (repair->unreadable.items[i] == number)
			return;
	vec_push(&repair->unreadable, number);
	repair_say(
	    repair, "%06llu.blob is missing", (unsigned long long)number);
}

static void add_table(struct restore *restore, uint64_t number, uint64_t size,
    const struct rocks_salvage *salvage, const struct rocks_table *known)
{
	struct rocks_new_manifest *made = &restore->made;
	struct rocks_new_table table = {
	    .number = number,
	    .family = known ? known->family : salvage->family,
	    .level = known && !restore->guess ? known->level : 0,
	    .size = size,
	    .first_sequence = salvage->first_sequence,
	    .last_sequence = salvage->last_sequence,
	    .oldest_blob = salvage->oldest_blob,
	};
	copy_key(
	    &table.smallest, known ? &known->smallest : &salvage->smallest);
	copy_key(&table.largest, known ? &known->largest : &salvage->largest);
	if (salvage->last_sequence > made->last_sequence)
		made->last_sequence = salvage->last_sequence;
	vec_push(&made->tables, table);
	for (size_t i = 0; i < salvage->blobs.count; i++)
		note_blob(restore, salvage->blobs.items[i]);
}

// Turns back bits in the damaged blocks and at the end. True if some were.
static bool mend_bits(struct restore *restore, const char *name,
    const struct rocks_salvage *salvage)
{
	char text[160];
	struct repair *repair = restore->repair;
	unsigned before = repair->result->mended;
	// Much damage is not one of bits.
	for (size_t i = 0;
	     salvage->bad.count < ROCKS_BAD_MAX && i < salvage->bad.count;
	     i++) {
		snprintf(text, sizeof(text), "%s offset %llu size %llu", name,
		    (unsigned long long)salvage->bad.items[i].offset,
		    (unsigned long long)salvage->bad.items[i].size);
		repair_mend_table(repair, text);
	}
	if (repair->result->mended == before)
		repair_mend_table(repair, name);
	return repair->result->mended != before;
}

// Finds what is intact in a table, after bits were turned back.
static enum rc find_intact(struct restore *restore, const char *name,
    struct buf *bytes, struct rocks_salvage *ret_salvage)
{
	for (;;) {
		enum rc rc = read_file(restore, name, bytes);
		if (rc != RC_OK)
			return rc;
		rocks_salvage_find(buf_view(bytes), ret_salvage);
		if (ret_salvage->whole ||
		    !mend_bits(restore, name, ret_salvage))
			return RC_OK;
		rocks_salvage_done(ret_salvage);
	}
}

// Makes a whole table of what is intact in a damaged one.
static enum rc reduce(struct restore *restore, const char *name,
    struct buf *bytes, const struct rocks_salvage *salvage)
{
	struct buf whole;
	restore->changed = true;
	buf_init(&whole, SIZE_MAX / 2);
	rocks_salvage_write(buf_view(bytes), salvage, &whole);
	enum rc rc = replace_file(restore, name, buf_view(&whole));
	repair_say(restore->repair,
	    "%s was damaged; %zu of its blocks are intact and were kept", name,
	    salvage->blocks.count);
	buf_reset(bytes);
	buf_add(bytes, buf_view(&whole));
	buf_done(&whole);
	return rc;
}

static enum rc missing(
    struct restore *restore, const char *name, const struct rocks_table *known)
{
	restore->changed = true;
	// If the MANIFEST is not all, the table may have been deleted.
	if (!known || restore->guess)
		return RC_OK;
	repair_say(restore->repair, "%s is missing", name);
	note_loss(restore, name, known->family, known,
	    (struct rocks_loss){0, UINT64_MAX});
	return RC_OK;
}

// The process may have been killed while it wrote the table and a blob file.
// What is in them is in the logs, or in the tables that they were made of.
static bool was_unfinished(
    const struct restore *restore, const struct rocks_salvage *salvage)
{
	const struct repair *repair = restore->repair;
	for (size_t i = 0; !salvage->whole && i < salvage->blobs.count; i++) {
		uint64_t number = salvage->blobs.items[i];
		if (!listed(&restore->listing.blobs, number))
			return true;
		for (size_t u = 0; u < repair->unreadable.count; u++)
			if (repair->unreadable.items[u] == number)
				return true;
	}
	return false;
}

static enum rc keep_intact(struct restore *restore, uint64_t number,
    const char *name, struct buf *bytes, struct rocks_salvage *salvage)
{
	const struct rocks_table *known = known_table(restore, number);
	uint32_t family = known ? known->family : salvage->family;
	bool any = salvage->blocks.count || salvage->has_ranges;
	enum rc rc = RC_OK;
	salvage->family = family;
	if (!known && was_unfinished(restore, salvage))
		return RC_OK;
	if (!any || family >= ROCKS_FAMILIES) {
		restore->changed = true;
		repair_say(
		    restore->repair, "%s: nothing in it is intact", name);
		note_loss(restore, name, family, known,
		    (struct rocks_loss){0, UINT64_MAX});
		return repair_keep(restore->repair, name);
	}
	if (!salvage->whole)
		rc = reduce(restore, name, bytes, salvage);
	for (size_t i = 0; i < salvage->losses.count; i++)
		note_loss(
		    restore, name, family, known, salvage->losses.items[i]);
	if (rc == RC_OK)
		add_table(restore, number, bytes->len, salvage, known);
	return rc;
}

static enum rc one_table(
    struct restore *restore, uint64_t number, struct buf *bytes)
{
	char name[ROCKS_NAME_MAX];
	struct rocks_salvage salvage;
	snprintf(name, sizeof(name), "%06llu.sst", (unsigned long long)number);
	enum rc rc = find_intact(restore, name, bytes, &salvage);
	if (rc == RC_NOT_FOUND)
		return missing(restore, name, known_table(restore, number));
	if (rc != RC_OK)
		return rc;
	rc = keep_intact(restore, number, name, bytes, &salvage);
	rocks_salvage_done(&salvage);
	return rc;
}

static enum rc all_tables(struct restore *restore)
{
	struct buf bytes;
	enum rc rc = RC_OK;
	buf_init(&bytes, SIZE_MAX / 2);
	for (size_t i = 0; rc == RC_OK && i < restore->known.tables.count; i++)
		rc = one_table(
		    restore, restore->known.tables.items[i].number, &bytes);
	for (size_t i = 0;
	     rc == RC_OK && restore->guess && i < restore->listing.tables.count;
	     i++) {
		uint64_t number = restore->listing.tables.items[i];
		if (!known_table(restore, number) &&
		    !listed(&restore->known.deleted, number))
			rc = one_table(restore, number, &bytes);
	}
	buf_done(&bytes);
	return rc;
}

// ---- Blob files ------------------------------------------------------------

static enum rc all_blobs(struct restore *restore)
{
	struct repair *repair = restore->repair;
	enum rc rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < restore->listing.blobs.count;
	     i++) {
		struct rocks_new_blob blob = {
		    .number = restore->listing.blobs.items[i]};
		struct rocks_blob_ends ends;
		char name[ROCKS_NAME_MAX];
		// A blob file that was being written is not named yet: the log
		// has what is in it.
		if (!restore->guess &&
		    !listed(&restore->known.blobs, blob.number))
			continue;
		snprintf(name, sizeof(name), "%06llu.blob",
		    (unsigned long long)blob.number);
		rc = rocks_blob_ends_find(
		    repair->path, name, repair->fault, &ends);
		if (rc == RC_OK && !ends.right) {
			rc = repair_keep(repair, name);
			if (rc == RC_OK)
				rc = rocks_blob_ends_write(
				    repair->path, name, &ends, repair->fault);
			repair_say(repair,
			    "%s was damaged at an end; %llu of its records are "
			    "there",
			    name, (unsigned long long)ends.count);
			vec_push(&repair->unreadable, blob.number);
		}
		blob.count = ends.count;
		blob.bytes = ends.bytes;
		if (rc == RC_OK && blob.count)
			vec_push(&restore->made.blobs, blob);
	}
	return rc;
}

// ---- The MANIFEST ----------------------------------------------------------

static int newest_last(const void *left, const void *right)
{
	const struct rocks_new_table *a = left;
	const struct rocks_new_table *b = right;
	if (a->last_sequence != b->last_sequence)
		return a->last_sequence < b->last_sequence ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

// RocksDB refuses tables of level 0 whose sequence numbers overlap. The numbers
// that the MANIFEST gives them only have to be in order: the true ones are in
// the tables.
static void order_level_0(struct rocks_new_manifest *made)
{
	if (made->tables.count)
		qsort(made->tables.items, made->tables.count,
		    sizeof(*made->tables.items), newest_last);
	for (size_t i = 0; i < made->tables.count; i++) {
		made->tables.items[i].first_sequence = i;
		made->tables.items[i].last_sequence = i + 1;
	}
	if (made->last_sequence < made->tables.count)
		made->last_sequence = made->tables.count;
}

static void find_highest(struct restore *restore)
{
	const struct rocks_numbers *lists[] = {&restore->listing.logs,
	    &restore->listing.tables, &restore->listing.blobs,
	    &restore->listing.manifests};
	restore->highest = restore->known.next_file;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (lists[i]->count &&
		    lists[i]->items[lists[i]->count - 1] > restore->highest)
			restore->highest = lists[i]->items[lists[i]->count - 1];
}

static enum rc write_manifest(struct restore *restore)
{
	struct repair *repair = restore->repair;
	struct rocks_new_manifest *made = &restore->made;
	char name[ROCKS_NAME_MAX];
	uint64_t number = ++restore->highest;
	made->next_file = number + 1;
	memcpy(made->family_log, restore->known.family_log,
	    sizeof(made->family_log));
	if (restore->known.last_sequence > made->last_sequence)
		made->last_sequence = restore->known.last_sequence;
	if (restore->guess)
		order_level_0(made);
	snprintf(
	    name, sizeof(name), "MANIFEST-%06llu", (unsigned long long)number);
	enum rc rc =
	    rocks_manifest_write(repair->path, name, made, repair->fault);
	for (size_t i = 0; rc == RC_OK && i < restore->listing.manifests.count;
	     i++) {
		char old[ROCKS_NAME_MAX];
		snprintf(old, sizeof(old), "MANIFEST-%06llu",
		    (unsigned long long)restore->listing.manifests.items[i]);
		rc = repair_keep(repair, old);
	}
	if (rc == RC_OK)
		rc = repair_write_current(repair, number, false);
	repair_say(repair, "%s is new; it names %zu tables and %zu blob files",
	    name, made->tables.count, made->blobs.count);
	return rc;
}

// Reads what there is of the MANIFEST. RC_OK also if nothing is.
static enum rc read_manifest(struct restore *restore)
{
	char name[ROCKS_NAME_MAX];
	struct repair *repair = restore->repair;
	struct fault ignored;
	bool whole;
	enum rc rc = rocks_current_read(repair->path, &ignored, name);
	if (rc == RC_OK)
		rc = rocks_manifest_salvage(
		    repair->path, name, repair->fault, &restore->known, &whole);
	return rc == RC_CORRUPT ? RC_OK : rc;
}

// Whether tables are there that the MANIFEST neither names nor has deleted,
// while others are missing.
static bool is_behind(const struct restore *restore)
{
	bool more = false;
	bool fewer = false;
	for (size_t i = 0; i < restore->listing.tables.count; i++) {
		uint64_t number = restore->listing.tables.items[i];
		more |= !known_table(restore, number) &&
			!listed(&restore->known.deleted, number) &&
			rocks_table_end_is_right(restore->repair->path, number);
	}
	for (size_t i = 0; i < restore->known.tables.count; i++)
		fewer |= !listed(&restore->listing.tables,
		    restore->known.tables.items[i].number);
	return more && (fewer || restore->repair->behind_tables);
}

static void restore_done(struct restore *restore)
{
	for (size_t i = 0; i < restore->made.tables.count; i++) {
		buf_done(&restore->made.tables.items[i].smallest);
		buf_done(&restore->made.tables.items[i].largest);
	}
	vec_done(&restore->made.tables);
	vec_done(&restore->made.blobs);
	rocks_manifest_done(&restore->known);
	rocks_listing_done(&restore->listing);
}

enum rc repair_restore(struct repair *repair)
{
	struct restore restore = {.repair = repair, .guess = repair->guessed};
	enum rc rc =
	    rocks_listing_read(repair->path, repair->fault, &restore.listing);
	if (rc != RC_OK)
		return rc;
	find_highest(&restore);
	rc = read_manifest(&restore);
	restore.guess |= rc == RC_OK && is_behind(&restore);
	restore.changed = restore.guess;
	find_highest(&restore);
	if (rc == RC_OK)
		rc = all_blobs(&restore);
	if (rc == RC_OK)
		rc = all_tables(&restore);
	if (rc == RC_OK && restore.changed)
		rc = write_manifest(&restore);
	repair->guessed = restore.guess;
	if (restore.guess)
		repair->result->all_suspect = true;
	// Compaction must not meet what is lost.
	if (repair->unreadable.count)
		rocks_damage_mark(repair->path, "blobs are lost");
	restore_done(&restore);
	return rc;
}
