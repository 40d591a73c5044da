// SPDX-License-Identifier: Apache-2.0
// Works that time single commands on one connection.
#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cpu.h"
#include "work.h"

struct step {
	double *ms;
	double *server_us;
	uint64_t bytes; // of the last answer
	uint64_t lines;
};

static void print_step(const struct step *step, unsigned rounds, bool first)
{
	printf("%s{", first ? "" : ", ");
	work_print_list("ms", step->ms, rounds);
	printf(", ");
	work_print_list("server_us", step->server_us, rounds);
	printf(", \"bytes\": %" PRIu64 ", \"lines\": %" PRIu64 "}", step->bytes,
	    step->lines);
}

static void run_step(
    struct conn *conn, const char *command, struct step *step, unsigned round)
{
	uint64_t bytes = conn->bytes;
	uint64_t lines = conn->lines;
	uint64_t cpu = cpu_tree_ns(conn->loop->server_pid);
	uint64_t start = clock_monotonic_ns();
	conn_run(conn, "%s", command);
	step->ms[round] = work_ms_since(start);
	step->server_us[round] =
	    (double)(cpu_tree_ns(conn->loop->server_pid) - cpu) / 1e3;
	step->bytes = conn->bytes - bytes;
	step->lines = conn->lines - lines;
}

void work_time(struct loop *loop, const struct work_options *options)
{
	unsigned rounds = options->rounds;
	int count = options->command_count;
	struct step *steps = mem_zalloc((size_t)count * sizeof(*steps));
	struct conn *conn = work_open(loop, options);
	bool first = true;
	for (int i = 0; i < count; i++) {
		steps[i].ms = mem_zalloc((rounds + 1) * sizeof(double));
		steps[i].server_us = mem_zalloc((rounds + 1) * sizeof(double));
	}
	for (unsigned round = 0; round < options->warm + rounds; round++) {
		for (int i = 0; i < count; i++) {
			const char *command = options->commands[i];
			unsigned at =
			    round < options->warm ? 0 : round - options->warm;
			if (command[0] == '!')
				conn_run(conn, "%s", command + 1);
			else
				run_step(conn, command, &steps[i], at);
		}
	}
	printf("{\"steps\": [");
	for (int i = 0; i < count; i++) {
		if (options->commands[i][0] != '!') {
			print_step(&steps[i], rounds, first);
			first = false;
		}
		free(steps[i].ms);
		free(steps[i].server_us);
	}
	printf("]}\n");
	free(steps);
	work_close(conn, options->conns);
}

// Flags `count` messages spread over the mailbox.
static void change_some(
    struct conn *conn, const struct work_options *options, bool add)
{
	for (unsigned i = 0; i < options->count; i++)
		conn_run(conn, "STORE %u %cFLAGS.SILENT (\\Answered)",
		    1 + (unsigned)((uint64_t)conn->exists * i / options->count),
		    add ? '+' : '-');
}

void work_resync(struct loop *loop, const struct work_options *options)
{
	unsigned rounds = options->rounds;
	struct step step = {mem_zalloc(rounds * sizeof(double)),
	    mem_zalloc(rounds * sizeof(double)), 0, 0};
	struct conn *changer = work_open(loop, options);
	for (unsigned i = 0; i < rounds; i++) {
		struct conn conn = {.fd = -1};
		char command[512];
		// The first change makes the server keep mod-sequences.
		conn_run(changer, "SELECT %s (CONDSTORE)", options->mailbox);
		uint64_t modseq = changer->highest_modseq;
		change_some(changer, options, i % 2 == 0);
		conn_open(&conn, loop, options->user);
		conn_run(&conn, "ENABLE QRESYNC");
		snprintf(command, sizeof(command),
		    "SELECT %s (QRESYNC (%" PRIu64 " %" PRIu64 "))",
		    options->mailbox, changer->uid_validity, modseq);
		run_step(&conn, command, &step, i);
		conn_close(&conn);
	}
	printf("{\"steps\": [");
	print_step(&step, rounds, true);
	printf("]}\n");
	free(step.ms);
	free(step.server_us);
	work_close(changer, options->conns);
}
