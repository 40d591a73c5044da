// SPDX-License-Identifier: Apache-2.0
// IMAP command framing (RFC 9051 section 2.2, literals section 4.3; RFC 7888
// LITERAL+ and LITERAL-; RFC 4466 literal8; RFC 6855 UTF8 literals): bytes in,
// in pieces of any size, become commands. The reader does not know the names of
// commands.
//
// A line ends with CRLF, or with a bare LF, which other servers accept too. A
// line that ends with "{n}", "{n+}", "~{n}" or "~{n+}" announces a literal.
// Then the caller chooses: it collects the literal into the command, reads its
// bytes itself, piece by piece (APPEND), or skips the command.
//
//	while (…) switch (imap_reader_next(&reader, &in, &event)) {
//	case IMAP_EVENT_MORE: return; // all of `in` was read
//	case IMAP_EVENT_COMMAND: parse event.text; break;
//	case IMAP_EVENT_LITERAL: one of collect(), stream(), skip(); before the
//	    first two, when event.literal.sync, send "+ …"; break;
//	case IMAP_EVENT_DATA: …
//	case IMAP_EVENT_FAULT: BAD and skip(), or BYE and close; break;
//	}
//
// The events do not depend on how the input was cut. Memory is held only from
// the first byte of an unfinished command until the call after its last byte.
#ifndef ROOST_WIRE_IMAP_READER_H
#define ROOST_WIRE_IMAP_READER_H

#include "base/buf.h"

// Text of one command without its literals, and all its collected literals.
#define IMAP_LINE_MAX ((size_t)64 * 1024) // RFC 7162 section 4 asks for 8 KiB
// The limit before login. RFC 2971 section 3.3 allows ID to have 30 fields of
// 30 bytes with values of 1024 bytes.
#define IMAP_LINE_MAX_LOGIN    ((size_t)40 * 1024)
#define IMAP_COLLECT_MAX       ((size_t)256 * 1024)
#define IMAP_COLLECT_MAX_LOGIN ((size_t)8 * 1024)
#define IMAP_LITERAL_MINUS_MAX ((uint64_t)4096) // RFC 7888 section 5
#define IMAP_LITERAL_PLUS_ANY  UINT64_MAX
#define IMAP_READER_TAIL       32 // longer than the announcement of any literal

struct imap_reader_limits {
	size_t line_max;      // bytes of a command's text without its literals
	size_t collect_max;   // bytes of all collected literals of a command
	uint64_t nonsync_max; // bytes of one non-synchronizing literal; a
			      // longer one is a fault
	bool secret; // the command has passwords: overwrite its memory
};

enum imap_event_type {
	IMAP_EVENT_MORE,    // all of `in` has been read
	IMAP_EVENT_COMMAND, // `text` is a command (or the end of one)
	IMAP_EVENT_LITERAL, // `text` continues with `literal`: collect, stream
			    // or skip it
	IMAP_EVENT_DATA,    // a piece of a literal that is being streamed
	IMAP_EVENT_FAULT,   // see `fault`; skip the command or close the
			    // connection
};

struct imap_literal {
	uint64_t size;
	bool sync;   // the client first waits for a continuation ("+ …")
	bool binary; // literal8, "~{": may contain NUL
	bool utf8; // binary within "UTF8 (~{…}": the text after it begins with
		   // ")"
};

struct imap_event {
	enum imap_event_type type;
	// COMMAND: the text without its line end. Collected literals are in it
	// as they came ("{3}" CRLF "abc", always with CRLF); imap_parse.h reads
	// them. LITERAL: the text before the announcement (and before "UTF8 ("
	// if literal.utf8). FAULT: the beginning of the text, in which the tag
	// can be found. Valid until the next call for this reader, and as long
	// as the caller's input is.
	struct view text;
	// A literal of this command was streamed. `text` is only the text after
	// it (after the last one, for MULTIAPPEND).
	bool continued;
	struct imap_literal literal;
	struct view data; // DATA: a piece, which is a view of the caller's
			  // input; may be empty
	bool last;        // DATA: this piece completes the literal
	// FAULT: RC_LIMIT (a line, or a non-synchronizing literal, is too long)
	// or RC_SYNTAX (the text has a NUL). For a literal, `literal.size` is
	// the number of bytes that skip() has to read and drop.
	struct fault fault;
};

struct imap_reader {
	struct imap_reader_limits limits;
	struct buf text;   // the unfinished command; no memory between commands
	size_t line_start; // offset in `text` where the current line begins
	size_t collected;  // bytes of collected literals in `text`
	size_t before;     // bytes of `text` before the announcement
	struct imap_literal literal; // the announced literal
	uint64_t left; // bytes of the current literal that are still to come
	int state;
	bool continued;
	bool plain_line;     // the next line does not announce a literal
	bool shown;          // `text` was shown as a whole and will be dropped
	bool secret;         // `text` was begun when limits.secret was set
	bool skip_literal;   // after a fault: skipping begins with `literal`
	struct fault *fault; // owned; NULL when there is no fault
	size_t tail_len;
	char tail[IMAP_READER_TAIL]; // the end of a line that is being skipped
};

void imap_reader_init(
    struct imap_reader *reader, const struct imap_reader_limits *limits);
void imap_reader_done(struct imap_reader *reader);
// Valid from the next command on.
void imap_reader_set_limits(
    struct imap_reader *reader, const struct imap_reader_limits *limits);

// Reads bytes from the front of `*in`, up to the next event.
enum imap_event_type imap_reader_next(
    struct imap_reader *reader, struct view *in, struct imap_event *ret_event);

// After IMAP_EVENT_LITERAL: the literal will be a part of the command's text.
// RC_LIMIT when the collected literals would be too long; nothing has changed
// then, and the caller skips the literal or closes the connection.
MUST_CHECK enum rc imap_reader_collect(
    struct imap_reader *reader, struct fault *fault);
// After IMAP_EVENT_LITERAL: the literal's bytes come as IMAP_EVENT_DATA (at
// least one event; the last is marked). After that the rest of the command
// comes as `continued` text.
void imap_reader_stream(struct imap_reader *reader);
// After IMAP_EVENT_LITERAL, IMAP_EVENT_FAULT or IMAP_EVENT_DATA: the command is
// dropped without further events. The client does not send a synchronizing
// literal that nobody asked for, so the command ends there (RFC 9051 section
// 4.3). A non-synchronizing literal is read and dropped, and so is the rest of
// the line (RFC 7888 section 4). A caller that does not want to read that much
// closes the connection.
void imap_reader_skip(struct imap_reader *reader);

// The next line is plain (a SASL response, or DONE): an ending like "{5}" has
// no meaning in it. It comes as IMAP_EVENT_COMMAND.
void imap_reader_expect_line(struct imap_reader *reader);

// True between commands: no byte of a command has been read yet.
bool imap_reader_is_idle(const struct imap_reader *reader);
// Frees the memory of the last event. For a caller that will not call again
// soon.
void imap_reader_release(struct imap_reader *reader);

#endif
