// SPDX-License-Identifier: Apache-2.0
// What strangers can do to a server, and who may have to wait for them.
#include "base/test.h"
#include "imap/impl.h"
#include "imap/rig.h"

#define DRAFT_BYTES (80 * 1024)

// All places where passwords are hashed, taken.
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
	    "a LOGIN demo \"demo pass\"\r\n",
	    "a AUTHENTICATE PLAIN AGRlbW8AZGVtbyBwYXNz\r\n",
	    "a AUTHENTICATE PLAIN\r\nAGRlbW8AZGVtbyBwYXNz\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		struct busy busy;
		busy_init(&busy);
		rig_say(&busy.client, view_of_string(logins[i]));
		rig_say(&busy.client, VIEW("b NAMESPACE\r\n"));
		assert_false(busy.client.woken);
		assert_true(busy.client.out.len <= 4); // "+ "
		assert_int_equal(busy.client.next, NET_WAIT);
		rig_hashers_release(&busy.hashers);
		assert_true(busy.client.woken);
		buf_reset(&busy.client.out);
		rig_wake(&busy.client);
		struct view out = buf_view(&busy.client.out);
		assert_true(view_starts_with(out, VIEW("a OK [CAPABILITY ")));
		assert_true(
		    view_ends_with(out, VIEW("b OK NAMESPACE completed\r\n")));
		busy_done(&busy);
	}
}

static void whoever_goes_away_leaves_the_line(void **state)
{
	(void)state;
	struct busy busy;
	struct rig_client gone;
	busy_init(&busy);
	rig_connect(&busy.rig, false, &gone);
	rig_say(&gone, VIEW("a LOGIN demo x\r\n"));
	rig_say(&busy.client, VIEW("a LOGIN demo \"demo pass\"\r\n"));
	rig_disconnect(&gone);
	rig_hashers_release(&busy.hashers);
	assert_true(busy.client.woken);
	rig_wake(&busy.client);
	assert_true(view_starts_with(
	    buf_view(&busy.client.out), VIEW("a OK [CAPABILITY ")));
	busy_done(&busy);
}

// It is not read meanwhile, however much it says, and has its answers then.
static void one_who_waits_is_not_cut_off(void **state)
{
	(void)state;
	struct busy busy;
	busy_init(&busy);
	rig_say(&busy.client, VIEW("a LOGIN demo \"demo pass\"\r\n"));
	for (size_t i = 0; i < NET_WAIT_MAX; i++)
		rig_say(&busy.client, VIEW("b NOOP\r\n"));
	assert_int_equal(busy.client.next, NET_WAIT);
	assert_int_equal(busy.client.out.len, 0);
	rig_hashers_release(&busy.hashers);
	rig_wake(&busy.client);
	assert_int_equal(busy.client.next, NET_READ);
	assert_int_equal(busy.client.in.len, 0);
	busy_done(&busy);
}

// A server that stops says so to one who waits, too.
static void one_who_waits_hears_the_last_words(void **state)
{
	(void)state;
	struct busy busy;
	busy_init(&busy);
	rig_say(&busy.client, VIEW("a LOGIN demo x\r\n"));
	imap_session_ops.shut_down(busy.client.session, &busy.client.out);
	assert_view_equal(buf_view(&busy.client.out),
	    VIEW("* BYE The server is shutting down\r\n"));
	rig_hashers_release(&busy.hashers);
	assert_false(busy.client.woken); // it was out of the line already
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
		rig_say(&client, VIEW("a CAPABILITY\r\n"));
	}
	assert_int_equal(client.next, NET_CLOSE);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void a_stranger_s_time_runs_out_though_he_talk(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, false, &client);
	struct imap_session *session = client.session;
	assert_int_equal(
	    imap_session_ops.timeout(client.session), SESSION_SILENT_SECONDS);
	session->base.since_ms -= (SESSION_STRANGER_SECONDS - 10) * 1000u;
	rig_say(&client, VIEW("a NOOP\r\n"));
	assert_in_range(imap_session_ops.timeout(client.session), 1, 10);
	session->base.since_ms -= 10 * 1000u;
	assert_int_equal(imap_session_ops.timeout(client.session), 1);
	rig_say(&client, VIEW("b"));
	assert_int_equal(client.next, NET_CLOSE);
	assert_true(view_ends_with(
	    buf_view(&client.out), VIEW("* BYE Nobody logged in in time\r\n")));
	rig_disconnect(&client);
	rig_done(&rig);
}

static void many_large_drafts_are_refused_before_they_fill_memory(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	char line[] = "Field: some text\n";
	struct buf body;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	buf_init(&body, DRAFT_BYTES);
	while (body.len < DRAFT_BYTES)
		buf_add(&body, view_slice(view_of_string(line), 0,
				   DRAFT_BYTES - body.len));
	rig_say(&client, VIEW("a APPEND INBOX"));
	unsigned said = 0;
	for (; said < 1000; said++) {
		char announced[32];
		snprintf(
		    announced, sizeof(announced), " {%d}\r\n", DRAFT_BYTES);
		rig_say(&client, view_of_string(announced));
		if (!view_ends_with(buf_view(&client.out), VIEW("+ OK\r\n")))
			break;
		rig_say(&client, buf_view(&body));
	}
	assert_true(view_ends_with(buf_view(&client.out),
	    VIEW("a NO [LIMIT] Too many messages in one command\r\n")));
	assert_in_range(said, 100, 600);
	rig_disconnect(&client);
	buf_done(&body);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_login_waits_for_its_turn_and_so_does_what_follows),
	    cmocka_unit_test(whoever_goes_away_leaves_the_line),
	    cmocka_unit_test(one_who_waits_is_not_cut_off),
	    cmocka_unit_test(one_who_waits_hears_the_last_words),
	    cmocka_unit_test(fifty_commands_without_a_login_are_enough),
	    cmocka_unit_test(a_stranger_s_time_runs_out_though_he_talk),
	    cmocka_unit_test(
		many_large_drafts_are_refused_before_they_fill_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
