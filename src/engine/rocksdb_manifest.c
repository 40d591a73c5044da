// SPDX-License-Identifier: Apache-2.0
// The MANIFEST: a log of edits, each of which says what changes in the set of
// files. The format is described in RocksDB's db/version_edit.h. Only what is
// needed here is kept.
#include "engine/rocksdb_folder.h"

#include <errno.h>

// Families have small numbers: the engine makes three.
#define FAMILIES 64

// The tags of an edit.
enum tag {
	TAG_COMPARATOR = 1,
	TAG_LOG_NUMBER = 2,
	TAG_NEXT_FILE = 3,
	TAG_LAST_SEQUENCE = 4,
	TAG_COMPACT_CURSOR = 5,
	TAG_DELETED_FILE = 6,
	TAG_PREV_LOG = 9,
	TAG_FIRST_LOG = 10,
	TAG_NEW_FILE = 103,
	TAG_FAMILY = 200,
	TAG_FAMILY_ADD = 201,
	TAG_FAMILY_DROP = 202,
	TAG_MAX_FAMILY = 203,
	TAG_ATOMIC_GROUP = 300,
	TAG_BLOB_FILE = 400,
	TAG_BLOB_GARBAGE = 401,
	TAG_IGNORED = 1 << 13, // and above: a string follows
};

#define FIELD_END       1 // of the fields of a new file
#define FIELD_FIRST_LOG 3

struct rocks_edits {
	struct rocks_manifest *manifest;
	uint64_t keep_from; // logs before it are not needed
	bool family[FAMILIES];
	uint64_t family_log[FAMILIES];
};

// One edit while it is read.
struct edit {
	struct view rest;
	uint64_t family;
	uint64_t log_number;
	bool has_log_number;
	bool add_family;
	bool drop_family;
	VEC(struct rocks_table) made;
	VEC(struct rocks_table) deleted; // number and level
};

static void table_done(struct rocks_table *table)
{
	buf_done(&table->smallest);
	buf_done(&table->largest);
}

static bool key(struct view *rest, struct buf *ret_key)
{
	struct view bytes;
	if (!rocks_log_string(rest, &bytes))
		return false;
	buf_add(ret_key, bytes);
	return true;
}

static bool numbers(struct view *rest, int count)
{
	uint64_t number;
	for (; count; count--)
		if (!rocks_log_varint(rest, &number))
			return false;
	return true;
}

// Fields, each a tag and a string, up to the tag `end`.
static bool fields(struct view *rest, uint64_t end, struct rocks_edits *edits)
{
	uint64_t tag;
	struct view field;
	while (rocks_log_varint(rest, &tag)) {
		if (tag == end)
			return true;
		if (!rocks_log_string(rest, &field))
			return false;
		if (edits && tag == FIELD_FIRST_LOG && field.len == 8)
			edits->keep_from = get_le64(field.ptr);
	}
	return false;
}

static bool new_file(struct rocks_edits *edits, struct edit *edit)
{
	struct view *rest = &edit->rest;
	uint64_t level;
	uint64_t number;
	if (!rocks_log_varint(rest, &level) || level > 64 ||
	    !rocks_log_varint(rest, &number))
		return false;
	struct rocks_table table = {.number = number, .level = (uint32_t)level};
	buf_init(&table.smallest, SIZE_MAX / 2);
	buf_init(&table.largest, SIZE_MAX / 2);
	vec_push(&edit->made, table);
	struct rocks_table *made = &edit->made.items[edit->made.count - 1];
	return numbers(rest, 1) && key(rest, &made->smallest) &&
	       key(rest, &made->largest) && numbers(rest, 2) &&
	       fields(rest, FIELD_END, edits);
}

static bool deleted_file(struct edit *edit)
{
	uint64_t level;
	uint64_t number;
	if (!rocks_log_varint(&edit->rest, &level) || level > 64 ||
	    !rocks_log_varint(&edit->rest, &number))
		return false;
	vec_push(&edit->deleted,
	    (struct rocks_table){.number = number, .level = (uint32_t)level});
	return true;
}

static bool blob_file(struct rocks_edits *edits, struct edit *edit)
{
	struct view text;
	uint64_t number;
	if (!rocks_log_varint(&edit->rest, &number))
		return false;
	vec_push(&edits->manifest->blobs, number);
	return numbers(&edit->rest, 2) &&
	       rocks_log_string(&edit->rest, &text) &&
	       rocks_log_string(&edit->rest, &text) &&
	       fields(&edit->rest, 0, NULL);
}

static bool one_tag(struct rocks_edits *edits, struct edit *edit, uint64_t tag)
{
	struct view *rest = &edit->rest;
	struct view text;
	switch (tag) {
	case TAG_LOG_NUMBER:
		edit->has_log_number = true;
		return rocks_log_varint(rest, &edit->log_number);
	case TAG_LAST_SEQUENCE:
		return rocks_log_varint(rest, &edits->manifest->last_sequence);
	case TAG_FIRST_LOG: return rocks_log_varint(rest, &edits->keep_from);
	case TAG_NEXT_FILE:
		return rocks_log_varint(rest, &edits->manifest->next_file);
	case TAG_PREV_LOG:
	case TAG_MAX_FAMILY:
	case TAG_ATOMIC_GROUP: return numbers(rest, 1);
	case TAG_COMPACT_CURSOR:
		return numbers(rest, 1) && rocks_log_string(rest, &text);
	case TAG_DELETED_FILE: return deleted_file(edit);
	case TAG_NEW_FILE: return new_file(edits, edit);
	case TAG_FAMILY:
		return rocks_log_varint(rest, &edit->family) &&
		       edit->family < FAMILIES;
	case TAG_FAMILY_ADD:
		edit->add_family = true;
		return rocks_log_string(rest, &text);
	case TAG_FAMILY_DROP: edit->drop_family = true; return true;
	case TAG_BLOB_FILE: return blob_file(edits, edit);
	case TAG_BLOB_GARBAGE: return numbers(rest, 3) && fields(rest, 0, NULL);
	default:
		return (tag == TAG_COMPARATOR || tag > TAG_IGNORED) &&
		       rocks_log_string(rest, &text);
	}
}

static bool read_edit(struct rocks_edits *edits, struct edit *edit)
{
	uint64_t tag;
	while (edit->rest.len)
		if (!rocks_log_varint(&edit->rest, &tag) ||
		    !one_tag(edits, edit, tag))
			return false;
	return true;
}

// A table that only changes its level is deleted and made in one edit.
static void note_deleted(
    struct rocks_manifest *manifest, const struct edit *edit)
{
	for (size_t i = 0; i < edit->deleted.count; i++) {
		bool made = false;
		for (size_t m = 0; m < edit->made.count; m++)
			made |= edit->made.items[m].number ==
				edit->deleted.items[i].number;
		if (!made)
			vec_push(
			    &manifest->deleted, edit->deleted.items[i].number);
	}
}

static void apply(struct rocks_edits *edits, struct edit *edit)
{
	struct rocks_manifest *manifest = edits->manifest;
	uint64_t family = edit->family;
	if (edit->add_family)
		edits->family[family] = true;
	if (edit->drop_family)
		edits->family[family] = false;
	if (edit->has_log_number &&
	    edit->log_number > edits->family_log[family])
		edits->family_log[family] = edit->log_number;
	for (size_t i = 0; i < edit->deleted.count; i++)
		for (size_t t = manifest->tables.count; t-- > 0;) {
			struct rocks_table *table = &manifest->tables.items[t];
			if (table->number != edit->deleted.items[i].number)
				continue;
			table_done(table);
			vec_remove(&manifest->tables, t);
		}
	note_deleted(manifest, edit);
	for (size_t i = 0; i < edit->made.count; i++) {
		edit->made.items[i].family = (uint32_t)family;
		vec_push(&manifest->tables, edit->made.items[i]);
	}
	edit->made.count = 0; // they belong to the manifest now
	for (size_t i = 0; i < ROCKS_FAMILIES; i++)
		manifest->family_log[i] = edits->family_log[i];
	manifest->first_log = UINT64_MAX;
	for (size_t i = 0; i < FAMILIES; i++)
		if (edits->family[i] &&
		    edits->family_log[i] < manifest->first_log)
			manifest->first_log = edits->family_log[i];
	if (manifest->first_log < edits->keep_from)
		manifest->first_log = edits->keep_from;
}

struct rocks_edits *rocks_edits_new(struct rocks_manifest *manifest)
{
	struct rocks_edits *edits = mem_zalloc(sizeof(*edits));
	*manifest = (struct rocks_manifest){0};
	edits->manifest = manifest;
	edits->family[0] = true; // "default" is always there
	return edits;
}

void rocks_edits_free(struct rocks_edits **edits)
{
	free(*edits);
	*edits = NULL;
}

enum rc rocks_edits_add(struct rocks_edits *edits, struct view record)
{
	struct edit edit = {.rest = record};
	enum rc rc = RC_CORRUPT;
	if (read_edit(edits, &edit)) {
		apply(edits, &edit);
		rc = RC_OK;
	}
	for (size_t i = 0; i < edit.made.count; i++)
		table_done(&edit.made.items[i]);
	vec_done(&edit.made);
	vec_done(&edit.deleted);
	return rc;
}

void rocks_manifest_done(struct rocks_manifest *manifest)
{
	for (size_t i = 0; i < manifest->tables.count; i++)
		table_done(&manifest->tables.items[i]);
	vec_done(&manifest->tables);
	vec_done(&manifest->deleted);
	vec_done(&manifest->blobs);
}

// ---- The file --------------------------------------------------------------

static enum rc damaged(
    const struct rocks_log_file *file, uint64_t offset, struct fault *fault)
{
	return fault_set(fault, RC_CORRUPT, "%s is damaged at byte %llu",
	    file->name, (unsigned long long)offset);
}

// Something in the MANIFEST cannot be read. When one flipped bit explains it,
// it is damaged. When nothing follows, it is a torn end. When another record
// follows it may be either, because RocksDB writes the edits of several
// families before it syncs them.
static enum rc judge_damage(struct rocks_log_file *file, struct fault *fault,
    struct rocks_manifest *manifest)
{
	uint64_t start = file->log.offset;
	uint64_t offset = file->log.damage_offset;
	uint64_t bit;
	if (rocks_log_file_flipped(file, offset, &bit) == RC_OK)
		return damaged(file, offset, fault);
	for (;;) {
		switch (rocks_log_next(&file->log)) {
		case ROCKS_LOG_DAMAGE: continue;
		case ROCKS_LOG_RECORD:
			(void)damaged(file, offset, fault);
			manifest->cut = start;
			return start > 0 ? RC_END : RC_CORRUPT;
		case ROCKS_LOG_UNREADABLE:
			return fault_set(fault, RC_IO, "%s: %s", file->name,
			    strerror(errno));
		case ROCKS_LOG_END: return RC_END;
		}
	}
}

static enum rc read_all(
    struct rocks_log_file *file, struct fault *fault, struct rocks_edits *edits)
{
	for (;;) {
		switch (rocks_log_next(&file->log)) {
		case ROCKS_LOG_RECORD:
			if (rocks_edits_add(edits, file->log.record) == RC_OK)
				continue;
			return damaged(file, file->log.offset, fault);
		case ROCKS_LOG_DAMAGE:
			return judge_damage(file, fault, edits->manifest);
		case ROCKS_LOG_UNREADABLE:
			return fault_set(fault, RC_IO, "%s: %s", file->name,
			    strerror(errno));
		case ROCKS_LOG_END: return RC_END;
		}
	}
}

enum rc rocks_manifest_read_cut(const char *path, const char *name,
    struct fault *fault, struct rocks_manifest *ret_manifest)
{
	struct rocks_log_file *file;
	enum rc rc = rocks_log_file_open(path, name, fault, &file);
	if (rc != RC_OK)
		return rc;
	struct rocks_edits *edits = rocks_edits_new(ret_manifest);
	rc = read_all(file, fault, edits);
	rocks_edits_free(&edits);
	rocks_log_file_close(&file);
	if (rc == RC_END)
		return RC_OK;
	rocks_manifest_done(ret_manifest);
	return rc;
}

enum rc rocks_manifest_read(const char *path, const char *name,
    struct fault *fault, struct rocks_manifest *ret_manifest)
{
	enum rc rc = rocks_manifest_read_cut(path, name, fault, ret_manifest);
	if (rc != RC_OK || !ret_manifest->cut)
		return rc;
	rocks_manifest_done(ret_manifest);
	return RC_CORRUPT;
}

enum rc rocks_manifest_salvage(const char *path, const char *name,
    struct fault *fault, struct rocks_manifest *ret_manifest, bool *ret_whole)
{
	struct rocks_log_file *file;
	enum rocks_log_found found;
	enum rc rc = rocks_log_file_open(path, name, fault, &file);
	if (rc != RC_OK)
		return rc;
	struct rocks_edits *edits = rocks_edits_new(ret_manifest);
	*ret_whole = true;
	while ((found = rocks_log_next(&file->log)) != ROCKS_LOG_END &&
	       found != ROCKS_LOG_UNREADABLE)
		if (found == ROCKS_LOG_DAMAGE)
			*ret_whole = false;
		else if (rocks_edits_add(edits, file->log.record) != RC_OK) {
			*ret_whole = false;
			rocks_log_reject(&file->log);
		}
	if (found == ROCKS_LOG_UNREADABLE)
		rc = fault_set(
		    fault, RC_IO, "%s: %s", file->name, strerror(errno));
	rocks_edits_free(&edits);
	rocks_log_file_close(&file);
	if (rc != RC_OK)
		rocks_manifest_done(ret_manifest);
	return rc;
}
