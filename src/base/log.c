// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/ascii.h"

#define LINE_ROOM 512

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const journal_priorities[] = {"<7>", "<6>", "<4>", "<3>"};

static void add_time(struct buf *out)
{
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ ",
	    utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
	    utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

void log_begin(struct log_line *line, struct log *log, enum log_level level,
    const char *event)
{
	bool wanted = log && log->fd >= 0 && level >= log->minimum;
	line->log = wanted ? log : NULL;
	buf_init(&line->text, LOG_LINE_MAX);
	if (!wanted)
		return;
	// Most lines fit into this room, so one allocation is enough.
	buf_reserve(&line->text, LINE_ROOM);
	if (log->journal)
		buf_add_string(&line->text, journal_priorities[level]);
	else
		add_time(&line->text);
	buf_add_string(&line->text, level_names[level]);
	buf_add_char(&line->text, ' ');
	buf_add_string(&line->text, event);
}

static bool is_plain(struct view value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f)
			return false; // a byte over 0x7f is negative here, so
				      // it is quoted
	}
	return value.len > 0;
}

static void add_quoted(struct buf *out, struct view value)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (ascii_is_control(c))
			buf_printf(out, "\\x%02x", (unsigned char)c);
		else
			buf_add_char(out, c);
	}
	buf_add_char(out, '"');
}

static void add_key(struct log_line *line, const char *key)
{
	buf_add_char(&line->text, ' ');
	buf_add_string(&line->text, key);
	buf_add_char(&line->text, '=');
}

void log_add(struct log_line *line, const char *key, struct view value)
{
	if (!line->log)
		return;
	add_key(line, key);
	if (is_plain(value))
		buf_add(&line->text, value);
	else
		add_quoted(&line->text, value);
}

void log_add_string(struct log_line *line, const char *key, const char *value)
{
	log_add(line, key, view_of_string(value));
}

void log_add_u64(struct log_line *line, const char *key, uint64_t value)
{
	if (!line->log)
		return;
	add_key(line, key);
	buf_add_u64(&line->text, value);
}

void log_end(struct log_line *line)
{
	if (line->log) {
		// A line that is too long is cut. It is not dropped.
		buf_truncate(&line->text, LOG_LINE_MAX - 1);
		buf_add_char(&line->text, '\n');
		ssize_t written =
		    write(line->log->fd, line->text.ptr, line->text.len);
		(void)
		    written; // there is no place to report a failure of the log
	}
	buf_done(&line->text);
	line->log = NULL;
}

void log_text(struct log *log, enum log_level level, const char *event,
    const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	struct log_line line;
	log_begin(&line, log, level, event);
	log_add_string(&line, "text", text);
	log_end(&line);
}
