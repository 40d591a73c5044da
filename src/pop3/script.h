// SPDX-License-Identifier: Apache-2.0
// Dialogues as tests. A script is a text of lines:
//
//	C: STAT             the client says it, with CRLF
//	R: abc\r\n\x00      the client says exactly this (C escapes)
//	S: +OK ...          the server's next line; "..." is any text
//	2C: / 2R: / 2S:     the same for a second client (3, 4 …)
//	N: 300000           the client says so many "x"
//	close               the server has hung up (2close …)
//	timeout             the client was silent for too long
//	put: a: b\r\n\r\n   another client appends this message (C escapes)
//	delete: 2           another client gives UID 2 the flag \Deleted
//	see: 2              … or \Seen
//	expunge: 2          … or takes it away
//	inbox: 1 2s 3d      what INBOX holds now: UIDs, s: \Seen, d: \Deleted
//	# comment
//
// The server has to say the lines given and no others. A client is connected,
// and its greeting passed over, when it is first named. A script runs once in
// whole lines, once byte by byte, and once in pieces of 7.
#ifndef ROOST_POP3_SCRIPT_H
#define ROOST_POP3_SCRIPT_H

#include "pop3/rig.h"

struct script {
	const char *name;
	struct rig_options rig;
	bool log_in; // clients begin before login, with the greeting shown
	const char *text;
};

// A test program of nothing but scripts: what main() returns.
int script_main(const struct script *scripts, size_t count);

#endif
