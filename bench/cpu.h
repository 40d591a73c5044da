// SPDX-License-Identifier: Apache-2.0
// What a program has cost so far: the CPU time of a process, of all processes
// that descend from it, and of those that have ended and were waited for.
#ifndef ROOST_BENCH_CPU_H
#define ROOST_BENCH_CPU_H

#include <stdint.h>
#include <sys/types.h>

// Nanoseconds; 0 when `root` is 0 or gone.
uint64_t cpu_tree_ns(pid_t root);
uint64_t cpu_own_ns(void);

#endif
