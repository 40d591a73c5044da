// SPDX-License-Identifier: Apache-2.0
// Other processes: programs of the system, and parts of this one that start
// threads.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/ask.h"
#include "server/installer_impl.h"

// Reads until the other side closes; what does not fit is dropped.
static void read_all(int fd, struct buf *out)
{
	char block[4096];
	for (;;) {
		ssize_t len = read(fd, block, sizeof(block));
		if (len > 0)
			buf_add(out, view_of(block, (size_t)len));
		else if (len == 0 || errno != EINTR)
			return;
	}
}

static int exit_code(pid_t child)
{
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static _Noreturn void become_program(const char *const argv[], int to)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(to, STDOUT_FILENO) < 0 || dup2(to, STDERR_FILENO) < 0)
		_exit(127);
	// execvp() takes pointers to what it does not change.
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

int installer_program(const char *const argv[], struct buf *out)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		become_program(argv, ends[1]);
	close(ends[1]);
	int code = -1;
	if (child > 0) {
		read_all(ends[0], out);
		code = exit_code(child);
	}
	close(ends[0]);
	return code == 127 ? -1 : code;
}

static int work_and_write(struct installer *in,
    int (*work)(struct installer *in, struct buf *out), int to)
{
	struct buf out;
	buf_init(&out, INSTALLER_OUT_MAX);
	int code = work(in, &out);
	if (out.len > 0 && write(to, out.ptr, out.len) < 0)
		code = 126;
	buf_done(&out);
	return code;
}

int installer_apart(struct installer *in,
    int (*work)(struct installer *in, struct buf *out), struct buf *out)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		_exit(work_and_write(in, work, ends[1]));
	}
	close(ends[1]);
	int code = -1;
	if (child > 0) {
		read_all(ends[0], out);
		code = exit_code(child);
	}
	close(ends[0]);
	return code;
}

bool installer_wait(unsigned seconds)
{
	char line[16];
	struct pollfd at = {.fd = STDIN_FILENO, .events = POLLIN};
	bool terminal = isatty(STDIN_FILENO);
	if (poll(&at, terminal ? 1 : 0, (int)seconds * 1000) <= 0)
		return true;
	return ask_line(line, sizeof(line)) && strcmp(line, "s") != 0;
}
