// SPDX-License-Identifier: Apache-2.0
// Shutting the process in. Afterwards neither it nor the threads that it starts
// can run a program, signal another process, open files outside the folders
// named here, reach a Unix socket, listen on a new TCP port, or connect to a
// TCP port that is not named here. Only system calls that a mail server uses
// work; all others fail with ENOSYS.
#ifndef ROOST_SERVER_SANDBOX_H
#define ROOST_SERVER_SANDBOX_H

#include "base/log.h"

#define SANDBOX_PATHS_MAX 600
#define SANDBOX_PORTS_MAX 32

struct sandbox_needs {
	const char *write;                   // a folder for reading and writing
	const char *read[SANDBOX_PATHS_MAX]; // files and folders to read
	size_t read_count;
	uint16_t connect[SANDBOX_PORTS_MAX]; // TCP ports of other servers
	size_t connect_count;
};

// Adds a port, if there is room.
void sandbox_need_port(struct sandbox_needs *needs, uint16_t port);

// What is in force. Landlock has versions, 0: the kernel has none.
struct sandbox_state {
	long landlock;
	bool seccomp;
	bool no_new_privileges;
};

// Must be called before any thread is started. What the kernel does not support
// is left out.
struct sandbox_state sandbox_enter(const struct sandbox_needs *needs);
// Calls it, and logs what is in force.
struct sandbox_state sandbox_enter_logged(const struct sandbox_needs *needs, struct log *log);

// The two halves of it. sandbox_limit_access() returns the version of Landlock
// that is in force, or 0.
MUST_CHECK long sandbox_limit_access(const struct sandbox_needs *needs);
MUST_CHECK bool sandbox_limit_calls(void);

// Whether this is a test build with a sanitizer. Its leak checker forks a
// helper that traces the process, so processes and tracing are not forbidden
// then.
extern const bool sandbox_allows_helpers;

#endif
