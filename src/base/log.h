// SPDX-License-Identifier: Apache-2.0
// The log. Each event is one line, `level event key=value key="va lue"`,
// written to a file descriptor with a single write. Values from outside are
// quoted and escaped: no value ends a line, sends commands to a terminal, or
// turns the direction of the text. Callers never pass secrets to it.
// Thread-safe.
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
	int fd; // -1: nothing is written
	_Atomic enum log_level
	    minimum;  // lower levels are not written; may be set any time
	bool journal; // for systemd: a "<6>" priority in front, no time
};

#define LOG_LINE_MAX 4096

// One line while it is composed, on the caller's stack.
struct log_line {
	struct log *log; // NULL: the line is not written
	struct buf text;
};

// Begins a line. `event` and all keys are words in lower case, joined by "_":
// "login_failed". (docs/administration.md lists the events.) `log` may be NULL.
void log_begin(struct log_line *line, struct log *log, enum log_level level,
    const char *event);
void log_add(struct log_line *line, const char *key, struct view value);
void log_add_string(struct log_line *line, const char *key, const char *value);
void log_add_u64(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line); // writes the line

// Writes a line whose only value is a sentence: `event text="…"`.
void log_text(struct log *log, enum log_level level, const char *event,
    const char *format, ...) PRINTF_LIKE(4, 5);

#endif
