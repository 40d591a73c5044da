// SPDX-License-Identifier: Apache-2.0
// The protocol trace shows what goes to and fro, and never a secret.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/rig.h"

struct traced {
	struct rig rig;
	struct rig_client client;
	struct rig_trace trace;
};

static void traced_init(struct traced *traced, bool logged_in)
{
	rig_init(&traced->rig, &(struct rig_options){0});
	rig_trace_init(&traced->trace);
	traced->rig.server.base.trace = &traced->trace.trace;
	rig_connect(&traced->rig, logged_in, &traced->client);
}

static void traced_done(struct traced *traced)
{
	rig_disconnect(&traced->client);
	rig_done(&traced->rig);
	rig_trace_done(&traced->trace);
}

static void expect_trace(
    bool logged_in, size_t piece, struct view said, const char *expected)
{
	struct traced traced;
	traced_init(&traced, logged_in);
	rig_trace_take(&traced.trace); // the greeting
	traced.client.piece = piece;
	rig_say(&traced.client, said);
	assert_string_equal(rig_trace_take(&traced.trace), expected);
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
	rig_trace_take(&traced.trace);
	rig_say(&traced.client, VIEW("c FETCH 1 BODY.PEEK[]\r\n"));
	assert_string_equal(rig_trace_take(&traced.trace),
	    "C: c FETCH 1 BODY.PEEK[]\n"
	    "S: * 1 FETCH (BODY[] {9}\n"
	    "S: )\n"
	    "S: c OK Fetch completed\n");
	traced_done(&traced);
}

enum then { NOTHING, TIMEOUT, STOP };

static const struct {
	bool logged_in;
	const char *said;
	enum then then;
	const char *last; // line of the trace
} last_words[] = {
    {true, "a NOOP\r\n", NOTHING, "S: a OK NOOP completed\n"},
    {true, "a LOGOUT\r\n", NOTHING, "S: a OK LOGOUT completed\n"},
    {true, "", TIMEOUT, "S: * BYE Nothing was said for 30 minutes\n"},
    {true, "a IDLE\r\n", TIMEOUT, "S: * BYE Nothing was said for 35 minutes\n"},
    {false, "", TIMEOUT, "S: * BYE Nobody logged in in time\n"},
    {true, "", STOP, "S: * BYE The server is shutting down\n"},
    {true, "a IDLE\r\n", STOP, "S: * BYE The server is shutting down\n"},
    {false, "x y\r\nx y\r\nx y\r\n", NOTHING,
	"S: * BYE 3 commands in a row were bad\n"},
    {true, "a APPEND INBOX {9999999999999}\r\n", NOTHING, NULL},
    {true, "a CREATE {99999999+}\r\n", NOTHING, NULL},
};

// The server's lines in `trace` are those of `out`, but that a stranger's tag
// is left out.
static void expect_lines_of_server(struct view out, struct view trace)
{
	struct view line, traced, tag;
	while (view_split(&trace, '\n', &traced)) {
		if (!view_starts_with(traced, VIEW("S: ")))
			continue;
		traced = view_from(traced, 3);
		assert_true(view_split(&out, '\n', &line));
		assert_true(view_ends_with(line, VIEW("\r")));
		line.len--;
		if (view_starts_with(traced, VIEW("(tag) "))) {
			view_split(&traced, ' ', &tag);
			view_split(&line, ' ', &tag);
		}
		if (!view_eq(line, traced))
			fail_msg("said %.*s, traced %.*s", VIEW_FMT(line),
			    VIEW_FMT(traced));
	}
	assert_int_equal(out.len, 0);
}

// All that a client hears is in the trace, literals aside: the greeting, and
// the last words whatever brought them.
static void test_trace_has_every_line_and_the_last_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(last_words); i++) {
		struct traced traced;
		traced_init(&traced, last_words[i].logged_in);
		struct rig_client *client = &traced.client;
		rig_say(client, view_of_string(last_words[i].said));
		if (last_words[i].then == TIMEOUT)
			imap_session_ops.timed_out(
			    client->session, &client->out);
		else if (last_words[i].then == STOP)
			imap_session_ops.shut_down(
			    client->session, &client->out);
		const char *trace = rig_trace_take(&traced.trace);
		expect_lines_of_server(
		    buf_view(&client->out), view_of_string(trace));
		if (last_words[i].last)
			assert_true(view_ends_with(view_of_string(trace),
			    view_of_string(last_words[i].last)));
		traced_done(&traced);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trace_shows_lines_and_no_secrets),
	    cmocka_unit_test(test_trace_of_a_fetch_leaves_out_the_message),
	    cmocka_unit_test(test_trace_has_every_line_and_the_last_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
