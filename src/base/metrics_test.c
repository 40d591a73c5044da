// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <stdint.h>
#include <stdio.h>

#include "base/test.h"

static void write_all(struct metrics *metrics)
{
	static struct counter_times times;
	times = (struct counter_times){0};
	metrics_family(metrics, METRICS_COUNTER, "logins", "Log-ins.");
	metrics_sample(metrics, "protocol", "imap", 17);
	metrics_sample(metrics, "protocol", "a\"b\\c\n\xc3", UINT64_MAX);
	metrics_family(metrics, METRICS_GAUGE, "memory_bytes", "Memory.");
	metrics_sample(metrics, NULL, NULL, 0);
	metrics_family(metrics, METRICS_COUNTER, "cpu_seconds", "Time.");
	metrics_sample_milli(metrics, NULL, NULL, 12003);
	counter_times_add(&times, 250); // exactly a bound
	counter_times_add(&times, 251);
	counter_times_add(&times, 7000000); // longer than all bounds
	metrics_family(
	    metrics, METRICS_HISTOGRAM, "commit_seconds", "Commits.");
	metrics_times(metrics, &times);
	metrics_end(metrics);
}

#define TIMES                                                                  \
	"commit_seconds_bucket{le=\"0.000250\"} 1\n"                           \
	"commit_seconds_bucket{le=\"0.000500\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.001000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.002500\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.005000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.010000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.025000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.050000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.100000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.250000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"0.500000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"1.000000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"5.000000\"} 2\n"                           \
	"commit_seconds_bucket{le=\"+Inf\"} 3\n"                               \
	"commit_seconds_sum 7.000501\n"                                        \
	"commit_seconds_count 3\n"

static void both_forms(void **state)
{
	(void)state;
	static const struct {
		bool open;
		const char *text;
	} table[] = {
	    {true, "# TYPE logins counter\n"
		   "# HELP logins Log-ins.\n"
		   "logins_total{protocol=\"imap\"} 17\n"
		   "logins_total{protocol=\"a\\\"b\\\\c??\"} "
		   "18446744073709551615\n"
		   "# TYPE memory_bytes gauge\n"
		   "# UNIT memory_bytes bytes\n"
		   "# HELP memory_bytes Memory.\n"
		   "memory_bytes 0\n"
		   "# TYPE cpu_seconds counter\n"
		   "# UNIT cpu_seconds seconds\n"
		   "# HELP cpu_seconds Time.\n"
		   "cpu_seconds_total 12.003\n"
		   "# TYPE commit_seconds histogram\n"
		   "# UNIT commit_seconds seconds\n"
		   "# HELP commit_seconds Commits.\n" TIMES "# EOF\n"},
	    {false, "# TYPE logins_total counter\n"
		    "# HELP logins_total Log-ins.\n"
		    "logins_total{protocol=\"imap\"} 17\n"
		    "logins_total{protocol=\"a\\\"b\\\\c??\"} "
		    "18446744073709551615\n"
		    "# TYPE memory_bytes gauge\n"
		    "# HELP memory_bytes Memory.\n"
		    "memory_bytes 0\n"
		    "# TYPE cpu_seconds_total counter\n"
		    "# HELP cpu_seconds_total Time.\n"
		    "cpu_seconds_total 12.003\n"
		    "# TYPE commit_seconds histogram\n"
		    "# HELP commit_seconds Commits.\n" TIMES},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf out;
		buf_init(&out, 1 << 16);
		write_all(
		    &(struct metrics){.out = &out, .open = table[i].open});
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(table[i].text));
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
