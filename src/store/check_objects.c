// SPDX-License-Identifier: Apache-2.0
// Checks the objects: that each can be read, and that their counters are right.
#include "base/bytes.h"
#include "store/check_impl.h"

// What the objects of a kind say their counter must be.
struct kind_check {
	uint32_t count;
	uint64_t last_id;
	bool has_counter;
	struct record_objects counter;
};

struct objects_check {
	struct kind_check kinds[UINT8_MAX + 1];
};

static void check_object(
    struct check *check, struct view key, struct view value, void *context)
{
	struct objects_check *all = context;
	uint8_t kind;
	uint64_t id;
	struct view bytes;
	struct check_object object = {0};
	if (!record_object_id(key, &kind, &id) || kind == 0 ||
	    (key.len == 10 && id == 0)) {
		check_report(check, "the key of an object is damaged");
		check_mend_away(check, key);
		return;
	}
	struct kind_check *of_kind = &all->kinds[kind];
	if (id == 0) {
		of_kind->has_counter =
		    record_objects_get(value, &of_kind->counter) == RC_OK;
		return;
	}
	of_kind->count++;
	of_kind->last_id = id;
	object.kind = kind;
	object.id = id;
	if (record_object_get(value, &object.version, &bytes) != RC_OK) {
		check_report(check, "object %llu of kind %u is damaged",
		    (unsigned long long)id, kind);
		return;
	}
	if (object.version > engine_snapshot_version(check->snapshot))
		check_report(check,
		    "object %llu of kind %u: its version lies in the future",
		    (unsigned long long)id, kind);
	vec_push(&check->objects, object);
}

// A counter that is missing counts nothing. One that is wrong is written again:
// the next id must never be lower than it was, so it only rises.
static void check_counter(
    struct check *check, uint8_t kind, const struct kind_check *of_kind)
{
	struct record_key key = record_key_objects(kind);
	struct record_objects truth = {1, of_kind->count};
	struct buf right;
	if (of_kind->has_counter)
		truth.next_id = of_kind->counter.next_id;
	if (truth.next_id <= of_kind->last_id)
		truth.next_id = of_kind->last_id + 1;
	if (of_kind->has_counter ? truth.next_id == of_kind->counter.next_id &&
				       truth.count == of_kind->counter.count
				 : of_kind->count == 0)
		return;
	check_report(check, "the count of objects of kind %u is %s", kind,
	    of_kind->has_counter ? "wrong" : "missing or damaged");
	buf_init(&right, 256);
	record_objects_put(&truth, &right);
	check_mend(check, &key, &right);
	buf_done(&right);
}

enum rc check_objects(struct check *check)
{
	struct objects_check all = {0};
	enum rc rc = check_each_key(
	    check, record_key_kind(RECORD_OBJECT), check_object, &all);
	for (unsigned kind = 1; rc == RC_OK && kind <= UINT8_MAX; kind++)
		check_counter(check, (uint8_t)kind, &all.kinds[kind]);
	return rc;
}
