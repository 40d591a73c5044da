// SPDX-License-Identifier: Apache-2.0
// Shutting the process in: after this it, and every thread it starts, can run
// no program and opens no file but those below the folders named here.
#ifndef ROOST_SERVER_SANDBOX_H
#define ROOST_SERVER_SANDBOX_H

#include "base/log.h"

#define SANDBOX_PATHS_MAX 600

struct sandbox_paths {
	const char *write;                   // a folder to read and write in
	const char *read[SANDBOX_PATHS_MAX]; // files and folders to read
	size_t read_count;
};

// Before any thread is started. What the kernel does not have is left out, and
// the log says what was done.
void sandbox_enter(const struct sandbox_paths *paths, struct log *log);

#endif
