// SPDX-License-Identifier: Apache-2.0
// The check. It reads every record of every family past the cache, so that the
// checksum of every block and blob is verified, and compares what the records
// say about each other. Content is read once, in the order of ids. Owners are
// collected for one range of ids at a time, so that memory is limited.
#include <stdarg.h>

#include "base/mem.h"
#include "engine/rocksdb_calls.h"
#include "engine/rocksdb_folder.h"

#define CHECK_READAHEAD ((size_t)1 << 20)

// How many owners are collected at a time; 24 bytes each.
#define CHECK_OWNERS ((size_t)1 << 20)

struct owners {
	struct engine_content_id id;
	uint64_t partitions;
};

struct check {
	struct rocks *rocks;
	rocksdb_readoptions_t *options;
	void (*problem)(void *context, const char *text);
	void *context;
	bool damaged; // reading broke off: that something is missing then
		      // proves nothing
	bool content_damaged; // a blob file or a table of the content

	// Owners of ids >= `from` and, if there are more, < `until`.
	struct owners *owners; // sorted
	size_t owner_count;
	size_t owner_at; // the next one, whose content was not read yet
	struct engine_content_id until;
	bool more;

	// The content that is being read.
	struct engine_content_id id;
	bool have_id;
	bool have_head;
	bool whole;
	uint64_t size;
	uint64_t chunks; // numbered from 0 without gaps
};

static void problem(struct check *check, const char *format, ...)
    PRINTF_LIKE(2, 3);

static void problem(struct check *check, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->problem(check->context, text);
}

struct id_text {
	char text[33];
};

static struct id_text id_text(const void *id)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = id;
	struct id_text text;
	for (size_t i = 0; i < 16; i++) {
		text.text[2 * i] = digits[bytes[i] >> 4];
		text.text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text.text[32] = '\0';
	return text;
}

static int compare_ids(
    const struct engine_content_id *a, const struct engine_content_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

// ---- Walking ---------------------------------------------------------------

struct walk {
	struct check *check;
	enum rocks_family family;
	const char *what;
	void (*each)(struct check *check, struct view key, struct view value,
	    void *context);
	void *context;
	rocksdb_iterator_t *iterator;
};

static void seek(struct walk *walk, uint64_t first_bytes)
{
	char start[8];
	put_be64(start, first_bytes);
	rocksdb_iter_seek(walk->iterator, start, sizeof(start));
}

// Takes the error of the iterator, which the caller frees; NULL: none.
static char *take_error(struct walk *walk)
{
	char *error = NULL;
	rocksdb_iter_get_error(walk->iterator, &error);
	return error;
}

static bool can_seek(struct walk *walk, uint64_t first_bytes)
{
	seek(walk, first_bytes);
	char *error = take_error(walk);
	if (error)
		rocksdb_free(error);
	return !error;
}

// Finds where keys can be read again behind `bad` (the first 8 bytes of a key):
// at first in steps that double, then by halving the last step. UINT64_MAX:
// nowhere.
static uint64_t next_readable(struct walk *walk, uint64_t bad)
{
	uint64_t good = bad;
	for (uint64_t step = 1; step && good != UINT64_MAX; step *= 2) {
		good = UINT64_MAX - bad < step ? UINT64_MAX : bad + step;
		if (can_seek(walk, good))
			break;
	}
	while (good - bad > 1) {
		uint64_t middle = bad + (good - bad) / 2;
		if (can_seek(walk, middle))
			good = middle;
		else
			bad = middle;
	}
	return good;
}

static void walk_broke(
    struct walk *walk, uint64_t from, uint64_t until, char *error)
{
	walk->check->damaged = true;
	(void)rocks_damage_found(walk->check->rocks, error);
	problem(walk->check, "%s %016llx to %016llx cannot all be read: %s",
	    walk->what, (unsigned long long)from, (unsigned long long)until,
	    error);
	rocksdb_free(error);
}

// Calls `each` for every record of the family. Where reading breaks off, it
// reports that and goes on behind it.
static void walk_all(struct walk *walk)
{
	uint64_t from = 0;
	char *error = NULL;
	walk->iterator = rocksdb_create_iterator_cf(walk->check->rocks->db,
	    walk->check->options, walk->check->rocks->families[walk->family]);
	do {
		uint64_t last = from;
		for (seek(walk, from);
		     rocks_iter_goes_on(walk->check->rocks, walk->iterator);
		     rocksdb_iter_next(walk->iterator)) {
			struct view key = rocks_iter_key(walk->iterator);
			if (key.len >= 8)
				last = get_be64(key.ptr);
			walk->each(walk->check, key,
			    rocks_iter_value(walk->iterator), walk->context);
		}
		error = take_error(walk);
		if (error) {
			from = next_readable(walk, last);
			walk_broke(walk, last, from, error);
		}
	} while (error && from != UINT64_MAX);
	if (atomic_load(&walk->check->rocks->keeper.hurry))
		walk->check->damaged = true; // not all was read
	rocksdb_iter_destroy(walk->iterator);
}

// ---- Index -----------------------------------------------------------------

static void check_key(
    struct check *check, struct view key, struct view value, void *context)
{
	uint64_t *partition = context;
	if (key.len < 8 || key.len > 8 + ENGINE_KEY_MAX) {
		problem(check, "a key of %zu bytes in the index", key.len);
		return;
	}
	uint64_t of = get_be64(key.ptr);
	if (key.len == 8) {
		if (value.len != 8 || get_le64(value.ptr) == 0)
			problem(check,
			    "the version of partition %llu is damaged",
			    (unsigned long long)of);
		*partition = of;
	} else if (of != *partition) {
		problem(check, "partition %llu has keys but no version",
		    (unsigned long long)of);
		*partition = of; // reported once
	}
	if (!engine_partition_valid(of))
		problem(check,
		    "a key in partition %llu, which is no valid number",
		    (unsigned long long)of);
	if (value.len > ENGINE_VALUE_MAX)
		problem(check, "a value of %zu bytes in partition %llu",
		    value.len, (unsigned long long)of);
}

static void check_index(struct check *check)
{
	uint64_t partition = 0;
	walk_all(&(struct walk){.check = check,
	    .family = ROCKS_INDEX,
	    .what = "partitions",
	    .each = check_key,
	    .context = &partition});
}

// ---- Owners ----------------------------------------------------------------

static int compare_owners(const void *left, const void *right)
{
	return compare_ids(&((const struct owners *)left)->id,
	    &((const struct owners *)right)->id);
}

// Sorts the entries, and adds up those of one id.
static void owners_combine(struct check *check)
{
	qsort(check->owners, check->owner_count, sizeof(*check->owners),
	    compare_owners);
	size_t to = 0;
	for (size_t i = 0; i < check->owner_count; i++) {
		if (to && compare_owners(
			      &check->owners[to - 1], &check->owners[i]) == 0)
			check->owners[to - 1].partitions +=
			    check->owners[i].partitions;
		else
			check->owners[to++] = check->owners[i];
	}
	check->owner_count = to;
}

static void owners_add(struct check *check, const struct engine_content_id *id)
{
	if (check->more && compare_ids(id, &check->until) >= 0)
		return;
	if (check->owner_count == CHECK_OWNERS) {
		owners_combine(check);
		if (check->owner_count > CHECK_OWNERS / 2) {
			check->owner_count = CHECK_OWNERS / 2;
			check->until = check->owners[CHECK_OWNERS / 2].id;
			check->more = true;
		}
		owners_add(check, id); // once: now there is room
		return;
	}
	check->owners[check->owner_count++] = (struct owners){*id, 1};
}

static void gather_owner(
    struct check *check, struct view key, struct view value, void *context)
{
	const struct engine_content_id *from = context;
	struct engine_content_id id;
	(void)value;
	if (key.len != 25 || key.ptr[0] != ROCKS_OWNED)
		return; // check_owners() has reported it
	memcpy(id.bytes, key.ptr + 9, sizeof(id.bytes));
	if (compare_ids(&id, from) >= 0)
		owners_add(check, &id);
}

// Collects the owners of ids >= `from`, as many as fit.
static void owners_gather(struct check *check, struct engine_content_id from)
{
	check->owner_count = 0;
	check->owner_at = 0;
	check->more = false;
	walk_all(&(struct walk){.check = check,
	    .family = ROCKS_OWNERS,
	    .what = "owners",
	    .each = gather_owner,
	    .context = &from});
	owners_combine(check);
}

// Checks that every shared content and every finished orphan has its head.
static void check_head_of(
    struct check *check, struct view key, struct view value)
{
	bool orphan = key.ptr[0] == ROCKS_ORPHAN;
	if (key.len != 17 || (!orphan && key.ptr[0] != ROCKS_SHARED))
		return;
	uint64_t since;
	uint64_t size;
	if (orphan && (rocks_read_pair(value, &since, &size) != RC_OK ||
			  size == ROCKS_UNFINISHED))
		return;
	rocksdb_pinnableslice_t *slice;
	struct view head;
	enum rc rc = rocks_get(check->rocks, check->options, ROCKS_CONTENT,
	    view_from(key, 1), &slice, &head);
	if (rc == RC_OK)
		rocksdb_pinnableslice_destroy(slice);
	else
		problem(check, "content %s is %s but cannot be read: %s",
		    id_text(key.ptr + 1).text, orphan ? "an orphan" : "shared",
		    rc_text(rc));
}

static void check_owner(
    struct check *check, struct view key, struct view value, void *context)
{
	(void)context;
	if (key.len)
		check_head_of(check, key, value);
	uint64_t first = 1;
	uint64_t second;
	switch (key.len ? key.ptr[0] : 0) {
	case ROCKS_OWNED:
		if (key.len == 25 &&
		    rocks_read_pair(value, &first, &second) == RC_OK && first)
			return;
		break;
	case ROCKS_ORPHAN:
		if (key.len == 17 &&
		    rocks_read_pair(value, &first, &second) == RC_OK)
			return;
		break;
	case ROCKS_SHARED:
		if (key.len == 17 && value.len == 8)
			return;
		break;
	case ROCKS_DROPPING:
		if (key.len == 9)
			return;
		break;
	}
	problem(check, "a record of owners is damaged");
}

static void check_owners(struct check *check)
{
	walk_all(&(struct walk){.check = check,
	    .family = ROCKS_OWNERS,
	    .what = "owners",
	    .each = check_owner});
}

// ---- Content ---------------------------------------------------------------

static bool has_record(struct check *check, char kind, uint64_t *ret_shared)
{
	struct rocks_name name = rocks_id_name(kind, &check->id);
	rocksdb_pinnableslice_t *slice;
	struct view value;
	if (rocks_get(check->rocks, check->options, ROCKS_OWNERS,
		rocks_name_view(&name), &slice, &value) != RC_OK)
		return false;
	*ret_shared = value.len == 8 ? get_le64(value.ptr) : 0;
	rocksdb_pinnableslice_destroy(slice);
	return true;
}

// Reports owned content that the walk has passed without meeting it.
static void missing_until(
    struct check *check, const struct engine_content_id *id)
{
	for (; check->owner_at < check->owner_count; check->owner_at++) {
		const struct owners *owners = &check->owners[check->owner_at];
		if (id && compare_ids(&owners->id, id) >= 0)
			return;
		if (!check->damaged)
			problem(check, "content %s is owned but missing",
			    id_text(owners->id.bytes).text);
	}
}

static uint64_t owners_of(
    struct check *check, const struct engine_content_id *id)
{
	while (check->more && compare_ids(id, &check->until) >= 0) {
		missing_until(check, NULL);
		owners_gather(check, check->until);
	}
	missing_until(check, id);
	if (check->owner_at == check->owner_count ||
	    compare_ids(&check->owners[check->owner_at].id, id) != 0)
		return 0;
	return check->owners[check->owner_at++].partitions;
}

static void check_ownership(struct check *check)
{
	uint64_t owners = owners_of(check, &check->id);
	uint64_t shared = 0;
	bool is_shared = has_record(check, ROCKS_SHARED, &shared);
	uint64_t unused;
	bool is_orphan = has_record(check, ROCKS_ORPHAN, &unused);
	struct id_text id = id_text(check->id.bytes);
	if (owners == 0 && !is_orphan)
		problem(check, "content %s has no owner and no orphan's record",
		    id.text);
	if (owners > 0 && is_orphan)
		problem(check, "content %s has owners and an orphan's record",
		    id.text);
	if (is_shared ? shared != owners : owners > 1)
		problem(check,
		    "content %s has %llu owners, but %llu are recorded",
		    id.text, (unsigned long long)owners,
		    (unsigned long long)shared);
}

static void content_end(struct check *check)
{
	if (!check->have_id)
		return;
	check_ownership(check);
	struct id_text id = id_text(check->id.bytes);
	if (!check->have_head) {
		uint64_t unused;
		if (!has_record(check, ROCKS_ORPHAN, &unused))
			problem(check, "content %s has chunks but no head",
			    id.text);
		return;
	}
	uint64_t chunks = check->whole ? 0 : content_chunks(check->size);
	if (check->chunks != chunks)
		problem(check, "content %s has %llu good chunks of %llu",
		    id.text, (unsigned long long)check->chunks,
		    (unsigned long long)chunks);
}

static void check_head(struct check *check, struct view value)
{
	check->have_head = true;
	check->whole = value.len && value.ptr[0] == ROCKS_HEAD_WHOLE;
	if (check->whole)
		check->size = value.len - 1;
	else if (value.len == 9 && value.ptr[0] == ROCKS_HEAD_CHUNKED)
		check->size = get_le64(value.ptr + 1);
	else
		problem(check, "the head of content %s cannot be read",
		    id_text(check->id.bytes).text);
}

static void check_chunk(struct check *check, uint32_t number, size_t len)
{
	if (number != check->chunks)
		return; // counted at the end
	uint64_t expected = ENGINE_CHUNK;
	if (check->have_head) {
		uint64_t before = check->chunks * ENGINE_CHUNK;
		expected = check->size > before ? check->size - before : 0;
		if (expected > ENGINE_CHUNK)
			expected = ENGINE_CHUNK;
	}
	if (len == expected)
		check->chunks++;
}

static void check_content_record(
    struct check *check, struct view key, struct view value, void *context)
{
	(void)context;
	if (key.len != 16 && key.len != 20) {
		problem(check, "a key of %zu bytes among the content", key.len);
		return;
	}
	if (!check->have_id || memcmp(check->id.bytes, key.ptr, 16) != 0) {
		content_end(check);
		memcpy(check->id.bytes, key.ptr, 16);
		check->have_id = true;
		check->have_head = false;
		check->whole = false;
		check->size = 0;
		check->chunks = 0;
	}
	if (rocks_unseal(value, &value) != RC_OK) {
		check->content_damaged = true;
		problem(check, "content %s does not match its checksum",
		    id_text(key.ptr).text);
	} else if (key.len == 16) {
		check_head(check, value);
	} else {
		check_chunk(check, get_be32(key.ptr + 16), value.len);
	}
}

static void check_content(struct check *check)
{
	bool damaged_before = check->damaged;
	owners_gather(check, (struct engine_content_id){0});
	check->damaged = false;
	walk_all(&(struct walk){.check = check,
	    .family = ROCKS_CONTENT,
	    .what = "contents",
	    .each = check_content_record});
	check->content_damaged |= check->damaged;
	check->damaged |= damaged_before;
	if (check->damaged)
		return;
	content_end(check);
	do {
		missing_until(check, NULL);
		if (check->more)
			owners_gather(check, check->until);
	} while (check->owner_at < check->owner_count);
}

// RocksDB 7.8 loses the error when an iterator comes from one table to the next
// and the first block of that is damaged (MergingIterator::SkipNextDeleted()).
// A seek to the first key of each table does not lose it.
static void check_table(struct check *check, const struct rocks_table *table)
{
	if (table->family >= ROCKS_FAMILIES || table->smallest.len < 8)
		return;
	rocksdb_iterator_t *iterator =
	    rocksdb_create_iterator_cf(check->rocks->db, check->options,
		check->rocks->families[table->family]);
	rocksdb_iter_seek(
	    iterator, table->smallest.ptr, table->smallest.len - 8);
	char *error = NULL;
	rocksdb_iter_get_error(iterator, &error);
	rocksdb_iter_destroy(iterator);
	if (!error)
		return;
	(void)rocks_damage_found(check->rocks, error);
	problem(check, "%06llu.sst cannot all be read: %s",
	    (unsigned long long)table->number, error);
	rocksdb_free(error);
}

static void check_tables(struct check *check)
{
	char name[ROCKS_NAME_MAX];
	struct fault fault = {0};
	struct rocks_manifest manifest;
	enum rc rc = rocks_current_read(check->rocks->path, &fault, name);
	if (rc == RC_OK)
		rc = rocks_manifest_read(
		    check->rocks->path, name, &fault, &manifest);
	if (rc != RC_OK) {
		problem(check, "%s", fault.text);
		return;
	}
	for (size_t i = 0; i < manifest.tables.count; i++)
		check_table(check, &manifest.tables.items[i]);
	rocks_manifest_done(&manifest);
}

static void blob_problem(void *context, const struct rocks_blob_damage *damage)
{
	if (damage->key.len == 16 || damage->key.len == 20)
		problem(context, "%s is damaged at byte %llu: content %s",
		    damage->file, (unsigned long long)damage->offset,
		    id_text(damage->key.ptr).text);
	else
		problem(context, "%s is damaged at byte %llu", damage->file,
		    (unsigned long long)damage->offset);
}

enum rc rocks_check(struct engine *engine,
    void (*report)(void *context, const char *text), void *context)
{
	struct rocks *rocks = rocks_of(engine);
	const rocksdb_snapshot_t *snapshot = rocksdb_create_snapshot(rocks->db);
	struct check check = {
	    .rocks = rocks,
	    .options = rocksdb_readoptions_create(),
	    .problem = report,
	    .context = context,
	    .owners = mem_alloc(CHECK_OWNERS * sizeof(struct owners)),
	};
	rocksdb_readoptions_set_snapshot(check.options, snapshot);
	rocksdb_readoptions_set_total_order_seek(check.options, 1);
	rocksdb_readoptions_set_fill_cache(check.options, 0);
	rocksdb_readoptions_set_readahead_size(check.options, CHECK_READAHEAD);
	check_tables(&check);
	check_index(&check);
	check_owners(&check);
	check_content(&check);
	if (check.content_damaged)
		rocks_blobs_check(rocks->path, blob_problem, &check);
	rocksdb_readoptions_destroy(check.options);
	rocksdb_release_snapshot(rocks->db, snapshot);
	free(check.owners);
	// Cut short, it says nothing.
	return atomic_load(&rocks->keeper.hurry) ? RC_IO : RC_OK;
}
