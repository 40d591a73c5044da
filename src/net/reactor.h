// SPDX-License-Identifier: Apache-2.0
// The threads and what they wait for. Inside the room only.
//
// A task is run by one thread at a time. Whoever has news for a task posts a
// bit; if nobody owns the task, it is then run (or queued), otherwise its owner
// finds the bit before it lets go. So no news is lost, posting never waits, and
// descriptors can stay in the epoll set edge-triggered: no system call is
// needed to arm one again.
//
// A task's memory is never given back while the reactor lives; a slot that is
// used again gets a new generation, and news for an older one is dropped.
#ifndef ROOST_NET_REACTOR_H
#define ROOST_NET_REACTOR_H

#include <stdatomic.h>

#include "base/buf.h"

// What can be posted.
enum reactor_news {
	REACTOR_IN = 1 << 0,    // can be read
	REACTOR_OUT = 1 << 1,   // can be written
	REACTOR_HUP = 1 << 2,   // the peer has ended its side, or an error
	REACTOR_TIMER = 1 << 3, // the deadline has passed
	REACTOR_WAKE = 1 << 4,  // someone called the waker
	REACTOR_STOP = 1 << 5,  // finish in good order
	REACTOR_KILL = 1 << 6,  // finish now
};

enum reactor_verdict {
	REACTOR_IDLE,  // nothing to do until there is news
	REACTOR_AGAIN, // more to do, after the others that wait
	REACTOR_GONE,  // the slot has been given back
};

#define REACTOR_INPUT_SIZE ((size_t)64 * 1024)

// What a thread lends to the task that it runs.
struct reactor_thread {
	struct reactor *reactor;
	char *input;       // REACTOR_INPUT_SIZE bytes
	struct buf output; // empty; may be swapped for another
};

struct reactor_task {
	// generation << 32 | owned | posted bits; live generations are odd.
	_Atomic uint64_t state;
	struct reactor_task *next; // in the run queue or a free list
	enum reactor_verdict (*run)(struct reactor_task *task,
	    struct reactor_thread *thread, uint32_t posted);
	uint32_t index; // what find() knows it by
};

struct reactor_config {
	unsigned threads;
	uint32_t tick_ms;
	// The task of an index, live or not.
	struct reactor_task *(*find)(void *context, uint32_t index);
	// Every tick_ms, on one of the threads.
	void (*tick)(void *context);
	void *context;
	size_t output_max; // of a thread's output buffer
};

struct reactor;

MUST_CHECK enum rc reactor_new(const struct reactor_config *config,
    struct reactor **ret_reactor, struct fault *fault);
// Starts the threads; they block all signals.
MUST_CHECK enum rc reactor_start(struct reactor *reactor, struct fault *fault);
// Ends the threads, whatever is queued, and frees.
void reactor_free(struct reactor **reactor);

// Makes a free slot live, owned by the caller until reactor_push().
void reactor_task_begin(struct reactor_task *task);
// Makes an owned slot free: news for it is dropped from now on.
void reactor_task_end(struct reactor_task *task);

// Watches `fd` for the task, until it is closed.
MUST_CHECK enum rc reactor_watch(
    struct reactor *reactor, struct reactor_task *task, int fd);

// News for a live task; a free slot ignores it. Any thread.
void reactor_post(
    struct reactor *reactor, struct reactor_task *task, uint32_t news);

// Queues an owned task. `quiet`: the caller is one of the threads and will look
// at the queue itself before it sleeps.
void reactor_push(
    struct reactor *reactor, struct reactor_task *task, bool quiet);

#endif
