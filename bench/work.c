// SPDX-License-Identifier: Apache-2.0
// What the works share.
#include "work.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cpu.h"

void work_begin(struct work_span *span, const struct loop *loop)
{
	span->server_ns = cpu_tree_ns(loop->server_pid);
	span->own_ns = cpu_own_ns();
	span->start_ns = clock_monotonic_ns();
}

void work_end(
    const struct work_span *span, const struct loop *loop, uint64_t ops)
{
	uint64_t ns = clock_monotonic_ns() - span->start_ns;
	uint64_t own_ns = cpu_own_ns() - span->own_ns;
	uint64_t server_ns = cpu_tree_ns(loop->server_pid) - span->server_ns;
	printf("\"seconds\": %.6f, \"server_us\": %.1f, \"client_us\": %.1f, "
	       "\"ops\": %" PRIu64,
	    (double)ns / 1e9, (double)server_ns / 1e3, (double)own_ns / 1e3,
	    ops);
}

struct conn *work_open(struct loop *loop, const struct work_options *options)
{
	struct conn *conns = mem_zalloc(options->conns * sizeof(*conns));
	for (unsigned i = 0; i < options->conns; i++) {
		char user[256];
		if (options->users > 0)
			snprintf(user, sizeof(user), "%s%u", options->user,
			    i % options->users);
		else
			snprintf(user, sizeof(user), "%s", options->user);
		conns[i].number = i;
		conn_open(&conns[i], loop, user);
		if (options->mailbox != NULL)
			conn_run(&conns[i], "SELECT %s", options->mailbox);
	}
	return conns;
}

void work_close(struct conn *conns, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		conn_close(&conns[i]);
	free(conns);
}

double work_ms_since(uint64_t start_ns)
{
	return (double)(clock_monotonic_ns() - start_ns) / 1e6;
}

void work_print_list(const char *name, const double *numbers, unsigned count)
{
	printf("\"%s\": [", name);
	for (unsigned i = 0; i < count; i++)
		printf("%s%.4f", i == 0 ? "" : ", ", numbers[i]);
	printf("]");
}
