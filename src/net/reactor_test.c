// SPDX-License-Identifier: Apache-2.0
// Tests tasks that end while other threads have just run them. ThreadSanitizer
// sees what goes wrong there each time, AddressSanitizer seldom (tests/soak is
// for that).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/test.h"
#include "net/reactor.h"

#define THREADS 4
#define TASKS   8
#define LIVES   20000

struct worm; // a task that is born and ends again and again

struct nest {
	struct reactor *reactor;
	struct worm *worms;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

struct worm {
	struct reactor_task task;
	struct nest *nest;
	bool live; // protected by the nest's lock
};

static struct reactor_task *find(void *context, uint32_t index)
{
	struct nest *nest = context;
	return index < TASKS ? &nest->worms[index].task : NULL;
}

static void tick(void *context)
{
	(void)context;
}

static enum reactor_verdict run(
    struct reactor_task *task, struct reactor_thread *thread, uint32_t posted)
{
	struct worm *worm = (struct worm *)task;
	struct nest *nest = worm->nest;
	if (!(posted & REACTOR_HUP))
		return posted & REACTOR_WAKE ? REACTOR_AGAIN : REACTOR_IDLE;
	reactor_leave(nest->reactor, thread, task);
	reactor_task_end(task);
	pthread_mutex_lock(&nest->lock);
	worm->live = false;
	pthread_cond_signal(&nest->changed);
	pthread_mutex_unlock(&nest->lock);
	return REACTOR_GONE;
}

// Each task is the only one of its party, which ends with it.
static void live(struct nest *nest, struct worm *worm, size_t n)
{
	char name[4];
	put_be32(name, worm->task.index);
	worm->live = true;
	reactor_task_begin(&worm->task);
	reactor_join(nest->reactor, NULL, &worm->task,
	    n % 2 ? FAIR_USER : FAIR_ADDRESS, view_of(name, sizeof(name)));
	reactor_push(nest->reactor, &worm->task, false);
	for (size_t i = 0; i < n % 4; i++)
		reactor_post(nest->reactor, &worm->task,
		    i % 2 ? REACTOR_IN : REACTOR_WAKE);
	reactor_post(nest->reactor, &worm->task, REACTOR_HUP);
}

static void a_party_lives_until_all_its_runs_have_paid(void **state)
{
	(void)state;
	struct nest nest = {
	    .worms = mem_zalloc(TASKS * sizeof(struct worm)),
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER,
	};
	struct reactor_config config = {
	    .threads = THREADS,
	    .tick_ms = 1000,
	    .find = find,
	    .tick = tick,
	    .context = &nest,
	    .output_max = 4096,
	};
	struct fault fault;
	assert_int_equal(reactor_new(&config, &nest.reactor, &fault), RC_OK);
	for (uint32_t i = 0; i < TASKS; i++)
		nest.worms[i] = (struct worm){
		    .task = {.run = run, .index = i}, .nest = &nest};
	assert_int_equal(reactor_start(nest.reactor, &fault), RC_OK);
	for (size_t n = 0; n < LIVES + TASKS; n++) {
		struct worm *worm = &nest.worms[n % TASKS];
		pthread_mutex_lock(&nest.lock);
		while (worm->live)
			pthread_cond_wait(&nest.changed, &nest.lock);
		pthread_mutex_unlock(&nest.lock);
		if (n < LIVES)
			live(&nest, worm, n);
	}
	reactor_free(&nest.reactor);
	free(nest.worms);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_party_lives_until_all_its_runs_have_paid),
	};
	return cmocka_run_group_tests_name("reactor", tests, NULL, NULL);
}
