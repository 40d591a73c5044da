// SPDX-License-Identifier: Apache-2.0
// This file splits the input into IMAP commands; see the header. If a command
// arrives whole and without literals, the caller gets a view of its own bytes.
// The reader copies a command only if it arrives in pieces or has collected
// literals.
#include "wire/imap_reader.h"

#include "base/ascii.h"
#include "base/mem.h"

enum {
	STATE_TEXT,      // in a line, or before one
	STATE_ANNOUNCED, // the caller must choose
	STATE_COLLECT,
	STATE_STREAM,
	STATE_SKIP_LITERAL,
	STATE_SKIP_LINE,
	STATE_FAULT,
};

// A longer number does not announce a literal (2^64 has 20 digits). An
// announcement with "~{+}" and CR fits in IMAP_READER_TAIL.
#define DIGITS_MAX 20

void imap_reader_init(
    struct imap_reader *reader, const struct imap_reader_limits *limits)
{
	*reader = (struct imap_reader){.state = STATE_TEXT};
	imap_reader_set_limits(reader, limits);
}

void imap_reader_done(struct imap_reader *reader)
{
	if (reader->secret)
		buf_done_secret(&reader->text);
	else
		buf_done(&reader->text);
	free(reader->fault);
	reader->fault = NULL;
}

void imap_reader_set_limits(
    struct imap_reader *reader, const struct imap_reader_limits *limits)
{
	reader->limits = *limits;
	reader->secret |= limits->secret;
	// The buffer also has space for the CRLF after each announcement.
	size_t max = limits->line_max + limits->collect_max + 2;
	if (max > reader->text.max)
		reader->text.max = max;
}

bool imap_reader_is_idle(const struct imap_reader *reader)
{
	return reader->state == STATE_TEXT &&
	       (reader->shown || (reader->text.len == 0 && !reader->continued));
}

void imap_reader_release(struct imap_reader *reader)
{
	if (!reader->shown)
		return;
	if (reader->secret)
		buf_done_secret(&reader->text);
	else
		buf_done(&reader->text);
	reader->secret = reader->limits.secret;
	reader->text.max =
	    reader->limits.line_max + reader->limits.collect_max + 2;
	reader->line_start = 0;
	reader->collected = 0;
	reader->shown = false;
	reader->continued = false;
}

void imap_reader_expect_line(struct imap_reader *reader)
{
	reader->plain_line = true;
}

static struct view take(struct view *in, size_t len)
{
	struct view taken = view_slice(*in, 0, len);
	*in = view_from(*in, len);
	return taken;
}

static struct view without_cr(struct view line)
{
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

// Tells whether `line` ends with the announcement of a literal (RFC 9051
// section 4.3; RFC 7888 section 3; literal8 RFC 4466 section 6). `*ret_before`
// is the length of the line before the announcement.
static bool find_announcement(
    struct view line, struct imap_literal *ret_literal, size_t *ret_before)
{
	struct imap_literal literal = {.sync = true};
	size_t end = line.len;
	if (end == 0 || line.ptr[--end] != '}')
		return false;
	if (end && line.ptr[end - 1] == '+') {
		literal.sync = false;
		end--;
	}
	size_t digits = end;
	while (digits && ascii_is_digit(line.ptr[digits - 1]) &&
	       end - digits <= DIGITS_MAX)
		digits--;
	if (digits == end || end - digits > DIGITS_MAX || digits == 0 ||
	    line.ptr[digits - 1] != '{')
		return false;
	if (!view_to_u64(view_slice(line, digits, end - digits), &literal.size))
		literal.size = UINT64_MAX;
	size_t before = digits - 1;
	if (before && line.ptr[before - 1] == '~') {
		literal.binary = true;
		before--;
	}
	*ret_literal = literal;
	*ret_before = before;
	return true;
}

// Finds "UTF8 (" before a literal8 (RFC 6855 section 4).
static void find_utf8(
    struct view line, struct imap_literal *literal, size_t *before)
{
	struct view mark = VIEW(" UTF8 (");
	if (!literal->binary || *before < mark.len ||
	    !view_eq_nocase(
		view_slice(line, *before - mark.len, mark.len), mark))
		return;
	literal->utf8 = true;
	*before -= mark.len - 1;
}

static enum imap_event_type show_fault(
    struct imap_reader *reader, struct imap_event *event)
{
	event->fault = *reader->fault;
	event->text = buf_view(&reader->text);
	event->continued = reader->continued;
	if (reader->skip_literal)
		event->literal = reader->literal;
	return IMAP_EVENT_FAULT;
}

// Enters the state after a fault. The caller adds the text of the fault.
static struct fault *begin_fault(struct imap_reader *reader)
{
	reader->state = STATE_FAULT;
	reader->skip_literal = false;
	if (!reader->fault)
		reader->fault = mem_zalloc(sizeof(*reader->fault));
	return reader->fault;
}

static enum imap_event_type show_command(
    struct imap_reader *reader, struct view text, struct imap_event *event)
{
	event->text = text;
	event->continued = reader->continued;
	reader->shown = true;
	reader->plain_line = false;
	return IMAP_EVENT_COMMAND;
}

static enum imap_event_type announce(
    struct imap_reader *reader, size_t before, struct imap_event *event)
{
	// The copied text always has CRLF here, even if the client sent LF.
	reader->before = reader->line_start + before;
	struct imap_literal *literal = &reader->literal;
	if (!literal->sync && literal->size > reader->limits.nonsync_max) {
		fault_set(begin_fault(reader), RC_LIMIT,
		    "A non-synchronizing literal of %llu bytes is over the"
		    " limit of %llu",
		    (unsigned long long)literal->size,
		    (unsigned long long)reader->limits.nonsync_max);
		reader->skip_literal = true;
		return show_fault(reader, event);
	}
	buf_add_literal(&reader->text, "\r\n");
	reader->state = STATE_ANNOUNCED;
	event->text = view_slice(buf_view(&reader->text), 0, reader->before);
	event->continued = reader->continued;
	event->literal = *literal;
	return IMAP_EVENT_LITERAL;
}

// Handles the line that begins at `line_start`. The line is complete, but its
// LF is not in the text.
static enum imap_event_type end_line(
    struct imap_reader *reader, struct imap_event *event)
{
	struct view text = without_cr(buf_view(&reader->text));
	if (text.len < reader->line_start)
		text.len = reader->line_start; // the CR belongs to a literal
	buf_truncate(&reader->text, text.len);
	struct view line = view_from(text, reader->line_start);
	size_t before;
	if (!reader->plain_line &&
	    find_announcement(line, &reader->literal, &before)) {
		find_utf8(line, &reader->literal, &before);
		return announce(reader, before, event);
	}
	return show_command(reader, text, event);
}

// Returns how many bytes the text may still grow.
static size_t text_room(const struct imap_reader *reader)
{
	size_t used = reader->text.len - reader->collected;
	size_t max = reader->limits.line_max;
	return used < max ? max - used : 0;
}

static enum imap_event_type text_fault(
    struct imap_reader *reader, enum rc rc, struct imap_event *event)
{
	if (rc == RC_LIMIT)
		fault_set(begin_fault(reader), rc,
		    "The command line is over the limit of %zu bytes",
		    reader->limits.line_max);
	else
		fault_set(begin_fault(reader), rc,
		    "NUL byte in the command line at column %zu",
		    reader->text.len + 1);
	struct view line =
	    view_from(buf_view(&reader->text), reader->line_start);
	if (line.len > sizeof(reader->tail))
		line = view_from(line, line.len - sizeof(reader->tail));
	reader->tail_len = line.len;
	if (line.len)
		memcpy(reader->tail, line.ptr, line.len);
	return show_fault(reader, event);
}

static enum imap_event_type next_text(
    struct imap_reader *reader, struct view *in, struct imap_event *event)
{
	size_t end = view_find_char(*in, '\n');
	struct view piece = view_slice(*in, 0, end);
	size_t room = text_room(reader);
	size_t nul = view_find_char(view_slice(piece, 0, room), '\0');
	if (nul != SIZE_MAX || piece.len > room) {
		enum rc rc = nul != SIZE_MAX ? RC_SYNTAX : RC_LIMIT;
		buf_add(&reader->text, take(in, nul < room ? nul : room));
		return text_fault(reader, rc, event);
	}
	if (end == SIZE_MAX) {
		buf_add(&reader->text, take(in, piece.len));
		return IMAP_EVENT_MORE;
	}
	struct view line = without_cr(piece);
	if (reader->text.len == 0 &&
	    (line.len == 0 || line.ptr[line.len - 1] != '}')) {
		take(in, end + 1);
		return show_command(reader, line, event);
	}
	buf_add(&reader->text, take(in, piece.len));
	take(in, 1);
	return end_line(reader, event);
}

static void next_collect(struct imap_reader *reader, struct view *in)
{
	size_t len = in->len < reader->left ? in->len : (size_t)reader->left;
	buf_add(&reader->text, take(in, len));
	reader->collected += len;
	reader->left -= len;
	if (reader->left == 0) {
		reader->line_start = reader->text.len;
		reader->state = STATE_TEXT;
	}
}

static enum imap_event_type next_stream(
    struct imap_reader *reader, struct view *in, struct imap_event *event)
{
	size_t len = in->len < reader->left ? in->len : (size_t)reader->left;
	event->data = take(in, len);
	reader->left -= len;
	event->last = reader->left == 0;
	if (event->last)
		reader->state = STATE_TEXT;
	reader->continued = true;
	return IMAP_EVENT_DATA;
}

// The skipped command has ended, so the next one begins.
static void end_skip(struct imap_reader *reader)
{
	reader->shown = true;
	imap_reader_release(reader);
	reader->state = STATE_TEXT;
	reader->plain_line = false;
}

static void begin_skip_literal(struct imap_reader *reader, uint64_t size)
{
	reader->left = size;
	reader->tail_len = 0;
	reader->state = STATE_SKIP_LITERAL;
}

static void next_skip_literal(struct imap_reader *reader, struct view *in)
{
	size_t len = in->len < reader->left ? in->len : (size_t)reader->left;
	take(in, len);
	reader->left -= len;
	if (reader->left == 0)
		reader->state = STATE_SKIP_LINE;
}

static void add_tail(struct imap_reader *reader, struct view piece)
{
	size_t max = sizeof(reader->tail);
	if (piece.len >= max) {
		memcpy(reader->tail, piece.ptr + (piece.len - max), max);
		reader->tail_len = max;
		return;
	}
	if (piece.len == 0)
		return;
	size_t keep = reader->tail_len;
	if (keep > max - piece.len)
		keep = max - piece.len;
	memmove(reader->tail, reader->tail + (reader->tail_len - keep), keep);
	memcpy(reader->tail + keep, piece.ptr, piece.len);
	reader->tail_len = keep + piece.len;
}

static void next_skip_line(struct imap_reader *reader, struct view *in)
{
	size_t end = view_find_char(*in, '\n');
	add_tail(reader, view_slice(*in, 0, end));
	take(in, end == SIZE_MAX ? in->len : end + 1);
	if (end == SIZE_MAX)
		return;
	struct view line = without_cr(view_of(reader->tail, reader->tail_len));
	struct imap_literal literal;
	size_t before;
	if (!reader->plain_line && find_announcement(line, &literal, &before) &&
	    !literal.sync)
		begin_skip_literal(reader, literal.size);
	else
		end_skip(reader);
}

// Tells whether the reader can continue without input. It can if a literal is
// at its end.
static bool needs_no_input(const struct imap_reader *reader)
{
	return reader->left == 0 && (reader->state == STATE_COLLECT ||
					reader->state == STATE_STREAM ||
					reader->state == STATE_SKIP_LITERAL);
}

static enum imap_event_type next_event(
    struct imap_reader *reader, struct view *in, struct imap_event *event)
{
	enum imap_event_type type = IMAP_EVENT_MORE;
	while (type == IMAP_EVENT_MORE) {
		if (reader->state == STATE_FAULT)
			return show_fault(reader, event);
		if (in->len == 0 && !needs_no_input(reader))
			return IMAP_EVENT_MORE;
		if (reader->state == STATE_TEXT)
			type = next_text(reader, in, event);
		else if (reader->state == STATE_COLLECT)
			next_collect(reader, in);
		else if (reader->state == STATE_STREAM)
			type = next_stream(reader, in, event);
		else if (reader->state == STATE_SKIP_LITERAL)
			next_skip_literal(reader, in);
		else if (reader->state == STATE_SKIP_LINE)
			next_skip_line(reader, in);
		else // STATE_ANNOUNCED: the caller did not choose
			imap_reader_skip(reader);
	}
	return type;
}

enum imap_event_type imap_reader_next(
    struct imap_reader *reader, struct view *in, struct imap_event *ret_event)
{
	imap_reader_release(reader);
	ret_event->text = view_of(NULL, 0);
	ret_event->data = view_of(NULL, 0);
	ret_event->continued = false;
	ret_event->last = false;
	ret_event->literal = (struct imap_literal){0};
	ret_event->fault.rc = RC_OK;
	ret_event->type = next_event(reader, in, ret_event);
	return ret_event->type;
}

enum rc imap_reader_collect(struct imap_reader *reader, struct fault *fault)
{
	if (reader->state != STATE_ANNOUNCED)
		return fault_set(fault, RC_INVALID, "No literal is announced");
	size_t room = reader->limits.collect_max > reader->collected
			  ? reader->limits.collect_max - reader->collected
			  : 0;
	if (reader->literal.size > room)
		return fault_set(fault, RC_LIMIT,
		    "A literal of %llu bytes is over the limit of %zu bytes for"
		    " the literals of one command",
		    (unsigned long long)reader->literal.size,
		    reader->limits.collect_max);
	reader->left = reader->literal.size;
	reader->state = STATE_COLLECT;
	return RC_OK;
}

void imap_reader_stream(struct imap_reader *reader)
{
	if (reader->state != STATE_ANNOUNCED)
		return;
	reader->left = reader->literal.size;
	reader->state = STATE_STREAM;
	reader->shown = true; // the text before the literal can go
}

void imap_reader_skip(struct imap_reader *reader)
{
	bool fault = reader->state == STATE_FAULT;
	bool literal =
	    reader->state == STATE_ANNOUNCED || (fault && reader->skip_literal);
	if (!fault)
		reader->tail_len = 0;
	free(reader->fault);
	reader->fault = NULL;
	if (literal && reader->literal.sync) {
		end_skip(reader);
		return;
	}
	if (literal) {
		begin_skip_literal(reader, reader->literal.size);
	} else if (reader->state == STATE_STREAM) {
		begin_skip_literal(reader, reader->left);
	} else if (fault) {
		reader->state = STATE_SKIP_LINE;
	} else if (!imap_reader_is_idle(reader)) {
		add_tail(reader,
		    view_from(buf_view(&reader->text), reader->line_start));
		reader->state = STATE_SKIP_LINE;
	} else {
		return;
	}
	reader->shown = true; // so its memory can be freed
}
