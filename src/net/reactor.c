// SPDX-License-Identifier: Apache-2.0
// The threads around one epoll set. reactor.h says why no news is lost.
#include "net/reactor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/session.h"

#define OWNED  (UINT64_C(1) << 31)
#define POSTED (OWNED - 1)

#define TAG_WAKE  UINT64_MAX
#define TAG_TIMER (UINT64_MAX - 1)

// While there are tasks in the queue, a thread looks at the sockets after this
// many tasks or this much time, so that the queue cannot delay new input.
#define QUEUE_RUN_MAX 32
#define QUEUE_LOOK_MS 4
// How many events it then puts into the queue at once.
#define LOOK_EVENTS 32

// A thread's output buffer is freed when it has grown over this size.
#define OUTPUT_KEEP_MAX ((size_t)512 * 1024)

struct worker {
	struct reactor_thread thread;
	pthread_t id;
};

struct reactor {
	struct reactor_config config;
	int epoll_fd;
	int wake_fd;
	int timer_fd;
	_Atomic bool ending;
	struct worker *workers;
	unsigned started;
	pthread_mutex_t lock; // protects `fair` where it says so, and:
	bool signalled; // wake_fd was written, and no thread has seen it yet
	struct fair fair;
};

static uint32_t generation_of(uint64_t state)
{
	return (uint32_t)(state >> 32);
}

static bool is_live(uint64_t state)
{
	return (generation_of(state) & 1) != 0;
}

void reactor_task_begin(struct reactor_task *task)
{
	uint64_t state = atomic_load(&task->state);
	uint64_t next = (uint64_t)(generation_of(state) + 1) << 32;
	atomic_store(&task->state, next | OWNED);
}

void reactor_task_end(struct reactor_task *task)
{
	uint64_t state = atomic_load(&task->state);
	uint64_t next = (uint64_t)(generation_of(state) + 1) << 32;
	atomic_store(&task->state, next);
}

// The wake descriptor is edge-triggered. Each write wakes one thread, and
// nobody reads the counter.
static void signal_one(struct reactor *reactor)
{
	uint64_t one = 1;
	ssize_t n = write(reactor->wake_fd, &one, sizeof(one));
	(void)n; // fails only when the counter is full, and then a thread is
		 // awake already
}

void reactor_push(
    struct reactor *reactor, struct reactor_task *task, bool quiet)
{
	pthread_mutex_lock(&reactor->lock);
	fair_push(&reactor->fair, &task->turn, clock_coarse_ms());
	bool signal = !quiet && !reactor->signalled;
	if (signal)
		reactor->signalled = true;
	pthread_mutex_unlock(&reactor->lock);
	if (signal)
		signal_one(reactor);
}

void reactor_join(struct reactor *reactor, struct reactor_thread *thread,
    struct reactor_task *task, enum fair_kind kind, struct view name)
{
	pthread_mutex_lock(&reactor->lock);
	struct fair_party *party = fair_party_ref(&reactor->fair, kind, name);
	pthread_mutex_unlock(&reactor->lock);
	reactor_leave(reactor, thread, task);
	task->turn.party = party;
}

void reactor_leave(struct reactor *reactor, struct reactor_thread *thread,
    struct reactor_task *task)
{
	struct fair_party *party = task->turn.party;
	task->turn.party = NULL;
	if (!party)
		return;
	if (thread && thread->run.party == party && !thread->left) {
		thread->left = party;
		return;
	}
	pthread_mutex_lock(&reactor->lock);
	fair_party_unref(&reactor->fair, party);
	pthread_mutex_unlock(&reactor->lock);
}

// Takes the task whose turn it is. If others remain, it wakes one more thread,
// which does the same. So as many threads wake as are needed.
static struct reactor_task *pop(struct reactor_thread *thread, bool saw_signal)
{
	struct reactor *reactor = thread->reactor;
	if (!saw_signal && atomic_load_explicit(&reactor->fair.queued,
			       memory_order_relaxed) == 0)
		return NULL;
	uint64_t now_ms = clock_coarse_ms();
	pthread_mutex_lock(&reactor->lock);
	if (saw_signal)
		reactor->signalled = false;
	struct fair_task *task = fair_pop(&reactor->fair, now_ms, &thread->run);
	bool signal = task && !reactor->signalled &&
		      fair_is_ready(&reactor->fair, now_ms);
	if (signal)
		reactor->signalled = true;
	pthread_mutex_unlock(&reactor->lock);
	if (signal)
		signal_one(reactor);
	thread->began_ms = thread->paid_ms = now_ms;
	return (struct reactor_task *)task;
}

bool reactor_slice_over(const struct reactor_thread *thread)
{
	return clock_coarse_ms() - thread->began_ms >= NET_SLICE_MS;
}

// The run of a task has ended, and its party pays for it. The task must still
// be owned, or have left its party in this run: otherwise another thread could
// end the task meanwhile, and free the party with it.
static void end_run(struct reactor_thread *thread)
{
	struct reactor *reactor = thread->reactor;
	uint64_t now_ms = clock_coarse_ms();
	struct fair_run run = thread->run;
	bool unsettled =
	    fair_leave(&reactor->fair, &run, now_ms - thread->paid_ms, now_ms);
	thread->run.party = NULL;
	thread->paid_ms = now_ms;
	if (!unsettled && !thread->left)
		return;
	pthread_mutex_lock(&reactor->lock);
	if (unsettled)
		fair_settle(&reactor->fair, run.party);
	fair_party_unref(&reactor->fair, thread->left);
	thread->left = NULL;
	pthread_mutex_unlock(&reactor->lock);
}

// Runs an owned task until there is no more news for it, then gives it up.
static void run_task(struct reactor_thread *thread, struct reactor_task *task)
{
	struct reactor *reactor = thread->reactor;
	for (;;) {
		uint64_t state = atomic_fetch_and(&task->state, ~POSTED);
		uint32_t posted = (uint32_t)(state & POSTED);
		enum reactor_verdict verdict = task->run(task, thread, posted);
		end_run(thread);
		if (verdict == REACTOR_GONE)
			return;
		state &= ~POSTED;
		if (verdict == REACTOR_IDLE &&
		    atomic_compare_exchange_strong(
			&task->state, &state, state & ~OWNED))
			return;
		// There is more to do, or news came meanwhile.
		if (verdict == REACTOR_AGAIN || reactor_slice_over(thread) ||
		    !fair_enter(&reactor->fair, &task->turn, thread->paid_ms,
			&thread->run)) {
			reactor_push(reactor, task, true);
			return;
		}
	}
}

// Posts to a task of this generation (0: of any live generation). Returns true
// when the caller has become the task's owner by that.
static bool post(struct reactor_task *task, uint32_t generation, uint32_t news)
{
	uint64_t state = atomic_load(&task->state);
	uint64_t next;
	do {
		if (!is_live(state) ||
		    (generation && generation_of(state) != generation))
			return false;
		next = state | OWNED | news;
		if (next == state)
			return false;
	} while (!atomic_compare_exchange_weak(&task->state, &state, next));
	return !(state & OWNED);
}

void reactor_post(
    struct reactor *reactor, struct reactor_task *task, uint32_t news)
{
	if (post(task, 0, news))
		reactor_push(reactor, task, false);
}

static uint32_t news_of(uint32_t events)
{
	uint32_t news = 0;
	if (events & EPOLLIN)
		news |= REACTOR_IN;
	if (events & EPOLLOUT)
		news |= REACTOR_OUT;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		news |= REACTOR_IN | REACTOR_OUT | REACTOR_HUP;
	return news;
}

static void on_tick(struct reactor *reactor)
{
	uint64_t expirations;
	ssize_t n = read(reactor->timer_fd, &expirations, sizeof(expirations));
	if (n > 0)
		reactor->config.tick(reactor->config.context);
}

static struct reactor_task *task_of(
    struct reactor *reactor, const struct epoll_event *event)
{
	struct reactor_task *task = reactor->config.find(
	    reactor->config.context, (uint32_t)event->data.u64);
	uint32_t generation = generation_of(event->data.u64);
	if (task && post(task, generation, news_of(event->events)))
		return task;
	return NULL;
}

// Waits for one event and handles it. A thread takes only one event at a time,
// because a second one would have to wait while the first task waits for the
// disk.
static void wait_once(struct reactor_thread *thread)
{
	struct reactor *reactor = thread->reactor;
	struct epoll_event event;
	struct reactor_task *task;
	if (epoll_wait(reactor->epoll_fd, &event, 1, -1) != 1)
		return;
	if (event.data.u64 == TAG_WAKE) {
		task = pop(thread, true);
		if (task)
			run_task(thread, task);
		return;
	}
	if (event.data.u64 == TAG_TIMER) {
		on_tick(reactor);
		return;
	}
	task = task_of(reactor, &event);
	if (!task)
		return;
	thread->began_ms = thread->paid_ms = clock_coarse_ms();
	if (fair_enter(
		&reactor->fair, &task->turn, thread->began_ms, &thread->run))
		run_task(thread, task);
	else
		reactor_push(reactor, task, true);
}

// Puts into the queue what has become ready meanwhile, without waiting.
static void look(struct reactor_thread *thread)
{
	struct reactor *reactor = thread->reactor;
	struct epoll_event events[LOOK_EVENTS];
	int count = epoll_wait(reactor->epoll_fd, events, LOOK_EVENTS, 0);
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 == TAG_TIMER) {
			on_tick(reactor);
		} else if (events[i].data.u64 == TAG_WAKE) {
			pthread_mutex_lock(&reactor->lock);
			reactor->signalled = false;
			pthread_mutex_unlock(&reactor->lock);
		} else {
			struct reactor_task *task =
			    task_of(reactor, &events[i]);
			if (task)
				reactor_push(reactor, task, true);
		}
	}
}

static void *worker_main(void *context)
{
	struct reactor_thread *thread = context;
	struct reactor *reactor = thread->reactor;
	unsigned row = 0;
	while (!atomic_load(&reactor->ending)) {
		struct reactor_task *task = pop(thread, false);
		if (task) {
			uint64_t since_ms = thread->looked_ms;
			run_task(thread, task);
			thread->looked_ms = clock_coarse_ms();
			if (++row % QUEUE_RUN_MAX == 0 ||
			    thread->looked_ms - since_ms >= QUEUE_LOOK_MS)
				look(thread);
			else
				thread->looked_ms = since_ms;
		} else {
			wait_once(thread);
			thread->looked_ms = 0;
		}
		if (thread->output.capacity > OUTPUT_KEEP_MAX)
			buf_done(&thread->output);
	}
	signal_one(reactor); // so that the next thread ends, too
	return NULL;
}

static enum rc watch(
    struct reactor *reactor, int fd, uint32_t events, uint64_t tag)
{
	struct epoll_event event = {.events = events, .data.u64 = tag};
	if (epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return RC_IO;
	return RC_OK;
}

enum rc reactor_watch(
    struct reactor *reactor, struct reactor_task *task, int fd)
{
	uint64_t generation = generation_of(atomic_load(&task->state));
	return watch(reactor, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	    generation << 32 | task->index);
}

static enum rc open_descriptors(struct reactor *reactor, struct fault *fault)
{
	reactor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	reactor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reactor->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (reactor->epoll_fd < 0 || reactor->wake_fd < 0 ||
	    reactor->timer_fd < 0 ||
	    watch(reactor, reactor->wake_fd, EPOLLIN | EPOLLET, TAG_WAKE) !=
		RC_OK ||
	    watch(reactor, reactor->timer_fd, EPOLLIN | EPOLLET, TAG_TIMER) !=
		RC_OK)
		return fault_set(fault, RC_IO,
		    "cannot make the descriptors to wait on: %s",
		    strerror(errno));
	return RC_OK;
}

enum rc reactor_new(const struct reactor_config *config,
    struct reactor **ret_reactor, struct fault *fault)
{
	struct reactor *reactor = mem_zalloc(sizeof(*reactor));
	reactor->config = *config;
	pthread_mutex_init(&reactor->lock, NULL);
	fair_init(&reactor->fair, config->threads);
	enum rc rc = open_descriptors(reactor, fault);
	if (rc != RC_OK) {
		reactor_free(&reactor);
		return rc;
	}
	*ret_reactor = reactor;
	return RC_OK;
}

static enum rc start_workers(struct reactor *reactor)
{
	unsigned count = reactor->config.threads;
	reactor->workers = mem_zalloc(count * sizeof(*reactor->workers));
	for (unsigned i = 0; i < count; i++) {
		struct worker *worker = &reactor->workers[i];
		worker->thread.reactor = reactor;
		worker->thread.input = mem_alloc(REACTOR_INPUT_SIZE);
		buf_init(&worker->thread.output, reactor->config.output_max);
		reactor->started++;
		if (thread_start(&worker->id, worker_main, &worker->thread) !=
		    RC_OK) {
			reactor->started--;
			free(worker->thread.input);
			return RC_LIMIT;
		}
	}
	return RC_OK;
}

enum rc reactor_start(struct reactor *reactor, struct fault *fault)
{
	uint32_t ms = reactor->config.tick_ms;
	struct timespec tick = {ms / 1000, (long)(ms % 1000) * 1000000};
	struct itimerspec spec = {tick, tick};
	if (timerfd_settime(reactor->timer_fd, 0, &spec, NULL) != 0)
		return fault_set(
		    fault, RC_IO, "cannot set a timer: %s", strerror(errno));
	enum rc rc = start_workers(reactor);
	if (rc != RC_OK)
		return fault_set(fault, rc, "cannot start %u threads",
		    reactor->config.threads);
	return RC_OK;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void reactor_free(struct reactor **reactor)
{
	struct reactor *gone = *reactor;
	if (!gone)
		return;
	atomic_store(&gone->ending, true);
	if (gone->wake_fd >= 0)
		signal_one(gone);
	for (unsigned i = 0; i < gone->started; i++) {
		pthread_join(gone->workers[i].id, NULL);
		free(gone->workers[i].thread.input);
		buf_done(&gone->workers[i].thread.output);
	}
	// Not earlier, because the threads use it until they have ended.
	*reactor = NULL;
	free(gone->workers);
	close_if_open(gone->epoll_fd);
	close_if_open(gone->wake_fd);
	close_if_open(gone->timer_fd);
	fair_done(&gone->fair);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}
