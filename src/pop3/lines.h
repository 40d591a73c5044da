// SPDX-License-Identifier: Apache-2.0
// A message as the lines of a multi-line response (RFC 1939 section 3), as it
// comes in pieces of any size: each line ends with CRLF, also where the message
// has a bare LF or ends without one, and one that begins with "." gets another
// in front. A bare LF as it is would let a message end the response, and say
// the next one, to clients that take it for the end of a line.
#ifndef ROOST_POP3_LINES_H
#define ROOST_POP3_LINES_H

#include "base/buf.h"

#define POP3_LINES_ALL UINT64_MAX

struct pop3_lines {
	uint64_t length; // of the line at hand, so far
	uint64_t left;   // lines of the body to come
	bool in_body;    // the header's blank line is passed
	bool cr;         // the line at hand ends with a CR so far
};

// `body_lines`: how many lines behind the blank line after the header (TOP).
void pop3_lines_init(struct pop3_lines *lines, uint64_t body_lines);
// Adds the next piece, which becomes twice as long at most. True: enough, the
// rest of the message is not wanted.
bool pop3_lines_add(
    struct pop3_lines *lines, struct view piece, struct buf *out);
// After the last piece: ends the last line, and the response.
void pop3_lines_end(const struct pop3_lines *lines, struct buf *out);

#endif
