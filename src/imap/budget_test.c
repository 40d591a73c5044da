// SPDX-License-Identifier: Apache-2.0
// What a session holds, and how long it goes on without a pause.
#include "base/test.h"
#include "imap/impl.h"
#include "imap/rig.h"

#define SESSION_MAX 1024 // bytes of an idle one, the view aside

static void test_idle_session_holds_no_buffer(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	const struct imap_session *session = client.session;
	assert_true(sizeof(*session) + strlen(RIG_USER) +
			strlen(session->base.peer_address) + 64 <
		    SESSION_MAX);
	rig_say(&client, VIEW("a SELECT INBOX\r\nb NOOP\r\n"));
	assert_null(session->command);
	assert_null(session->reader.text.ptr);
	rig_say(&client, VIEW("c IDLE\r\n"));
	assert_null(session->command);
	assert_null(session->reader.text.ptr);
	assert_non_null(session->idle_tag);
	rig_disconnect(&client);
	rig_done(&rig);
}

#define MAILBOXES 5000

static void create_many(struct rig *rig)
{
	struct fault fault;
	struct store_account *account;
	assert_int_equal(store_account_open(rig->store,
			     rig->base.users->user.account, &fault, &account),
	    RC_OK);
	for (int i = 0; i < MAILBOXES; i++) {
		char name[64];
		uint64_t id;
		int len =
		    snprintf(name, sizeof(name), "many/of a long name/%d", i);
		assert_int_equal(
		    store_mailbox_create(&store_system, account,
			view_of(name, (size_t)len), 0, &fault, &id),
		    RC_OK);
	}
	store_account_close(&account);
}

static size_t count_lines(struct view text, struct view beginning)
{
	size_t count = 0;
	struct view line;
	while (view_split(&text, '\n', &line))
		count += view_starts_with(line, beginning);
	return count;
}

static void test_long_list_pauses_for_the_reader(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	create_many(&rig);
	rig_connect(&rig, true, &client);
	size_t before = client.pauses;
	rig_say(&client, VIEW("a LIST \"\" *\r\nb NOOP\r\n"));
	assert_true(client.pauses > before + 1);
	assert_true(client.longest < NET_OUTPUT_HIGH + 4096);
	// With INBOX and its five companions, and the two levels above.
	assert_int_equal(
	    count_lines(buf_view(&client.out), VIEW("* LIST ")), MAILBOXES + 8);
	assert_int_equal(count_lines(buf_view(&client.out), VIEW("b OK ")), 1);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void test_pipelined_commands_pause_between_each_other(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf input;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	buf_init(&input, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_add_literal(&input, "a CAPABILITY\r\n");
	rig_say(&client, buf_view(&input));
	assert_true(client.pauses > 1);
	assert_true(client.longest < NET_OUTPUT_HIGH + 4096);
	assert_int_equal(
	    count_lines(buf_view(&client.out), VIEW("a OK")), 1000);
	buf_done(&input);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void test_late_wake_does_not_compress_again(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	rig_say(&client, VIEW("a COMPRESS DEFLATE\r\n"));
	client.woken = true;
	rig_wake(&client);
	assert_int_equal(client.next, NET_READ);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void test_list_that_finds_nothing_pauses(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	create_many(&rig);
	rig_connect(&rig, true, &client);
	buf_reset(&client.out);
	rig_say(
	    &client, VIEW("a LIST \"\" (*m*a*n*y*x *o*f*x *l*o*n*g*x)\r\n"));
	assert_true(client.pauses > 0);
	assert_view_equal(
	    buf_view(&client.out), VIEW("a OK LIST completed\r\n"));
	// And it finds what there is.
	buf_reset(&client.out);
	rig_say(&client, VIEW("b LIST \"\" (*m*y*/*0 *n*y*x *o*f*x)\r\n"));
	assert_int_equal(count_lines(buf_view(&client.out), VIEW("* LIST ")),
	    MAILBOXES / 10);
	rig_disconnect(&client);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list_that_finds_nothing_pauses),
	    cmocka_unit_test(test_idle_session_holds_no_buffer),
	    cmocka_unit_test(test_late_wake_does_not_compress_again),
	    cmocka_unit_test(test_long_list_pauses_for_the_reader),
	    cmocka_unit_test(test_pipelined_commands_pause_between_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
