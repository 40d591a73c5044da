// SPDX-License-Identifier: Apache-2.0
// Time. Tests replace the machine's clock with their own.
#ifndef ROOST_BASE_CLOCK_H
#define ROOST_BASE_CLOCK_H

#include <stdint.h>

struct clock {
	// Seconds since 1970-01-01 UTC. NULL: the machine's clock is used.
	int64_t (*wall)(void *context);
	void *context;
};

int64_t clock_wall_seconds(
    const struct clock *clock); // NULL: the machine's clock
// For measuring intervals only. It never goes back.
uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_ns(void);
// Cheaper, and moves in steps of up to 10 ms. Never compare it with the others.
uint64_t clock_coarse_ms(void);

#endif
