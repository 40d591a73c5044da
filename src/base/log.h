// SPDX-License-Identifier: Apache-2.0
// The log: one line an event, `level event key=value key="va lue"`, written to
// a file descriptor by a single write. Values from outside are quoted and
// escaped; secrets are never given to it. Thread-safe.
#ifndef ROOST_BASE_LOG_H
#define ROOST_BASE_LOG_H

#include "base/buf.h"

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

struct log {
	int fd;                         // -1: nothing is written
	_Atomic enum log_level minimum; // less is left out; may be set any time
	bool journal;                   // "<6>" priorities for systemd, no time
};

#define LOG_LINE_MAX 4096

// One line being put together, on the caller's stack.
struct log_line {
	struct log *log; // NULL: left out
	struct buf text;
};

// Begins a line. `event` and keys are words in lower case, joined by "_":
// "login_failed". (docs/administration.md lists the events.) `log` may be NULL.
void log_begin(struct log_line *line, struct log *log, enum log_level level,
    const char *event);
void log_add(struct log_line *line, const char *key, struct view value);
void log_add_string(struct log_line *line, const char *key, const char *value);
void log_add_u64(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line); // writes it

// A line with nothing but a sentence: `event text="…"`.
void log_text(struct log *log, enum log_level level, const char *event,
    const char *format, ...) PRINTF_LIKE(4, 5);

#endif
