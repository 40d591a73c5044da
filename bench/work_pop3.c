// SPDX-License-Identifier: Apache-2.0
// POP3 (RFC 1939) as a mail program that keeps nothing: log in, ask for the
// list of unique ids, and read every message.
#include "base/clock.h"
#include "base/mem.h"
#include "work.h"

struct pop3_answer {
	bool body;    // the answer has lines until one with a dot alone
	bool in_body; // its first line was read
	uint32_t messages;
};

static void answered(struct conn *conn)
{
	struct pop3_answer *answer = conn->context;
	answer->in_body = false;
	conn->pending--;
}

static void take_answer(struct conn *conn, struct view line)
{
	struct pop3_answer *answer = conn->context;
	if (answer->in_body) {
		if (line.len == 3 && line.ptr[0] == '.')
			answered(conn);
		return;
	}
	if (conn->pending == 0)
		die("an answer nobody asked for: %.*s", VIEW_FMT(line));
	if (!view_starts_with(line, VIEW("+OK")))
		die("refused: %.*s", VIEW_FMT(line));
	if (answer->body) {
		answer->in_body = true;
		return;
	}
	struct view rest = view_from(line, 4);
	struct view count;
	uint32_t messages;
	if (view_split(&rest, ' ', &count) && view_to_u32(count, &messages))
		answer->messages = messages; // as STAT says
	answered(conn);
}

static void ask(struct conn *conn, bool body, const char *command)
{
	struct pop3_answer *answer = conn->context;
	answer->body = body;
	buf_add_string(&conn->out, command);
	conn->pending = 1;
	conn_wait(conn);
}

static double open_maildrop(struct conn *conn, struct loop *loop,
    const struct work_options *options, uint32_t *ret_messages)
{
	struct pop3_answer *answer = conn->context;
	char command[600];
	uint64_t start_ns = clock_monotonic_ns();
	conn_start(conn, loop);
	conn_wait(conn);
	snprintf(command, sizeof(command), "USER %s\r\n", options->user);
	ask(conn, false, command);
	snprintf(command, sizeof(command), "PASS %s\r\n", loop->password);
	ask(conn, false, command);
	ask(conn, false, "STAT\r\n");
	*ret_messages = answer->messages;
	ask(conn, true, "UIDL\r\n");
	return work_ms_since(start_ns);
}

static void read_all(
    struct conn *conn, uint32_t messages, const struct work_options *options)
{
	struct pop3_answer *answer = conn->context;
	answer->body = true;
	for (uint32_t i = 1; i <= messages;) {
		for (unsigned j = 0; j < options->depth && i <= messages; j++) {
			buf_printf(&conn->out, "RETR %u\r\n", i++);
			conn->pending++;
		}
		conn_wait(conn);
	}
}

void work_pop3(struct loop *loop, const struct work_options *options)
{
	struct pop3_answer answer = {.body = false};
	struct conn conn = {
	    .fd = -1, .context = &answer, .on_line = take_answer};
	struct work_span span;
	uint32_t messages;
	double open_ms = open_maildrop(&conn, loop, options, &messages);
	if (messages == 0)
		die("no messages to read");
	work_begin(&span, loop);
	read_all(&conn, messages, options);
	printf("{");
	work_print_list("open_ms", &open_ms, 1);
	printf(", \"bytes\": %llu, ", (unsigned long long)conn.bytes);
	work_end(&span, loop, messages);
	printf("}\n");
	conn_close(&conn);
}
