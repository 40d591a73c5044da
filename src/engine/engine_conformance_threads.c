// SPDX-License-Identifier: Apache-2.0
// The suite, third part: several threads, watches, and a long random run
// against a model. A thread cannot fail a test itself: it counts the mistakes
// that it finds.
#include <stdatomic.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "base/thread.h"
#include "engine/engine_conformance.h"

#define THREADS 4

struct team {
	struct engine *engine;
	atomic_int wrong;
	atomic_int conflicts;
	atomic_int running;
	int rounds;
	struct engine_content_id id;
	pthread_t threads[THREADS];
};

struct member {
	struct team *team;
	int number;
};

static void run_team(struct team *team, void *(*run)(void *member))
{
	struct member members[THREADS];
	atomic_store(&team->running, THREADS);
	for (int i = 0; i < THREADS; i++) {
		members[i] = (struct member){team, i};
		assert_int_equal(
		    thread_start(&team->threads[i], run, &members[i]), RC_OK);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(team->threads[i], NULL);
	assert_int_equal(atomic_load(&team->wrong), 0);
}

#define MUST(team, what)                                                       \
	do {                                                                   \
		if (!(what))                                                   \
			atomic_fetch_add(&(team)->wrong, 1);                   \
	} while (0)

// ---- Commits ---------------------------------------------------------------

// Reads a number in a snapshot and writes it back plus one.
static enum rc increment(struct engine *engine, struct engine_batch *batch)
{
	struct engine_snapshot *snapshot;
	enum rc rc = engine_snapshot_open(engine, 1, &snapshot);
	if (rc != RC_OK)
		return rc;
	struct buf found;
	buf_init(&found, 8);
	rc = engine_snapshot_get(snapshot, VIEW("n"), &found);
	uint64_t number = rc == RC_OK ? get_le64(found.ptr) : 0;
	uint64_t version = engine_snapshot_version(snapshot);
	engine_snapshot_close(&snapshot);
	buf_done(&found);
	if (number != version)
		return RC_CORRUPT; // the snapshot shows two versions
	char bytes[8];
	put_le64(bytes, number + 1);
	engine_batch_reset(batch);
	engine_batch_put(batch, VIEW("n"), view_of(bytes, sizeof(bytes)));
	return engine_commit(engine, 1, version, batch, NULL);
}

static void *increment_often(void *context)
{
	struct member *member = context;
	struct team *team = member->team;
	struct engine_batch *batch = engine_batch_new(team->engine);
	for (int done = 0; done < team->rounds;) {
		enum rc rc = increment(team->engine, batch);
		if (rc == RC_OK)
			done++;
		else if (rc == RC_CONFLICT)
			atomic_fetch_add(&team->conflicts, 1);
		else {
			MUST(team, false);
			break;
		}
	}
	engine_batch_free(&batch);
	return NULL;
}

static void racing_increments_lose_none(void **state)
{
	struct team team = {
	    .engine = conformance_of(state)->engine, .rounds = 500};
	run_team(&team, increment_often);
	conformance_expect_version(team.engine, 1, THREADS * 500);
	char bytes[8];
	put_le64(bytes, THREADS * 500);
	conformance_expect_value(
	    team.engine, 1, VIEW("n"), view_of(bytes, sizeof(bytes)));
}

// Every thread tries every version once: exactly one thread gets each.
static void *claim_versions(void *context)
{
	struct member *member = context;
	struct team *team = member->team;
	struct engine_batch *batch = engine_batch_new(team->engine);
	for (int i = 0; i < team->rounds; i++) {
		uint64_t version = 0;
		while (version < (uint64_t)i &&
		       engine_version(team->engine, 1, &version) == RC_OK)
			;
		char key[16];
		char who = (char)('0' + member->number);
		snprintf(key, sizeof(key), "v%d", i);
		engine_batch_reset(batch);
		engine_batch_put(batch, view_of_string(key), view_of(&who, 1));
		enum rc rc =
		    engine_commit(team->engine, 1, (uint64_t)i, batch, NULL);
		if (rc == RC_CONFLICT) {
			atomic_fetch_add(&team->conflicts, 1);
			continue;
		}
		MUST(team, rc == RC_OK);
		struct buf found;
		buf_init(&found, 8);
		rc = engine_get(team->engine, 1, view_of_string(key), &found);
		MUST(team,
		    rc == RC_OK && view_eq(buf_view(&found), view_of(&who, 1)));
		buf_done(&found);
	}
	engine_batch_free(&batch);
	return NULL;
}

static void exactly_one_wins_each_version(void **state)
{
	struct team team = {
	    .engine = conformance_of(state)->engine, .rounds = 200};
	run_team(&team, claim_versions);
	conformance_expect_version(team.engine, 1, 200);
	assert_int_equal(atomic_load(&team.conflicts), (THREADS - 1) * 200);
}

// Writers always change two keys together; readers must see them equal.
static void *write_or_read_pairs(void *context)
{
	struct member *member = context;
	struct team *team = member->team;
	struct engine *engine = team->engine;
	struct engine_batch *batch = engine_batch_new(engine);
	bool writes = member->number == 0;
	for (int i = 0; writes && i < team->rounds; i++) {
		char bytes[8];
		put_le64(bytes, (uint64_t)i);
		engine_batch_reset(batch);
		engine_batch_put(batch, VIEW("a"), view_of(bytes, 8));
		engine_batch_put(batch, VIEW("b"), view_of(bytes, 8));
		MUST(team, engine_commit(engine, 1, (uint64_t)i, batch, NULL) ==
			       RC_OK);
	}
	if (writes)
		atomic_store(&team->running, 0);
	while (!writes && atomic_load(&team->running)) {
		struct engine_snapshot *snapshot;
		struct engine_cursor *cursor;
		struct buf a;
		struct view key;
		struct view value;
		buf_init(&a, 8);
		MUST(team, engine_snapshot_open(engine, 1, &snapshot) == RC_OK);
		MUST(team,
		    engine_cursor_open(snapshot, VIEW(""), &cursor) == RC_OK);
		if (engine_cursor_next(cursor, &key, &value) == RC_OK) {
			buf_add(&a, value);
			MUST(team,
			    engine_cursor_next(cursor, &key, &value) == RC_OK &&
				view_eq(buf_view(&a), value));
			MUST(team, get_le64(a.ptr) + 1 ==
				       engine_snapshot_version(snapshot));
		}
		engine_cursor_close(&cursor);
		engine_snapshot_close(&snapshot);
		buf_done(&a);
	}
	engine_batch_free(&batch);
	return NULL;
}

static void readers_never_see_half_a_commit(void **state)
{
	struct team team = {
	    .engine = conformance_of(state)->engine, .rounds = 500};
	run_team(&team, write_or_read_pairs);
}

// ---- Content ---------------------------------------------------------------

// Threads 1 and up own one content and disown it again; thread 0 sweeps without
// grace time. A thread that owns the content must be able to read it.
static void *own_or_sweep(void *context)
{
	struct member *member = context;
	struct team *team = member->team;
	struct engine *engine = team->engine;
	uint64_t partition = 10 + (uint64_t)member->number;
	struct engine_batch *batch = engine_batch_new(engine);
	if (member->number == 0) {
		uint64_t deleted;
		while (atomic_load(&team->running) > 1)
			MUST(team, engine_content_sweep(engine,
				       clock_wall_seconds(NULL) + 10, 0,
				       &deleted) == RC_OK);
		engine_batch_free(&batch);
		return NULL;
	}
	uint64_t version = 0;
	for (int i = 0; i < team->rounds; i++) {
		engine_batch_reset(batch);
		engine_batch_own(batch, &team->id);
		enum rc rc =
		    engine_commit(engine, partition, version, batch, NULL);
		if (rc == RC_NOT_FOUND)
			break; // correct: it was swept while nobody owned it
		MUST(team, rc == RC_OK);
		struct buf found;
		buf_init(&found, 4 * ENGINE_CHUNK);
		MUST(team, engine_content_read(engine, &team->id, 0, SIZE_MAX,
			       &found) == RC_OK &&
			       found.len == 2 * ENGINE_CHUNK + 1);
		buf_done(&found);
		engine_batch_reset(batch);
		engine_batch_disown(batch, &team->id);
		MUST(team, engine_commit(engine, partition, version + 1, batch,
			       NULL) == RC_OK);
		version += 2;
	}
	atomic_fetch_sub(&team->running, 1);
	engine_batch_free(&batch);
	return NULL;
}

static void a_sweep_never_takes_what_is_being_taken_up(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	for (int i = 0; i < 20; i++) {
		struct team team = {.engine = engine, .rounds = 10};
		struct fault fault;
		conformance_content_add(
		    engine, 2, 2 * ENGINE_CHUNK + 1, &team.id);
		struct engine_batch *batch = engine_batch_new(engine);
		engine_batch_disown(batch, &team.id);
		conformance_commit(engine, 2, batch);
		engine_batch_free(&batch);
		run_team(&team, own_or_sweep);
		for (uint64_t p = 11; p < 10 + THREADS; p++)
			assert_int_equal(
			    engine_partition_drop(engine, p, &fault), RC_OK);
	}
	conformance_expect_sound(engine);
}

// ---- Watches ---------------------------------------------------------------

struct heard {
	atomic_ullong last;
	atomic_int count;
	atomic_int out_of_order;
	atomic_bool closed;
	atomic_int after_close;
};

static void hear(void *context, uint64_t version)
{
	struct heard *heard = context;
	if (atomic_load(&heard->closed))
		atomic_fetch_add(&heard->after_close, 1);
	if (atomic_exchange(&heard->last, version) + 1 != version)
		atomic_fetch_add(&heard->out_of_order, 1);
	atomic_fetch_add(&heard->count, 1);
}

static void a_watch_hears_every_version_in_order(void **state)
{
	struct team team = {
	    .engine = conformance_of(state)->engine, .rounds = 250};
	struct heard heard = {0};
	struct heard other = {0};
	struct engine_watch *watch =
	    engine_watch_new(team.engine, 1, hear, &heard);
	struct engine_watch *second =
	    engine_watch_new(team.engine, 1, hear, &other);
	struct engine_watch *elsewhere =
	    engine_watch_new(team.engine, 2, hear, &other);
	engine_watch_free(&second);
	run_team(&team, increment_often);
	assert_int_equal(atomic_load(&heard.count), THREADS * 250);
	assert_int_equal(atomic_load(&heard.last), THREADS * 250);
	assert_int_equal(atomic_load(&heard.out_of_order), 0);
	assert_int_equal(atomic_load(&other.count), 0);
	// The watch does not hear of a commit that fails.
	struct engine_batch *batch = engine_batch_new(team.engine);
	assert_int_equal(
	    engine_commit(team.engine, 1, 3, batch, NULL), RC_CONFLICT);
	assert_int_equal(atomic_load(&heard.count), THREADS * 250);
	engine_batch_free(&batch);
	engine_watch_free(&watch);
	engine_watch_free(&elsewhere);
	assert_null(watch);
}

static void *watch_or_commit(void *context)
{
	struct member *member = context;
	struct team *team = member->team;
	struct engine_batch *batch = engine_batch_new(team->engine);
	for (int i = 0; i < team->rounds && member->number == 0; i++)
		MUST(team, engine_commit(team->engine, 1, (uint64_t)i, batch,
			       NULL) == RC_OK);
	if (member->number == 0)
		atomic_store(&team->running, 0);
	while (member->number && atomic_load(&team->running)) {
		struct heard heard = {0};
		struct engine_watch *watch =
		    engine_watch_new(team->engine, 1, hear, &heard);
		engine_watch_free(&watch);
		atomic_store(&heard.closed, true);
		MUST(team, atomic_load(&heard.after_close) == 0);
		// `heard` ends here: the sanitizers would report a later call.
	}
	engine_batch_free(&batch);
	return NULL;
}

static void no_call_comes_after_a_watch_was_freed(void **state)
{
	struct team team = {
	    .engine = conformance_of(state)->engine, .rounds = 500};
	run_team(&team, watch_or_commit);
}

// ---- A model ---------------------------------------------------------------

#define MODEL_KEYS   84 // all keys of one to three bytes, out of four
#define MODEL_ROUNDS 400

struct model {
	uint32_t seed;
	struct view keys[MODEL_KEYS]; // sorted
	size_t count;
	int values[MODEL_KEYS]; // 0: absent
	char room[MODEL_KEYS][3];
};

static uint32_t next_random(struct model *model, uint32_t below)
{
	model->seed = model->seed * 1664525 + 1013904223;
	return (model->seed >> 8) % below;
}

static void model_init(struct model *model)
{
	static const char bytes[] = {'\0', 'a', '\xfe', '\xff'};
	size_t count = 0;
	*model = (struct model){.seed = 12345};
	for (int len = 1; len <= 3; len++)
		for (int i = 0; i < 1 << 2 * len; i++) {
			for (int j = 0; j < len; j++)
				model->room[count][j] = bytes[i >> 2 * j & 3];
			model->keys[count] =
			    view_of(model->room[count], (size_t)len);
			count++;
		}
	model->count = count;
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && view_compare(model->keys[j - 1],
						model->keys[j]) > 0;
		     j--) {
			struct view swapped = model->keys[j];
			model->keys[j] = model->keys[j - 1];
			model->keys[j - 1] = swapped;
		}
}

static void model_change(struct model *model, struct engine_batch *batch)
{
	size_t at = next_random(model, (uint32_t)model->count);
	size_t end = next_random(model, (uint32_t)model->count);
	int value = (int)next_random(model, 1000000) + 1;
	switch (next_random(model, 8)) {
	case 0:
		engine_batch_delete_range(
		    batch, model->keys[at], model->keys[end]);
		for (; at < end; at++)
			model->values[at] = 0;
		break;
	case 1:
	case 2:
		engine_batch_delete(batch, model->keys[at]);
		model->values[at] = 0;
		break;
	default:
		engine_batch_put(
		    batch, model->keys[at], view_of(&value, sizeof(value)));
		model->values[at] = value;
	}
}

// Reads from a random place in a random prefix, with random seeks.
static void model_compare(
    struct model *model, struct engine_snapshot *snapshot, const int *values)
{
	struct view prefix =
	    model->keys[next_random(model, (uint32_t)model->count)];
	prefix = view_slice(prefix, 0, next_random(model, 3));
	struct engine_cursor *cursor;
	assert_int_equal(engine_cursor_open(snapshot, prefix, &cursor), RC_OK);
	size_t at = 0;
	for (int step = 0; step < 120; step++) {
		size_t to = next_random(model, (uint32_t)model->count);
		if (next_random(model, 4) == 0 &&
		    view_starts_with(model->keys[to], prefix)) {
			engine_cursor_seek(cursor, model->keys[to]);
			at = to;
		}
		while (
		    at < model->count &&
		    (!values[at] || !view_starts_with(model->keys[at], prefix)))
			at++;
		struct view key;
		struct view value;
		enum rc rc = engine_cursor_next(cursor, &key, &value);
		assert_int_equal(rc, at < model->count ? RC_OK : RC_END);
		if (rc != RC_OK)
			continue;
		assert_view_equal(key, model->keys[at]);
		assert_view_equal(value, view_of(&values[at], sizeof(int)));
		at++;
	}
	engine_cursor_close(&cursor);
}

static void a_random_run_agrees_with_a_model(void **state)
{
	struct conformance *conformance = conformance_of(state);
	struct engine *engine = conformance->engine;
	struct model model;
	model_init(&model);
	struct engine_batch *batch = engine_batch_new(engine);
	struct engine_snapshot *old = NULL;
	int old_values[ARRAY_LEN(model.values)];
	for (uint64_t round = 0; round < MODEL_ROUNDS; round++) {
		engine_batch_reset(batch);
		for (uint32_t i = next_random(&model, 12); i > 0; i--)
			model_change(&model, batch);
		assert_int_equal(
		    engine_commit(engine, 3, round, batch, NULL), RC_OK);
		struct engine_snapshot *snapshot;
		assert_int_equal(
		    engine_snapshot_open(engine, 3, &snapshot), RC_OK);
		model_compare(&model, snapshot, model.values);
		if (old && next_random(&model, 10) == 0) {
			model_compare(&model, old, old_values);
			engine_snapshot_close(&old);
		}
		if (!old) {
			old = snapshot;
			memcpy(old_values, model.values, sizeof(old_values));
		} else {
			engine_snapshot_close(&snapshot);
		}
	}
	engine_snapshot_close(&old);
	engine_batch_free(&batch);
	conformance_reopen(conformance);
	assert_int_equal(
	    engine_snapshot_open(conformance->engine, 3, &old), RC_OK);
	if (conformance->reopens)
		model_compare(&model, old, model.values);
	engine_snapshot_close(&old);
	conformance_expect_sound(conformance->engine);
}

#define TEST(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}
const struct conformance_test conformance_threads[] = {
    TEST(racing_increments_lose_none),
    TEST(exactly_one_wins_each_version),
    TEST(readers_never_see_half_a_commit),
    TEST(a_sweep_never_takes_what_is_being_taken_up),
    TEST(a_watch_hears_every_version_in_order),
    TEST(no_call_comes_after_a_watch_was_freed),
    TEST(a_random_run_agrees_with_a_model),
    {NULL, NULL},
};
