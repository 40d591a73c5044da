// SPDX-License-Identifier: Apache-2.0
// Closed loops: every connection sends its next command when the one before it
// is answered, for so many seconds.
#include "base/clock.h"
#include "base/mem.h"
#include "mail.h"
#include "work.h"

struct closed_loop {
	const struct work_options *options;
	void (*queue)(struct closed_loop *run, struct conn *conn);
	uint64_t stop_ns;
	uint64_t done;
	unsigned active;
	struct mail_maker mails;
};

static void queue_next(struct conn *conn)
{
	struct closed_loop *run = conn->context;
	run->done++;
	if (clock_monotonic_ns() < run->stop_ns) {
		// A pipeline is refilled when it has run dry, with one send.
		if (conn->pending > 0)
			return;
		for (unsigned i = 0; i < run->options->depth; i++)
			run->queue(run, conn);
		conn_flush(conn);
	} else if (conn->pending == 0) {
		run->active--;
	}
}

static void run_loop(
    struct closed_loop *run, struct loop *loop, struct conn *conns)
{
	const struct work_options *options = run->options;
	struct work_span span;
	work_begin(&span, loop);
	run->stop_ns =
	    clock_monotonic_ns() + (uint64_t)(options->seconds * 1e9);
	run->active = options->conns;
	for (unsigned i = 0; i < options->conns; i++) {
		conns[i].context = run;
		conns[i].on_done = queue_next;
		for (unsigned j = 0; j < options->depth; j++)
			run->queue(run, &conns[i]);
		conn_flush(&conns[i]);
	}
	while (run->active > 0) {
		if (!loop_step(loop, LOOP_PATIENCE_MS))
			die("no answer for %d s", LOOP_PATIENCE_MS / 1000);
	}
	printf("{");
	work_end(&span, loop, run->done);
	printf("}\n");
}

static void queue_noop(struct closed_loop *run, struct conn *conn)
{
	(void)run;
	conn_queue(conn, "NOOP");
}

void work_noop(struct loop *loop, const struct work_options *options)
{
	struct closed_loop run = {.options = options, .queue = queue_noop};
	struct conn *conns = work_open(loop, options);
	run_loop(&run, loop, conns);
	work_close(conns, options->conns);
}

static void queue_append(struct closed_loop *run, struct conn *conn)
{
	conn_begin(conn);
	buf_printf(&conn->out, "APPEND %s {%u+}\r\n", run->options->mailbox,
	    run->mails.size);
	mail_add(&run->mails, conn->number, (unsigned)conn->serial++, true,
	    &conn->out);
	buf_add_literal(&conn->out, "\r\n");
}

void work_append(struct loop *loop, const struct work_options *options)
{
	struct closed_loop run = {.options = options, .queue = queue_append};
	struct work_options unselected = *options;
	if (options->size < MAIL_SIZE_MIN || options->size > MAIL_SIZE_MAX ||
	    options->mailbox == NULL)
		die("--size must be 1 KB to 4 MB, and --mailbox given");
	mail_maker_init(&run.mails, options->size);
	unselected.mailbox = NULL;
	struct conn *conns = work_open(loop, &unselected);
	for (unsigned i = 0; i < options->conns; i++) {
		conns[i].can_refuse = true; // it may be there already
		conn_run(&conns[i], "CREATE %s", options->mailbox);
		conns[i].can_refuse = false;
	}
	run_loop(&run, loop, conns);
	work_close(conns, options->conns);
	mail_maker_done(&run.mails);
}

// One message after the other; at the end of the mailbox the sign turns.
static void queue_store(struct closed_loop *run, struct conn *conn)
{
	uint32_t count = run->options->count;
	if (count == 0 || count > conn->exists)
		count = conn->exists;
	uint64_t n = conn->serial++;
	conn_queue(conn, "STORE %u %cFLAGS (\\Flagged)",
	    (unsigned)(1 + n % count), n / count % 2 == 0 ? '+' : '-');
}

void work_store(struct loop *loop, const struct work_options *options)
{
	struct closed_loop run = {.options = options, .queue = queue_store};
	struct conn *conns = work_open(loop, options);
	for (unsigned i = 0; i < options->conns; i++) {
		if (conns[i].exists == 0)
			die("no messages to flag");
		// Start from flags that all are off.
		conn_run(&conns[i], "STORE 1:* -FLAGS.SILENT (\\Flagged)");
	}
	run_loop(&run, loop, conns);
	work_close(conns, options->conns);
}

static void queue_partial(struct closed_loop *run, struct conn *conn)
{
	uint32_t steps = (run->options->size + 65535) / 65536;
	uint64_t n = conn->serial++;
	conn_queue(conn, "FETCH %u BODY.PEEK[]<%u.65536>",
	    (unsigned)(1 + n / steps % conn->exists),
	    (unsigned)(n % steps * 65536));
}

void work_partial(struct loop *loop, const struct work_options *options)
{
	struct closed_loop run = {.options = options, .queue = queue_partial};
	struct conn *conns = work_open(loop, options);
	run_loop(&run, loop, conns);
	work_close(conns, options->conns);
}

// Connect, log in, close; 0 while the greeting is awaited, then 1.
static void advance_login(struct conn *conn)
{
	struct closed_loop *run = conn->context;
	if (conn->serial == 0) {
		conn->serial = 1;
		conn_queue(conn, "LOGIN %s%u %s", run->options->user,
		    conn->number % run->options->users, conn->loop->password);
		conn_flush(conn);
		return;
	}
	struct loop *loop = conn->loop;
	conn_close(conn);
	conn->serial = 0;
	run->done++;
	if (clock_monotonic_ns() < run->stop_ns)
		conn_start(conn, loop);
	else
		run->active--;
}

void work_login(struct loop *loop, const struct work_options *options)
{
	struct closed_loop run = {.options = options,
	    .active = options->conns,
	    .stop_ns =
		clock_monotonic_ns() + (uint64_t)(options->seconds * 1e9)};
	struct conn *conns = mem_zalloc(options->conns * sizeof(*conns));
	struct work_span span;
	if (options->users == 0)
		die("--users is needed");
	work_begin(&span, loop);
	for (unsigned i = 0; i < options->conns; i++) {
		conns[i].number = i;
		conns[i].context = &run;
		conns[i].on_done = advance_login;
		conn_start(&conns[i], loop);
	}
	while (run.active > 0) {
		if (!loop_step(loop, LOOP_PATIENCE_MS))
			die("no answer for %d s", LOOP_PATIENCE_MS / 1000);
	}
	printf("{");
	work_end(&span, loop, run.done);
	printf("}\n");
	free(conns);
}
