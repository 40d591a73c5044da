// SPDX-License-Identifier: Apache-2.0
// What every engine must do, as tests. The test of an engine says how the
// engine is opened, and runs them all.
#ifndef ROOST_ENGINE_ENGINE_CONFORMANCE_H
#define ROOST_ENGINE_ENGINE_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/engine.h"

struct conformance {
	const char *name;
	bool reopens; // committed data is there after close and open
	// Opens the stored data; after wipe() there is none.
	struct engine *(*open)(struct conformance *self);
	void (*wipe)(struct conformance *self);
	struct engine *engine; // set for each test, with an empty store
};

// Runs all tests; returns the number of failures.
int engine_conformance_run(struct conformance *conformance);

// ---- For the files of the suite --------------------------------------------

struct conformance_test {
	const char *name;
	void (*run)(void **state);
};

extern const struct conformance_test conformance_keys[];
extern const struct conformance_test conformance_content[];
extern const struct conformance_test conformance_threads[];
extern const struct conformance_test conformance_change[];

static inline struct conformance *conformance_of(void **state)
{
	return *state;
}

// Closes and opens the engine again; false if it does not keep its data.
bool conformance_reopen(struct conformance *conformance);

// Commits a batch on top of the current version; it must succeed.
void conformance_commit(
    struct engine *engine, uint64_t partition, struct engine_batch *batch);
void conformance_put(struct engine *engine, uint64_t partition, struct view key,
    struct view value);
// Writes content of `size` bytes, which conformance_byte() makes.
void conformance_content_add(struct engine *engine, uint64_t partition,
    uint64_t size, struct engine_content_id *ret_id);

static inline char conformance_byte(uint64_t at)
{
	return (char)((at * 2654435761u) >> 13);
}

void conformance_expect_value(struct engine *engine, uint64_t partition,
    struct view key, struct view value);
void conformance_expect_no_value(
    struct engine *engine, uint64_t partition, struct view key);
void conformance_expect_content(
    struct engine *engine, const struct engine_content_id *id, uint64_t size);
void conformance_expect_no_content(
    struct engine *engine, const struct engine_content_id *id);
void conformance_expect_version(
    struct engine *engine, uint64_t partition, uint64_t version);
// engine_check() must report no problem.
void conformance_expect_sound(struct engine *engine);
// How often the partition owns the content, and how many partitions own it.
uint64_t conformance_owner_count(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id);

#endif
