// SPDX-License-Identifier: Apache-2.0
// IMAP command framing (RFC 9051 section 2.2, literals section 4.3; RFC 7888
// LITERAL+ and LITERAL-; RFC 4466 literal8; RFC 6855 UTF8 literals): bytes in,
// in pieces of any size, and out come commands. It knows no command's name.
//
// A line ends with CRLF, or with a bare LF, as the peers take it too. A line
// that ends with "{n}", "{n+}", "~{n}" or "~{n+}" announces a literal; then the
// caller chooses: collect it into the command, take its bytes itself, piece by
// piece (APPEND), or skip the command.
//
//	while (…) switch (imap_reader_next(&reader, &in, &event)) {
//	case IMAP_EVENT_MORE: return; // all of `in` was taken
//	case IMAP_EVENT_COMMAND: parse event.text; break;
//	case IMAP_EVENT_LITERAL: one of collect(), stream(), skip(); before the
//	    first two, when event.literal.sync, send "+ …"; break;
//	case IMAP_EVENT_DATA: …
//	case IMAP_EVENT_FAULT: BAD and skip(), or BYE and close; break;
//	}
//
// What comes out does not depend on how the input was cut. Memory is held only
// from the first byte of an unfinished command to the call after its last.
#ifndef ROOST_WIRE_IMAP_READER_H
#define ROOST_WIRE_IMAP_READER_H

#include "base/buf.h"

// Text of one command without its literals, and all its collected literals.
#define IMAP_LINE_MAX          ((size_t)64 * 1024) // RFC 7162 section 4: 8 KiB
// Before login: RFC 2971 section 3.3 lets ID have 30 fields of 30 and values of
// 1024 bytes.
#define IMAP_LINE_MAX_LOGIN    ((size_t)40 * 1024)
#define IMAP_COLLECT_MAX       ((size_t)256 * 1024)
#define IMAP_COLLECT_MAX_LOGIN ((size_t)8 * 1024)
#define IMAP_LITERAL_MINUS_MAX ((uint64_t)4096) // RFC 7888 section 5
#define IMAP_LITERAL_PLUS_ANY  UINT64_MAX
#define IMAP_READER_TAIL       32 // longer than any literal's announcement

struct imap_reader_limits {
	size_t line_max;    // bytes of a command's text, literals left out
	size_t collect_max; // bytes of a command's collected literals together
	uint64_t nonsync_max; // one non-synchronizing literal; else a fault
	bool secret; // overwrite what was held of a command: it has passwords
};

enum imap_event_type {
	IMAP_EVENT_MORE,    // `in` is used up
	IMAP_EVENT_COMMAND, // `text` is a command (or the end of one)
	IMAP_EVENT_LITERAL, // `text` goes on with `literal`: collect, stream or
			    // skip
	IMAP_EVENT_DATA,    // a piece of a literal that is streamed
	IMAP_EVENT_FAULT,   // see `fault`; skip, or close the connection
};

struct imap_literal {
	uint64_t size;
	bool sync;   // the client waits for a continuation ("+ …") first
	bool binary; // literal8, "~{": may hold NUL
	bool utf8; // binary within "UTF8 (~{…}": the text after it begins ")"
};

struct imap_event {
	enum imap_event_type type;
	// COMMAND: the text without its line end; collected literals are in it
	// as they came ("{3}" CRLF "abc"; the line end always CRLF), which
	// imap_parse.h reads. LITERAL: what came before the announcement (and
	// before "UTF8 (" if literal.utf8). FAULT: the beginning of the text,
	// from which a tag can be had. Valid until the next call for this
	// reader and while the caller's input stays.
	struct view text;
	// A literal of this command was streamed: `text` is only what came
	// after it (of the last one, for MULTIAPPEND).
	bool continued;
	struct imap_literal literal;
	struct view data; // DATA: a piece, of the caller's input; may be empty
	bool last;        // DATA: with it the literal is complete
	// FAULT: RC_LIMIT (a line, or a non-synchronizing literal, too long) or
	// RC_SYNTAX (a NUL in the text). For a literal, `literal.size` is what
	// skip() would have to swallow.
	struct fault fault;
};

struct imap_reader {
	struct imap_reader_limits limits;
	struct buf text;   // the unfinished command; no memory between commands
	size_t line_start; // where in `text` the line at hand begins
	size_t collected;  // bytes of collected literals in `text`
	size_t before;     // bytes of `text` before the announcement
	struct imap_literal literal; // announced
	uint64_t left;               // of the literal being taken
	int state;
	bool continued;
	bool plain_line;     // the next line announces no literal
	bool shown;          // `text` was shown whole and is to be dropped
	bool secret;         // `text` was begun under such limits
	bool skip_literal;   // in a fault: skipping begins with `literal`
	struct fault *fault; // owned; NULL unless in a fault
	size_t tail_len;
	char tail[IMAP_READER_TAIL]; // the end of a line that is being skipped
};

void imap_reader_init(
    struct imap_reader *reader, const struct imap_reader_limits *limits);
void imap_reader_done(struct imap_reader *reader);
// From the next command on.
void imap_reader_set_limits(
    struct imap_reader *reader, const struct imap_reader_limits *limits);

// Takes bytes off the front of `*in` up to the next event.
enum imap_event_type imap_reader_next(
    struct imap_reader *reader, struct view *in, struct imap_event *ret_event);

// After IMAP_EVENT_LITERAL: the literal becomes part of the command's text.
// RC_LIMIT, and nothing has happened, when it is over what may be collected:
// then skip() it or close.
MUST_CHECK enum rc imap_reader_collect(
    struct imap_reader *reader, struct fault *fault);
// After IMAP_EVENT_LITERAL: its bytes come as IMAP_EVENT_DATA (one at least,
// the last one marked); then the rest of the command as `continued` text.
void imap_reader_stream(struct imap_reader *reader);
// After IMAP_EVENT_LITERAL, IMAP_EVENT_FAULT or amid IMAP_EVENT_DATA: the
// command is dropped without further events. Of a synchronizing literal that
// was not asked for nothing will come, so the command ends there (RFC 9051
// section 4.3); a non-synchronizing one is swallowed, and so is the rest of the
// line (RFC 7888 section 4). A caller that will not swallow that much closes.
void imap_reader_skip(struct imap_reader *reader);

// What comes next is one plain line (a SASL response, DONE): an ending like
// "{5}" means nothing in it. It comes as IMAP_EVENT_COMMAND.
void imap_reader_expect_line(struct imap_reader *reader);

// True between commands: nothing of one has been taken yet.
bool imap_reader_is_idle(const struct imap_reader *reader);
// Frees what the last event showed, for a caller that will not call again soon.
void imap_reader_release(struct imap_reader *reader);

#endif
