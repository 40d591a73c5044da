// SPDX-License-Identifier: Apache-2.0
// Shutting the process in: afterwards neither it nor the threads that it starts
// can run a program, and they can open files only below the folders named here.
#ifndef ROOST_SERVER_SANDBOX_H
#define ROOST_SERVER_SANDBOX_H

#include "base/log.h"

#define SANDBOX_PATHS_MAX 600

struct sandbox_paths {
	const char *write;                   // a folder for reading and writing
	const char *read[SANDBOX_PATHS_MAX]; // files and folders to read
	size_t read_count;
};

// Must be called before any thread is started. What the kernel does not support
// is left out; the log says what was done.
void sandbox_enter(const struct sandbox_paths *paths, struct log *log);

#endif
