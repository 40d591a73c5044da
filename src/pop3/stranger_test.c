// SPDX-License-Identifier: Apache-2.0
// What strangers can do to a server, and which clients have to wait for them.
#include "base/test.h"
#include "pop3/impl.h"
#include "pop3/rig.h"

// Takes all places in which passwords are hashed.
struct busy {
	struct rig rig;
	struct rig_client client;
	struct rig_hashers hashers;
};

static void busy_init(struct busy *busy)
{
	rig_init(&busy->rig, &(struct rig_options){0});
	rig_connect(&busy->rig, false, &busy->client);
	buf_reset(&busy->client.out);
	rig_hashers_take(&busy->hashers, busy->rig.base.users->auth);
}

static void busy_done(struct busy *busy)
{
	rig_disconnect(&busy->client);
	rig_hashers_release(&busy->hashers);
	rig_done(&busy->rig);
}

static void a_login_waits_for_its_turn_and_so_does_what_follows(void **state)
{
	(void)state;
	static const char *const logins[] = {
	    "USER demo\r\nPASS demo pass\r\n",
	    "AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n",
	    "AUTH PLAIN\r\nAGRlbW8AZGVtbyBwYXNz\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		struct busy busy;
		busy_init(&busy);
		rig_say(&busy.client, view_of_string(logins[i]));
		size_t said = busy.client.out.len;
		rig_say(&busy.client, VIEW("STAT\r\n"));
		assert_false(busy.client.woken);
		assert_int_equal(busy.client.out.len, said);
		assert_int_equal(busy.client.next, NET_WAIT);
		rig_hashers_release(&busy.hashers);
		assert_true(busy.client.woken);
		buf_reset(&busy.client.out);
		rig_wake(&busy.client);
		assert_view_equal_row(i, buf_view(&busy.client.out),
		    VIEW("+OK Logged in: 0 messages (0 octets)\r\n"
			 "+OK 0 0\r\n"));
		busy_done(&busy);
	}
}

static void a_client_that_goes_away_leaves_the_line(void **state)
{
	(void)state;
	struct busy busy;
	struct rig_client gone;
	busy_init(&busy);
	rig_connect(&busy.rig, false, &gone);
	rig_say(&gone, VIEW("USER demo\r\nPASS x\r\n"));
	rig_say(&busy.client, VIEW("USER demo\r\nPASS demo pass\r\n"));
	rig_disconnect(&gone);
	rig_hashers_release(&busy.hashers);
	assert_true(busy.client.woken);
	rig_wake(&busy.client);
	assert_true(view_find(buf_view(&busy.client.out),
			VIEW("+OK Logged in")) != SIZE_MAX);
	busy_done(&busy);
}

// Nothing is read from a client that waits, however much it sends; later it
// gets all its answers.
static void a_client_that_waits_is_not_cut_off(void **state)
{
	(void)state;
	struct busy busy;
	busy_init(&busy);
	rig_say(&busy.client, VIEW("USER demo\r\nPASS demo pass\r\n"));
	size_t said = busy.client.out.len;
	for (size_t i = 0; i < NET_WAIT_MAX; i++)
		rig_say(&busy.client, VIEW("NOOP\r\n"));
	assert_int_equal(busy.client.next, NET_WAIT);
	assert_int_equal(busy.client.out.len, said);
	rig_hashers_release(&busy.hashers);
	rig_wake(&busy.client);
	assert_int_equal(busy.client.next, NET_READ);
	assert_int_equal(busy.client.in.len, 0);
	busy_done(&busy);
}

static void fifty_commands_without_a_login_are_enough(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, false, &client);
	for (unsigned i = 0; i < SESSION_STRANGER_COMMANDS_MAX; i++) {
		assert_int_equal(client.next, NET_READ);
		rig_say(&client, VIEW("CAPA\r\n"));
	}
	assert_int_equal(client.next, NET_CLOSE);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void a_stranger_s_time_runs_out_also_while_it_talks(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, false, &client);
	struct pop3_session *session = client.session;
	assert_int_equal(
	    pop3_session_ops.timeout(client.session), SESSION_SILENT_SECONDS);
	session->base.since_ms -= (SESSION_STRANGER_SECONDS - 10) * 1000u;
	rig_say(&client, VIEW("CAPA\r\n"));
	assert_in_range(pop3_session_ops.timeout(client.session), 1, 10);
	session->base.since_ms -= 10 * 1000u;
	assert_int_equal(pop3_session_ops.timeout(client.session), 1);
	buf_reset(&client.out);
	rig_say(&client, VIEW("C"));
	assert_int_equal(client.next, NET_CLOSE);
	assert_int_equal(client.out.len, 0);
	rig_disconnect(&client);
	rig_done(&rig);
}

// RFC 1939 section 3: at least ten minutes, and no word at their end.
static void a_user_has_ten_minutes(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	struct pop3_session *session = client.session;
	assert_in_range(
	    pop3_session_ops.timeout(client.session), 600, UINT32_MAX);
	session->base.since_ms -= SESSION_STRANGER_SECONDS * 1000u;
	assert_in_range(
	    pop3_session_ops.timeout(client.session), 600, UINT32_MAX);
	rig_say(&client, VIEW("NOOP\r\n"));
	assert_int_equal(client.next, NET_READ);
	buf_reset(&client.out);
	pop3_session_ops.timed_out(client.session, &client.out);
	pop3_session_ops.shut_down(client.session, &client.out);
	assert_int_equal(client.out.len, 0);
	rig_disconnect(&client);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_login_waits_for_its_turn_and_so_does_what_follows),
	    cmocka_unit_test(a_client_that_goes_away_leaves_the_line),
	    cmocka_unit_test(a_client_that_waits_is_not_cut_off),
	    cmocka_unit_test(fifty_commands_without_a_login_are_enough),
	    cmocka_unit_test(a_stranger_s_time_runs_out_also_while_it_talks),
	    cmocka_unit_test(a_user_has_ten_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
