// SPDX-License-Identifier: Apache-2.0
// CPU time from /proc. A thread that lives is read from its schedstat, which
// counts nanoseconds; /proc/<pid>/stat counts ticks of 10 ms, and is used for
// children that have ended (cutime, cstime), which schedstat forgets.
#include "cpu.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"

struct process {
	pid_t pid;
	pid_t parent;
	uint64_t reaped_ticks;
	bool counted;
};

static bool read_stat(pid_t pid, struct process *ret_process)
{
	char path[64];
	char text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	// The name may hold spaces and parentheses: start after the last one.
	const char *rest = strrchr(text, ')');
	int parent = 0;
	uint64_t cutime = 0;
	uint64_t cstime = 0;
	if (rest == NULL ||
	    sscanf(rest + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %" SCNu64
		" %" SCNu64,
		&parent, &cutime, &cstime) != 3)
		return false;
	*ret_process = (struct process){pid, parent, cutime + cstime, false};
	return true;
}

static uint64_t threads_ns(pid_t pid)
{
	char path[64];
	uint64_t sum = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char name[400];
		uint64_t ns = 0;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "/proc/%d/task/%s/schedstat", pid,
		    entry->d_name);
		FILE *file = fopen(name, "r");
		if (file == NULL)
			continue;
		if (fscanf(file, "%" SCNu64, &ns) == 1)
			sum += ns;
		fclose(file);
	}
	closedir(dir);
	return sum;
}

static size_t read_processes(struct process **ret_list)
{
	struct process *list = NULL;
	size_t count = 0;
	size_t capacity = 0;
	DIR *dir = opendir("/proc");
	for (struct dirent *entry;
	     dir != NULL && (entry = readdir(dir)) != NULL;) {
		long pid = strtol(entry->d_name, NULL, 10);
		if (pid <= 0)
			continue;
		list = mem_grow(list, &capacity, count + 1, sizeof(*list));
		if (read_stat((pid_t)pid, &list[count]))
			count++;
	}
	if (dir != NULL)
		closedir(dir);
	*ret_list = list;
	return count;
}

uint64_t cpu_tree_ns(pid_t root)
{
	struct process *list;
	if (root <= 0)
		return 0;
	size_t count = read_processes(&list);
	uint64_t tick_ns = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t sum = 0;
	bool found = true;
	for (size_t i = 0; i < count; i++)
		list[i].counted = list[i].pid == root;
	// Parents are usually listed before children: one pass or two.
	while (found) {
		found = false;
		for (size_t i = 0; i < count; i++) {
			for (size_t j = 0; !list[i].counted && j < count; j++) {
				if (list[j].pid == list[i].parent &&
				    list[j].counted) {
					list[i].counted = true;
					found = true;
				}
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (list[i].counted)
			sum += threads_ns(list[i].pid) +
			       list[i].reaped_ticks * tick_ns;
	}
	free(list);
	return sum;
}

uint64_t cpu_own_ns(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	uint64_t us =
	    (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		1000000U +
	    (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	return us * 1000U;
}
