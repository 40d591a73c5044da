// SPDX-License-Identifier: Apache-2.0
// Users are added, changed and removed, and their account numbers stay theirs.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "auth/directory.h"

static const struct auth_credentials some = {.hash = "$y$j9T$some"};
static const struct auth_credentials other = {.hash = "$y$j9T$other"};

static int set_up(void **state)
{
	*state = engine_memory_new();
	return 0;
}

static int tear_down(void **state)
{
	struct engine *engine = *state;
	engine_close(&engine);
	return 0;
}

static uint64_t add(struct engine *engine, const char *name)
{
	uint64_t account = 0;
	assert_int_equal(auth_directory_add(engine, view_of_string(name), &some,
			     1234, NULL, &account),
	    RC_OK);
	return account;
}

static void count_problem(void *context, const char *text)
{
	(void)text;
	++*(int *)context;
}

static int problems(struct engine *engine)
{
	int count = 0;
	assert_int_equal(
	    auth_directory_check(engine, count_problem, &count), RC_OK);
	return count;
}

static void put(struct engine *engine, struct view key, struct view value)
{
	uint64_t version;
	assert_int_equal(
	    engine_version(engine, AUTH_PARTITION, &version), RC_OK);
	struct engine_batch *batch = engine_batch_new(engine);
	engine_batch_put(batch, key, value);
	assert_int_equal(
	    engine_commit(engine, AUTH_PARTITION, version, batch, NULL), RC_OK);
	engine_batch_free(&batch);
}

static void account_numbers_never_come_back(void **state)
{
	struct engine *engine = *state;
	assert_int_equal(add(engine, "one"), 1000);
	assert_int_equal(add(engine, "two"), 1001);
	assert_int_equal(
	    auth_directory_remove(engine, VIEW("TWO"), NULL), RC_OK);
	assert_int_equal(add(engine, "two"), 1002);
	uint64_t account = 7;
	struct fault fault;
	assert_int_equal(
	    auth_directory_add(engine, VIEW("ONE"), &some, 0, &fault, &account),
	    RC_EXISTS);
	assert_string_equal(fault.text, "there is a user \"one\" already");
	assert_int_equal(account, 7);
	assert_int_equal(add(engine, "three"), 1003);
	assert_int_equal(problems(engine), 0);
}

static void a_change_changes_what_it_says_and_no_more(void **state)
{
	struct engine *engine = *state;
	struct auth_name name;
	struct auth_record record;
	add(engine, "User");
	assert_int_equal(
	    auth_directory_set_disabled(engine, VIEW("user"), true, NULL),
	    RC_OK);
	assert_int_equal(auth_directory_set_credentials(
			     engine, VIEW("user"), &other, 0, NULL),
	    RC_OK);
	assert_int_equal(
	    auth_directory_lookup(engine, VIEW("USER"), &name, &record), RC_OK);
	assert_string_equal(name.text, "user");
	assert_true(record.disabled);
	assert_int_equal(record.account, 1000);
	assert_int_equal(record.created, 1234);
	assert_string_equal(record.credentials.hash, other.hash);
	assert_int_equal(
	    auth_directory_set_disabled(engine, VIEW("user"), false, NULL),
	    RC_OK);
	assert_int_equal(
	    auth_directory_lookup(engine, VIEW("user"), &name, &record), RC_OK);
	assert_false(record.disabled);
	assert_string_equal(record.credentials.hash, other.hash);
}

static void a_user_who_is_not_there_is_not_found(void **state)
{
	struct engine *engine = *state;
	struct auth_name name;
	struct auth_record record;
	struct fault fault;
	add(engine, "user");
	assert_int_equal(
	    auth_directory_lookup(engine, VIEW("use"), &name, &record),
	    RC_NOT_FOUND);
	assert_int_equal(
	    auth_directory_remove(engine, VIEW("users"), &fault), RC_NOT_FOUND);
	assert_string_equal(fault.text, "there is no user \"users\"");
	assert_int_equal(
	    auth_directory_set_disabled(engine, VIEW("x"), true, NULL),
	    RC_NOT_FOUND);
	assert_int_equal(
	    auth_directory_set_credentials(engine, VIEW("x"), &other, 0, NULL),
	    RC_NOT_FOUND);
	assert_int_equal(
	    auth_directory_remove(engine, VIEW("a/b"), NULL), RC_INVALID);
}

static void users_are_listed_in_order(void **state)
{
	struct engine *engine = *state;
	static const char *const added[] = {
	    "b", "ab", "a", "a.b", "\u00e9", "A1"};
	static const char *const listed[] = {
	    "a", "a.b", "a1", "ab", "b", "\u00e9"};
	for (size_t i = 0; i < ARRAY_LEN(added); i++)
		add(engine, added[i]);
	unsigned char secret[AUTH_SECRET_LEN];
	assert_int_equal(auth_directory_secret(engine, NULL, secret), RC_OK);
	struct auth_name at = {""};
	struct auth_record record;
	for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
		assert_int_equal(
		    auth_directory_next(engine, &at, &at, &record), RC_OK);
		assert_string_equal(at.text, listed[i]);
	}
	assert_int_equal(
	    auth_directory_next(engine, &at, &at, &record), RC_END);
}

static void the_secret_is_made_once(void **state)
{
	struct engine *engine = *state;
	unsigned char first[AUTH_SECRET_LEN];
	unsigned char second[AUTH_SECRET_LEN];
	static const unsigned char zeroes[AUTH_SECRET_LEN];
	assert_int_equal(auth_directory_secret(engine, NULL, first), RC_OK);
	assert_int_equal(auth_directory_secret(engine, NULL, second), RC_OK);
	assert_memory_equal(first, second, AUTH_SECRET_LEN);
	assert_memory_not_equal(first, zeroes, AUTH_SECRET_LEN);
	put(engine, VIEW("auth/secret"), VIEW("short"));
	assert_int_equal(
	    auth_directory_secret(engine, NULL, second), RC_CORRUPT);
	assert_int_equal(problems(engine), 1);
}

static void damage_is_told_walked_past_and_removable(void **state)
{
	struct engine *engine = *state;
	struct auth_name at = {""};
	struct auth_record record;
	add(engine, "a");
	add(engine, "b");
	add(engine, "c");
	put(engine, VIEW("auth/user/b"), VIEW("\x01garbage"));
	assert_int_equal(problems(engine), 1);
	assert_int_equal(auth_directory_next(engine, &at, &at, &record), RC_OK);
	assert_int_equal(
	    auth_directory_next(engine, &at, &at, &record), RC_CORRUPT);
	assert_string_equal(at.text, "b");
	assert_int_equal(auth_directory_next(engine, &at, &at, &record), RC_OK);
	assert_string_equal(at.text, "c");
	assert_int_equal(
	    auth_directory_lookup(engine, VIEW("b"), &at, &record), RC_CORRUPT);
	assert_int_equal(
	    auth_directory_set_disabled(engine, VIEW("b"), true, NULL),
	    RC_CORRUPT);
	uint64_t account;
	assert_int_equal(
	    auth_directory_add(engine, VIEW("b"), &some, 0, NULL, &account),
	    RC_EXISTS);
	assert_int_equal(auth_directory_remove(engine, VIEW("b"), NULL), RC_OK);
	assert_int_equal(problems(engine), 0);
}

static void a_check_finds_numbers_given_twice_or_never(void **state)
{
	struct engine *engine = *state;
	add(engine, "a");
	struct auth_record record = {.account = 1000};
	struct buf bytes;
	buf_init(&bytes, 1000);
	auth_record_encode(&record, &bytes);
	put(engine, VIEW("auth/user/b"), buf_view(&bytes));
	assert_int_equal(problems(engine), 1); // two users share a number
	buf_reset(&bytes);
	record.account = 1001;
	auth_record_encode(&record, &bytes);
	put(engine, VIEW("auth/user/b"), buf_view(&bytes));
	assert_int_equal(problems(engine), 1); // a number not given out yet
	put(engine, VIEW("auth/user/B"), buf_view(&bytes));
	assert_int_equal(problems(engine), 2); // a name that is not prepared
	put(engine, VIEW("auth/next"), VIEW("?"));
	put(engine, VIEW("auth/what"), VIEW("?"));
	assert_int_equal(problems(engine), 3); // 1001 could be given out again
	buf_done(&bytes);
}

static void assert_same_keys(const struct auth_credentials *a,
    const struct auth_credentials *b, enum auth_digest digest)
{
	const struct auth_scram_keys *keys_a = &a->scram[digest];
	const struct auth_scram_keys *keys_b = &b->scram[digest];
	assert_true(keys_a->iterations > 0);
	assert_int_equal(keys_a->iterations, keys_b->iterations);
	assert_int_equal(keys_a->salt_len, keys_b->salt_len);
	assert_memory_equal(keys_a->salt, keys_b->salt, keys_a->salt_len);
	size_t len = auth_digest_len(digest);
	assert_memory_equal(keys_a->stored_key, keys_b->stored_key, len);
	assert_memory_equal(keys_a->server_key, keys_b->server_key, len);
}

static void records_come_back_as_they_went(void **state)
{
	(void)state;
	static const struct auth_hashing hashing = {
	    .cost = 1, .scram_sha1 = true};
	struct auth_record record = {
	    .account = UINT64_MAX, .created = -5, .disabled = true};
	assert_int_equal(auth_credentials_make(
			     &hashing, VIEW("x"), NULL, &record.credentials),
	    RC_OK);
	struct buf bytes;
	buf_init(&bytes, 4096);
	auth_record_encode(&record, &bytes);
	struct auth_record back;
	assert_int_equal(auth_record_decode(buf_view(&bytes), &back), RC_OK);
	assert_same_keys(&back.credentials, &record.credentials, AUTH_SHA256);
	assert_same_keys(&back.credentials, &record.credentials, AUTH_SHA1);
	assert_string_equal(back.credentials.hash, record.credentials.hash);
	assert_true(back.account == UINT64_MAX && back.created == -5);
	assert_true(back.disabled);
	// A record that is cut short is refused, except after a complete set of
	// keys.
	size_t whole = 0;
	for (size_t len = 0; len < bytes.len; len++) {
		struct view cut = view_slice(buf_view(&bytes), 0, len);
		whole += auth_record_decode(cut, &back) == RC_OK;
	}
	assert_int_equal(whole, 2);
	bytes.ptr[0] = 4; // an unknown, later version
	assert_int_equal(
	    auth_record_decode(buf_view(&bytes), &back), RC_CORRUPT);
	// A record has one form: with an epoch it has version 2.
	buf_reset(&bytes);
	record.epoch = 7;
	auth_record_encode(&record, &bytes);
	assert_int_equal(bytes.ptr[0], 2);
	assert_int_equal(auth_record_decode(buf_view(&bytes), &back), RC_OK);
	assert_true(back.epoch == 7 && back.account == UINT64_MAX);
	memset(bytes.ptr + 18, 0, 8); // the epoch
	assert_int_equal(
	    auth_record_decode(buf_view(&bytes), &back), RC_CORRUPT);
	// And with a second factor version 3.
	assert_false(back.second);
	buf_reset(&bytes);
	record.second = true;
	auth_record_encode(&record, &bytes);
	assert_int_equal(bytes.ptr[0], 3);
	assert_int_equal(auth_record_decode(buf_view(&bytes), &back), RC_OK);
	assert_true(back.second && back.disabled && back.epoch == 7);
	bytes.ptr[1] ^= 2;
	assert_int_equal(
	    auth_record_decode(buf_view(&bytes), &back), RC_CORRUPT);
	bytes.ptr[1] ^= 2;
	bytes.ptr[0] = 2;
	assert_int_equal(
	    auth_record_decode(buf_view(&bytes), &back), RC_CORRUPT);
	buf_done(&bytes);
}

// ---- Threads ---------------------------------------------------------------

#define THREADS 4
#define EACH    25

struct adder {
	struct engine *engine;
	int number;
	int failures;
	bool seen[THREADS * EACH];
	unsigned char secret[AUTH_SECRET_LEN];
};

static void *add_many(void *context)
{
	struct adder *adder = context;
	if (auth_directory_secret(adder->engine, NULL, adder->secret) != RC_OK)
		adder->failures++;
	for (int i = 0; i < EACH; i++) {
		char name[32];
		uint64_t account;
		snprintf(name, sizeof(name), "u%d.%d", adder->number, i);
		if (auth_directory_add(adder->engine, view_of_string(name),
			&some, 0, NULL, &account) == RC_OK &&
		    account < 1000 + THREADS * EACH)
			adder->seen[account - 1000] = true;
		else
			adder->failures++;
	}
	return NULL;
}

static void users_added_at_once_get_numbers_of_their_own(void **state)
{
	struct adder adders[THREADS] = {0};
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		adders[i].engine = *state;
		adders[i].number = i;
		assert_int_equal(
		    pthread_create(&threads[i], NULL, add_many, &adders[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(adders[i].failures, 0);
		assert_memory_equal(
		    adders[i].secret, adders[0].secret, AUTH_SECRET_LEN);
	}
	for (int account = 0; account < THREADS * EACH; account++) {
		int owners = 0;
		for (int i = 0; i < THREADS; i++)
			owners += adders[i].seen[account];
		assert_int_equal(owners, 1);
	}
	assert_int_equal(problems(*state), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(account_numbers_never_come_back),
	    TEST(a_change_changes_what_it_says_and_no_more),
	    TEST(a_user_who_is_not_there_is_not_found),
	    TEST(users_are_listed_in_order),
	    TEST(the_secret_is_made_once),
	    TEST(damage_is_told_walked_past_and_removable),
	    TEST(a_check_finds_numbers_given_twice_or_never),
	    TEST(records_come_back_as_they_went),
	    TEST(users_added_at_once_get_numbers_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
