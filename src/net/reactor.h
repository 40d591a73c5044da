// SPDX-License-Identifier: Apache-2.0
// The threads, and what they wait for. Used inside this room only.
//
// One thread at a time runs a task. To give news to a task, a thread posts a
// bit. If nobody owns the task, the task is run or queued; otherwise its owner
// finds the bit before it gives the task up. So no news is lost, and posting
// never waits. Descriptors can stay in the epoll set edge-triggered, without a
// system call to arm them again.
//
// Tasks that are ready take turns as fair.h says. A run that has held its
// thread for a slice should end with REACTOR_AGAIN.
//
// The memory of a task is not freed while the reactor lives. When a slot is
// used again, it gets a new generation, and news for an older generation is
// dropped.
#ifndef ROOST_NET_REACTOR_H
#define ROOST_NET_REACTOR_H

#include <stdatomic.h>

#include "base/buf.h"
#include "net/fair.h"

// The news that can be posted.
enum reactor_news {
	REACTOR_IN = 1 << 0,    // the socket can be read
	REACTOR_OUT = 1 << 1,   // the socket can be written
	REACTOR_HUP = 1 << 2,   // the peer has closed its side, or an error
	REACTOR_TIMER = 1 << 3, // the deadline has passed
	REACTOR_WAKE = 1 << 4,  // someone called the waker
	REACTOR_STOP = 1 << 5,  // end in good order
	REACTOR_KILL = 1 << 6,  // end now
	REACTOR_CUT = 1 << 7,   // someone called the waker's cut()
};

enum reactor_verdict {
	REACTOR_IDLE,  // nothing to do until there is news
	REACTOR_AGAIN, // there is more to do, after the other tasks
	REACTOR_GONE,  // the slot was given back
};

#define REACTOR_INPUT_SIZE ((size_t)64 * 1024)

// What a thread lends to the task that it runs.
struct reactor_thread {
	struct reactor *reactor;
	char *input;       // REACTOR_INPUT_SIZE bytes
	struct buf output; // empty; may be exchanged for another one
	struct fair_run run;
	uint64_t began_ms;  // when the run began, by the coarse clock
	uint64_t paid_ms;   // up to when its party has paid
	uint64_t looked_ms; // when it last looked at the sockets
	// A party that the task has left in this run; it is given back when the
	// run has been paid for.
	struct fair_party *left;
};

struct reactor_task {
	struct fair_task turn; // must be the first member
	// generation << 32 | owned | posted bits. The generation of a live task
	// is odd.
	_Atomic uint64_t state;
	enum reactor_verdict (*run)(struct reactor_task *task,
	    struct reactor_thread *thread, uint32_t posted);
	uint32_t index; // the index for find()
};

struct reactor_config {
	unsigned threads;
	uint32_t tick_ms;
	// The task with this index, live or not.
	struct reactor_task *(*find)(void *context, uint32_t index);
	// Called every tick_ms on one of the threads.
	void (*tick)(void *context);
	void *context;
	size_t output_max; // the maximum of a thread's output buffer
};

struct reactor;

MUST_CHECK enum rc reactor_new(const struct reactor_config *config,
    struct reactor **ret_reactor, struct fault *fault);
// Starts the threads. All signals are blocked in them.
MUST_CHECK enum rc reactor_start(struct reactor *reactor, struct fault *fault);
// Ends the threads, even if tasks are queued, and frees the reactor.
void reactor_free(struct reactor **reactor);

// Makes a free slot live. The caller owns it until reactor_push().
void reactor_task_begin(struct reactor_task *task);
// Makes an owned slot free. From now on news for it is dropped.
void reactor_task_end(struct reactor_task *task);

// Watches `fd` for the task until `fd` is closed.
MUST_CHECK enum rc reactor_watch(
    struct reactor *reactor, struct reactor_task *task, int fd);

// Posts news to a live task; a free slot ignores it. Any thread.
void reactor_post(
    struct reactor *reactor, struct reactor_task *task, uint32_t news);

// Makes an owned task one of that party, whose name has at most 16 bytes.
// Before that, and without reactor_join(), it belongs to the server itself, and
// is run before all others. `thread` runs the task now; NULL: no thread does.
void reactor_join(struct reactor *reactor, struct reactor_thread *thread,
    struct reactor_task *task, enum fair_kind kind, struct view name);
// The task belongs to the server itself again.
void reactor_leave(struct reactor *reactor, struct reactor_thread *thread,
    struct reactor_task *task);

// Whether the current run has used up its slice of time.
bool reactor_slice_over(const struct reactor_thread *thread);

// Queues an owned task. `quiet`: the caller is one of the threads and will look
// at the queue before it sleeps.
void reactor_push(
    struct reactor *reactor, struct reactor_task *task, bool quiet);

#endif
