// SPDX-License-Identifier: Apache-2.0
// Dialogues as tests. A script is a text of lines:
//
//	C: a1 NOOP          the client says it, with CRLF
//	R: abc\r\n\x00      the client says exactly this (C escapes)
//	S: a1 OK ...        the server's next line; "..." is any text
//	2C: / 2R: / 2S:     the same for a second client (3, 4 …)
//	N: 300000           the client says so many "x"
//	close               the server has hung up (2close …)
//	# comment
//
// The server has to say the lines given and no others. A client is connected,
// and its greeting passed over, when it is first named. A script runs once in
// whole lines and once byte by byte.
#ifndef ROOST_IMAP_SCRIPT_H
#define ROOST_IMAP_SCRIPT_H

#include "imap/rig.h"

struct script_options {
	struct rig_options rig;
	bool log_in; // clients begin before login, with the greeting shown
};

#define SCRIPT_AS_USUAL                                                        \
	{                                                                      \
		.log_in = false                                                \
	}

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

#endif
