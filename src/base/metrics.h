// SPDX-License-Identifier: Apache-2.0
// Writes measurements as text for Prometheus and programs like it, in one of
// two forms: OpenMetrics 1.0.0, or the older text format 0.0.4, which others
// read and which differs in a few lines. A family is begun once, and its
// samples follow it at once:
//
//   metrics_family(&m, METRICS_COUNTER, "roost_logins", "Successful log-ins.");
//   metrics_sample(&m, "protocol", "imap", 17);
//   metrics_end(&m);
#ifndef ROOST_BASE_METRICS_H
#define ROOST_BASE_METRICS_H

#include "base/buf.h"
#include "base/counter.h"

#define METRICS_MAX ((size_t)1 << 20) // bytes of the whole text

enum metrics_kind {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_HISTOGRAM, // of seconds
};

struct metrics {
	struct buf *out;
	bool open; // OpenMetrics, not the older form
	// Of the present family.
	enum metrics_kind kind;
	const char *name;
};

// `name` ends with the unit, if there is one ("_seconds", "_bytes"), and not
// with "_total". `help` is a sentence. Both are static.
void metrics_family(struct metrics *metrics, enum metrics_kind kind,
    const char *name, const char *help);

// One sample of the present family. `label` NULL: it has none. `value`, which
// is the label's, may be any text; what is not printable ASCII is written "?".
void metrics_sample(struct metrics *metrics, const char *label,
    const char *value, uint64_t number);
// The same in thousandths: 1500 is written 1.500.
void metrics_sample_milli(struct metrics *metrics, const char *label,
    const char *value, uint64_t thousandths);
// The samples of a histogram.
void metrics_times(struct metrics *metrics, const struct counter_times *times);

// The last line of the text.
void metrics_end(struct metrics *metrics);

#endif
