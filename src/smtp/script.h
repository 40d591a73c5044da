// SPDX-License-Identifier: Apache-2.0
// Dialogues with SMTP and LMTP (net/script.h). Here R: and N: wait for what
// the next R:, N: or C: has. Scripts also have
//
//	W:              sends the lines that were gathered
//	M: ...          the next message delivered, as fake_office.c shows it
//	release         the office gives the answers that sessions wait for
//	stop            the server stops
//	timeout         the client has been silent for too long, or has waited
//	leave           the client goes away
//	P: 500          the server's last pause was so long
//
// and deliver exactly the messages given. The greeting is skipped unless the
// options ask for it. A script runs in whole lines, byte by byte, and in pieces
// of 7 bytes; one about what comes in the same packet runs only in whole lines.
#ifndef ROOST_SMTP_SCRIPT_H
#define ROOST_SMTP_SCRIPT_H

#include "net/script.h"
#include "smtp/rig.h"

struct script_options {
	struct rig_options rig;
	bool show_greeting;
	const char *early; // sent before the greeting
	const char *helo;  // sent first; its answer is skipped
	bool log_in;       // then logs in as RIG_USER; the answer is skipped
	bool whole;        // only in whole lines
};

struct script {
	const char *name;
	struct script_options options;
	const char *text;
};

void script_run(const struct script *script);
// Runs a test program that has only scripts; returns the result for main().
int script_main(const struct script *scripts, size_t count);

#endif
