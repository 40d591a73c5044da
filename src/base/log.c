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
		unsigned char c = (unsigned char)value.ptr[i];
		if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f)
			return false;
	}
	return value.len > 0;
}

// The length of the UTF-8 sequence (RFC 3629 section 4) of two to four bytes
// that begins at `at`, with its code point; 0: there is none.
static size_t sequence(const unsigned char *at, size_t left, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = at[0] >= 0xf0   ? 4
		     : at[0] >= 0xe0 ? 3
		     : at[0] >= 0xc0 ? 2
				     : 0;
	if (len == 0 || len > left || at[0] > 0xf4)
		return 0;
	uint32_t code = at[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	*ret_code = code;
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return code < least[len] || code > 0x10ffff || surrogate ? 0 : len;
}

// Whether a terminal takes the character as a command (C1 controls), ends a
// line with it, or turns the direction of what follows (the property
// Bidi_Control).
static bool steers(uint32_t code)
{
	return code < 0xa0 || code == 0x061c ||
	       (code >= 0x200e && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

// What is not plain text stands as \xNN, byte by byte.
static void add_quoted(struct buf *out, struct view value)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < value.len;) {
		const char *at = value.ptr + i;
		uint32_t code = 0;
		size_t len = sequence((const void *)at, value.len - i, &code);
		bool wide = len > 0 && !steers(code);
		if (wide)
			buf_add(out, view_of(at, len));
		else if (*at == '"' || *at == '\\')
			buf_printf(out, "\\%c", *at);
		else if (ascii_is_control(*at) || (unsigned char)*at >= 0x80)
			buf_printf(out, "\\x%02x", (unsigned char)*at);
		else
			buf_add_char(out, *at);
		i += wide ? len : 1;
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
