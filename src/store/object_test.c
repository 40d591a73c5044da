// SPDX-License-Identifier: Apache-2.0
// Objects: made, changed, removed and followed; their limits, their check, and
// clients that follow random changes.
#include "store/view_test_tools.h"

#include "store/object.h"

#define IDENTITY STORE_OBJECT_IDENTITY
#define PUSH     STORE_OBJECT_PUSH

static enum rc set_one(struct bed *bed, struct store_object_change *change)
{
	struct store_objects_set set = {.changes = change, .count = 1};
	assert_int_equal(
	    store_objects_set(&bed->asker, bed->account, &set, &bed->fault),
	    RC_OK);
	assert_int_equal(set.after, set.before + (change->result == RC_OK));
	assert_int_equal(set.after, bed_version(bed));
	return change->result;
}

static uint64_t make(
    struct bed *bed, enum store_object_kind kind, const char *bytes)
{
	struct store_object_change change = {
	    .kind = kind, .bytes = view_of_string(bytes)};
	assert_int_equal(set_one(bed, &change), RC_OK);
	return change.id;
}

static enum rc add_to_list(void *context, const struct store_object *object)
{
	struct buf *list = context;
	buf_printf(list, "%llu=%.*s;", (unsigned long long)object->id,
	    VIEW_FMT(object->bytes));
	return RC_OK;
}

static void assert_objects(
    struct bed *bed, enum store_object_kind kind, const char *wanted)
{
	struct buf list;
	buf_init(&list, 4096);
	assert_int_equal(store_objects_walk(&bed->asker, bed->account, kind, 0,
			     add_to_list, &list),
	    RC_OK);
	buf_add_char(&list, 0);
	assert_string_equal(list.ptr, wanted);
	struct store_view *view = bed_view(bed);
	buf_reset(&list);
	assert_int_equal(
	    store_view_objects(view, kind, 0, add_to_list, &list), RC_OK);
	buf_add_char(&list, 0);
	assert_string_equal(list.ptr, wanted);
	store_view_close(&view);
	buf_done(&list);
}

static void test_life(void **state)
{
	(void)state;
	struct bed bed;
	struct store_object object;
	bed_open(&bed, (struct store_options){0});
	assert_objects(&bed, IDENTITY, "");
	assert_int_equal(make(&bed, IDENTITY, "a"), 1);
	assert_int_equal(make(&bed, IDENTITY, "b"), 2);
	assert_int_equal(make(&bed, PUSH, "p"), 1);
	assert_objects(&bed, IDENTITY, "1=a;2=b;");
	assert_objects(&bed, PUSH, "1=p;");
	struct store_object_change change = {
	    .kind = IDENTITY, .id = 1, .bytes = VIEW("A")};
	assert_int_equal(set_one(&bed, &change), RC_OK);
	assert_int_equal(store_object_get(&bed.asker, bed.account, IDENTITY, 1,
			     &bed.arena, &object),
	    RC_OK);
	assert_int_equal(object.version, bed_version(&bed));
	assert_true(view_eq(object.bytes, VIEW("A")));
	change = (struct store_object_change){
	    .kind = IDENTITY, .id = 2, .remove = true};
	assert_int_equal(set_one(&bed, &change), RC_OK);
	assert_int_equal(set_one(&bed, &change), RC_NOT_FOUND);
	assert_int_equal(store_object_get(&bed.asker, bed.account, IDENTITY, 2,
			     &bed.arena, &object),
	    RC_NOT_FOUND);
	// Ids do not come again.
	assert_int_equal(make(&bed, IDENTITY, "c"), 3);
	bed_reopen(&bed, (struct store_options){0});
	assert_objects(&bed, IDENTITY, "1=A;3=c;");
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void test_refusals(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	size_t most = store_object_limits(PUSH).bytes;
	char *large = mem_zalloc(most + 1);
	uint64_t one = make(&bed, IDENTITY, "a");
	uint64_t version = bed_version(&bed);
	struct store_object_change changes[] = {
	    {.kind = PUSH, .bytes = view_of(large, most + 1)},
	    {.kind = PUSH, .bytes = view_of(large, most)},
	    {.kind = IDENTITY, .id = 77, .bytes = VIEW("x")},
	    {.kind = IDENTITY, .id = one, .if_version = version + 1},
	    {.kind = IDENTITY, .id = one, .remove = true},
	    {.kind = IDENTITY, .remove = true},
	    {.kind = IDENTITY,
		.id = one,
		.if_version = version,
		.bytes = VIEW("b")},
	    {.kind = STORE_OBJECT_VACATION, .bytes = VIEW("v")},
	    {.kind = STORE_OBJECT_VACATION, .bytes = VIEW("v")},
	};
	static const enum rc wanted[] = {RC_LIMIT, RC_OK, RC_NOT_FOUND, RC_GONE,
	    RC_INVALID, RC_NOT_FOUND, RC_INVALID, RC_OK, RC_LIMIT};
	struct store_objects_set set = {
	    .changes = changes, .count = ARRAY_LEN(changes)};
	assert_int_equal(
	    store_objects_set(&bed.asker, bed.account, &set, &bed.fault),
	    RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		assert_int_equal(changes[i].result, wanted[i]);
	assert_int_equal(set.after, version + 1);
	assert_objects(&bed, IDENTITY, "1=a;");
	struct store_object_change change = {.kind = IDENTITY,
	    .id = one,
	    .if_version = version,
	    .bytes = VIEW("b")};
	assert_int_equal(set_one(&bed, &change), RC_OK);
	set = (struct store_objects_set){
	    .changes = &change, .count = 1, .if_version = version};
	assert_int_equal(
	    store_objects_set(&bed.asker, bed.account, &set, &bed.fault),
	    RC_GONE);
	struct store_asker guest = store_user(2000);
	set.if_version = 0;
	assert_int_equal(
	    store_objects_set(&guest, bed.account, &set, &bed.fault),
	    RC_DENIED);
	assert_int_equal(store_objects_walk(&guest, bed.account, IDENTITY, 0,
			     add_to_list, NULL),
	    RC_DENIED);
	bed_check(&bed, false, 0);
	free(large);
	bed_close(&bed);
}

static void test_count_limit(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	uint32_t most = store_object_limits(PUSH).count;
	struct store_object_change *changes =
	    mem_zalloc((most + 1) * sizeof(*changes));
	for (uint32_t i = 0; i <= most; i++)
		changes[i].kind = PUSH;
	struct store_objects_set set = {.changes = changes, .count = most + 1};
	assert_int_equal(
	    store_objects_set(&bed.asker, bed.account, &set, &bed.fault),
	    RC_OK);
	assert_int_equal(changes[most - 1].result, RC_OK);
	assert_int_equal(changes[most].result, RC_LIMIT);
	struct store_object_change change = {
	    .kind = PUSH, .id = 1, .remove = true};
	assert_int_equal(set_one(&bed, &change), RC_OK);
	assert_int_equal(make(&bed, PUSH, "x"), most + 1);
	free(changes);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

// ---- Damage ----------------------------------------------------------------

static void test_check(void **state)
{
	static const struct {
		uint64_t id; // 0: the counter
		const char *bytes;
		size_t len; // 0: deleted
		unsigned problems;
		unsigned left; // after mending
	} rows[] = {
	    {0, "\7", 1, 1, 0}, // damaged
	    {0, NULL, 0, 1, 0}, // missing
	    {0, "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0", 20, 1, 0}, // low
	    {2, "\1\0\0\0\0\0\0\0", 8, 1, 1},                     // too short
	    {2, "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0b", 17, 2, 0},   // too old
	    {2, "\1\0\0\0\0\0\0\0\377\0\0\0\0\0\0\0b", 17, 2, 2}, // future
	    {9, "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0b", 17, 2, 0},   // not counted
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bed bed;
		bed_open(&bed, (struct store_options){0});
		make(&bed, IDENTITY, "a");
		make(&bed, IDENTITY, "b");
		struct record_key key =
		    rows[i].id ? record_key_object(IDENTITY, rows[i].id)
			       : record_key_objects(IDENTITY);
		struct engine_batch *batch = engine_batch_new(bed.engine);
		if (rows[i].len)
			engine_batch_put(batch, record_key_view(&key),
			    view_of(rows[i].bytes, rows[i].len));
		else
			engine_batch_delete(batch, record_key_view(&key));
		commit_quietly(bed.engine, 1000, batch);
		engine_batch_free(&batch);
		bed_check(&bed, false, rows[i].problems);
		bed_check(&bed, true, rows[i].problems);
		bed_check(&bed, false, rows[i].left);
		bed_close(&bed);
	}
}

// ---- Following -------------------------------------------------------------

#define STEPS 200
#define IDS   256

struct moment {
	uint64_t version;
	uint64_t versions[IDS]; // of each object; 0: none
};

static enum rc note_object(void *context, const struct store_object *object)
{
	struct moment *moment = context;
	assert_true(object->id < IDS);
	moment->versions[object->id] = object->version;
	return RC_OK;
}

static void read_moment(struct bed *bed, struct moment *moment)
{
	*moment = (struct moment){.version = bed_version(bed)};
	assert_int_equal(store_objects_walk(&bed->asker, bed->account, IDENTITY,
			     0, note_object, moment),
	    RC_OK);
}

static void follow(struct bed *bed, const struct moment *then,
    const struct moment *now, size_t limit)
{
	struct moment client = *then;
	struct store_change_position at = {then->version, 0};
	struct store_changes changes = {.more = true};
	bool whole = true;
	while (changes.more) {
		assert_int_equal(store_objects_changed(bed->account, IDENTITY,
				     at, limit, &changes),
		    RC_OK);
		whole &= !changes.more;
		for (size_t i = 0; i < changes.made.count; i++) {
			uint64_t id = changes.made.items[i];
			assert_int_equal(then->versions[id], 0);
			client.versions[id] = now->versions[id];
		}
		for (size_t i = 0; i < changes.changed.count; i++) {
			uint64_t id = changes.changed.items[i];
			if (whole)
				assert_true(
				    now->versions[id] > then->versions[id]);
			client.versions[id] = now->versions[id];
		}
		for (size_t i = 0; i < changes.gone.count; i++) {
			uint64_t id = changes.gone.items[i];
			assert_int_equal(now->versions[id], 0);
			client.versions[id] = 0;
		}
		at = changes.next;
		bool more = changes.more;
		store_changes_done(&changes);
		changes.more = more;
	}
	assert_memory_equal(
	    client.versions, now->versions, sizeof(client.versions));
}

static void test_following(void **state)
{
	(void)state;
	struct bed bed;
	static struct moment moments[STEPS + 1];
	uint64_t random = 1;
	bed_open(&bed, (struct store_options){0});
	read_moment(&bed, &moments[0]);
	for (size_t i = 1; i <= STEPS; i++) {
		struct store_object_change changes[3] = {0};
		for (size_t n = 0; n < 3; n++) {
			random =
			    random * 6364136223846793005u + 1442695040888963407;
			unsigned draw = (unsigned)(random >> 33);
			changes[n].kind = draw % 5 ? IDENTITY : PUSH;
			changes[n].id = draw / 5 % 8 ? 1 + draw / 40 % 30 : 0;
			changes[n].remove = draw / 2000 % 4 == 0;
			changes[n].bytes = VIEW("x");
		}
		struct store_objects_set set = {.changes = changes, .count = 3};
		assert_int_equal(store_objects_set(
				     &bed.asker, bed.account, &set, &bed.fault),
		    RC_OK);
		read_moment(&bed, &moments[i]);
		for (size_t n = 0; n < i; n += 1 + i / 20)
			follow(&bed, &moments[n], &moments[i], 1 + n % 40);
	}
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

// A change of an object changes no emails and no mailboxes.
static void test_others_are_not_told(void **state)
{
	(void)state;
	struct bed bed;
	struct store_changes changes;
	bed_open(&bed, (struct store_options){0});
	struct store_change_position at = {bed_version(&bed), 0};
	make(&bed, IDENTITY, "a");
	assert_int_equal(
	    store_emails_changed(bed.account, at, 10, &changes), RC_OK);
	assert_int_equal(changes.made.count + changes.changed.count, 0);
	assert_int_equal(changes.next.version, at.version + 1);
	store_changes_done(&changes);
	assert_int_equal(
	    store_mailboxes_changed(bed.account, at, 10, &changes), RC_OK);
	assert_int_equal(changes.made.count + changes.changed.count, 0);
	store_changes_done(&changes);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_count_limit),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_following),
	    cmocka_unit_test(test_others_are_not_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
