// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <inttypes.h>

// The rules are those of OpenMetrics 1.0.0
// (draft-richih-opsawg-openmetrics-00); the older form is Prometheus's text
// format 0.0.4. In that one, a counter's family has the name of its samples,
// and there are no units and no end.

static const char *total(const struct metrics *metrics)
{
	return metrics->kind == METRICS_COUNTER ? "_total" : "";
}

static void write_unit(struct metrics *metrics)
{
	static const char *const units[] = {"seconds", "bytes", "days"};
	size_t len = strlen(metrics->name);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t unit = strlen(units[i]);
		if (len > unit && metrics->name[len - unit - 1] == '_' &&
		    strcmp(metrics->name + len - unit, units[i]) == 0)
			buf_printf(metrics->out, "# UNIT %s %s\n",
			    metrics->name, units[i]);
	}
}

void metrics_family(struct metrics *metrics, enum metrics_kind kind,
    const char *name, const char *help)
{
	static const char *const kinds[] = {
	    [METRICS_COUNTER] = "counter",
	    [METRICS_GAUGE] = "gauge",
	    [METRICS_HISTOGRAM] = "histogram",
	};
	metrics->kind = kind;
	metrics->name = name;
	const char *suffix = metrics->open ? "" : total(metrics);
	buf_printf(metrics->out, "# TYPE %s%s %s\n", name, suffix, kinds[kind]);
	if (metrics->open)
		write_unit(metrics);
	buf_printf(metrics->out, "# HELP %s%s %s\n", name, suffix, help);
}

static void write_name(
    struct metrics *metrics, const char *label, const char *value)
{
	struct buf *out = metrics->out;
	buf_printf(out, "%s%s", metrics->name, total(metrics));
	if (label) {
		buf_printf(out, "{%s=\"", label);
		for (; *value; value++) {
			char c = *value;
			if (c == '"' || c == '\\')
				buf_add_char(out, '\\');
			buf_add_char(out, c < ' ' || c > '~' ? '?' : c);
		}
		buf_add_string(out, "\"}");
	}
	buf_add_char(out, ' ');
}

void metrics_sample(struct metrics *metrics, const char *label,
    const char *value, uint64_t number)
{
	write_name(metrics, label, value);
	buf_add_u64(metrics->out, number);
	buf_add_char(metrics->out, '\n');
}

void metrics_sample_milli(struct metrics *metrics, const char *label,
    const char *value, uint64_t thousandths)
{
	write_name(metrics, label, value);
	buf_printf(metrics->out, "%" PRIu64 ".%03u\n", thousandths / 1000,
	    (unsigned)(thousandths % 1000));
}

void metrics_times(struct metrics *metrics, const struct counter_times *times)
{
	struct buf *out = metrics->out;
	uint64_t count = 0;
	for (size_t i = 0; i < COUNTER_TIMES; i++) {
		uint32_t us = counter_bounds_us[i];
		count += counter_value(&times->counts[i]);
		buf_printf(out, "%s_bucket{le=\"%u.%06u\"} %" PRIu64 "\n",
		    metrics->name, us / 1000000, us % 1000000, count);
	}
	count += counter_value(&times->counts[COUNTER_TIMES]);
	uint64_t sum = counter_value(&times->total_us);
	buf_printf(
	    out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", metrics->name, count);
	buf_printf(out, "%s_sum %" PRIu64 ".%06u\n", metrics->name,
	    sum / 1000000, (unsigned)(sum % 1000000));
	buf_printf(out, "%s_count %" PRIu64 "\n", metrics->name, count);
}

void metrics_end(struct metrics *metrics)
{
	if (metrics->open)
		buf_add_string(metrics->out, "# EOF\n");
}
