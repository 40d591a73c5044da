// SPDX-License-Identifier: Apache-2.0
// Sessions in IDLE: many of them held, and how soon they hear of a change.
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "work.h"

struct listeners {
	unsigned idling; // sessions that were told to go on
	unsigned heard;  // sessions that heard of the change of this round
	double last_ms;
	uint64_t start_ns;
	bool wait_fetch; // the change is a flag, not a new message
};

static void on_idle_line(struct conn *conn, struct view line)
{
	struct listeners *l = conn->context;
	if (line.ptr[0] == '+') {
		l->idling++;
		return;
	}
	bool push = l->wait_fetch ? view_find(line, VIEW(" FETCH ")) != SIZE_MAX
				  : view_ends_with(line, VIEW(" EXISTS\r\n"));
	// `serial` is set when this session has heard in this round.
	if (!push || conn->serial != 0 || l->start_ns == 0)
		return;
	conn->serial = 1;
	l->heard++;
	l->last_ms = work_ms_since(l->start_ns);
}

static void step_or_die(struct loop *loop, const char *waiting_for)
{
	if (!loop_step(loop, LOOP_PATIENCE_MS))
		die("waited %d s for %s", LOOP_PATIENCE_MS / 1000, waiting_for);
}

static struct conn *open_idle(
    struct loop *loop, const struct work_options *options, struct listeners *l)
{
	struct conn *conns = work_open(loop, options);
	for (unsigned i = 0; i < options->conns; i++) {
		conns[i].context = l;
		conns[i].on_untagged = on_idle_line;
		conn_queue(&conns[i], "IDLE");
		conn_flush(&conns[i]);
		while (l->idling <= i)
			step_or_die(loop, "the go-ahead of IDLE");
	}
	return conns;
}

void work_hold(struct loop *loop, const struct work_options *options)
{
	struct listeners l = {.idling = 0};
	struct conn *conns = open_idle(loop, options, &l);
	printf("{\"ready\": %u}\n", l.idling);
	fflush(stdout);
	for (struct pollfd input = {STDIN_FILENO, POLLIN, 0};
	     poll(&input, 1, 0) == 0;)
		loop_step(loop, 100);
	work_close(conns, options->conns);
}

// One change and the wait until all have heard; the time runs from sending it.
static double one_change(struct loop *loop, struct conn *conns, unsigned count,
    struct conn *changer, struct listeners *l, bool flag, unsigned round)
{
	static const char mail[] = "Subject: news\r\n\r\nNews.\r\n";
	for (unsigned i = 0; i < count; i++)
		conns[i].serial = 0;
	l->heard = 0;
	l->wait_fetch = flag;
	if (flag)
		conn_queue(changer, "STORE 1 %cFLAGS.SILENT (\\Flagged)",
		    round % 2 == 0 ? '+' : '-');
	else
		conn_queue(changer, "APPEND %s {%zu+}\r\n%s",
		    (const char *)changer->context, sizeof(mail) - 1, mail);
	l->start_ns = clock_monotonic_ns();
	conn_flush(changer);
	while (l->heard < count || changer->pending > 0)
		step_or_die(loop, "a push");
	l->start_ns = 0;
	return l->last_ms;
}

static void pause_ms(struct loop *loop, unsigned ms)
{
	uint64_t end = clock_monotonic_ms() + ms;
	for (uint64_t now; (now = clock_monotonic_ms()) < end;)
		loop_step(loop, (int)(end - now));
}

static void measure(
    struct loop *loop, const struct work_options *options, bool with_flags)
{
	unsigned rounds = options->rounds;
	struct listeners l = {.idling = 0};
	struct work_options one = *options;
	double *append_ms = mem_zalloc(rounds * sizeof(double));
	double *flag_ms = mem_zalloc(rounds * sizeof(double));
	one.conns = 1;
	struct conn *conns = open_idle(loop, options, &l);
	struct conn *changer = work_open(loop, &one);
	changer->context = (void *)(uintptr_t)options->mailbox;
	conn_run(changer, "STORE 1 -FLAGS.SILENT (\\Flagged)");
	pause_ms(loop, 1500); // until what that pushed has come
	for (unsigned i = 0; i < rounds; i++) {
		append_ms[i] = one_change(
		    loop, conns, options->conns, changer, &l, false, i);
		pause_ms(loop, 5);
		if (with_flags) {
			flag_ms[i] = one_change(
			    loop, conns, options->conns, changer, &l, true, i);
			pause_ms(loop, 5);
		}
	}
	printf("{");
	work_print_list("append_ms", append_ms, rounds);
	printf(", ");
	work_print_list("flag_ms", flag_ms, with_flags ? rounds : 0);
	printf("}\n");
	work_close(changer, 1);
	work_close(conns, options->conns);
	free(append_ms);
	free(flag_ms);
}

void work_delay(struct loop *loop, const struct work_options *options)
{
	measure(loop, options, true);
}

void work_fan(struct loop *loop, const struct work_options *options)
{
	measure(loop, options, false);
}
