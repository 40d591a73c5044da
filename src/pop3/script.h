// SPDX-License-Identifier: Apache-2.0
// Dialogues with POP3 (net/script.h). Scripts also have
//
//	timeout             the client was silent for too long
//	put: a: b\r\n\r\n   another client appends this message (C escapes)
//	delete: 2           another client gives UID 2 the flag \Deleted
//	see: 2              … or \Seen
//	expunge: 2          … or expunges it
//	inbox: 1 2s 3d      what INBOX holds now: UIDs, s: \Seen, d: \Deleted
//
// The greeting is skipped. A script runs once in whole lines, once byte by
// byte, and once in pieces of 7 bytes.
#ifndef ROOST_POP3_SCRIPT_H
#define ROOST_POP3_SCRIPT_H

#include "net/script.h"
#include "pop3/rig.h"

struct script {
	const char *name;
	struct rig_options rig;
	bool log_in; // clients begin before login, and see the greeting
	const char *text;
};

// Runs a test program that has only scripts; returns the result for main().
int script_main(const struct script *scripts, size_t count);

#endif
