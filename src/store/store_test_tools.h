// SPDX-License-Identifier: Apache-2.0
// What the tests of the store share: an account over the memory engine, and
// messages to put in it.
#ifndef ROOST_STORE_STORE_TEST_TOOLS_H
#define ROOST_STORE_STORE_TEST_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/change.h"
#include "store/record.h"

struct bed {
	struct engine *engine;
	struct store *store;
	struct store_account *account;
	struct store_asker asker; // who owns it
	struct arena arena;
	struct fault fault;
};

static inline void bed_open(struct bed *bed, struct store_options options)
{
	*bed = (struct bed){
	    .engine = engine_memory_new(),
	    .asker = store_user(1000),
	};
	options.engine = bed->engine;
	bed->store = store_new(&options);
	arena_init(&bed->arena);
	assert_int_equal(
	    store_account_create(bed->store, 1000, &bed->fault), RC_OK);
	assert_int_equal(
	    store_account_open(bed->store, 1000, &bed->fault, &bed->account),
	    RC_OK);
}

// Closes everything in memory and reads it again.
static inline void bed_reopen(struct bed *bed, struct store_options options)
{
	store_account_close(&bed->account);
	store_free(&bed->store);
	options.engine = bed->engine;
	bed->store = store_new(&options);
	assert_int_equal(
	    store_account_open(bed->store, 1000, &bed->fault, &bed->account),
	    RC_OK);
}

static inline void bed_close(struct bed *bed)
{
	store_account_close(&bed->account);
	store_free(&bed->store);
	engine_close(&bed->engine);
	arena_done(&bed->arena);
}

static inline struct store_mailbox *bed_mailbox(
    struct bed *bed, const char *name)
{
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(&bed->asker, bed->account,
	    view_of_string(name), STORE_RIGHT_READ, &bed->fault, &mailbox);
	if (rc != RC_OK)
		fail_msg("%s: %s", name, bed->fault.text);
	return mailbox;
}

static inline struct store_draft *bed_draft(struct bed *bed, const char *text)
{
	struct store_draft *draft = store_draft_new(bed->store);
	assert_int_equal(store_draft_add(draft, view_of_string(text)), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	return draft;
}

static inline uint32_t bed_append(struct bed *bed,
    struct store_mailbox *mailbox, const char *text, struct store_flags flags)
{
	struct store_append append = {
	    .draft = bed_draft(bed, text),
	    .flags = flags,
	};
	struct store_appended appended;
	enum rc rc = store_append(mailbox, &append, 1, &bed->fault, &appended);
	if (rc != RC_OK)
		fail_msg("append: %s", bed->fault.text);
	store_draft_free(&append.draft);
	return appended.first_uid;
}

// Commits without the store knowing it, with an empty record in the change log.
static inline void commit_quietly(
    struct engine *engine, uint64_t account_id, struct engine_batch *batch)
{
	uint64_t version;
	struct fault fault;
	assert_int_equal(engine_version(engine, account_id, &version), RC_OK);
	struct record_key key = record_key_u64(RECORD_CHANGES, version + 1);
	engine_batch_put(batch, record_key_view(&key), VIEW("\1"));
	assert_int_equal(
	    engine_commit(engine, account_id, version, batch, &fault), RC_OK);
}

static inline void bed_check(struct bed *bed, bool mend, uint64_t problems)
{
	struct store_check_result result;
	enum rc rc =
	    store_account_check(bed->store, 1000, mend, NULL, NULL, &result);
	assert_int_equal(rc, RC_OK);
	assert_int_equal(result.problems, problems);
}

#endif
