// SPDX-License-Identifier: Apache-2.0
// LMTP (RFC 2033) as a mail server speaks it to the one behind it: envelope and
// DATA in one packet (RFC 2920), the mail when it is asked for, and the next
// one when the last recipient's answer is there.
#include "base/clock.h"
#include "base/mem.h"
#include "mail.h"
#include "work.h"

struct lmtp_run {
	const struct work_options *options;
	struct mail_maker mails;
	uint64_t stop_ns;
	uint64_t done;
	unsigned active;
};

enum lmtp_state { LMTP_GREETING, LMTP_HELLO, LMTP_ENVELOPE, LMTP_CONTENT };

struct lmtp_session {
	struct lmtp_run *run;
	enum lmtp_state state; // what the pending replies are to
};

static unsigned recipients(const struct work_options *options)
{
	return options->count > 0 ? options->count : 1;
}

static void send_envelope(struct conn *conn, const struct lmtp_session *s)
{
	const struct work_options *options = s->run->options;
	unsigned count = recipients(options);
	// One recipient: each connection has its own.
	unsigned first = count == 1 ? conn->number : 0;
	buf_add_literal(&conn->out, "MAIL FROM:<sender@example.org>\r\n");
	for (unsigned i = 0; i < count; i++)
		buf_printf(&conn->out, "RCPT TO:<%s%u@%s>\r\n", options->user,
		    (first + i) % options->users, options->domain);
	buf_add_literal(&conn->out, "DATA\r\n");
	conn->pending = count + 2;
	conn_flush(conn);
}

static void send_content(struct conn *conn, const struct lmtp_session *s)
{
	mail_add(&s->run->mails, conn->number, (unsigned)conn->serial++, false,
	    &conn->out);
	buf_add_literal(&conn->out, ".\r\n");
	conn->pending = recipients(s->run->options);
	conn_flush(conn);
}

static void advance(struct conn *conn, struct lmtp_session *s)
{
	switch (s->state) {
	case LMTP_GREETING:
		s->state = LMTP_HELLO;
		buf_add_literal(&conn->out, "LHLO load.example.org\r\n");
		conn->pending = 1;
		conn_flush(conn);
		return;
	case LMTP_ENVELOPE:
		s->state = LMTP_CONTENT;
		send_content(conn, s);
		return;
	case LMTP_CONTENT:
		s->run->done++;
		if (clock_monotonic_ns() >= s->run->stop_ns) {
			s->run->active--;
			return;
		}
		break;
	case LMTP_HELLO:
		if (s->run->stop_ns == 0) { // all say hello before they begin
			s->run->active--;
			return;
		}
		break;
	}
	s->state = LMTP_ENVELOPE;
	send_envelope(conn, s);
}

static void take_reply(struct conn *conn, struct view line)
{
	struct lmtp_session *s = conn->context;
	if (line.len > 3 && line.ptr[3] == '-')
		return;
	if (conn->pending == 0)
		die("a reply nobody asked for: %.*s", VIEW_FMT(line));
	bool go_on = s->state == LMTP_ENVELOPE && conn->pending == 1;
	if (line.ptr[0] != (go_on ? '3' : '2'))
		die("refused: %.*s", VIEW_FMT(line));
	if (--conn->pending == 0)
		advance(conn, s);
}

static void wait_for_all(struct loop *loop, const struct lmtp_run *run)
{
	while (run->active > 0) {
		if (!loop_step(loop, LOOP_PATIENCE_MS))
			die("no answer for %d s", LOOP_PATIENCE_MS / 1000);
	}
}

void work_lmtp(struct loop *loop, const struct work_options *options)
{
	struct lmtp_run run = {.options = options, .active = options->conns};
	struct conn *conns = mem_zalloc(options->conns * sizeof(*conns));
	struct lmtp_session *sessions =
	    mem_zalloc(options->conns * sizeof(*sessions));
	struct work_span span;
	if (options->size < MAIL_SIZE_MIN || options->size > MAIL_SIZE_MAX ||
	    options->domain == NULL || options->users == 0)
		die("--size must be 1 KB to 4 MB, --domain and --users given");
	mail_maker_init(&run.mails, options->size);
	for (unsigned i = 0; i < options->conns; i++) {
		sessions[i].run = &run;
		conns[i].number = i;
		conns[i].context = &sessions[i];
		conns[i].on_line = take_reply;
		conn_start(&conns[i], loop);
	}
	wait_for_all(loop, &run);
	work_begin(&span, loop);
	run.stop_ns = clock_monotonic_ns() + (uint64_t)(options->seconds * 1e9);
	run.active = options->conns;
	for (unsigned i = 0; i < options->conns; i++)
		advance(&conns[i], &sessions[i]);
	wait_for_all(loop, &run);
	printf("{");
	work_end(&span, loop, run.done);
	printf("}\n");
	work_close(conns, options->conns);
	mail_maker_done(&run.mails);
	free(sessions);
}
