// SPDX-License-Identifier: Apache-2.0
// Numbers that only grow, which many threads count and the measurements of the
// running server show. Counting is one relaxed addition. All zero is a counter
// that has counted nothing.
#ifndef ROOST_BASE_COUNTER_H
#define ROOST_BASE_COUNTER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct counter {
	_Atomic uint64_t value;
};

static inline void counter_add(struct counter *counter, uint64_t amount)
{
	atomic_fetch_add_explicit(
	    &counter->value, amount, memory_order_relaxed);
}

static inline uint64_t counter_value(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

// How long things took: how many were at most as long as each bound. The last
// place counts those that were longer than all bounds.
#define COUNTER_TIMES 13

struct counter_times {
	struct counter counts[COUNTER_TIMES + 1];
	struct counter total_us;
};

// The bounds, in microseconds.
static const uint32_t counter_bounds_us[COUNTER_TIMES] = {250, 500, 1000, 2500,
    5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

static inline void counter_times_add(struct counter_times *times, uint64_t us)
{
	size_t i = 0;
	while (i < COUNTER_TIMES && us > counter_bounds_us[i])
		i++;
	counter_add(&times->counts[i], 1);
	counter_add(&times->total_us, us);
}

#endif
