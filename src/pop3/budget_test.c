// SPDX-License-Identifier: Apache-2.0
// How much memory a session holds, and how much it sends without a pause.
#include "base/test.h"
#include "pop3/impl.h"
#include "pop3/rig.h"

#define SESSION_MAX 512 // bytes of an idle session without its maildrop
#define BIG         ((size_t)3 << 20)
#define MESSAGES    20000

// Most output of one call: the limit, and a piece of 64 KiB, which at worst
// becomes twice as long.
#define LONGEST (NET_OUTPUT_HIGH + (size_t)128 * 1024 + 4096)

static void an_idle_session_holds_no_buffer(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	const struct pop3_session *session = client.session;
	assert_true(sizeof(*session) + strlen(RIG_USER) +
			strlen(session->base.peer_address) <
		    SESSION_MAX);
	rig_say(&client, VIEW("STAT\r\nUIDL\r\nNOO"));
	assert_null(session->command);
	assert_null(session->name);
	assert_int_equal(client.in.len, 3); // it stays with the network
	rig_disconnect(&client);
	rig_done(&rig);
}

// Makes lines, many of which begin with ".", and some of which end with LF
// alone.
static void make_big(struct buf *message)
{
	buf_init(message, BIG + 100);
	buf_add_literal(message, "Subject: big\r\n\r\n");
	for (unsigned i = 0; message->len < BIG; i++)
		buf_printf(message, "%sline %u%s", i % 3 ? "" : ".", i,
		    i % 5 ? "\r\n" : "\n");
}

// Makes the expected output.
static void make_expected(struct view message, struct buf *out)
{
	struct view line;
	size_t octets = message.len;
	struct buf lines;
	buf_init(&lines, 2 * BIG);
	while (view_split(&message, '\n', &line)) {
		bool cr = view_ends_with(line, VIEW("\r"));
		octets += !cr;
		line.len -= cr;
		buf_add_string(&lines, line.ptr[0] == '.' ? "." : "");
		buf_add(&lines, line);
		buf_add_literal(&lines, "\r\n");
	}
	buf_init(out, 2 * BIG);
	buf_printf(out, "+OK %zu octets follow\r\n", octets);
	buf_add(out, buf_view(&lines));
	buf_add_literal(out, ".\r\n");
	buf_done(&lines);
}

static void a_big_message_streams(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf message, expected;
	rig_init(&rig, &(struct rig_options){0});
	make_big(&message);
	make_expected(buf_view(&message), &expected);
	rig_put(&rig, buf_view(&message));
	rig_connect(&rig, true, &client);
	buf_reset(&client.out);
	rig_say(&client, VIEW("RETR 1\r\n"));
	assert_view_equal(buf_view(&client.out), buf_view(&expected));
	assert_true(client.pauses > 10);
	assert_true(client.longest < LONGEST);
	buf_reset(&client.out);
	client.pauses = 0;
	rig_say(&client, VIEW("TOP 1 1\r\n"));
	assert_view_equal(buf_view(&client.out),
	    VIEW("+OK Header and lines follow\r\nSubject: big\r\n\r\n"
		 "..line 0\r\n.\r\n"));
	assert_int_equal(client.pauses, 0);
	buf_done(&message);
	buf_done(&expected);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void a_message_deleted_while_it_is_sent_comes_whole(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf message, expected, out;
	size_t taken;
	rig_init(&rig, &(struct rig_options){0});
	make_big(&message);
	make_expected(buf_view(&message), &expected);
	rig_put(&rig, buf_view(&message));
	rig_connect(&rig, true, &client);
	buf_init(&out, 4 * BIG);
	assert_int_equal(pop3_session_ops.input(
			     client.session, VIEW("RETR 1\r\n"), &out, &taken),
	    NET_DRAIN);
	rig_expunge(&rig, 1);
	enum net_next next;
	struct buf step;
	do {
		buf_init(&step, NET_OUTPUT_MAX);
		next = pop3_session_ops.resume(client.session, &step);
		buf_add(&out, buf_view(&step));
		buf_done(&step);
	} while (next == NET_DRAIN);
	assert_int_equal(next, NET_READ);
	assert_view_equal(buf_view(&out), buf_view(&expected));
	buf_done(&out);
	buf_done(&message);
	buf_done(&expected);
	rig_disconnect(&client);
	rig_done(&rig);
}

// Its bytes are deleted before they are sent, so there must be no final ".".
static void a_message_that_cannot_be_ended_ends_the_session(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf message, out;
	size_t taken;
	uint64_t swept;
	rig_init(&rig, &(struct rig_options){0});
	make_big(&message);
	rig_put(&rig, buf_view(&message));
	rig_connect(&rig, true, &client);
	buf_init(&out, 4 * BIG);
	assert_int_equal(pop3_session_ops.input(
			     client.session, VIEW("RETR 1\r\n"), &out, &taken),
	    NET_DRAIN);
	rig_expunge(&rig, 1);
	assert_int_equal(
	    engine_content_sweep(rig.engine, INT64_MAX, 0, &swept), RC_OK);
	assert_int_equal(swept, 1);
	size_t sent = out.len;
	assert_int_equal(
	    pop3_session_ops.resume(client.session, &out), NET_CLOSE);
	assert_true(out.len >= sent);
	assert_false(view_ends_with(buf_view(&out), VIEW("\r\n.\r\n")));
	buf_done(&out);
	buf_done(&message);
	rig_disconnect(&client);
	rig_done(&rig);
}

static size_t count_lines(struct view text)
{
	size_t count = 0;
	struct view line;
	while (view_split(&text, '\n', &line))
		count++;
	return count;
}

static void long_lists_pause_for_the_reader(void **state)
{
	(void)state;
	static const char *const commands[] = {"LIST\r\n", "UIDL\r\n"};
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	for (int i = 0; i < MESSAGES; i++)
		rig_put(&rig, VIEW("a: b\r\n\r\n"));
	rig_connect(&rig, true, &client);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		buf_reset(&client.out);
		client.pauses = 0;
		rig_say(&client, view_of_string(commands[i]));
		assert_int_equal(
		    count_lines(buf_view(&client.out)), MESSAGES + 2);
		assert_true(client.pauses > 0);
		assert_true(client.longest < NET_OUTPUT_HIGH + 4096);
	}
	// The cost does not depend on the order in which messages are deleted.
	struct buf input;
	buf_init(&input, 1 << 20);
	for (int i = MESSAGES; i > 0; i -= 2)
		buf_printf(&input, "DELE %d\r\n", i);
	rig_say(&client, buf_view(&input));
	buf_reset(&client.out);
	rig_say(&client, VIEW("QUIT\r\n"));
	assert_view_equal(
	    buf_view(&client.out), VIEW("+OK Bye, 10000 deleted\r\n"));
	buf_done(&input);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void pipelined_commands_pause_between_each_other(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf input;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	buf_init(&input, 1 << 20);
	for (int i = 0; i < 2000; i++)
		buf_add_literal(&input, "CAPA\r\n");
	rig_say(&client, buf_view(&input));
	assert_true(client.pauses > 1);
	assert_true(client.longest < NET_OUTPUT_HIGH + 4096);
	rig_disconnect(&client);
	buf_done(&input);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_idle_session_holds_no_buffer),
	    cmocka_unit_test(a_big_message_streams),
	    cmocka_unit_test(a_message_deleted_while_it_is_sent_comes_whole),
	    cmocka_unit_test(a_message_that_cannot_be_ended_ends_the_session),
	    cmocka_unit_test(long_lists_pause_for_the_reader),
	    cmocka_unit_test(pipelined_commands_pause_between_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
