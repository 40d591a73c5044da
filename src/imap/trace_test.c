// SPDX-License-Identifier: Apache-2.0
// The protocol trace shows what goes to and fro, and never a secret.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/rig.h"

static bool wants_all(void *context, struct view user)
{
	(void)context, (void)user;
	return true;
}

static void collect(void *context, uint64_t session_id, struct view user,
    bool from_client, struct view line)
{
	struct buf *lines = context;
	(void)session_id, (void)user;
	buf_add_string(lines, from_client ? "C: " : "S: ");
	buf_add(lines, line);
	buf_add_char(lines, '\n');
}

struct traced {
	struct rig rig;
	struct rig_client client;
	struct net_trace trace;
	struct buf lines;
};

static void traced_init(struct traced *traced, bool logged_in)
{
	rig_init(&traced->rig, &(struct rig_options){0});
	buf_init(&traced->lines, 1 << 20);
	traced->trace = (struct net_trace){
	    .wants = wants_all, .line = collect, .context = &traced->lines};
	traced->rig.server.trace = &traced->trace;
	rig_connect(&traced->rig, logged_in, &traced->client);
	buf_reset(&traced->lines);
}

static void traced_done(struct traced *traced)
{
	rig_disconnect(&traced->client);
	rig_done(&traced->rig);
	buf_done(&traced->lines);
}

static void expect_trace(
    bool logged_in, size_t piece, struct view said, const char *expected)
{
	struct traced traced;
	traced_init(&traced, logged_in);
	traced.client.piece = piece;
	rig_say(&traced.client, said);
	buf_add_char(&traced.lines, '\0');
	assert_string_equal(traced.lines.ptr, expected);
	traced_done(&traced);
}

static const struct {
	bool logged_in;
	const char *said;
	const char *trace;
} traces[] = {
    {true, "a NOOP\r\n", "C: a NOOP\nS: a OK NOOP completed\n"},
    {true, "a APPEND INBOX {6+}\r\nsecret (\\Seen) {6}\r\nsecret\r\n",
	"C: a APPEND INBOX \n"
	"C:  (\\Seen) \n"
	"S: + OK\n"
	"S: a OK [APPENDUID 1700000000 1:2] APPEND completed\n"},
    {true, "a CREATE {3+}\r\nabc\r\nb IDLE\r\nDONE\r\n",
	"C: a CREATE {3+}\n"
	"S: a OK [MAILBOXID (M7)] CREATE completed\n"
	"C: b IDLE\nS: + idling\nC: DONE\nS: b OK IDLE completed\n"},
    {false, "a LOGIN demo hunter2\r\n",
	"C: a LOGIN \nC: (secret)\n"
	"S: (tag) NO [AUTHENTICATIONFAILED] Authentication failed\n"},
    {false, "a LOGIN demo {7+}\r\nhunter2\r\n",
	"C: a LOGIN \nC: (secret)\n"
	"S: (tag) NO [AUTHENTICATIONFAILED] Authentication failed\n"},
    {false, "a LOGIN demo hunter2 hunter2\r\n",
	"C: a LOGIN \nC: (secret)\n"
	"S: (tag) BAD Expected the end of the command at column 21\n"},
    {false, "a AUTHENTICATE PLAIN AGRlbW8AaHVudGVyMg==\r\n",
	"C: a AUTHENTICATE \nC: (secret)\n"
	"S: (tag) NO [AUTHENTICATIONFAILED] Authentication failed\n"},
    {false, "a AUTHENTICATE PLAIN\r\nAGRlbW8AaHVudGVyMg==\r\n",
	"C: a AUTHENTICATE \nC: (secret)\nS: + \nC: (secret)\n"
	"S: (tag) NO [AUTHENTICATIONFAILED] Authentication failed\n"},
    // A password typed into the void.
    {false, "hunter2\r\nhunter2 hunter2\r\n",
	"C: (not a known command)\n"
	"S: (tag) BAD Expected a space at column 8, where the command ends\n"
	"C: (not a known command)\n"
	"S: (tag) BAD Unknown command\n"},
};

static void test_trace_shows_lines_and_no_secrets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		struct view said = view_of_string(traces[i].said);
		expect_trace(traces[i].logged_in, 0, said, traces[i].trace);
		expect_trace(traces[i].logged_in, 1, said, traces[i].trace);
	}
}

static void test_trace_of_a_fetch_leaves_out_the_message(void **state)
{
	(void)state;
	struct traced traced;
	traced_init(&traced, true);
	rig_say(&traced.client,
	    VIEW("a APPEND INBOX {9+}\r\nprivate\r\n\r\nb SELECT INBOX\r\n"));
	buf_reset(&traced.lines);
	rig_say(&traced.client, VIEW("c FETCH 1 BODY.PEEK[]\r\n"));
	buf_add_char(&traced.lines, '\0');
	assert_string_equal(traced.lines.ptr, "C: c FETCH 1 BODY.PEEK[]\n"
					      "S: * 1 FETCH (BODY[] {9}\n"
					      "S: )\n"
					      "S: c OK Fetch completed\n");
	traced_done(&traced);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trace_shows_lines_and_no_secrets),
	    cmocka_unit_test(test_trace_of_a_fetch_leaves_out_the_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
