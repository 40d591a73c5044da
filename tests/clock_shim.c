// SPDX-License-Identifier: Apache-2.0
// A clock that tests can set, preloaded into the server (LD_PRELOAD). The file
// that CLOCK_SHIM names holds a number of seconds, 8 bytes; the wall clock that
// the program sees is the machine's plus that. Clocks that only measure
// intervals stay as they are, as they do when an administrator sets the time.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// Waits that end at a time of the wall clock are cut into pieces this long, so
// that they notice when it is set.
#define PIECE_NS    50000000
#define SECOND_NS   1000000000
#define BY_INTERVAL 2u // glibc: such a condition uses CLOCK_MONOTONIC

typedef int clock_function(clockid_t id, struct timespec *ret_now);
typedef int wait_function(
    pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);

static const int64_t zero;
static const volatile int64_t *ahead = &zero;
static clock_function *true_clock;
static wait_function *true_wait;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_SHIM");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		ahead = at;
}

static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (!found)
		abort();
	return found;
}

static int machine_clock(clockid_t id, struct timespec *ret_now)
{
	if (!true_clock)
		true_clock = (clock_function *)next("clock_gettime");
	return true_clock(id, ret_now);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = machine_clock(id, now);
	if (result == 0 &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += *ahead;
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &time);
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret_now)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (ret_now)
		*ret_now = now.tv_sec;
	return now.tv_sec;
}

static int is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

// Between two pieces it returns 0 as if it had been woken, which callers have
// to expect.
int pthread_cond_timedwait(pthread_cond_t *restrict cond,
    pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
	struct timespec piece;
	struct timespec end = *until;
	if (!true_wait)
		true_wait = (wait_function *)next("pthread_cond_timedwait");
	if (cond->__data.__wrefs & BY_INTERVAL)
		return true_wait(cond, mutex, until);
	end.tv_sec -= *ahead;
	machine_clock(CLOCK_REALTIME, &piece);
	piece.tv_nsec += PIECE_NS;
	if (piece.tv_nsec >= SECOND_NS) {
		piece.tv_nsec -= SECOND_NS;
		piece.tv_sec++;
	}
	if (is_before(&end, &piece))
		return true_wait(cond, mutex, &end);
	int result = true_wait(cond, mutex, &piece);
	return result == ETIMEDOUT ? 0 : result;
}
