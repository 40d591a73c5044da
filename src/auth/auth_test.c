// SPDX-License-Identifier: Apache-2.0
// Log-ins by name and password: which succeed, which fail, and what is
// remembered and logged.
#include <pthread.h>

#include "auth/auth_test_tools.h"

static void the_right_password_and_no_other_lets_in(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *name;
		const char *password;
		enum auth_reason reason;
	} rows[] = {
	    {"user", "pencil", AUTH_REASON_NONE},
	    {"USER", "pencil", AUTH_REASON_NONE},
	    {"user", "pen\u00adcil", AUTH_REASON_NONE}, // SASLprep
	    {"user", "Pencil", AUTH_REASON_PASSWORD},
	    {"user", "", AUTH_REASON_PASSWORD},
	    {"user", "\xff", AUTH_REASON_PASSWORD},
	    {"nobody", "pencil", AUTH_REASON_UNKNOWN_USER},
	    {"a/b", "pencil", AUTH_REASON_UNKNOWN_USER},
	    {"", "", AUTH_REASON_UNKNOWN_USER},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(try(fixture, rows[i].name, rows[i].password),
		    rows[i].reason);
}

static void disabling_and_removing_work_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct engine *engine = fixture->engine;
	assert_int_equal(try(fixture, "user", "pencil"), AUTH_REASON_NONE);
	assert_int_equal(
	    auth_directory_set_disabled(engine, VIEW("user"), true, NULL),
	    RC_OK);
	assert_int_equal(try(fixture, "user", "pencil"), AUTH_REASON_DISABLED);
	assert_int_equal(try(fixture, "user", "x"), AUTH_REASON_PASSWORD);
	assert_int_equal(
	    auth_directory_set_disabled(engine, VIEW("user"), false, NULL),
	    RC_OK);
	assert_int_equal(try(fixture, "user", "pencil"), AUTH_REASON_NONE);
	assert_int_equal(
	    auth_directory_remove(engine, VIEW("user"), NULL), RC_OK);
	assert_int_equal(
	    try(fixture, "user", "pencil"), AUTH_REASON_UNKNOWN_USER);
}

static void without_tls_only_loopback_may_and_only_if_allowed(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *address;
		bool tls;
		bool allowed;
		enum rc rc;
	} rows[] = {
	    {"192.0.2.1", true, false, RC_OK},
	    {"192.0.2.1", false, false, RC_DENIED},
	    {"192.0.2.1", false, true, RC_DENIED},
	    {"127.0.0.1", false, false, RC_DENIED},
	    {"127.0.0.1", false, true, RC_OK},
	    {"127.1.2.3", false, true, RC_OK},
	    {"::1", false, true, RC_OK},
	    {"::ffff:127.0.0.1", false, true, RC_OK},
	    {"::ffff:192.0.2.1", false, true, RC_DENIED},
	    {"::2", false, true, RC_DENIED},
	    {"127.0.0.1.example", false, true, RC_DENIED},
	    {"", false, true, RC_DENIED},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_channel channel = channel_from(rows[i].address);
		channel.tls = rows[i].tls;
		channel.plain_on_loopback = rows[i].allowed;
		struct auth_user user;
		struct auth_verdict verdict;
		assert_int_equal(
		    auth_verify(fixture->auth, &channel, VIEW("user"),
			VIEW("pencil"), &user, &verdict),
		    rows[i].rc);
		assert_string_equal(auth_reason_code(verdict.reason),
		    rows[i].rc == RC_OK ? "" : "PRIVACYREQUIRED");
	}
}

// Puts an entry into the cache that says: `password` is right for the user as
// stored now.
static void plant(struct fixture *fixture, struct view password)
{
	struct auth_name name;
	struct auth_record record;
	struct auth_cache_tag tag;
	assert_int_equal(auth_directory_lookup(
			     fixture->engine, VIEW("user"), &name, &record),
	    RC_OK);
	assert_true(auth_cache_tag(fixture->auth->cache, auth_name_view(&name),
	    view_of_string(record.credentials.hash), password, &tag));
	auth_cache_add(fixture->auth->cache, &tag);
}

static bool remembered(struct fixture *fixture, struct view password)
{
	struct auth_name name;
	struct auth_record record;
	struct auth_cache_tag tag;
	assert_int_equal(auth_directory_lookup(
			     fixture->engine, VIEW("user"), &name, &record),
	    RC_OK);
	return auth_cache_tag(fixture->auth->cache, auth_name_view(&name),
		   view_of_string(record.credentials.hash), password, &tag) &&
	       auth_cache_has(fixture->auth->cache, &tag);
}

static void only_right_passwords_are_remembered(void **state)
{
	struct fixture *fixture = *state;
	assert_false(remembered(fixture, VIEW("pencil")));
	try(fixture, "user", "pencil");
	assert_true(remembered(fixture, VIEW("pencil")));
	try(fixture, "user", "wrong");
	assert_false(remembered(fixture, VIEW("wrong")));
}

static void a_remembered_log_in_ends_with_the_password_it_was_for(void **state)
{
	struct fixture *fixture = *state;
	// If this false entry lets the user in, the answer came from the cache
	// and not from the hash.
	plant(fixture, VIEW("planted"));
	assert_int_equal(try(fixture, "user", "planted"), AUTH_REASON_NONE);
	assert_int_equal(auth_directory_set_disabled(
			     fixture->engine, VIEW("user"), true, NULL),
	    RC_OK);
	assert_int_equal(try(fixture, "user", "planted"), AUTH_REASON_PASSWORD);
	assert_int_equal(auth_directory_set_disabled(
			     fixture->engine, VIEW("user"), false, NULL),
	    RC_OK);
	assert_int_equal(try(fixture, "user", "planted"), AUTH_REASON_NONE);
	// The same password, set again, has another hash, and so another entry.
	assert_int_equal(auth_user_set_password(
			     fixture->auth, VIEW("user"), VIEW("pencil"), NULL),
	    RC_OK);
	assert_int_equal(try(fixture, "user", "planted"), AUTH_REASON_PASSWORD);
	assert_int_equal(try(fixture, "user", "pencil"), AUTH_REASON_NONE);
}

static void a_cache_keeps_the_newest_and_stays_bounded(void **state)
{
	(void)state;
	struct auth_cache *cache = auth_cache_new(64);
	struct auth_cache_tag tags[1000];
	size_t kept = 0;
	for (uint32_t i = 0; i < ARRAY_LEN(tags); i++) {
		assert_true(auth_cache_tag(cache, view_of(&i, sizeof(i)),
		    VIEW("hash"), VIEW("password"), &tags[i]));
		auth_cache_add(cache, &tags[i]);
		assert_true(auth_cache_has(cache, &tags[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		kept += auth_cache_has(cache, &tags[i]);
	assert_true(kept > 32 && kept <= 64);
	struct auth_cache_tag one;
	struct auth_cache_tag other;
	assert_true(
	    auth_cache_tag(cache, VIEW("ab"), VIEW("c"), VIEW("d"), &one));
	assert_true(
	    auth_cache_tag(cache, VIEW("a"), VIEW("bc"), VIEW("d"), &other));
	assert_memory_not_equal(&one, &other, sizeof(one));
	auth_cache_free(&cache);

	cache = auth_cache_new(0);
	assert_false(
	    auth_cache_tag(cache, VIEW("a"), VIEW("b"), VIEW("c"), &one));
	auth_cache_add(cache, &tags[0]);
	assert_false(auth_cache_has(cache, &tags[0]));
	auth_cache_free(&cache);
}

// ---- The log ---------------------------------------------------------------

static void the_log_says_who_and_why_and_no_secret(void **state)
{
	struct fixture *fixture = *state;
	try(fixture, "user", "pencil");
	try(fixture, "user", "hunter2");
	try(fixture, "a \"b\r\nc", "hunter3");
	char text[4096] = "";
	ssize_t len = pread(fixture->log.fd, text, sizeof(text) - 1, 0);
	assert_true(len > 0);
	assert_non_null(strstr(text,
	    "info login session=42 protocol=imap address=127.0.0.1 "
	    "mechanism=password tls=yes user=user account=1000\n"));
	assert_non_null(strstr(text,
	    "info login_new_place session=42 protocol=imap address=127.0.0.1 "
	    "mechanism=password tls=yes user=user\n"));
	assert_non_null(strstr(text,
	    "warn login_failed session=42 protocol=imap address=127.0.0.1 "
	    "reason=wrong-password known=yes mechanism=password tls=yes "
	    "user=user\n"));
	assert_non_null(strstr(text, "user=\"a \\\"b\\x0d\\x0ac\""));
	assert_null(strstr(text, "pencil"));
	assert_null(strstr(text, "hunter"));
	assert_null(strstr(text, "$y$"));
}

static enum rc is_user(
    void *context, struct view name, struct auth_name *ret_name)
{
	(void)context;
	(void)name;
	*ret_name = (struct auth_name){.text = "user"};
	return RC_OK;
}

static void who_comes_under_another_name_is_the_user(void **state)
{
	struct fixture *fixture = *state;
	struct auth_channel channel = channel_from("127.0.0.1");
	struct auth_user user;
	struct auth_verdict verdict;
	auth_set_resolver(
	    fixture->auth, &(struct auth_resolver){is_user, NULL});
	assert_int_equal(auth_verify(fixture->auth, &channel, VIEW("Other@X"),
			     VIEW("pencil"), &user, &verdict),
	    RC_OK);
	assert_string_equal(user.name.text, "user");
	assert_int_equal(user.account, 1000);
	// All names share one entry in the cache.
	assert_true(remembered(fixture, VIEW("pencil")));
	char text[4096] = "";
	assert_true(pread(fixture->log.fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "user=user name=other@x account=1000"));
}

// ---- Threads ---------------------------------------------------------------

struct worker {
	struct fixture *fixture;
	int number;
	int failures;
};

static void *log_in_often(void *context)
{
	struct worker *worker = context;
	struct auth *auth = worker->fixture->auth;
	char name[16];
	char password[16];
	uint64_t account;
	struct auth_channel channel = channel_from("127.0.0.1");
	snprintf(name, sizeof(name), "w%d", worker->number);
	struct view user = view_of_string(name);
	worker->failures +=
	    auth_user_add(auth, user, VIEW("p"), NULL, &account) != RC_OK;
	for (int i = 0; i < 8; i++) {
		struct auth_user found;
		struct auth_verdict verdict;
		snprintf(password, sizeof(password), "p%d", i);
		struct view right = view_of_string(password);
		bool good =
		    auth_user_set_password(auth, user, right, NULL) == RC_OK &&
		    auth_verify(auth, &channel, user, right, &found,
			&verdict) == RC_OK &&
		    auth_verify(auth, &channel, user, right, &found,
			&verdict) == RC_OK &&
		    found.account == account &&
		    auth_verify(auth, &channel, VIEW("user"), VIEW("pencil"),
			&found, &verdict) == RC_OK;
		worker->failures += !good;
	}
	return NULL;
}

static void many_threads_log_in_while_passwords_change(void **state)
{
	struct worker workers[4] = {0};
	pthread_t threads[ARRAY_LEN(workers)];
	for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
		workers[i].fixture = *state;
		workers[i].number = (int)i;
		assert_int_equal(pthread_create(&threads[i], NULL, log_in_often,
				     &workers[i]),
		    0);
	}
	for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
	}
}

static void note_wake(void *context)
{
	*(int *)context += 1;
}

static void passwords_are_hashed_by_few_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct auth *auth = fixture->auth;
	struct auth_turn holders[AUTH_HASHERS_MAX + 1] = {{.state = 0}};
	size_t held = 0;
	while (auth_turn_begin(auth, &holders[held]) == RC_OK)
		held++;
	assert_in_range(held, 1, AUTH_HASHERS_MAX);
	auth_turn_end(auth, &holders[held]); // leaves the line
	int wakes = 0;
	struct auth_turn turn = {.wake = note_wake, .context = &wakes};
	struct auth_channel channel = channel_from("127.0.0.1");
	struct auth_user user;
	struct auth_verdict verdict;
	channel.turn = &turn;
	for (int i = 0; i < 2; i++)
		assert_int_equal(auth_verify(auth, &channel, VIEW("user"),
				     VIEW("pencil"), &user, &verdict),
		    RC_IN_USE);
	auth_turn_end(auth, &holders[0]);
	assert_int_equal(wakes, 1);
	assert_int_equal(auth_turn_begin(auth, &holders[0]), RC_IN_USE);
	auth_turn_end(auth, &holders[0]);
	assert_int_equal(auth_verify(auth, &channel, VIEW("user"),
			     VIEW("pencil"), &user, &verdict),
	    RC_OK);
	// The holder gave its place back, and a log-in from the cache needs no
	// place.
	assert_int_equal(auth_turn_begin(auth, &holders[0]), RC_OK);
	assert_int_equal(auth_verify(auth, &channel, VIEW("user"),
			     VIEW("pencil"), &user, &verdict),
	    RC_OK);
	for (size_t i = 0; i < held; i++)
		auth_turn_end(auth, &holders[i]);
}

static bool same_record(
    const struct auth_record *a, const struct auth_record *b)
{
	struct buf bytes_a, bytes_b;
	buf_init(&bytes_a, 4096);
	buf_init(&bytes_b, 4096);
	auth_record_encode(a, &bytes_a);
	auth_record_encode(b, &bytes_b);
	bool same = view_eq(buf_view(&bytes_a), buf_view(&bytes_b));
	buf_done(&bytes_a);
	buf_done(&bytes_b);
	return same;
}

static void a_log_in_makes_an_imported_hash_todays(void **state)
{
	static const struct {
		const char *stored;
		bool stays;
	} rows[] = {
	    // Only SCRAM keys are added: the hash has today's form.
	    {"$y$j75$uPgOs5hD3AvwGIW8yULj0/"
	     "$1f8rHvLbtShZj60jSstR/pK1xsr9vnnNC86meNCs0u9",
		true},
	    {"{SSHA}0GvZf1RYMDSWePe07L9SeHyvW4phYmNk", false},
	    {"{MD5-CRYPT}$1$abcdefgh$Gqo0dW5ZZwRMuhky6A93q0", false},
	    {"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
	     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
	     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		false},
	};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct auth_record before, record;
		struct auth_name name;
		uint64_t account;
		char user[16];
		snprintf(user, sizeof(user), "moved%zu", i);
		struct view moved = view_of_string(user);
		assert_int_equal(
		    auth_user_add_stored(fixture->auth, moved,
			view_of_string(rows[i].stored), NULL, &account),
		    RC_OK);
		assert_int_equal(auth_directory_lookup(
				     fixture->engine, moved, &name, &before),
		    RC_OK);
		assert_int_equal(
		    try(fixture, user, "wrong"), AUTH_REASON_PASSWORD);
		assert_int_equal(auth_directory_lookup(
				     fixture->engine, moved, &name, &record),
		    RC_OK);
		assert_true(same_record(&record, &before));
		assert_int_equal(
		    try(fixture, user, "pencil"), AUTH_REASON_NONE);
		assert_int_equal(auth_directory_lookup(
				     fixture->engine, moved, &name, &record),
		    RC_OK);
		assert_int_equal(strcmp(record.credentials.hash,
				     before.credentials.hash) == 0,
		    rows[i].stays);
		assert_true(auth_credentials_are_todays(&record.credentials));
		struct auth_scram_keys keys =
		    record.credentials.scram[AUTH_SHA256];
		assert_true(keys.iterations >= AUTH_SCRAM_ITERATIONS_MIN);
		assert_int_equal(
		    auth_scram_derive(AUTH_SHA256, VIEW("pencil"), &keys),
		    RC_OK);
		assert_memory_equal(keys.stored_key,
		    record.credentials.scram[AUTH_SHA256].stored_key, 32);
		assert_int_equal(
		    try(fixture, user, "pencil"), AUTH_REASON_NONE);
		// A password that was changed meanwhile is not overwritten.
		assert_int_equal(auth_directory_renew(fixture->engine, moved,
				     "$y$", &before.credentials, NULL),
		    RC_GONE);
	}
}

// ---- SCRAM's rounds --------------------------------------------------------

static struct auth_scram_keys keys_of(struct fixture *fixture, const char *user)
{
	struct auth_name name;
	struct auth_record record;
	assert_int_equal(auth_directory_lookup(fixture->engine,
			     view_of_string(user), &name, &record),
	    RC_OK);
	return record.credentials.scram[AUTH_SHA256];
}

static void log_in_gives_keys_the_rounds_that_are_set(void **state)
{
	static const struct {
		uint32_t set;
		uint32_t kept;
	} rows[] = {{4096, 4096}, {5000, 5000}, {4500, 5000}, {5001, 5001}};
	struct fixture *fixture = *state;
	struct auth_settings changed = settings;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		changed.hashing.scram_iterations = rows[i].set;
		auth_free(&fixture->auth);
		assert_int_equal(auth_new(fixture->engine, &changed,
				     &fixture->log, NULL, NULL, &fixture->auth),
		    RC_OK);
		// A wrong password changes nothing.
		uint32_t before = keys_of(fixture, "user").iterations;
		assert_int_equal(
		    try(fixture, "user", "wrong"), AUTH_REASON_PASSWORD);
		assert_int_equal(keys_of(fixture, "user").iterations, before);
		// The second time the password is in the cache.
		for (int again = 0; again < 2; again++)
			assert_int_equal(
			    try(fixture, "user", "pencil"), AUTH_REASON_NONE);
		struct auth_scram_keys keys = keys_of(fixture, "user");
		assert_int_equal(keys.iterations, rows[i].kept);
		struct auth_scram_keys again = keys;
		assert_int_equal(
		    auth_scram_derive(AUTH_SHA256, VIEW("pencil"), &again),
		    RC_OK);
		assert_memory_equal(keys.stored_key, again.stored_key, 32);
	}
}

// Names of nobody have old rounds as often as users have, and each of them
// changes at most once.
static void names_of_nobody_have_the_rounds_of_users(void **state)
{
	struct fixture *fixture = *state;
	struct auth_rounds *rounds = fixture->auth->rounds;
	uint32_t last[1000];
	uint64_t account;
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		assert_int_equal(auth_rounds_pick(rounds, AUTH_SHA256,
				     (uint32_t)(i << 22), 9999),
		    9999); // nothing was counted yet
	memset(last, 0, sizeof(last));
	for (int new_ones = 0; new_ones < 4; new_ones++) {
		size_t old_rounds = 0;
		auth_rounds_count(rounds, fixture->engine);
		for (size_t i = 0; i < ARRAY_LEN(last); i++) {
			uint32_t picked = auth_rounds_pick(rounds, AUTH_SHA256,
			    (uint32_t)(i * (UINT32_MAX / ARRAY_LEN(last))),
			    9999);
			assert_true(picked >= last[i]);
			last[i] = picked;
			old_rounds += picked == 4096;
		}
		size_t wanted = ARRAY_LEN(last) / (size_t)(1 + new_ones);
		assert_in_range(old_rounds, wanted - 2, wanted + 2);
		struct auth_credentials credentials = {.hash = "$y$x",
		    .scram[AUTH_SHA256] = {
			.iterations = 5000, .salt_len = AUTH_SCRAM_SALT}};
		char name[16];
		snprintf(name, sizeof(name), "new%d", new_ones);
		assert_int_equal(
		    auth_directory_add(fixture->engine, view_of_string(name),
			&credentials, 0, NULL, &account),
		    RC_OK);
	}
	assert_int_equal(auth_rounds_pick(rounds, AUTH_SHA1, 77, 9999), 9999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_right_password_and_no_other_lets_in),
	    TEST(disabling_and_removing_work_at_once),
	    TEST(without_tls_only_loopback_may_and_only_if_allowed),
	    TEST(only_right_passwords_are_remembered),
	    TEST(a_remembered_log_in_ends_with_the_password_it_was_for),
	    cmocka_unit_test(a_cache_keeps_the_newest_and_stays_bounded),
	    TEST(who_comes_under_another_name_is_the_user),
	    TEST(the_log_says_who_and_why_and_no_secret),
	    TEST(passwords_are_hashed_by_few_at_a_time),
	    TEST(a_log_in_makes_an_imported_hash_todays),
	    TEST(log_in_gives_keys_the_rounds_that_are_set),
	    TEST(names_of_nobody_have_the_rounds_of_users),
	    TEST(many_threads_log_in_while_passwords_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
