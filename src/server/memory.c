// SPDX-License-Identifier: Apache-2.0
#include "server/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#define MIB ((size_t)1 << 20)

// How often the system is asked.
#define PERIOD_MS 250
// Memory that was freed stays with the process until malloc_trim() gives it
// back to the system. That takes time, so it is done only when more than half
// of the limit is in use, or when connections have freed this much since the
// last time, and not more often than every ten seconds.
#define TRIM_BYTES (64 * MIB)
#define TRIM_MS    10000
// A stage that is better than the one in the log is logged when it has lasted
// this long.
#define BETTER_MS 10000

// ---- How much is allowed ---------------------------------------------------

// The number in the first line of a file; false for "max", or none.
static bool read_number(const char *path, uint64_t *ret_number)
{
	char text[32];
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool read = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	return read && view_to_u64(view_trim(view_of_string(text)), ret_number);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

// The least limit of a group and of those around it.
static uint64_t limit_of(
    const char *root, struct view group, const char *const *files)
{
	uint64_t least = UINT64_MAX, limit;
	char path[4096];
	for (;;) {
		for (size_t i = 0; files[i]; i++) {
			snprintf(path, sizeof(path), "%s%.*s/%s", root,
			    VIEW_FMT(group), files[i]);
			if (read_number(path, &limit))
				least = smaller(least, limit);
		}
		if (group.len == 0)
			return least;
		do
			group.len--;
		while (group.len > 0 && group.ptr[group.len] != '/');
	}
}

// Whether a list with commas, such as "cpu,memory", has "memory".
static bool has_memory(struct view controllers)
{
	struct view one;
	while (view_split(&controllers, ',', &one))
		if (view_eq(one, VIEW("memory")))
			return true;
	return false;
}

// cgroups(7): each line is "number:controllers:/group"; version 2 has the
// number 0 and no controllers.
static uint64_t limit_of_groups(struct view groups, const char *root)
{
	static const char *const v2[] = {"memory.max", "memory.high", NULL};
	static const char *const v1[] = {"memory.limit_in_bytes", NULL};
	uint64_t least = UINT64_MAX;
	char v1_root[4096];
	struct view line, number, controllers;
	snprintf(v1_root, sizeof(v1_root), "%s/memory", root);
	while (view_split(&groups, '\n', &line)) {
		if (!view_split(&line, ':', &number) ||
		    !view_split(&line, ':', &controllers))
			continue;
		if (controllers.len == 0)
			least = smaller(least, limit_of(root, line, v2));
		else if (has_memory(controllers))
			least = smaller(least, limit_of(v1_root, line, v1));
	}
	return least;
}

size_t memory_allowed_in(size_t machine, struct view groups, const char *root)
{
	uint64_t group = limit_of_groups(groups, root);
	uint64_t most = machine / 2;
	if (group < machine)
		most = smaller(most, group / 4 * 3);
	return (size_t)most;
}

size_t memory_allowed(void)
{
	char groups[8192];
	size_t len = 0;
	FILE *file = fopen("/proc/self/cgroup", "re");
	if (file) {
		len = fread(groups, 1, sizeof(groups), file);
		fclose(file);
	}
	long pages = sysconf(_SC_PHYS_PAGES);
	long page = sysconf(_SC_PAGESIZE);
	size_t machine =
	    pages > 0 && page > 0 ? (size_t)pages * (size_t)page : 0;
	return memory_allowed_in(
	    machine, view_of(groups, len), "/sys/fs/cgroup");
}

static size_t between(size_t bytes, size_t least, size_t most)
{
	return bytes < least ? least : bytes > most ? most : bytes;
}

size_t memory_cache(size_t limit)
{
	return between(limit / 16, 16 * MIB, 512 * MIB);
}

size_t memory_write_buffer(size_t limit)
{
	return between(limit / 32, 8 * MIB, 64 * MIB);
}

// ---- How much is used ------------------------------------------------------

struct memory {
	struct budget budget;
	struct log *log;
	int status_fd; // /proc/self/status, or -1
	uint64_t trimmed_ms;
	size_t peak;              // the most that connections held since then
	enum budget_stage logged; // the last stage that the log has
	uint64_t logged_ms;       // when it was that stage last, or worse
	bool started;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
};

// A line is "RssAnon:	    1234 kB" (proc(5)).
static bool read_line(struct view text, struct view name, size_t *ret_bytes)
{
	struct view line;
	uint64_t kib;
	while (view_split(&text, '\n', &line)) {
		if (!view_starts_with(line, name))
			continue;
		line = view_trim(view_from(line, name.len));
		if (!view_ends_with(line, VIEW(" kB")) ||
		    !view_to_u64(view_slice(line, 0, line.len - 3), &kib))
			return false;
		*ret_bytes = (size_t)kib * 1024;
		return true;
	}
	return false;
}

bool memory_parse_status(struct view text, size_t *ret_bytes)
{
	size_t resident, swapped = 0;
	if (!read_line(text, VIEW("RssAnon:"), &resident))
		return false;
	(void)read_line(text, VIEW("VmSwap:"), &swapped);
	*ret_bytes = resident + swapped;
	return true;
}

static void measure(struct memory *memory)
{
	char text[8192];
	size_t bytes;
	ssize_t len = pread(memory->status_fd, text, sizeof(text), 0);
	if (len > 0 && memory_parse_status(view_of(text, (size_t)len), &bytes))
		budget_measured(&memory->budget, bytes);
}

static void trim(struct memory *memory)
{
	const struct budget *budget = &memory->budget;
	size_t held = budget_held(budget);
	if (held > memory->peak)
		memory->peak = held;
	bool wanted = budget_used(budget) >= budget->limit / 2 ||
		      memory->peak - held >= TRIM_BYTES;
	if (!wanted || clock_monotonic_ms() - memory->trimmed_ms < TRIM_MS)
		return;
	malloc_trim(0);
	memory->trimmed_ms = clock_monotonic_ms();
	memory->peak = budget_held(budget);
	measure(memory);
}

static void log_stage(struct memory *memory)
{
	enum budget_stage stage = budget_stage(&memory->budget);
	uint64_t now = clock_monotonic_ms();
	bool better = stage < memory->logged;
	if (better && now - memory->logged_ms < BETTER_MS)
		return;
	memory->logged_ms = now;
	if (stage == memory->logged)
		return;
	memory->logged = stage;
	struct log_line line;
	log_begin(&line, memory->log,
	    stage == BUDGET_CALM ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "memory");
	log_add_string(&line, "stage", budget_stage_name(stage));
	log_add_u64(&line, "used_mib", budget_used(&memory->budget) / MIB);
	log_add_u64(&line, "held_mib", budget_held(&memory->budget) / MIB);
	log_add_u64(&line, "max_mib", memory->budget.limit / MIB);
	log_end(&line);
}

static void *run(void *context)
{
	struct memory *memory = context;
	pthread_mutex_lock(&memory->lock);
	while (!memory->stopping) {
		struct timespec next = thread_deadline(PERIOD_MS);
		int woken = 0;
		while (!memory->stopping && woken == 0)
			woken = pthread_cond_timedwait(
			    &memory->stop, &memory->lock, &next);
		if (memory->stopping)
			break;
		pthread_mutex_unlock(&memory->lock);
		measure(memory);
		trim(memory);
		log_stage(memory);
		pthread_mutex_lock(&memory->lock);
	}
	pthread_mutex_unlock(&memory->lock);
	return NULL;
}

// ---- Life ------------------------------------------------------------------

struct memory *memory_new(size_t limit, struct log *log)
{
	struct memory *memory = mem_zalloc(sizeof(*memory));
	budget_init(&memory->budget, limit);
	memory->log = log;
	memory->status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	pthread_mutex_init(&memory->lock, NULL);
	thread_cond_init(&memory->stop);
	return memory;
}

struct budget *memory_budget(struct memory *memory)
{
	return &memory->budget;
}

enum rc memory_start(struct memory *memory, struct fault *fault)
{
	measure(memory);
	if (thread_start(&memory->thread, run, memory) != RC_OK)
		return fault_set(fault, RC_LIMIT,
		    "no thread can be started that watches the memory");
	memory->started = true;
	return RC_OK;
}

void memory_free(struct memory **memory)
{
	struct memory *gone = *memory;
	*memory = NULL;
	if (!gone)
		return;
	pthread_mutex_lock(&gone->lock);
	gone->stopping = true;
	pthread_cond_signal(&gone->stop);
	pthread_mutex_unlock(&gone->lock);
	if (gone->started)
		pthread_join(gone->thread, NULL);
	if (gone->status_fd >= 0)
		close(gone->status_fd);
	pthread_cond_destroy(&gone->stop);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}
