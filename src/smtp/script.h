// SPDX-License-Identifier: Apache-2.0
// Dialogues with SMTP and LMTP (net/script.h). Here R: and N: wait for what
// the next R:, N: or C: has. Scripts also have
//
//	W:              says what was gathered
//	M: ...          the next message delivered, as fake_office.c shows it
//	release         the office answers those who wait for it
//	stop            the server stops
//	timeout         the client has been silent for too long, or has waited
//	leave           the client goes away
//	P: 500          the server has paused so long, the last time
//
// and deliver the messages given and no others. A client's greeting is passed
// over unless the options ask for it. A script runs in whole lines, byte by
// byte, and in pieces of 7; one about what comes in the same packet only whole.
#ifndef ROOST_SMTP_SCRIPT_H
#define ROOST_SMTP_SCRIPT_H

#include "net/script.h"
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

#endif
