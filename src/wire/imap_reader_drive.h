// SPDX-License-Identifier: Apache-2.0
// For the reader's test and fuzzer: drives a reader with input cut in pieces
// and writes down what came out, so that two cuts can be compared. A literal of
// a command that names APPEND is streamed, of one that names SKIP skipped, any
// other collected; after a fault the command is skipped.
#ifndef ROOST_WIRE_IMAP_READER_DRIVE_H
#define ROOST_WIRE_IMAP_READER_DRIVE_H

#include "wire/imap_reader.h"

static inline void drive_literal(struct imap_reader *reader,
    const struct imap_event *event, bool *append, struct buf *log)
{
	struct imap_literal literal = event->literal;
	buf_printf(log, "L%s%s%s%s%llu ", event->continued ? "c" : "",
	    literal.sync ? "" : "+", literal.binary ? "~" : "",
	    literal.utf8 ? "u" : "", (unsigned long long)literal.size);
	buf_add(log, event->text);
	buf_add_char(log, '|');
	if (!event->continued)
		*append = view_find(event->text, VIEW("APPEND")) != SIZE_MAX;
	if (*append) {
		imap_reader_stream(reader);
	} else if (view_find(event->text, VIEW("SKIP")) != SIZE_MAX ||
		   imap_reader_collect(reader, NULL) != RC_OK) {
		imap_reader_skip(reader);
		buf_add_literal(log, "S|");
	}
}

static inline void drive_event(struct imap_reader *reader,
    const struct imap_event *event, bool *append, struct buf *log)
{
	switch (event->type) {
	case IMAP_EVENT_MORE: break;
	case IMAP_EVENT_COMMAND:
		buf_add_string(log, event->continued ? "Cc " : "C ");
		buf_add(log, event->text);
		buf_add_char(log, '|');
		break;
	case IMAP_EVENT_LITERAL:
		drive_literal(reader, event, append, log);
		break;
	case IMAP_EVENT_DATA:
		buf_add(log, event->data);
		if (event->last)
			buf_add_literal(log, "<|");
		break;
	case IMAP_EVENT_FAULT:
		buf_printf(log, "F%s ", rc_name(event->fault.rc));
		buf_add(log, event->text);
		buf_add_char(log, '|');
		imap_reader_skip(reader);
		break;
	}
}

// `seed` 0: all in one piece; 1: byte by byte; else pieces of random lengths,
// each in memory of its own.
static inline void drive_reader(const struct imap_reader_limits *limits,
    struct view input, unsigned seed, struct buf *log)
{
	struct imap_reader reader;
	imap_reader_init(&reader, limits);
	bool append = false;
	unsigned random = seed;
	while (input.len) {
		random = random * 1103515245u + 12345u;
		size_t len = seed == 0   ? input.len
			     : seed == 1 ? 1
					 : 1 + (random >> 16) % 9;
		struct view piece = view_slice(input, 0, len);
		input = view_from(input, piece.len);
		char *own = malloc(piece.len);
		memcpy(own, piece.ptr, piece.len);
		struct view in = view_of(own, piece.len);
		struct imap_event event;
		while (
		    imap_reader_next(&reader, &in, &event) != IMAP_EVENT_MORE)
			drive_event(&reader, &event, &append, log);
		if (in.len)
			abort(); // "MORE" means that all was taken
		if (imap_reader_is_idle(&reader) && reader.text.ptr)
			abort(); // no memory between commands
		free(own);
	}
	imap_reader_done(&reader);
}

#endif
