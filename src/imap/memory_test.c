// SPDX-License-Identifier: Apache-2.0
// What a session says that it holds, and what is refused when the server's
// memory is short.
#include "base/budget.h"
#include "base/test.h"
#include "imap/rig.h"

#define LIMIT ((size_t)1000 << 20) // of the budget

// What is answered when so many thousandths of the limit are used.
static const struct {
	unsigned used;
	const char *say;
	const char *answer;
} rows[] = {
    {899, "a SEARCH TEXT mine", "a OK"},
    {899, "a SORT (DATE) UTF-8 ALL", "a OK"},
    {899, "a THREAD REFERENCES UTF-8 ALL", "a OK"},
    {901, "a SEARCH TEXT mine", "a NO [LIMIT]"},
    {901, "a UID SEARCH ALL", "a NO [LIMIT]"},
    {901, "a SORT (DATE) UTF-8 ALL", "a NO [LIMIT]"},
    {901, "a THREAD REFERENCES UTF-8 ALL", "a NO [LIMIT]"},
    {949, "a APPEND INBOX {3+}\r\nabc", "a OK [APPENDUID"},
    {951, "a APPEND INBOX {3+}\r\nabc", "a NO [LIMIT]"},
    {951, "a APPEND INBOX {3}", "a NO [LIMIT]"},
    {951, "a REPLACE 1 INBOX {3+}\r\nabc", "a NO [LIMIT]"},
    // What frees memory or disk, and what is small, goes on.
    {999, "a FETCH 1 BODY[]", "* 1 FETCH"},
    {999, "a STORE 1 +FLAGS.SILENT (\\Deleted)", "a OK"},
    {999, "a EXPUNGE", "* 1 EXPUNGE"},
    {999, "a NOOP", "a OK"},
    {999, "a LOGOUT", "* BYE"},
};

static void test_what_is_refused_when_memory_is_short(void **state)
{
	(void)state;
	struct rig_users users;
	rig_users_init(&users);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig rig;
		struct rig_client client;
		struct budget budget;
		budget_init(&budget, LIMIT);
		rig_init(&rig, &(struct rig_options){.users = &users});
		rig.server.base.budget = &budget;
		rig_connect(&rig, true, &client);
		rig_say(
		    &client, VIEW("s APPEND INBOX (\\Deleted) {4+}\r\nmine\r\n"
				  "s SELECT INBOX\r\n"));
		buf_reset(&client.out);
		budget_measured(&budget, LIMIT / 1000 * rows[i].used);
		rig_say(&client, view_of_string(rows[i].say));
		rig_say(&client, VIEW("\r\n"));
		if (view_find(buf_view(&client.out),
			view_of_string(rows[i].answer)) == SIZE_MAX)
			fail_msg("row %zu: %.*s", i,
			    VIEW_FMT(buf_view(&client.out)));
		// When there is memory again, the session goes on.
		budget_measured(&budget, 0);
		buf_reset(&client.out);
		rig_say(&client, VIEW("z SEARCH ALL\r\n"));
		assert_int_equal(client.next == NET_CLOSE,
		    strcmp(rows[i].answer, "* BYE") == 0);
		if (client.next != NET_CLOSE)
			assert_true(view_ends_with(buf_view(&client.out),
			    VIEW("z OK Search completed\r\n")));
		rig_disconnect(&client);
		rig_done(&rig);
	}
	rig_users_done(&users);
}

// ---- What is held ----------------------------------------------------------

static size_t held(const struct rig_client *client)
{
	return client->ops->memory(client->session);
}

static void say_many(struct rig_client *client, size_t count)
{
	struct buf bytes;
	buf_init(&bytes, count);
	for (size_t i = 0; i < count; i++)
		buf_add_char(&bytes, 'x');
	rig_say(client, buf_view(&bytes));
	buf_done(&bytes);
}

static void test_what_a_session_says_that_it_holds(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){.message_max = 10000000});
	rig_connect(&rig, true, &client);
	size_t idle = held(&client);
	assert_in_range(idle, 1, 2000);
	// A line without an end is held whole.
	rig_say(&client, VIEW("a SELECT "));
	say_many(&client, 20000);
	assert_in_range(held(&client), idle + 20000, idle + 100000);
	rig_say(&client, VIEW("\r\n"));
	assert_int_equal(held(&client), idle);
	// A literal too, but not that of APPEND: of a message only the first
	// bytes and one piece are in memory, however long it is.
	rig_say(&client, VIEW("b SELECT {20000+}\r\n"));
	say_many(&client, 10000);
	assert_in_range(held(&client), idle + 10000, idle + 100000);
	say_many(&client, 10000);
	rig_say(&client, VIEW("\r\n"));
	assert_int_equal(held(&client), idle);
	rig_say(&client, VIEW("c APPEND INBOX {4000000+}\r\n"));
	say_many(&client, 15000);
	assert_in_range(held(&client), idle + 15000, idle + 200000);
	say_many(&client, 3000000);
	assert_in_range(held(&client), idle + 15000, idle + 400000);
	say_many(&client, 4000000 - 3015000);
	// The next message of the same command is added to it.
	size_t one = held(&client);
	assert_in_range(one, idle + 15000, idle + 400000);
	rig_say(&client, VIEW(" {20000+}\r\n"));
	say_many(&client, 15000);
	assert_in_range(held(&client), one + 15000, one + 400000);
	say_many(&client, 5000);
	buf_reset(&client.out);
	rig_say(&client, VIEW("\r\n"));
	assert_true(
	    view_starts_with(buf_view(&client.out), VIEW("c OK [APPENDUID ")));
	assert_int_equal(held(&client), idle);
	rig_disconnect(&client);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_refused_when_memory_is_short),
	    cmocka_unit_test(test_what_a_session_says_that_it_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
