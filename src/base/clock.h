// SPDX-License-Identifier: Apache-2.0
// Time. Tests put a clock of their own in place of the machine's.
#ifndef ROOST_BASE_CLOCK_H
#define ROOST_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	// Seconds since 1970-01-01 UTC. NULL: the machine's.
	int64_t (*wall)(void *context);
	void *context;
};

int64_t clock_wall_seconds(const struct clock *clock); // NULL: the machine's
// For intervals only: never goes back.
uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_ns(void);

#endif
