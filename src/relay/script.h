// SPDX-License-Identifier: Apache-2.0
// Dialogues of the client as tests. A script is a text of lines:
//
//	S: 250 ok           the server says this, with CRLF
//	R: 220 a\r\n\x00    the server says exactly this (C escapes)
//	N: 300000           the server says this many "x"
//	C: MAIL FROM:...    the client's next line; "..." is any text
//	T: a@b later 4.2.0  what the owner is told next
//	tls / tls fails     the client has asked for a handshake, which
//	                    succeeds or fails
//	close               the client has closed the connection
//	hangup, timeout, wake, shutdown
//	skip                ignores what the client says here
//	# comment
//
// The client must say exactly these lines. A script runs once in whole lines
// and once byte by byte.
#ifndef ROOST_RELAY_SCRIPT_H
#define ROOST_RELAY_SCRIPT_H

#include "relay/rig.h"

struct script {
	const char *name;
	struct rig_options options;
	const char *text;
};

// Runs the scripts; returns what main() of the test program returns.
int script_main(const struct script *scripts, size_t count);

#endif
