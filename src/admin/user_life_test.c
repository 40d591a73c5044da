// SPDX-License-Identifier: Apache-2.0
// A process is killed right behind each commit of adding and of removing a
// user. After the next start there must be no user, or a whole one, and the
// check must find nothing.
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/user_life.h"
#include "auth/directory.h"
#include "base/test.h"
#include "engine/engine_test_folder.h"
#include "store/derive.h"

#define COMMITS_MAX 20
#define KILLED      42

static const struct auth_settings cheap = {.hashing.cost = 1};

struct bed {
	struct control_host host;
	struct log log;
	struct engine_watch *watches[3];
	int left; // commits until the process ends; < 0: it does not
};

// The commit is on the disk, and nothing that follows it has begun.
static void moved(void *context, uint64_t version)
{
	struct bed *bed = context;
	(void)version;
	if (bed->left > 0 && --bed->left == 0)
		_exit(KILLED);
}

static void open_bed(struct bed *bed, const char *folder)
{
	struct fault fault = {0};
	*bed = (struct bed){.log = {.fd = STDERR_FILENO}, .left = -1};
	bed->host.log = &bed->log;
	assert_int_equal(
	    engine_rocksdb_open(folder, &(struct engine_rocksdb_options){0},
		&fault, &bed->host.engine),
	    RC_OK);
	bed->host.store =
	    store_new(&(struct store_options){.engine = bed->host.engine});
	assert_int_equal(auth_new(bed->host.engine, &cheap, &bed->log, NULL,
			     &fault, &bed->host.auth),
	    RC_OK);
	struct route_settings route = {.log = &bed->log};
	bed->host.route = route_new(bed->host.engine, bed->host.auth, &route);
	static const uint64_t partitions[] = {1, 2, AUTH_ACCOUNT_FIRST};
	for (size_t i = 0; i < ARRAY_LEN(partitions); i++)
		bed->watches[i] = engine_watch_new(
		    bed->host.engine, partitions[i], moved, bed);
}

static void close_bed(struct bed *bed)
{
	for (size_t i = 0; i < ARRAY_LEN(bed->watches); i++)
		engine_watch_free(&bed->watches[i]);
	route_free(&bed->host.route);
	auth_free(&bed->host.auth);
	store_free(&bed->host.store);
	engine_close(&bed->host.engine);
}

static enum rc add(struct bed *bed)
{
	struct auth_new_user user = {.name = VIEW("anna"),
	    .password = VIEW("pass word"),
	    .disabled = true};
	uint64_t account;
	return user_life_add(&bed->host, &user, NULL, &account);
}

static enum rc take_away(struct bed *bed)
{
	struct auth_user user;
	struct auth_record record;
	enum rc rc = auth_directory_lookup(
	    bed->host.engine, VIEW("anna"), &user.name, &record);
	if (rc != RC_OK)
		return rc;
	user.account = record.account;
	rc =
	    route_detail_set(bed->host.route, &user, ROUTE_DETAIL_REFUSE, NULL);
	return rc == RC_OK ? user_life_remove(&bed->host, &user, NULL) : rc;
}

// RocksDB has threads, which a fork would lose: each use of the engine has a
// process of its own, and this one has none. Gives the exit code.
static int in_child(
    const char *folder, int (*run)(struct bed *bed, int n), int n)
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct bed bed;
		open_bed(&bed, folder);
		int code = run(&bed, n);
		close_bed(&bed);
		_exit(code);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

// Adds the user, but ends behind the n-th commit.
static int add_until(struct bed *bed, int n)
{
	bed->left = n;
	return add(bed) == RC_OK ? 0 : 1;
}

static int take_away_until(struct bed *bed, int n)
{
	bed->left = n;
	return take_away(bed) == RC_OK ? 0 : 1;
}

static void fail_for(void *context, const char *text)
{
	(void)context;
	fail_msg("%s", text);
}

// Whether there is a user; it must be whole then, and nothing be left
// otherwise.
static bool look(const struct bed *bed)
{
	struct auth_name name;
	struct auth_record record;
	struct store_check_result result;
	struct engine *engine = bed->host.engine;
	uint64_t partition = AUTH_ACCOUNT_FIRST - 1, account = 0;
	enum rc rc =
	    auth_directory_lookup(engine, VIEW("anna"), &name, &record);
	assert_int_equal(auth_directory_check(engine, fail_for, NULL), RC_OK);
	assert_int_equal(
	    auth_directory_next_loose(engine, 0, &account), RC_END);
	if (rc == RC_OK) {
		assert_true(record.disabled);
		assert_int_equal(
		    store_account_check(bed->host.store, record.account, false,
			fail_for, NULL, &result),
		    RC_OK);
		assert_int_equal(result.mailboxes, 6);
		return true;
	}
	assert_int_equal(rc, RC_NOT_FOUND);
	assert_int_equal(
	    engine_partition_next(engine, partition, &partition), RC_END);
	return false;
}

#define WITHOUT 10
#define WITH    11

// What the next start finds. Then the command is given again, or its opposite.
static int start_again(struct bed *bed, int n)
{
	(void)n;
	user_life_resume(&bed->host);
	bool there = look(bed);
	assert_int_equal(there ? take_away(bed) : add(bed), RC_OK);
	assert_int_equal(look(bed), !there);
	return there ? WITH : WITHOUT;
}

struct outcome {
	int cuts;
	int with_user;
};

static struct outcome cut_everywhere(
    int (*change)(struct bed *bed, int n), bool begin_with_user)
{
	struct outcome outcome = {0};
	struct test_folder folder;
	int code = KILLED;
	for (int n = 1; code == KILLED; n++) {
		assert_true(n < COMMITS_MAX);
		assert_int_equal(test_folder_make(&folder), 0);
		if (begin_with_user)
			assert_int_equal(
			    in_child(folder.path, add_until, 0), 0);
		code = in_child(folder.path, change, n);
		assert_true(code == 0 || code == KILLED);
		int found = in_child(folder.path, start_again, 0);
		assert_true(found == WITH || found == WITHOUT);
		if (code == 0)
			assert_int_equal(
			    found, begin_with_user ? WITHOUT : WITH);
		outcome.cuts += code == KILLED;
		outcome.with_user += found == WITH;
		test_folder_remove(&folder);
	}
	return outcome;
}

static void test_adding_is_whole_or_nothing(void **state)
{
	(void)state;
	struct outcome got = cut_everywhere(add_until, false);
	assert_int_equal(got.cuts, 3);
	// Behind the last commit, and without a cut.
	assert_int_equal(got.with_user, 2);
}

static void test_removing_is_whole_or_nothing(void **state)
{
	(void)state;
	struct outcome got = cut_everywhere(take_away_until, true);
	assert_true(got.cuts >= 4);
	// Behind the commit for the detail only.
	assert_int_equal(got.with_user, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_adding_is_whole_or_nothing),
	    cmocka_unit_test(test_removing_is_whole_or_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
