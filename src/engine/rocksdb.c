// SPDX-License-Identifier: Apache-2.0
// The embedded engine: RocksDB through its C interface. This file opens and
// closes it and has all tuning choices; README.md says what was measured.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_folder.h"

#define MIB ((size_t)1 << 20)

#define DEFAULT_CACHE  (64 * MIB)
#define DEFAULT_BUFFER (32 * MIB)

// Values of at least this size are written once, outside the tree. Compaction
// moves them only to collect garbage.
#define BLOB_MIN 1024

// How many tables and blob files are kept open.
#define OPEN_FILES 512

static const char *const family_names[ROCKS_FAMILIES] = {
    [ROCKS_INDEX] = "default",
    [ROCKS_CONTENT] = "content",
    [ROCKS_OWNERS] = "owners",
};

static const struct engine_ops rocks_ops;

// ---- Options ---------------------------------------------------------------

static void set_table(rocksdb_options_t *options, rocksdb_cache_t *cache)
{
	rocksdb_block_based_table_options_t *table =
	    rocksdb_block_based_options_create();
	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_block_based_options_set_block_size(table, 8192);
	rocksdb_block_based_options_set_format_version(table, 5);
	rocksdb_block_based_options_set_checksum(table, 4); // XXH3
	rocksdb_block_based_options_set_filter_policy(
	    table, rocksdb_filterpolicy_create_bloom_full(10));
	// Indexes and filters are cut in pieces and kept in the cache, so that
	// memory does not grow with the data.
	rocksdb_block_based_options_set_index_type(
	    table, rocksdb_block_based_table_index_type_two_level_index_search);
	rocksdb_block_based_options_set_partition_filters(table, 1);
	rocksdb_block_based_options_set_metadata_block_size(table, 4096);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(
	    table, 1);
	rocksdb_block_based_options_set_pin_top_level_index_and_filter(
	    table, 1);
	rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
	    table, 1);
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_block_based_options_destroy(table);
}

static rocksdb_options_t *family_options(enum rocks_family family,
    const struct rocks_opening *how, rocksdb_cache_t *cache)
{
	size_t buffer = how->buffer_bytes;
	rocksdb_options_t *options = rocksdb_options_create();
	set_table(options, cache);
	rocksdb_options_set_write_buffer_size(
	    options, family == ROCKS_OWNERS ? buffer / 4 : buffer);
	rocksdb_options_set_max_write_buffer_number(options, 3);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
	rocksdb_options_set_target_file_size_base(options, 32 * MIB);
	rocksdb_options_set_compression(options, rocksdb_lz4_compression);
	// Most look-ups of owners and heads find nothing.
	rocksdb_options_set_memtable_whole_key_filtering(options, 1);
	rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.02);
	if (family == ROCKS_INDEX)
		rocksdb_options_set_prefix_extractor(
		    options, rocksdb_slicetransform_create_fixed_prefix(8));
	if (family == ROCKS_CONTENT) {
		rocksdb_options_set_enable_blob_files(options, 1);
		rocksdb_options_set_min_blob_size(options, BLOB_MIN);
		rocksdb_options_set_blob_file_size(options, 256 * MIB);
		// Most bytes of mail are base64, which LZ4 cannot shrink; to
		// try it costs a fifth of a small delivery.
		rocksdb_options_set_blob_compression_type(
		    options, rocksdb_no_compression);
		rocksdb_options_set_enable_blob_gc(options, 1);
		rocksdb_options_set_blob_gc_age_cutoff(
		    options, ROCKS_BLOB_CUTOFF);
		rocksdb_options_set_blob_gc_force_threshold(options, 0.5);
	}
	return options;
}

static rocksdb_options_t *database_options(
    const struct rocks_opening *how, bool read_only)
{
	size_t buffer = how->buffer_bytes;
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_options_set_create_if_missing(options, 1);
	rocksdb_options_set_create_missing_column_families(options, 1);
	rocksdb_options_set_paranoid_checks(options, 1);
	rocksdb_options_set_max_open_files(options, OPEN_FILES);
	rocksdb_options_set_max_background_jobs(options, 2);

	// A torn end was cut off before (rocks_examine()). Whatever RocksDB
	// cannot read now is damage, and it refuses. For reading only, nothing
	// was cut off.
	rocksdb_options_set_wal_recovery_mode(
	    options, read_only ? rocksdb_point_in_time_recovery
			       : rocksdb_absolute_consistency_recovery);
	rocksdb_options_set_use_fsync(options, 0);
	rocksdb_options_set_max_total_wal_size(options, 3 * buffer);

	// A thread that waits sleeps, and the leader of a write group inserts
	// for all: to wake each thread for its few records costs more.
	rocksdb_options_set_enable_write_thread_adaptive_yield(options, 0);
	rocksdb_options_set_allow_concurrent_memtable_write(options, 0);

	// RocksDB writes its own text log only while it opens. Debian's build
	// aborts at the second line after one that the disk did not take
	// (EnvLogger::Logv), and the C interface of 7.8 has no other log.
	rocksdb_options_set_info_log_level(options, 4); // fatal errors
	rocksdb_options_set_keep_log_file_num(options, 2);
	rocksdb_options_set_max_log_file_size(options, MIB);
	rocksdb_options_set_stats_dump_period_sec(options, 0);
	rocksdb_options_set_stats_persist_period_sec(options, 0);
	rocksdb_options_set_avoid_unnecessary_blocking_io(options, 1);
	return options;
}

const char *rocks_family_name(enum rocks_family family)
{
	return family_names[family];
}

// ---- Opening ---------------------------------------------------------------

char *rocks_database_open(struct rocks *rocks, bool read_only)
{
	const struct rocks_opening *how = &rocks->how;
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(how->cache_bytes);
	rocksdb_options_t *options = database_options(how, read_only);
	rocksdb_options_t *families[ROCKS_FAMILIES];
	for (size_t i = 0; i < ROCKS_FAMILIES; i++)
		families[i] = family_options((enum rocks_family)i, how, cache);
	rocks->damage.known = rocks_damage_is_marked(rocks->path);
	for (size_t i = 0; rocks->damage.known && i < ROCKS_FAMILIES; i++)
		rocksdb_options_set_disable_auto_compactions(families[i], 1);
	if (rocks->damage.known)
		log_text(rocks->base.log, LOG_LEVEL_ERROR, "storage",
		    "the database is damaged, as the file DAMAGED says: it is "
		    "not compacted until `roost repair`");
	const rocksdb_options_t *const *family_list =
	    (const rocksdb_options_t *const *)families;

	char *error = NULL;
	if (read_only)
		rocks->db = rocksdb_open_for_read_only_column_families(options,
		    rocks->path, ROCKS_FAMILIES, family_names, family_list,
		    rocks->families, 0, &error);
	else
		rocks->db = rocksdb_open_column_families(options, rocks->path,
		    ROCKS_FAMILIES, family_names, family_list, rocks->families,
		    &error);
	for (size_t i = 0; i < ROCKS_FAMILIES; i++)
		rocksdb_options_destroy(families[i]);
	rocksdb_options_destroy(options);
	rocksdb_cache_destroy(cache); // the database keeps a reference
	if (error)
		rocks->db = NULL;
	return error;
}

void rocks_database_close(struct rocks *rocks)
{
	if (!rocks->db)
		return;
	for (size_t i = 0; i < ROCKS_FAMILIES; i++)
		rocksdb_column_family_handle_destroy(rocks->families[i]);
	rocksdb_close(rocks->db);
	rocks->db = NULL;
}

static struct rocks *rocks_new(
    const char *path, const struct engine_rocksdb_options *given)
{
	struct rocks *rocks = mem_zalloc(sizeof(*rocks));
	engine_base_init(&rocks->base, &rocks_ops);
	rocks->base.log = given->log;
	rocks->base.read_only = given->read_only;
	rocks->path = mem_strdup(path);
	rocks->how = (struct rocks_opening){
	    .cache_bytes =
		given->cache_bytes ? given->cache_bytes : DEFAULT_CACHE,
	    .buffer_bytes =
		given->buffer_bytes ? given->buffer_bytes : DEFAULT_BUFFER,
	};
	rocks_keeper_init(rocks, given->reserve_bytes);
	pthread_mutex_init(&rocks->snapshots_lock, NULL);
	rocks->synced = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(rocks->synced, 1);
	rocks->unsynced = rocksdb_writeoptions_create();
	rocks->newest = rocksdb_readoptions_create();
	pthread_mutex_init(&rocks->stripes_lock, NULL);
	pthread_cond_init(&rocks->stripes_free, NULL);
	rocks->synced_state.fd = -1;
	pthread_mutex_init(&rocks->synced_state.lock, NULL);
	pthread_mutex_init(&rocks->damage.lock, NULL);
	return rocks;
}

// Writes the memtables to files, so that the next opening has no log to replay.
static void flush(struct rocks *rocks)
{
	rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
	rocksdb_flushoptions_set_wait(options, 1);
	for (size_t i = 0; i < ROCKS_FAMILIES; i++) {
		char *error = NULL;
		rocksdb_flush_cf(
		    rocks->db, options, rocks->families[i], &error);
		// If this fails, nothing is lost: all data is in the log.
		enum rc rc = rocks_result(rocks, error, "flushing", NULL);
		(void)rc;
	}
	rocksdb_flushoptions_destroy(options);
}

static void rocks_close(struct engine *engine)
{
	struct rocks *rocks = rocks_of(engine);
	rocks_keeper_stop(rocks);
	if (rocks->db && !engine->read_only &&
	    !atomic_load(&rocks->keeper.broken))
		flush(rocks);
	rocks_database_close(rocks);
	pthread_mutex_destroy(&rocks->snapshots_lock);
	rocksdb_writeoptions_destroy(rocks->synced);
	rocksdb_writeoptions_destroy(rocks->unsynced);
	rocksdb_readoptions_destroy(rocks->newest);
	pthread_mutex_destroy(&rocks->stripes_lock);
	pthread_cond_destroy(&rocks->stripes_free);
	pthread_mutex_destroy(&rocks->synced_state.lock);
	pthread_mutex_destroy(&rocks->damage.lock);
	if (rocks->synced_state.fd >= 0)
		close(rocks->synced_state.fd);
	engine_base_done(engine);
	free(rocks->path);
	free(rocks);
}

// The folder holds mail: if it is made here, nobody else may read it.
static enum rc make_folder(const char *path,
    const struct engine_rocksdb_options *given, struct fault *fault)
{
	if (given->read_only) {
		if (access(path, R_OK | X_OK) == 0)
			return RC_OK;
	} else if (mkdir(path, 0700) == 0 || errno == EEXIST) {
		return RC_OK;
	}
	int error = errno;
	return fault_set(fault, error == ENOENT ? RC_NOT_FOUND : RC_IO,
	    "cannot use the folder %s: %s", path, strerror(error));
}

// Finds out the format. A folder without FORMAT has a database of the first
// format, or none.
static enum rc find_format(
    struct rocks *rocks, uint32_t newest, struct fault *fault)
{
	char current[4160];
	struct engine_format *format = &rocks->base.format;
	*format = (struct engine_format){.number = newest};
	enum rc rc = rocks_format_read(rocks->path, newest, fault, format);
	if (rc != RC_NOT_FOUND)
		return rc;
	snprintf(current, sizeof(current), "%s/CURRENT", rocks->path);
	if (access(current, F_OK) == 0)
		format->number = 1;
	else
		rocks->is_new = true;
	return RC_OK;
}

// RocksDB does not sync the folder that its own folder is in. Without that, a
// power cut could take the whole database with it.
static enum rc sync_folders(const char *path, struct fault *fault)
{
	const char *const names[] = {".", ".."};
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = folder >= 0;
	for (size_t i = 0; good && i < ARRAY_LEN(names); i++) {
		int fd = openat(folder, names[i], O_RDONLY | O_CLOEXEC);
		good = fd >= 0 && fsync(fd) == 0;
		if (fd >= 0)
			close(fd);
	}
	int error = errno;
	if (folder >= 0)
		close(folder);
	return good ? RC_OK
		    : fault_set(fault, RC_IO, "cannot sync the folder %s: %s",
			  path, strerror(error));
}

static bool can_write(int fd)
{
	return fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

// Locks the folder. When it is locked already, nothing happens.
static enum rc lock_folder(
    struct rocks *rocks, bool read_only, struct fault *fault)
{
	struct rocks_synced *synced = &rocks->synced_state;
	if (synced->fd >= 0 && (read_only || can_write(synced->fd)))
		return RC_OK;
	if (synced->fd >= 0)
		close(synced->fd);
	return rocks_synced_open(
	    rocks->path, read_only, fault, &synced->fd, &rocks->claim);
}

// Judges the files of the folder, and cuts torn ends off. What this opening
// says of itself is newer than what SYNCED said before it.
static enum rc judge(struct rocks *rocks, bool read_only, struct fault *fault)
{
	const struct rocks_synced *synced = &rocks->synced_state;
	struct rocks_claim claim = rocks->claim;
	struct rocks_examined examined;
	if (synced->secret)
		claim = (struct rocks_claim){
		    synced->secret, atomic_load(&synced->durable)};
	enum rc rc = rocks_examine(rocks->path, &claim, fault, &examined);
	if (rc == RC_OK && !read_only)
		rc = rocks_examined_cut(
		    rocks->path, &examined, rocks->base.log, fault);
	rocks_examined_done(&examined);
	return rc;
}

enum rc rocks_database_try(struct rocks *rocks, struct fault *fault)
{
	if (!reserve_can_write(&rocks->keeper.reserve))
		return fault_set(fault, RC_IO,
		    "the disk of %s cannot be written: it is full, read-only, "
		    "or damaged",
		    rocks->path);
	enum rc rc = lock_folder(rocks, false, fault);
	if (rc == RC_OK)
		rc = judge(rocks, false, fault);
	if (rc == RC_OK && rocks->is_new) // FORMAT comes before the database
		rc =
		    rocks_format_write(rocks->path, &rocks->base.format, fault);
	if (rc != RC_OK)
		return rc;
	rocks->is_new = false;
	char *error = rocks_database_open(rocks, false);
	rc = rocks_result(rocks, error, "opening the database", fault);
	if (rc == RC_OK)
		rocks_synced_start(rocks);
	return rc;
}

// A folder that is opened for reading only while somebody else writes is not
// judged.
static enum rc open_to_read(struct rocks *rocks, struct fault *fault)
{
	enum rc rc = lock_folder(rocks, true, fault);
	if (rc == RC_OK)
		rc = judge(rocks, true, fault);
	if (rc != RC_OK && rc != RC_IN_USE)
		return rc;
	char *error = rocks_database_open(rocks, true);
	return rocks_result(rocks, error, "opening the database", fault);
}

// On a full disk, a piece of the ballast after the other is given up until the
// database opens. If it still cannot be written, it is opened for reading, and
// the keeper tries again.
static enum rc open_to_write(struct rocks *rocks, struct fault *fault)
{
	struct fault ignored;
	enum rc rc;
	do
		rc = rocks_database_try(rocks, fault);
	while (rc == RC_IO && reserve_give(&rocks->keeper.reserve));
	if (rc == RC_OK)
		rc = sync_folders(rocks->path, fault);
	if (rc == RC_OK)
		rc = rocks_drop_resume_all(rocks, fault);
	if (rc != RC_IO)
		return rc;
	rocks_database_close(rocks);
	if (open_to_read(rocks, &ignored) != RC_OK)
		return rc; // the fault says why it cannot be written
	rocks_keeper_failed(rocks, fault->text);
	return RC_OK;
}

enum rc engine_rocksdb_open(const char *path,
    const struct engine_rocksdb_options *options, struct fault *fault,
    struct engine **ret_engine)
{
	static const struct engine_rocksdb_options defaults;
	if (!options)
		options = &defaults;
	enum rc rc = make_folder(path, options, fault);
	if (rc != RC_OK)
		return rc;
	struct rocks *rocks = rocks_new(path, options);
	struct fault own = {0};
	fault = fault ? fault : &own;
	// A folder of a newer format is refused before anything in it is judged
	// by rules that may not hold there.
	rc = find_format(
	    rocks, options->format ? options->format : ENGINE_FORMAT, fault);
	if (rc == RC_OK)
		rc = options->read_only ? open_to_read(rocks, fault)
					: open_to_write(rocks, fault);
	if (rc == RC_OK && !options->read_only)
		rc = rocks_keeper_start(rocks, fault);
	if (rc != RC_OK) {
		rocks_close(&rocks->base);
		return rc;
	}
	*ret_engine = &rocks->base;
	return RC_OK;
}

enum rc rocks_database_settle(const char *path, struct fault *fault)
{
	static const struct engine_rocksdb_options defaults;
	const char *names[] = {"enable_blob_garbage_collection"};
	const char *values[] = {"false"};
	struct rocks *rocks = rocks_new(path, &defaults);
	rocksdb_compactoptions_t *options = rocksdb_compactoptions_create();
	rocksdb_compactoptions_set_bottommost_level_compaction(options, 2);
	enum rc rc = rocks_database_try(rocks, fault);
	for (size_t i = 0; rc == RC_OK && i < ROCKS_FAMILIES; i++) {
		uint64_t level_0 = 0;
		char *error = NULL;
		rocksdb_set_options_cf(
		    rocks->db, rocks->families[i], 1, names, values, &error);
		rc = rocks_result(rocks, error, "compacting", fault);
		rocksdb_compact_range_cf_opt(
		    rocks->db, rocks->families[i], options, NULL, 0, NULL, 0);
		// The C interface does not tell whether that failed.
		rocksdb_property_int_cf(rocks->db, rocks->families[i],
		    "rocksdb.num-files-at-level0", &level_0);
		if (rc == RC_OK && level_0)
			rc = fault_set(fault, RC_CORRUPT,
			    "%s: the database cannot be compacted", path);
	}
	rocksdb_compactoptions_destroy(options);
	rocks_close(&rocks->base);
	return rc;
}

static const struct engine_ops rocks_ops = {
    .close = rocks_close,
    .load_version = rocks_load_version,
    .get = rocks_get_key,
    .partition_next = rocks_partition_next,
    .snapshot_open = rocks_snapshot_open,
    .snapshot_close = rocks_snapshot_close,
    .snapshot_get = rocks_snapshot_get,
    .cursor_open = rocks_cursor_open,
    .cursor_close = rocks_cursor_close,
    .cursor_seek = rocks_cursor_seek,
    .cursor_next = rocks_cursor_next,
    .commit = rocks_commit,
    .drop = rocks_drop,
    .content_spill = rocks_content_spill,
    .content_spilled = rocks_content_spilled,
    .content_read = rocks_content_read,
    .content_size = rocks_content_size,
    .content_owned = rocks_content_owned,
    .content_sweep = rocks_content_sweep,
    .content_each = rocks_content_each,
    .checkpoint = rocks_checkpoint,
    .format_set = rocks_format_set,
    .check = rocks_check,
    .health = rocks_health,
    .sizes = rocks_sizes,
    .room = rocks_room,
    .settle = rocks_settle,
};

// ---- ThreadSanitizer -------------------------------------------------------

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define ROCKS_TSAN
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define ROCKS_TSAN
#endif

#ifdef ROCKS_TSAN
// RocksDB is not built for ThreadSanitizer, which therefore does not see its
// atomics and reports its memory copies as races. This suppresses reports from
// those libraries. They are the only C++, so no report about Roost is
// suppressed.
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:librocksdb.so\n"
	       "called_from_lib:libstdc++.so\n";
}
#endif
