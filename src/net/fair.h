// SPDX-License-Identifier: Apache-2.0
// Who gets a thread next. Used inside this room only; it starts no threads and
// knows neither sockets nor sessions.
//
// Each task belongs to a party: a user who is logged in, or the address of
// those who are not. A party pays for the time for which it holds threads, and
// its debt shrinks as time passes. Among the tasks that wait, the party with
// the least debt comes first; so somebody who asks for little passes those who
// ask for much, however many connections these have.
//
// Two limits keep threads free, because a task can only be stopped where it
// stops by itself: one party runs at most `cap` tasks at a time, and all
// parties with a large debt together leave a quarter of the threads to others.
//
// While no task waits, a task is run without a lock and without being queued:
// fair_enter() and fair_leave() cost a few atomic operations. All other
// functions need the lock of the caller.
#ifndef ROOST_NET_FAIR_H
#define ROOST_NET_FAIR_H

#include <stdatomic.h>

#include "base/map.h"
#include "base/vec.h"

// A debt shrinks by this part of the time that passes: who uses less than this
// part of one thread never has a debt for long.
#define FAIR_FREE_PART 8
// A party whose debt is larger is heavy.
#define FAIR_HEAVY_MS 100
// A debt grows no larger, so that a party that has stopped being heavy is
// forgiven soon.
#define FAIR_DEBT_MAX_MS 2000

struct fair_party;

// A task that may have to wait for its turn; embedded in something larger.
struct fair_task {
	struct fair_task *next;
	// NULL: it belongs to the server itself, comes before all others and
	// pays nothing.
	struct fair_party *party;
};

struct fair_party {
	_Atomic uint32_t running;
	_Atomic uint32_t waiting; // its tasks in the queue
	// Microseconds of thread time, on the scale of the floor (fair.c).
	_Atomic uint64_t used;
	// The members below need the lock.
	uint32_t refs;
	uint32_t cap;
	size_t place; // in `ready`, counted from 1; 0: it is not there
	uint64_t key; // `used`, when it was last put in order
	uint64_t turn;
	struct fair_task *first;
	struct fair_task *last;
	size_t name_len;
	char name[24];
};

struct fair {
	_Atomic uint32_t queued; // tasks that wait
	_Atomic uint32_t heavy;  // tasks of heavy parties that run
	// The members below need the lock.
	unsigned threads;
	uint64_t turns;
	struct map parties; // by name
	// A heap of the parties that have a task that may run; the one that
	// comes next is in front.
	VEC(struct fair_party *) ready;
	struct fair_task *own_first; // tasks without a party
	struct fair_task *own_last;
};

// What a thread has to know of the task that it runs, until fair_leave().
struct fair_run {
	struct fair_party *party;
	bool heavy;
};

enum fair_kind {
	FAIR_ADDRESS, // may have three quarters of the threads
	FAIR_USER,    // may have one quarter of the threads
};

void fair_init(struct fair *fair, unsigned threads);
void fair_done(struct fair *fair); // when all parties have been given back

// Gives the party of that name (at most 16 bytes), which it makes if need be.
struct fair_party *fair_party_ref(
    struct fair *fair, enum fair_kind kind, struct view name);
// None of its tasks may wait or run. NULL is allowed.
void fair_party_unref(struct fair *fair, struct fair_party *party);

// Queues a task. `now_ms` is monotonic.
void fair_push(struct fair *fair, struct fair_task *task, uint64_t now_ms);
// Whether fair_pop() would give a task.
bool fair_is_ready(const struct fair *fair, uint64_t now_ms);
// Takes the task whose turn it is, and begins a run; NULL when none may run.
struct fair_task *fair_pop(
    struct fair *fair, uint64_t now_ms, struct fair_run *ret_run);

// Without the lock: begins a run of a task that has just become ready. False
// when it has to be queued, because others wait, or because of a limit.
bool fair_enter(struct fair *fair, const struct fair_task *task,
    uint64_t now_ms, struct fair_run *ret_run);
// Without the lock: ends a run that took so many milliseconds. True when
// fair_settle() has to be called, with the lock.
MUST_CHECK bool fair_leave(struct fair *fair, const struct fair_run *run,
    uint64_t used_ms, uint64_t now_ms);
// Puts the party of a run that has ended in order again.
void fair_settle(struct fair *fair, struct fair_party *party);

#endif
