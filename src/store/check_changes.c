// SPDX-License-Identifier: Apache-2.0
// Compares the change log with what is stored, in both directions: what a
// record says must be true (unless a later record changed it), and each place
// whose last change is within the log must be named by the record of that
// version.
#include "base/bytes.h"
#include "base/vec.h"
#include "store/change_record.h"
#include "store/check_impl.h"

struct log_check {
	uint64_t last;       // version of the record before; 0: there was none
	uint64_t known_from; // the log has all changes after this version
};

static void bad(struct check *check, uint64_t version, const char *what)
{
	check->changes_bad = true;
	check_report(check, "the change log at version %llu %s",
	    (unsigned long long)version, what);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a;
	const struct place *right = b;
	if (left->mailbox_id != right->mailbox_id)
		return left->mailbox_id < right->mailbox_id ? -1 : 1;
	return (left->uid > right->uid) - (left->uid < right->uid);
}

// Gives the first place at or after a UID of a mailbox.
static size_t seek_place(
    const struct check *check, uint64_t mailbox_id, uint32_t uid)
{
	struct place wanted = {.mailbox_id = mailbox_id, .uid = uid};
	size_t at;
	LOWER_BOUND(at, check->places.count,
	    compare_places(&check->places.items[at], &wanted) < 0);
	return at;
}

static void check_place(
    struct check *check, const struct store_change *change, struct place *place)
{
	uint64_t version = change->version;
	switch (change->kind) {
	case STORE_CHANGE_PLACE_GONE:
	case STORE_CHANGE_EMAIL_GONE:
		bad(check, version,
		    "says that a message is gone, but it exists");
		return;
	case STORE_CHANGE_EMAIL_MADE:
	case STORE_CHANGE_PLACE_MADE:
		if (place->email_id !=
		    change->email_id + (place->uid - change->uid))
			bad(check, version, "names another email");
		break;
	case STORE_CHANGE_HIDDEN:
	case STORE_CHANGE_SHOWN:
		if (place->email_id !=
		    change->email_id + (place->uid - change->uid))
			bad(check, version, "names another email");
		if (place->modseq == version &&
		    place->hidden != (change->kind == STORE_CHANGE_HIDDEN))
			bad(check, version, "names another \\Deleted");
		break;
	case STORE_CHANGE_FLAGS:
	case STORE_CHANGE_MAILBOX_MADE:
	case STORE_CHANGE_MAILBOX:
	case STORE_CHANGE_MAILBOX_GONE:
	case STORE_CHANGE_OBJECT_MADE:
	case STORE_CHANGE_OBJECT:
	case STORE_CHANGE_OBJECT_GONE: break;
	}
	if (place->modseq < version)
		bad(check, version, "is later than the message's MODSEQ");
	if (place->modseq == version)
		place->logged = true;
}

static void note_gone(struct check *check, const struct store_change *change)
{
	vec_push(
	    &check->gone, (struct check_gone){change->email_id, change->count});
}

static void check_mailbox_gone(
    struct check *check, const struct store_change *change)
{
	struct record_key key =
	    record_key_u64(RECORD_MAILBOX, change->mailbox_id);
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	if (engine_snapshot_get(
		check->snapshot, record_key_view(&key), &value) != RC_NOT_FOUND)
		bad(check, change->version,
		    "says that a mailbox is gone, but it exists");
	buf_done(&value);
}

// ---- Objects ---------------------------------------------------------------

static int compare_objects(
    const struct check_object *a, const struct check_object *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void check_object_change(
    struct check *check, const struct store_change *change)
{
	struct check_object wanted = {
	    .kind = (uint8_t)change->object_kind, .id = change->object_id};
	size_t at;
	LOWER_BOUND(at, check->objects.count,
	    compare_objects(&check->objects.items[at], &wanted) < 0);
	struct check_object *object = &check->objects.items[at];
	if (at == check->objects.count || compare_objects(object, &wanted) != 0)
		return; // it went away later, or that is told by its counter
	if (change->kind == STORE_CHANGE_OBJECT_GONE)
		bad(check, change->version,
		    "says that an object is gone, but it exists");
	else if (object->version < change->version)
		bad(check, change->version, "is later than the object");
	else if (object->version == change->version)
		object->logged = true;
}

static void check_objects_told(struct check *check, const struct log_check *log)
{
	for (size_t i = 0; i < check->objects.count; i++) {
		const struct check_object *object = &check->objects.items[i];
		if (!object->logged && object->version > log->known_from)
			bad(check, object->version,
			    "does not name all objects that it should");
	}
}

static void check_change(struct check *check, const struct store_change *change)
{
	if (change->kind == STORE_CHANGE_MAILBOX_GONE)
		check_mailbox_gone(check, change);
	if (change_is_of_objects(change->kind))
		check_object_change(check, change);
	if (!change_is_of_places(change->kind))
		return;
	if (change->kind == STORE_CHANGE_EMAIL_GONE)
		note_gone(check, change);
	size_t at = seek_place(check, change->mailbox_id, change->uid);
	for (; at < check->places.count; at++) {
		struct place *place = &check->places.items[at];
		if (place->mailbox_id != change->mailbox_id ||
		    place->uid - change->uid >= change->count)
			break;
		check_place(check, change, place);
	}
}

static void check_record(
    struct check *check, struct view key, struct view value, void *context)
{
	struct log_check *log = context;
	struct change_record_reader reader;
	struct store_change change;
	uint64_t version = key.len == 9 ? get_be64(key.ptr + 1) : 0;
	if (version == 0 || (log->last && version != log->last + 1))
		bad(check, version, "does not follow the one before");
	if (log->last == 0)
		log->known_from = version - 1;
	log->last = version;
	enum rc rc = change_record_open(&reader, version, value);
	while (rc == RC_OK) {
		rc = change_record_next(&reader, &change);
		if (rc == RC_OK)
			check_change(check, &change);
	}
	if (rc == RC_GONE)
		log->known_from = version;
	else if (rc != RC_END)
		bad(check, version, "is damaged");
}

static void check_told(struct check *check, const struct log_check *log)
{
	uint64_t left_out = 0;
	uint64_t version = 0;
	for (size_t i = 0; i < check->places.count; i++) {
		const struct place *place = &check->places.items[i];
		if (place->logged || place->modseq <= log->known_from)
			continue;
		left_out++;
		version = place->modseq;
	}
	if (left_out)
		bad(check, version,
		    "does not name all messages that it should");
}

enum rc check_changes(struct check *check)
{
	struct log_check log = {0};
	if (check->places.count > 1)
		qsort(check->places.items, check->places.count,
		    sizeof(*check->places.items), compare_places);
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_CHANGES), check_record, &log);
	// Without any record, the log knows nothing from before now.
	if (rc != RC_OK || log.last == 0)
		return rc;
	if (log.last != engine_snapshot_version(check->snapshot))
		bad(check, log.last, "is the last, but the account is newer");
	check_told(check, &log);
	check_objects_told(check, &log);
	return RC_OK;
}

void check_changes_emails(struct check *check)
{
	for (size_t i = 0; i < check->gone.count; i++) {
		const struct check_gone *gone = &check->gone.items[i];
		if (!check_has_place(check, gone->first, gone->count))
			continue;
		check->changes_bad = true;
		check_report(check,
		    "the change log says that emails from %llu on are gone, "
		    "but one of them exists",
		    (unsigned long long)gone->first);
	}
	if (check->changes_bad && check->mending) {
		check->result.mended++;
		check->mended = true;
	}
}

void check_put_changes(struct check *check)
{
	struct record_key prefix = record_key_kind(RECORD_CHANGES);
	struct record_key end = prefix;
	end.bytes[0]++;
	if (check->changes_bad)
		engine_batch_delete_range(check->mending,
		    record_key_view(&prefix), record_key_view(&end));
	struct record_key key = record_key_u64(
	    RECORD_CHANGES, engine_snapshot_version(check->snapshot) + 1);
	struct change_record_writer writer;
	struct buf value;
	buf_init(&value, CHANGE_RECORD_MAX);
	change_record_begin(&writer, &value);
	change_record_add_all(&writer);
	engine_batch_put(
	    check->mending, record_key_view(&key), buf_view(&value));
	buf_done(&value);
}
