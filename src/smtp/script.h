// SPDX-License-Identifier: Apache-2.0
// Dialogues as tests. A script is a text of lines:
//
//	C: NOOP         the client says it, with CRLF
//	R: abc\r\n\x00  the client says exactly this (C escapes), and goes on
//			saying what the next R: or C: has
//	W:              says what R: has gathered
//	S: 250 ...      the server's next line; "..." is any text
//	M: ...          the next message delivered, as fake_office.c shows it
//	N: 300000       the client says so many "x"
//	P: 500          the server has paused so long, the last time
//	2C: / 2S: …     the same for a second client (3, 4 …)
//	close           the server has hung up (2close …)
//	# comment
//
// The server has to say the lines given and no others, and to deliver the
// messages given and no others. A client is connected when it is first named,
// and its greeting passed over unless the options ask for it. A script runs in
// whole lines, byte by byte, and in pieces of 7; one about what comes in the
// same packet only whole.
#ifndef ROOST_SMTP_SCRIPT_H
#define ROOST_SMTP_SCRIPT_H

#include "smtp/rig.h"

struct script_options {
	struct rig_options rig;
	bool show_greeting;
	const char *early; // said before the greeting
	const char *helo;  // said first, its answer passed over
	bool log_in;       // as RIG_USER, likewise
	bool whole;        // only in whole lines
};

struct script {
	const char *name;
	struct script_options options;
	const char *text;
};

void script_run(const struct script *script);
// A test program of nothing but scripts: what main() returns.
int script_main(const struct script *scripts, size_t count);

// Whether `line` is what `pattern` says, where "..." is any text.
bool script_line_matches(struct view pattern, struct view line);
// Adds `text` with its C escapes undone.
void script_unescape(struct view text, struct buf *out);

#endif
