// SPDX-License-Identifier: Apache-2.0
// Turns a message, in pieces of any size, into the lines of a multi-line
// response (RFC 1939 section 3). Each line ends with CRLF, also where the
// message has a bare LF or no line end at its end. A line that begins with "."
// gets another "." in front. Some clients take a bare LF for the end of a line;
// if it were sent, a message could end the response and forge the next one.
#ifndef ROOST_POP3_LINES_H
#define ROOST_POP3_LINES_H

#include "base/buf.h"

#define POP3_LINES_ALL UINT64_MAX

struct pop3_lines {
	uint64_t length; // of the current line, so far
	uint64_t left;   // lines of the body that are still to come
	bool in_body;    // after the blank line that ends the header
	bool cr;         // the last byte of the current line is a CR
};

// `body_lines`: how many lines after the header's blank line are wanted (TOP).
void pop3_lines_init(struct pop3_lines *lines, uint64_t body_lines);
// Adds the next piece; the output is at most twice as long. True: all wanted
// lines are there, so the rest of the message need not be read.
bool pop3_lines_add(
    struct pop3_lines *lines, struct view piece, struct buf *out);
// Call it after the last piece: it ends the last line, and the response.
void pop3_lines_end(const struct pop3_lines *lines, struct buf *out);

#endif
